"""Writing digits one after the other, with every look kept."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace, concat_queries
from attn_core.layers.incremental import KeyValue
from attn_core.models.listener import SITE, Listener
from attn_core.models.recogniser import END, START, Recogniser

MAX_DIGITS = 64


WIDE = 3
"""Tokens on either side of the most looked-at one that count as its neighbourhood."""


@dataclass(frozen=True, slots=True)
class Spelt:
    """What a decoder wrote, step by step.

    Parameters
    ----------
    digits : tuple of int
        Without the end.
    p : tuple of float
        Probability of each written token, the end included where it came.
    ended : bool
        Whether it stopped by itself.
    traces : dict of AttentionTrace
        By site, steps as queries.
    """

    digits: tuple[int, ...]
    p: tuple[float, ...]
    ended: bool
    traces: dict[str, AttentionTrace]


def _next(logits: Float[Tensor, "1 token"]) -> tuple[int, float]:
    """The likeliest token and its probability."""
    p = logits[0].float().index_fill(0, torch.tensor([START]), -torch.inf).softmax(-1)
    token = int(p.argmax())
    return token, float(p[token])


def _told(written: list[int], given: tuple[int, ...] | None) -> int:
    """What the decoder hears that it wrote last."""
    before = written if given is None else given
    return before[len(written) - 1] if written else START


def spell(
    model: Listener | Recogniser,
    features: Float[Tensor, "1 frame mel"],
    given: tuple[int, ...] | None,
    changes: Intervention | None,
) -> Spelt:
    """Write digit by digit, always the likeliest."""
    written: list[int] = []
    p: list[float] = []
    ended = False
    steps: list[AttentionTrace] = []
    traces: dict[str, AttentionTrace] = {}
    cache: tuple[KeyValue, ...] = ()
    if isinstance(model, Listener):
        heard = model.listen(features)
        state = model.begin(heard)
    else:
        states, real, traces = model.encode(features, intervention=changes)
        memory = model.remember(states, real)
    while len(written) < (MAX_DIGITS if given is None else len(given) + 1):
        last = torch.tensor([_told(written, given)], device=features.device)
        edits = None if changes is None else changes.at_query(len(written))
        if isinstance(model, Listener):
            logits, state, trace = model.step(last, state, heard, intervention=edits)
            steps.append(trace)
        else:
            logits, _, cache = model.decode(last[:, None], memory, cache, intervention=edits)
            logits = logits[:, -1]
        token, likely = _next(logits.cpu())
        p.append(likely)
        if token == END and given is None:
            ended = True
            break
        written.append(token)
    if given is not None:
        ended = bool(written) and written[-1] == END
        written = written[:-1] if ended else written
    if isinstance(model, Listener):
        traces = {SITE: concat_queries(steps)}
    else:
        told = [START, *(written if given is None else given)][: len(p)]
        target = torch.tensor([told], device=features.device)
        traces |= model.decode(target, memory, intervention=changes)[1]
    return Spelt(tuple(written), tuple(p), ended, traces)


def looks(weights: Float[Tensor, "query key"]) -> list[dict[str, Any]]:
    """Where each step looked.

    "token" of the largest weight, and the share "near" it (``WIDE`` tokens on either side).
    """
    out = []
    for row in weights.float():
        top = int(row.argmax())
        near = float(row[max(0, top - WIDE) : top + WIDE + 1].sum())
        out.append({"token": top, "near": round(near, 3)})
    return out


def backwards(tokens: list[int]) -> int:
    """How often a step looked clearly before where the last one had.

    Examples
    --------
    >>> backwards([3, 9, 8, 1, 5])
    1
    """
    return sum(b < a - WIDE for a, b in zip(tokens, tokens[1:], strict=False))
