"""What attention costs by length: time, memory and multiply-adds of five ways to compute it.

Queries, keys and values are random; what they hold changes no cost. "full" holds the whole map of
scores, "blockwise" and torch's own kernel never do; all three compare every query with every key.
"window" is blockwise with a causal band of keys. "cached" is one step of decoding: one new query
against the keys that are kept, and its own key added to them.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from attn_core.inputs.refused import Refused
from attn_core.jobs.line import Report
from attn_core.layers.block_masks import sliding_blocks
from attn_core.layers.blockwise import blockwise_attention
from attn_core.layers.incremental import KeyValue
from attn_core.measures.cost import best_of, most_bytes, multiply_adds, peak_bytes, slope

METHODS = ("full", "blockwise", "window", "cached", "fused")
LENGTHS = (256, 512, 1024, 2048, 4096, 8192, 16_384)
HEADS = (1, 2, 4, 8, 16)
BLOCKS = (64, 128, 256, 512, 1024)
WINDOWS = (64, 256, 1024)
D_HEAD = 64
BLOCK = 512
"""The quickest of ``BLOCKS`` at 4096 and at 16 384 tokens where this was written: 1.4 times the
fused kernel's time; 256 takes 1.5, 128 2.2."""
WINDOW = 256
FITTED = 4
"""Slopes are fitted to so many of the longest lengths: short calls cost what calling costs."""
THEORY = {
    "seconds": {"full": 2, "blockwise": 2, "window": 1, "cached": 1, "fused": 2},
    "bytes": {"full": 2, "blockwise": 1, "window": 1, "cached": 1, "fused": 1},
}
"""Exponents of the length."""


def full(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention with its whole map of scores, as the formula is written."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores, -1)
    return weights @ value


def calls(
    n: int, heads: int = 1, block: int = BLOCK, window: int = WINDOW, seed: int = 0
) -> dict[str, Callable[[], Any]]:
    """The five ways, each as a call without arguments, on the same numbers.

    By name, in the order of ``METHODS``.
    """
    generator = torch.Generator().manual_seed(seed)
    query, key, value = (torch.randn(1, heads, n, D_HEAD, generator=generator) for _ in range(3))
    band = sliding_blocks(window)
    before = KeyValue(key[:, :, :-1], value[:, :, :-1])
    new = KeyValue(key[:, :, -1:], value[:, :, -1:])

    def cached() -> tuple[Tensor, KeyValue]:
        memory = before.and_then(new)
        return full(query[:, :, -1:], memory.key, memory.value), memory

    return {
        "full": lambda: full(query, key, value),
        "blockwise": lambda: blockwise_attention(query, key, value, block),
        "window": lambda: blockwise_attention(query, key, value, min(block, window), band),
        "cached": cached,
        "fused": lambda: F.scaled_dot_product_attention(query, key, value),
    }


def estimate(method: str, n: int, heads: int = 1, block: int = BLOCK) -> int:
    """Bytes that a call will hold at most, from its shapes alone.

    Examples
    --------
    >>> estimate("full", 16_384) / 2**30
    2.00390625
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it must be one of {METHODS}")
    row = 4 * heads * n * D_HEAD
    if method == "full":
        return 8 * heads * n * n + row
    if method == "cached":
        return 2 * row + 8 * heads * n
    if method == "fused":
        return 2 * row
    side = min(block, n)
    return 2 * row + 8 * heads * n + 12 * heads * side * (side + D_HEAD)


def check(
    methods: tuple[str, ...],
    longest: int,
    heads: int = 1,
    block: int = BLOCK,
    free: int | None = None,
) -> None:
    """Refuse what would not fit, before anything is started."""
    for name, value, known in (
        ("longest", longest, LENGTHS),
        ("heads", heads, HEADS),
        ("block", block, BLOCKS),
    ):
        if value not in known:
            raise ValueError(f"{name} is {value}; it must be one of {known}")
    if not methods:
        raise Refused("refused.no_method")
    free = most_bytes() if free is None else free
    inputs = 3 * 4 * heads * longest * D_HEAD
    worst = max(methods, key=lambda m: estimate(m, longest, heads, block))
    needed = estimate(worst, longest, heads, block) + inputs
    if needed > free:
        raise Refused(
            "refused.cost_memory",
            n=longest,
            heads=heads,
            size=f"{needed / 2**30:.1f}",
            limit=f"{free / 2**30:.1f}",
            method=worst,
        )


def megabytes(methods: tuple[str, ...], longest: int, heads: int, block: int) -> float:
    """What the largest call will need with its inputs, in MiB.

    Examples
    --------
    >>> megabytes(("full",), 4096, 1, 512)
    132.0
    """
    most = max(estimate(m, longest, heads, block) for m in methods)
    return (most + 3 * 4 * heads * longest * D_HEAD) / 2**20


def compared(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Blockwise against the whole map at the longest length that has both.

    "n", "time", "memory" and "adds", as text; empty where one of the two is missing.
    """
    at = {(r["method"], r["n"]): r for r in rows}
    both = [n for m, n in at if m == "full" and ("blockwise", n) in at]
    if not both:
        return {}
    n = max(both)
    ours, whole = at["blockwise", n], at["full", n]
    return {
        "n": f"{n:,}",
        "time": f"{ours['seconds'] / whole['seconds']:.2f}",
        "memory": f"1/{whole['bytes'] / ours['bytes']:.0f}",
        "adds": f"{ours['multiply_adds'] / whole['multiply_adds']:.2f}",
    }


def slopes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fitted and expected exponents.

    "method", "what" ("seconds" or "bytes"), "fitted", "theory" and "points"; methods with at least
    two lengths.
    """
    out = []
    for method in METHODS:
        here = sorted((r for r in rows if r["method"] == method), key=lambda r: r["n"])[-FITTED:]
        if len(here) < 2:
            continue
        for what, theory in THEORY.items():
            fitted = slope([r["n"] for r in here], [r[what] for r in here])
            out.append(
                {
                    "method": method,
                    "what": what,
                    "fitted": fitted,
                    "theory": theory[method],
                    "points": len(here),
                }
            )
    return out


@torch.inference_mode()
def cost(
    report: Report,
    should_stop: Callable[[], bool],
    *,
    methods: tuple[str, ...] = METHODS,
    longest: int = 4096,
    heads: int = 1,
    block: int = BLOCK,
    window: int = WINDOW,
    budget: float = 0.4,
) -> dict[str, Any]:
    """Measure every method at every length up to the longest: a job.

    "rows" ("method", "n", "seconds", "bytes", "multiply_adds"; the fused kernel's are not counted),
    "slopes", "stopped" and the settings. One thread works: on a machine that others use too,
    threads that wait for each other would be measured.
    """
    check(methods, longest, heads, block)
    if window not in WINDOWS:
        raise ValueError(f"window is {window}; it must be one of {WINDOWS}")
    lengths = [n for n in LENGTHS if n <= longest]
    total = sum(n * n + 200_000 for n in lengths) * len(methods)
    done = 0
    rows: list[dict[str, Any]] = []
    settings = {
        "methods": list(methods),
        "longest": longest,
        "heads": heads,
        "block": block,
        "window": window,
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for n, method in ((n, m) for n in lengths for m in METHODS if m in methods):
            if should_stop():
                return settings | {"rows": rows, "slopes": slopes(rows), "stopped": True}
            report(done / total, "s3_1.job.cost", settings | {"rows": list(rows), "slopes": []})
            call = calls(n, heads, block, window)[method]
            rows.append(
                {
                    "method": method,
                    "n": n,
                    "seconds": best_of(call, 5, budget),
                    "bytes": peak_bytes(call),
                    "multiply_adds": 0 if method == "fused" else multiply_adds(call),
                }
            )
            done += n * n + 200_000
    finally:
        torch.set_num_threads(threads)
    report(1.0, "s3_1.job.cost")
    return settings | {"rows": rows, "slopes": slopes(rows), "stopped": False}
