"""The online softmax watched block by block, on the queries and keys of the run on screen."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from attn_core.contract.result import LessonResult
from attn_core.layers.block_masks import blocks
from attn_core.layers.blockwise import BlockStep, from_mask, steps

SIZES = (1, 2, 4, 8, 16, 32, 64)
NEVER, MASKED, LATER, DONE = 0, 1, 2, 3
"""States of a cell: never computed, computed in vain, computed later, computed already."""
HOW = ("full", "blocks", "cache")


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """One head's attention, block by block.

    Parameters
    ----------
    size, n : int
        Of a block, and of the text.
    steps : tuple of BlockStep
        Those that were computed, in order.
    answer : Float[Tensor, "query d_head"]
        What torch's own attention gives.
    allowed : Bool[Tensor, "query key"]
        The mask.
    n_blocks : int
        All blocks, those never computed too.
    gap : float
        Largest difference between the last steps' outputs and ``answer``.
    """

    size: int
    n: int
    steps: tuple[BlockStep, ...]
    answer: Float[Tensor, "query d_head"]
    allowed: Bool[Tensor, "query key"]
    n_blocks: int
    gap: float


@torch.inference_mode()
def walk(result: LessonResult, site: str, head: int, size: int) -> Walk:
    """Step through one head of a run."""
    trace = result.traces[site]
    one = slice(head, head + 1)
    query, key, value = (x[:, one].float() for x in (trace.query, trace.key, trace.value))
    n = query.shape[-2]
    allowed = torch.ones(1, 1, n, key.shape[-2], dtype=torch.bool, device=query.device)
    if trace.mask is not None:
        allowed = trace.mask.expand(1, trace.weights.shape[1], -1, -1)[:, one]
    found = tuple(steps(query, key, value, size, from_mask(allowed)))
    answer = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)[0, 0]
    output = torch.zeros_like(answer)
    for step in found:
        output[step.queries.start : step.queries.stop] = step.output[0, 0]
    return Walk(
        size,
        n,
        found,
        answer,
        allowed[0, 0].cpu(),
        len(blocks(n, size)) ** 2,
        float((output - answer).abs().max()),
    )


def history(of: Walk, step: int, row: int) -> list[dict[str, Any]]:
    """What one query has kept after each block up to a step.

    "keys" (first and last, counted from 1), "maximum", "kept" (the factor for what was there
    before), "total", "output" (its first numbers) and "gap" to the answer.
    """
    queries, out = of.steps[step].queries, []
    before = -torch.inf
    for each in of.steps[: step + 1]:
        if each.queries != queries:
            continue
        i = row - queries.start
        maximum = float(each.maximum[0, 0, i])
        output = each.output[0, 0, i]
        out.append(
            {
                "keys": (each.keys.start + 1, each.keys.stop),
                "maximum": maximum,
                "kept": 0.0
                if before == -torch.inf
                else float(torch.exp(torch.tensor(before - maximum))),
                "total": float(each.total[0, 0, i]),
                "output": [float(x) for x in output[:2]],
                "gap": float((output - of.answer[row]).abs().max()),
            }
        )
        before = maximum
    return out


def cells(of: Walk, step: int) -> Int[Tensor, "query key"]:
    """Which cells of scores have been computed after a step."""
    found = torch.full((of.n, of.n), NEVER)
    for i, each in enumerate(of.steps):
        q, k = each.queries, each.keys
        found[q.start : q.stop, k.start : k.stop] = DONE if i <= step else LATER
    return torch.where((found > NEVER) & ~of.allowed, MASKED, found)


def ever(allowed: Bool[Tensor, "query key"], how: str, size: int) -> Int[Tensor, "query key"]:
    """Which cells of scores are ever computed.

    Examples
    --------
    >>> mask = torch.ones(4, 4, dtype=torch.bool).tril()
    >>> [int((ever(mask, how, 2) > NEVER).sum()) for how in HOW]
    [16, 12, 10]
    """
    if how not in HOW:
        raise ValueError(f"how is {how!r}; it must be one of {HOW}")
    n = allowed.shape[0]
    if how == "cache":
        return torch.where(allowed, DONE, NEVER)
    touched = torch.ones_like(allowed)
    if how == "blocks":
        touched = torch.zeros_like(allowed)
        for q in blocks(n, size):
            for k in blocks(n, size):
                here = (slice(q.start, q.stop), slice(k.start, k.stop))
                touched[here] = bool(allowed[here].any())
    return torch.where(allowed, DONE, torch.where(touched, MASKED, NEVER))


def counts(states: list[list[int]]) -> dict[str, int]:
    """How many cells are computed, and how many of them are of use.

    Examples
    --------
    >>> counts([[DONE, MASKED], [NEVER, DONE]])
    {'computed': 3, 'used': 2}

    "computed" and "used".
    """
    flat = [state for row in states for state in row]
    return {"computed": sum(s > NEVER for s in flat), "used": sum(s == DONE for s in flat)}
