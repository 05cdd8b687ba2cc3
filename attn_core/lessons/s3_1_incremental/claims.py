"""Record lesson 3.1's claims.

``python -m attn_core.lessons.s3_1_incremental.claims --english FOLDER --chinese FOLDER``.

Writes ``assets/claims/3.1.{a,b,c,d}.json`` and ``assets/samples/incremental.json`` (costs up to
16 384 tokens, bits per character by window). One thread; about a quarter of an hour, most of it for
the held-out texts, which are those of ``attn_core.datasets.characters``.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn import functional as F

from attn_core import zoo
from attn_core.datasets.characters import TEST_PLAYS, chinese, english
from attn_core.evidence.claims import Claim, Condition, Measure, Numbers
from attn_core.evidence.files import provenance, write
from attn_core.layers.block_masks import causal_blocks
from attn_core.layers.blockwise import blockwise_attention
from attn_core.lessons.s3_1_incremental.cost import BLOCK, WINDOW, calls, cost
from attn_core.lessons.s3_1_incremental.experiment import MODELS
from attn_core.lessons.s3_1_incremental.live import RECORDED, recorded
from attn_core.lessons.s3_1_incremental.quality import SINKS, bits_rows, by_run, quality
from attn_core.measures.cost import best_of, multiply_adds, peak_bytes
from attn_core.models.characters import Characters
from attn_core.models.characters_text import go_on

COMMAND = "python -m attn_core.lessons.s3_1_incremental.claims --english FOLDER --chinese FOLDER"
RUNS = 5
MEBI = 2**20


def _causal(n: int) -> Any:
    """The window's fair peer: the same blocks, all keys before a query."""
    query, key, value = (torch.randn(1, 1, n, 64) for _ in range(3))
    return lambda: blockwise_attention(query, key, value, min(BLOCK, WINDOW), causal_blocks)


def _step_calls(model: Characters, n: int) -> tuple[Any, Any]:
    """Write the character at position n: with the cache, and reading everything again."""
    ids = torch.ones(1, n, dtype=torch.long)
    with torch.inference_mode():
        _, _, cache = model(ids[:, :-1], traced=False)
    return (
        lambda: model(ids[:, -1:], cache, traced=False)[2],
        lambda: model(ids, traced=False)[2],
    )


def _decoding_multiply_adds(model: Characters, n: int, cached: bool) -> int:
    """Of writing n characters; attention in the open, so that the counter sees it."""

    def decode() -> None:
        cache = None
        ids = torch.ones(1, n, dtype=torch.long)
        for i in range(n):
            if cached:
                _, _, cache = model(ids[:, i : i + 1], cache)
            else:
                model(ids[:, : i + 1])

    with torch.inference_mode():
        return multiply_adds(decode)


def _arithmetic() -> Measure:
    """3.1.a: multiply-adds, counted by torch's counter, in millions."""
    model = zoo.get("characters_en").module
    lengths = (1024, 4096)
    ways = {n: calls(n) for n in lengths}

    def count(call: Any) -> float:
        return multiply_adds(call) / 1e6

    full = {f"n{n}": count(ways[n]["full"]) for n in lengths}
    blockwise = {f"n{n}": count(ways[n]["blockwise"]) for n in lengths}
    window = {f"n{n}": count(ways[n]["window"]) for n in lengths}
    half = {f"n{n}": count(_causal(n)) for n in lengths}
    written = (32, 128)
    cached, again = (
        {f"n{n}": _decoding_multiply_adds(model, n, kept) / 1e6 for n in written}
        for kept in (True, False)
    )
    return Measure(
        "multiply_adds",
        "millions",
        "lower",
        1.05,
        (
            Condition("blockwise", by_run(blockwise), by_run(full), lengths[-1]),
            Condition("cache", by_run(cached), by_run(again), written[-1]),
            Condition("window", by_run(window), by_run(half), lengths[-1]),
        ),
        comparison="ratio",
        spread="range",
    )


def _memory(rows: list[dict[str, Any]]) -> Measure:
    """3.1.b: the most held at once in a call, and by a cache between two steps, in MiB."""
    lengths = (1024, 4096, 16_384)
    at = {(r["method"], r["n"]): r["bytes"] / MEBI for r in rows}
    model = zoo.get("characters_en").module
    kept, ids = {}, {}
    for n in (128, 512):
        text = torch.ones(1, n, dtype=torch.long)
        with torch.inference_mode():
            _, _, cache = model(text, traced=False)
        kept[f"n{n}"] = sum(k.key.nbytes + k.value.nbytes for k in cache.layers) / MEBI
        ids[f"n{n}"] = text.nbytes / MEBI
    bounded = peak_bytes(calls(WINDOW + SINKS)["cached"]) / MEBI

    def of(method: str, ns: tuple[int, ...]) -> Numbers:
        return by_run({f"n{n}": at[method, n] for n in ns})

    return Measure(
        "peak_memory",
        "mebibytes",
        "lower",
        1.25,
        (
            Condition("blockwise", of("blockwise", lengths), of("full", lengths), lengths[-1]),
            Condition(
                "blockwise_than_fused", of("blockwise", lengths), of("fused", lengths), lengths[-1]
            ),
            Condition("cache", by_run(kept), by_run(ids), 512, metric="held_memory"),
            Condition(
                "window",
                by_run({f"n{n}": bounded for n in lengths[1:]}),
                of("cached", lengths[1:]),
                lengths[-1],
            ),
        ),
        comparison="ratio",
        spread="range",
    )


@torch.inference_mode()
def _speed() -> Measure:
    """3.1.c: milliseconds of one call, or of one character, run by run."""
    n, position = 4096, 512
    names = ("full", "blockwise", "fused", "window", "causal", "cached", "again")
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    model = zoo.get("characters_en").module
    for run in range(RUNS):
        ways = calls(n, seed=run)
        ways["causal"] = _causal(n)
        ways["cached"], ways["again"] = _step_calls(model, position)
        for name in names:
            found[name][str(run)] = 1000 * best_of(ways[name], 15, 4.0)

    def than(key: str, name: str, other: str, size: int) -> Condition:
        return Condition(key, by_run(found[name]), by_run(found[other]), size)

    return Measure(
        "milliseconds",
        "milliseconds",
        "lower",
        1.1,
        (
            than("blockwise", "blockwise", "full", n),
            than("blockwise_than_fused", "blockwise", "fused", n),
            than("cache", "cached", "again", position),
            than("window", "window", "causal", n),
        ),
        comparison="ratio",
    )


@torch.inference_mode()
def _differences() -> tuple[Condition, Condition]:
    """Largest difference to torch's own attention, and of a cached logit to an uncached one."""
    blockwise, zero = {}, {}
    for n in (4096, 16_384):
        generator = torch.Generator().manual_seed(n)
        query, key, value = (torch.randn(1, 1, n, 64, generator=generator) for _ in range(3))
        mine = blockwise_attention(query, key, value, BLOCK)
        gap = mine - F.scaled_dot_product_attention(query, key, value)
        blockwise[f"n{n}"], zero[f"n{n}"] = float(gap.abs().max()), 0.0
    cached = {}
    for language, name in MODELS.items():
        model = zoo.get(name).module
        both = [go_on(model, (1, 2, 3), 128, cached=kept) for kept in (True, False)]
        cached[language] = float((both[0].logits - both[1].logits).abs().max())
    return (
        Condition(
            "blockwise",
            by_run(blockwise),
            by_run(zero),
            16_384,
            better="equal",
            metric="largest_error",
        ),
        Condition(
            "cache",
            by_run(cached),
            by_run(dict.fromkeys(cached, 0.0)),
            128,
            better="equal",
            metric="largest_error",
        ),
    )


def _held_out(english_: Path, chinese_: Path) -> dict[str, tuple[str, Int[Tensor, "character"]]]:
    """The test texts as ids: each play, and all poems."""
    out = {}
    names = [name.removesuffix("_gut.txt") for name in sorted(TEST_PLAYS)]
    for name, text in zip(names, english(english_)["test"], strict=True):
        out[name] = ("en", torch.tensor(zoo.get("characters_en").module.config.ids(text)))
    poems = "".join(chinese(chinese_)["test"])
    out["poems"] = ("zh", torch.tensor(zoo.get("characters_zh").module.config.ids(poems)))
    return out


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--english", type=Path, required=True)
    parser.add_argument("--chinese", type=Path, required=True)
    parser.add_argument("--keep-bits", action="store_true", help="do not read the texts again")
    args = parser.parse_args()
    torch.set_num_threads(1)

    def report(fraction: float, key: str, partial: object = None) -> None:
        sys.stderr.write(f"\r{fraction:4.0%} {key}")

    found = cost(report, lambda: False, longest=16_384, budget=6.0)
    rows = recorded()["bits"] if args.keep_bits else []
    rows = rows or bits_rows(_held_out(args.english, args.chinese))
    RECORDED.write_text(
        json.dumps({"command": COMMAND, "cost": found, "bits": rows}, indent=1) + "\n",
        encoding="utf-8",
    )
    noted = provenance(torch=torch.__version__, threads="1", block=str(BLOCK), window=str(WINDOW))
    for letter, kind, measure in (
        ("a", "exact", _arithmetic()),
        ("b", "exact", _memory(found["rows"])),
        ("c", "measured", _speed()),
        ("d", "exact", quality(rows, _differences())),
    ):
        claim = Claim(f"3.1.{letter}", "3.1", kind, COMMAND, "recorded", measure, recorded=noted)
        sys.stdout.write(f"{write(claim)}\n")


if __name__ == "__main__":
    main()
