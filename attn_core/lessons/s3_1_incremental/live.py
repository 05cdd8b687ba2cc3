"""Lesson 3.1's live experiments: time by position with and without a cache, quality by window."""

import copy
import json
import math
import time
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.files import SAMPLES
from attn_core.jobs.line import Report
from attn_core.lessons.s3_1_incremental.experiment import LANGUAGES, MODELS, Config
from attn_core.models.characters import Characters
from attn_core.models.characters_text import go_on, mask_of

POSITIONS = (64, 128, 256, 384, 512)
EVERY = 8
"""Steps whose median time is one point."""
WINDOWS = (4, 8, 16, 32, 64, 128)
READINGS = ("pieces", "stream")
"""Pieces of the trained length, each predicted from at least half of it; or one long stream."""
RECORDED = SAMPLES / "incremental.json"

Rows = list[dict[str, Any]]


def _medians(seconds: tuple[float, ...], first: int, way: str) -> list[dict[str, Any]]:
    out = []
    for i in range(0, len(seconds), EVERY):
        part = sorted(seconds[i : i + EVERY])
        out.append(
            {
                "way": way,
                "position": first + i + len(part) // 2,
                "milliseconds": 1000 * part[len(part) // 2],
            }
        )
    return out


@torch.inference_mode()
def gap_in_float64(
    model: Characters, ids: tuple[int, ...], should_stop: Callable[[], bool] = lambda: False
) -> float:
    """Largest difference of a cached logit to an uncached one, in float64."""
    exact = copy.deepcopy(model).double()
    text, cache, rows = torch.tensor([ids]), None, []
    for i in range(len(ids)):
        if should_stop():
            break
        logits, _, cache = exact(text[:, i : i + 1], cache, traced=False)
        rows.append(logits[0, 0])
    if not rows:
        return 0.0
    whole, _, _ = exact(text[:, : len(rows)], traced=False)
    return float((torch.stack(rows) - whole[0]).abs().max())


def decode_times(
    report: Report, should_stop: Callable[[], bool], *, language: str, until: int = 256
) -> dict[str, Any]:
    """Time of every step of decoding, with the cache and without: a job.

    "rows" ("way", "position", "milliseconds": medians of ``EVERY`` steps, processor time), "gap"
    (largest difference of a logit), "exact" (the same in float64), "same" (whether both wrote the
    same), "until" and, by way, "seconds".
    """
    if until not in POSITIONS or language not in LANGUAGES:
        raise ValueError(
            f"until is {until} and language {language!r}; they must be of {POSITIONS} "
            f"and {LANGUAGES}"
        )
    model: Characters = zoo.get(MODELS[language]).module
    prompt = tuple(model.config.ids(Config(language=language).prompt()[0][:1]))
    rows: Rows = []
    found, work, done = {}, {"cached": until, "uncached": until * until // 16}, 0
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for way in work:
            steps = 0

            def step(way: str = way, before: int = done, so_far: Rows = rows) -> bool:
                nonlocal steps
                steps += 1
                here = steps if way == "cached" else steps * steps // 16
                report(
                    (before + here) / sum(work.values()),
                    "s3_1.job.decode",
                    {"rows": list(so_far), "until": until},
                )
                return should_stop()

            found[way] = go_on(
                model,
                prompt,
                until - len(prompt),
                cached=way == "cached",
                should_stop=step,
                clock=time.thread_time,
            )
            rows += _medians(found[way].seconds[1:], len(prompt) + 1, way)
            done += work[way]
        exact = gap_in_float64(model, found["cached"].ids, should_stop)
    finally:
        torch.set_num_threads(threads)
    n = min(len(f.logits) for f in found.values())
    gap = (found["cached"].logits[:n] - found["uncached"].logits[:n]).abs().max() if n else 0.0
    length = len(prompt) + n
    return {
        "rows": rows,
        "until": until,
        "gap": float(gap),
        "exact": exact,
        "same": found["cached"].ids[:length] == found["uncached"].ids[:length],
        "seconds": {way: math.fsum(f.seconds) for way, f in found.items()},
    }


def held_out(language: str) -> dict[str, str]:
    """The passage that the page reads: never trained on, with its source.

    "text", "source", "licence", "what".
    """
    path = SAMPLES / f"{MODELS[language]}_held_out.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


@torch.inference_mode()
def surprises(
    model: Characters, ids: Int[Tensor, "character"], reading: str, window: int, sinks: int
) -> Float[Tensor, "predicted"]:
    """Bits that each character costs under a window.

    For "stream" of all characters beyond the trained length; for "pieces" of those with at least
    half a context before them in their piece.
    """
    size = model.config.context
    half = size // 2

    def one(rows: Int[Tensor, "row character"], skip: int) -> Float[Tensor, "predicted"]:
        allowed = mask_of(rows.shape[1] - 1, window, sinks)
        logits, _, _ = model(rows[:, :-1], None, allowed, traced=False)
        loss = F.cross_entropy(logits.transpose(1, 2), rows[:, 1:], reduction="none")
        return loss[:, skip:].flatten() / math.log(2)

    if reading == "stream":
        return one(ids[None], size)
    rows = ids.unfold(0, size + 1, half)  # (n,) -> (pieces, size + 1), overlapping by half
    return torch.cat([one(chunk, half) for chunk in rows.split(8)])


def bits_by_window(
    report: Report,
    should_stop: Callable[[], bool],
    *,
    language: str,
    reading: str = "pieces",
    sinks: int = 4,
) -> dict[str, Any]:
    """Bits per character of the held-out passage by window, with and without sinks: a job.

    "rows" ("window", "sinks", "bits"; window 0 is all before), "n" (characters), "language",
    "reading", "sinks" and "context".
    """
    if language not in LANGUAGES or reading not in READINGS or not 1 <= sinks <= 16:
        raise ValueError(
            f"language is {language!r}, reading {reading!r} and sinks {sinks}; they must be of "
            f"{LANGUAGES}, of {READINGS} and in [1, 16]"
        )
    model: Characters = zoo.get(MODELS[language]).module
    ids = torch.tensor(model.config.ids(held_out(language)["text"]))
    rows: Rows = []
    plan = [(w, kept) for w in (0, *WINDOWS) for kept in ((0, sinks) if w else (0,))]
    found = {
        "language": language,
        "reading": reading,
        "sinks": sinks,
        "n": len(ids),
        "context": model.config.context,
    }
    for i, (window, kept) in enumerate(plan):
        if should_stop():
            break
        bits = surprises(model, ids, reading, window, kept)
        rows.append({"window": window, "sinks": kept, "bits": float(bits.mean())})
        report((i + 1) / len(plan), "s3_1.job.bits", found | {"rows": list(rows)})
    return found | {"rows": rows}


def recorded() -> dict[str, Any]:
    """What ``claims`` recorded: costs up to 16 384, bits by window over all held-out texts.

    "cost" (as from ``cost.cost``), "bits" (rows with "language") and "command".
    """
    return dict(json.loads(RECORDED.read_text(encoding="utf-8")))


def recorded_bits(language: str, reading: str) -> dict[str, Any]:
    """Recorded bits by window, the mean over a language's texts by their characters.

    As from ``bits_by_window``.
    """
    here = [r for r in recorded()["bits"] if (r["language"], r["reading"]) == (language, reading)]
    sums: dict[tuple[int, int], list[float]] = {}
    for r in here:
        total = sums.setdefault((r["window"], r["sinks"]), [0.0, 0])
        total[0] += r["bits"] * r["n"]
        total[1] += r["n"]
    rows = [{"window": w, "sinks": s, "bits": b / n} for (w, s), (b, n) in sums.items()]
    return {
        "rows": rows,
        "language": language,
        "reading": reading,
        "n": int(sums[0, 0][1]),
        "sinks": max(s for _, s in sums),
        "context": read_manifest(MODELS[language]).config["context"],
    }
