"""Does a printed listing do what its text says? Probes that answer with numbers alone.

A script, for a process of its own: ``python -I probes.py CODE.py L4 [EARLIER.py]``. It
imports nothing of ours, executes the listing, finds its module and asks which inputs change which
outputs. A listing that stops with an error is probed with what it had defined by then.
"""

import contextlib
import functools
import io
import itertools
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

Numbers = dict[str, float | list[int]]
CHANGED = 1e-7
"""An output that moved by more than this (float32, values of about 1) was influenced."""


def execute(code: str) -> dict[str, Any]:
    r"""The names that a listing defines, up to its end or its error.

    Parameters
    ----------
    code : str
        Python source.

    Returns
    -------
    dict
        Its global names.

    Examples
    --------
    >>> execute("x = 1\ny = x / 0")["x"]
    1
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        exec(compile(code, "listing", "exec"), names)  # noqa: S102 - running it is the point
    return names


def the_module(names: dict[str, Any]) -> nn.Module:
    """The model that a listing made: its last ``nn.Module``.

    Parameters
    ----------
    names : dict
        From ``execute``.

    Returns
    -------
    nn.Module
        In evaluation mode.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = [value for value in names.values() if isinstance(value, nn.Module)]
    if not found:
        raise ValueError(f"there are {len(found)} modules; at least 1 is needed")
    return found[-1].eval()


def runs(call: Callable[[], object]) -> bool:
    """Whether a call ends without an error.

    Parameters
    ----------
    call : callable
        Without arguments.

    Returns
    -------
    bool
        ``False`` where it raised.

    Examples
    --------
    >>> runs(lambda: 1 / 0)
    False
    """
    try:
        call()
    except Exception:
        return False
    return True


def _changed(before: Tensor, after: Tensor) -> Tensor:
    """Which positions moved, flat, of two outputs whose last axis is channels."""
    return ((before - after).abs().amax(-1) > CHANGED).flatten()


def _shapes_that_run(module: nn.Module, d: int) -> Numbers:
    """Of all small inputs (batch, length), how many run, and how many with more than one key."""
    ran = {"two": 0, "attending": 0, "tried": 0}
    for batch, length in itertools.product(range(1, 5), range(1, 5)):
        state, keys = torch.randn(batch, d), torch.randn(batch, length, d)
        ok = any(runs(functools.partial(module, *a)) for a in ((state, keys), (state,), (keys,)))
        ran["two"] += ok
        ran["attending"] += ok and length > 1
        ran["tried"] += 1
    return {
        "shapes_tried": ran["tried"],
        "shapes_that_run": ran["two"],
        "shapes_that_attend": ran["attending"],
    }


def _positions(module: nn.Module) -> Numbers:
    """Listing 3: whether a batch-first input gets a code by its place in the sequence."""
    flat = module(torch.zeros(5, 10))
    code = module(torch.zeros(4, 6, 10))  # (batch, sequence, channel)
    place = torch.arange(4.0)[:, None] * torch.exp(torch.arange(0, 10, 2) * (-math.log(1e4) / 10))
    return {
        "printed_shape": list(flat.shape),
        "shape_kept": float(flat.shape == (5, 10)),
        "differs_along_sequence": float((code[:, 1:] - code[:, :-1]).abs().max() > CHANGED),
        "differs_along_batch": float((code[1:] - code[:-1]).abs().max() > CHANGED),
        "sinusoid_difference": float((code[:, 0, 0::2] - place.sin()).abs().max()),
    }


def _influence(module: nn.Module, batch: int, length: int) -> tuple[float, float, bool]:
    """Self-attention: share of its own sequence, and positions of others, that a position moves."""
    x = torch.randn(batch, length, 20)
    before = module(x, x, x)
    own, other = 0, 0
    for b, i in itertools.product(range(batch), range(length)):
        moved = x.clone()
        moved[b, i] += 1.0
        seen = _changed(before, module(moved, moved, moved)).view(batch, length)
        own += int(seen[b].sum())
        other += int(seen.sum() - seen[b].sum())
    count = batch * length
    return own / count / length, other / count, before.shape == x.shape


def _heads(module: nn.Module) -> Numbers:
    """Listings 4 and 5: who sees whom, at the printed sizes and at sizes that do not divide."""
    own, other, kept = _influence(module, 5, 10)
    _, mixed, _ = _influence(module, 4, 6)
    x = torch.randn(5, 10, 20)
    return {
        "printed_shape": list(module(x, x, x).shape),
        "shape_kept": float(kept),
        "share_of_own_sequence_seen": own,
        "other_sequences_seen": other,
        "other_sequences_seen_4_6": mixed,
    }


class Operations(TorchDispatchMode):
    """Names of all tensor operations, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def _incremental(module: nn.Module, earlier: nn.Module) -> Numbers:
    """Listing 5: whether it does anything that listing 4 does not, and whether a mask fits."""
    x, mask = torch.randn(5, 10, 20), torch.ones(10, 10).tril()
    runs(lambda: module.load_state_dict(earlier.state_dict()))
    with Operations() as ours:
        answer = module(x, x, x)
    with Operations() as plain:
        expected = earlier(x, x, x)
    return {
        "difference_to_listing_4": float((answer - expected).abs().max()),
        "operations": len(ours.names),
        "operations_of_its_own": float(ours.names != plain.names),
        "takes_a_mask_of_its_length": float(runs(lambda: module(x, x, x, mask))),
    }


def _scaled_dot_product(module: nn.Module) -> Numbers:
    """Listing 6 against ``F.scaled_dot_product_attention``, in float32."""
    q, k, v = (torch.randn(5, 10, 20) for _ in range(3))
    mask = (torch.rand(5, 10, 10) > 0.5) | torch.eye(10, dtype=torch.bool)
    empty = mask.clone()
    empty[:, 0] = False
    oracle = F.scaled_dot_product_attention
    return {
        "difference_without_mask": float((module(q, k, v) - oracle(q, k, v)).abs().max()),
        "difference_with_mask": float(
            (module(q, k, v, mask) - oracle(q, k, v, attn_mask=mask)).abs().max()
        ),
        "nan_on_empty_row": float(module(q, k, v, empty)[:, 0].isnan().double().mean()),
        "nan_on_empty_row_torch": float(
            oracle(q, k, v, attn_mask=empty)[:, 0].isnan().double().mean()
        ),
    }


def _transformer(module: nn.Module) -> Numbers:
    """Listing 7: whether the output at one place depends on a token at any other."""
    source, target = torch.randint(0, 1000, (5, 10)), torch.randint(0, 1000, (5, 10))
    before = module(source, target)
    own, other = 0, 0
    for b, i, which in itertools.product(range(5), range(10), range(2)):
        inputs = [source.clone(), target.clone()]
        inputs[which][b, i] = (inputs[which][b, i] + 1) % 1000
        seen = _changed(before, module(*inputs)).view(5, 10)
        own += int(seen[b, i])
        other += int(seen.sum()) - int(seen[b, i])
    return {"own_position_moved": own / 100, "other_positions_moved": other / 100}


def _convolutions(module: nn.Module) -> Numbers:
    """Listings 8 and 9: how far the part that is called attention looks."""
    ours = [m for m in module.children() if not type(m).__module__.startswith("torch.")]
    x = torch.rand(1, 64, 28, 28)
    before = ours[0](x)
    moved = x.clone()
    moved[0, :, 14, 14] += 1.0
    seen = _changed(before.movedim(1, -1), ours[0](moved).movedim(1, -1)).view(28, 28)
    image = torch.randn(5, 3, 28, 28)
    out = module(image)
    return {
        "pixels_moved": int(seen.sum()),
        "other_pixels_moved": int(seen.sum()) - int(seen[14, 14]),
        "negative_share": float((before < 0).double().mean()),
        "shape": list(out.shape),
        "boxes": float(out.shape[-1] == 4 or out.shape[1] == 4),
    }


def _same_as(module: nn.Module, earlier: nn.Module) -> Numbers:
    """Listing 9: whether it is listing 8 under another name."""
    if not runs(lambda: module.load_state_dict(earlier.state_dict())):
        return {"difference_to_listing_8": math.inf}
    x = torch.randn(2, 3, 28, 28)
    return {"difference_to_listing_8": float((module(x) - earlier(x)).abs().max())}


def probe(listing: str, module: nn.Module, earlier: nn.Module | None) -> Numbers:
    """All numbers of one listing.

    Parameters
    ----------
    listing : str
        "L1" to "L10"; those without a probe give none.
    module : nn.Module
        What it made.
    earlier : nn.Module or None
        What the listing it repeats made: 4 for 5, 8 for 9.

    Returns
    -------
    dict
        Under our own keys.
    """
    table: dict[str, Callable[[], Numbers]] = {
        "L1": lambda: _shapes_that_run(module, 10),
        "L2": lambda: _shapes_that_run(module, 10),
        "L3": lambda: _positions(module),
        "L4": lambda: _heads(module),
        "L5": lambda: _heads(module) | (_incremental(module, earlier) if earlier else {}),
        "L6": lambda: _scaled_dot_product(module),
        "L7": lambda: _transformer(module),
        "L8": lambda: _convolutions(module),
        "L9": lambda: _convolutions(module) | (_same_as(module, earlier) if earlier else {}),
    }
    torch.manual_seed(1)
    with torch.no_grad():
        return table.get(listing, dict)()


def main(arguments: list[str]) -> None:
    """Probe and print JSON."""
    torch.set_num_threads(1)
    first, listing, *rest = arguments
    modules = [the_module(execute(Path(p).read_text(encoding="utf-8"))) for p in (first, *rest)]
    found = probe(listing, modules[0], modules[1] if rest else None)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
