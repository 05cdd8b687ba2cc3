"""Going on with a text, one character at a time: with or without a cache, with or without a window.

The cache makes each character's keys and values once and keeps them (Shazeer 2019, section 2.3);
without it every step reads the whole text again. A window forgets all but the last characters and
the first few, the sinks (Xiao et al. 2024, StreamingLLM; here characters keep their own places).
"""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.attention import masks
from attn_core.attention.interventions import Cell, Intervention
from attn_core.models.characters import Characters
from attn_core.models.characters_steps import Steps


@dataclass(frozen=True, slots=True)
class Continued:
    """What was written, and how.

    Parameters
    ----------
    ids : tuple of int
        The prompt and what was written after it.
    logits : Float[Tensor, "written vocabulary"]
        What each new character was drawn from, before the sampling temperature.
    seconds : tuple of float
        Time of each step; the first reads the prompt.
    """

    ids: tuple[int, ...]
    logits: Float[Tensor, "written vocabulary"]
    seconds: tuple[float, ...]


def mask_of(n: int, window: int, sinks: int) -> Bool[Tensor, "query key"]:
    """Which characters may look at which.

    Parameters
    ----------
    n : int
        Characters.
    window : int
        Characters each may look at, itself among them; 0 for all before it.
    sinks : int
        First characters that stay visible; without a window it makes no difference.

    Returns
    -------
    Bool[Tensor, "query key"]
        ``True`` = may attend.

    Examples
    --------
    >>> int(mask_of(4, 0, 0).sum()), int(mask_of(4, 2, 0).sum()), int(mask_of(4, 2, 1).sum())
    (10, 7, 9)
    """
    return masks.sliding(n, window, sinks) if window else masks.causal(n, n)


def for_kept(changes: Intervention, query: int, kept: tuple[int, ...]) -> Intervention:
    """A learner's changes as one step of a cached decoder sees them.

    Parameters
    ----------
    changes : Intervention
        With places of the whole text.
    query : int
        The one row that is computed.
    kept : tuple of int
        Which characters the cache still has, in order, the query's own at the end.

    Returns
    -------
    Intervention
        With that row alone, and places among what is kept; what was forgotten is left out.

    Examples
    --------
    >>> cut = Intervention(tokens=(("decoder.0", 0), ("decoder.0", 7)))
    >>> for_kept(cut, 8, (0, 6, 7, 8)).tokens
    (('decoder.0', 0), ('decoder.0', 2))
    """
    place = {key: i for i, key in enumerate(kept)}
    changes = changes.at_query(query)

    def cells(found: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(dataclasses.replace(c, key=place[c.key]) for c in found if c.key in place)

    return dataclasses.replace(
        changes,
        tokens=tuple((site, place[key]) for site, key in changes.tokens if key in place),
        scores=cells(changes.scores),
        mask_cells=cells(changes.mask_cells),
        weights=cells(changes.weights),
    )


def draw(
    logits: Float[Tensor, "vocabulary"], temperature: float, generator: torch.Generator
) -> int:
    """The next character: the likeliest, or one drawn.

    Parameters
    ----------
    logits : Float[Tensor, "vocabulary"]
        Of all characters; id 0, the unknown one, is never written.
    temperature : float
        Of sampling; 0 takes the likeliest.
    generator : torch.Generator
        One number is drawn from it in any case, so that steps don't shift each other's.

    Returns
    -------
    int
        Its id.
    """
    level = torch.rand((), generator=generator, dtype=torch.float64)
    if temperature == 0:
        return 1 + int(logits[1:].argmax())
    logits = logits.detach().cpu().double().index_fill(0, torch.tensor([0]), -torch.inf)
    share = torch.softmax(logits / temperature, -1).cumsum(-1)
    return min(int(torch.searchsorted(share, level * share[-1])), len(logits) - 1)


@dataclass
class _Cached:
    """Reads the prompt once, then one character a step."""

    model: Characters
    window: int
    sinks: int
    changes: Intervention | None
    steps: Steps
    kept: tuple[int, ...] = ()

    def __call__(self, ids: list[int]) -> Float[Tensor, "vocabulary"]:
        seen, n = self.steps.seen, len(ids)
        changes, self.kept = self.changes, (*self.kept, *range(seen, n))
        device = self.model.tokens.weight.device
        new = torch.tensor(ids[seen:], device=device)
        if not seen:
            found = self.steps.read(new, mask_of(n, self.window, self.sinks).to(device), changes)
        else:
            if changes is not None:
                changes = for_kept(changes, n - 1, self.kept) or None
            found = self.steps.read(new, None, changes)
        # The next character is itself one of its window.
        if self.window and self.steps.forget(self.window - 1, self.sinks):
            self.kept = self.kept[: self.sinks] + self.kept[len(self.kept) - self.window + 1 :]
        return found


@dataclass
class _Again:
    """Reads the whole text anew at every step."""

    model: Characters
    window: int
    sinks: int
    changes: Intervention | None

    def __call__(self, ids: list[int]) -> Float[Tensor, "vocabulary"]:
        device = self.model.tokens.weight.device
        mask = mask_of(len(ids), self.window, self.sinks).to(device)
        logits, _, _ = self.model(
            torch.tensor([ids], device=device),
            None,
            mask,
            traced=self.changes is not None,
            intervention=self.changes,
        )
        return logits[0, -1]


@torch.inference_mode()
def go_on(
    model: Characters,
    prompt: tuple[int, ...],
    n: int,
    *,
    temperature: float = 0.0,
    seed: int = 0,
    window: int = 0,
    sinks: int = 0,
    cached: bool = True,
    changes: Intervention | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.perf_counter,
) -> Continued:
    """Write ``n`` characters after a prompt.

    Parameters
    ----------
    model : Characters
        In ``eval()`` mode.
    prompt : tuple of int
        At least one character.
    n : int
        How many to write, at least 1.
    temperature : float
        Of sampling; 0 always takes the likeliest.
    seed : int
        Of sampling.
    window, sinks : int
        As in ``mask_of``.
    cached : bool
        ``False`` reads the whole text again at every step; the same comes out.
    changes : Intervention, optional
        A learner's changes, with places of the whole text.
    should_stop : callable
        Asked before each step.
    clock : callable
        Seconds, from whenever.

    Returns
    -------
    Continued
        Text, logits and times.

    Raises
    ------
    ValueError
        If there is no prompt or nothing to write.
    """
    if not prompt or n < 1:
        raise ValueError(f"the prompt has {len(prompt)} characters and n is {n}; both must be >= 1")
    generator = torch.Generator().manual_seed(seed)
    reader: _Cached | _Again = _Again(model, window, sinks, changes or None)
    if cached:
        most = len(prompt) + n
        room = max(len(prompt), min(most, window + sinks)) if window else most
        reader = _Cached(model, window, sinks, changes or None, Steps(model, most, room))
    ids, logits, seconds = list(prompt), [], []
    for _ in range(n):
        if should_stop():
            break
        began = clock()
        found = reader(ids)
        ids.append(draw(found, temperature, generator))
        seconds.append(clock() - began)
        logits.append(found)
    stacked = torch.stack(logits) if logits else torch.empty(0, 1 + len(model.config.alphabet))
    return Continued(tuple(ids), stacked, tuple(seconds))
