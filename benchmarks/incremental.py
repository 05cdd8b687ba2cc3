"""Blockwise attention against torch's own, and decoding with a cache against without.

One thread, one head of 64 channels for the blocks; the English character model for the cache. What
is compared takes turns, and of each the quickest call counts: what else the machine does only ever
makes a call slower.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn import functional as F

from attn_core import zoo
from attn_core.layers.blockwise import blockwise_attention
from attn_core.lessons.s3_1_incremental.cost import BLOCK, full
from attn_core.measures.cost import peak_bytes
from attn_core.models.characters_text import go_on

TURNS = {4096: 9, 16_384: 5}
POSITION = 512


def quickest(calls: dict[str, Callable[[], Any]], turns: int) -> dict[str, float]:
    """Least seconds of each call, taken in turn, after one that is not counted."""
    best = dict.fromkeys(calls, float("inf"))
    for turn in range(turns + 1):
        for name in sorted(calls, reverse=bool(turn % 2)):
            began = time.perf_counter()
            calls[name]()
            spent = time.perf_counter() - began
            if turn:
                best[name] = min(best[name], spent)
    return best


def _measure() -> Iterator[tuple[str, float, str]]:
    for n, turns in TURNS.items():
        query, key, value = (torch.randn(1, 1, n, 64) for _ in range(3))
        calls: dict[str, Callable[[], Any]] = {
            "ours": lambda q=query, k=key, v=value: blockwise_attention(q, k, v, BLOCK),
            "sdpa": lambda q=query, k=key, v=value: F.scaled_dot_product_attention(q, k, v),
        }
        found = quickest(calls, turns)
        yield f"blockwise_vs_sdpa_time_{n}", found["ours"] / found["sdpa"], "x"
        yield f"blockwise_{n}_ms", 1000 * found["ours"], "ms"
        if n == max(TURNS):
            gap = (calls["ours"]() - calls["sdpa"]()).abs().max()
            yield f"blockwise_difference_{n}", float(gap), ""
            ours = peak_bytes(calls["ours"])
            whole = peak_bytes(lambda q=query, k=key, v=value: full(q, k, v))
            yield f"blockwise_vs_full_memory_{n}", ours / whole, "x"
            yield f"blockwise_{n}_mb", ours / 1e6, "MB"
    model = zoo.get("characters_en").module
    prompt = tuple(model.config.ids("MACBETH.\n"))
    spent = {
        cached: sum(go_on(model, prompt, POSITION - len(prompt), cached=cached).seconds)
        for cached in (True, False)
    }
    yield f"kv_cache_speedup_{POSITION}", spent[False] / spent[True], "x"


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield from _measure()
    finally:
        torch.set_num_threads(threads)
