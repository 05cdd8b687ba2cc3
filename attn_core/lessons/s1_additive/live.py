"""Lesson 1's claims on the page: recorded error by word length, and a comparison made now."""

import random
from collections.abc import Callable
from typing import Any

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.jobs.line import Report
from attn_core.lessons.s1_additive.experiment import MODEL, TWIN_WITH, TWIN_WITHOUT, held_out
from attn_core.models.speller_search import beam_search

N_WORDS = 200
BATCH = 20


def by_length() -> list[dict[str, Any]]:
    """Word error rate by word length of the shown model and both twins, means over their seeds.

    "length", "error", "n", "model" ("shown", "with", "without"), from the manifests.
    """
    rows = []
    for checkpoint, name in ((MODEL, "shown"), (TWIN_WITH, "with"), (TWIN_WITHOUT, "without")):
        seeds = read_manifest(checkpoint).raw.get("by_length", [])
        lengths = sorted({int(n) for seed in seeds for n in seed})
        for length in lengths:
            here = [seed[str(length)] for seed in seeds if str(length) in seed]
            rows.append(
                {
                    "length": length,
                    "error": sum(h["word_error_rate"] for h in here) / len(here),
                    "n": int(here[0]["n"]),
                    "model": name,
                }
            )
    return rows


def length_facts() -> dict[str, float]:
    """The twins' error on short and long words, for the sentence under the chart.

    Rates at the shortest and longest length that both have.
    """
    rows = by_length()
    out: dict[str, float] = {}
    for name in ("with", "without"):
        mine = [r for r in rows if r["model"] == name]
        for end, row in (("short", mine[0]), ("long", mine[-1])) if mine else ():
            out[f"{name}_{end}"] = 100 * row["error"]
            out[f"{end}_length"] = str(row["length"])  # type: ignore[assignment]  # shown as is
    return out


def compare(report: Report, should_stop: Callable[[], bool], seed: int = 0) -> list[dict[str, Any]]:
    """Both twins and the shown model on held-out words, as a job.

    "model", "error" (word error rate) and "n".
    """
    listed = held_out()
    words = random.Random(seed).sample(sorted(listed), min(N_WORDS, len(listed)))
    models = {"shown": MODEL, "with": TWIN_WITH, "without": TWIN_WITHOUT}
    wrong, done = dict.fromkeys(models, 0), dict.fromkeys(models, 0)
    chunks = [words[i : i + BATCH] for i in range(0, len(words), BATCH)]
    for i, chunk in enumerate(chunks):
        if should_stop():
            break
        for name, checkpoint in models.items():
            spoken = beam_search(zoo.get(checkpoint).module, chunk, 1)
            for word, best in zip(chunk, spoken, strict=True):
                done[name] += 1
                wrong[name] += " ".join(best[0].phonemes) not in listed[word]
        report((i + 1) / len(chunks), "s1.live.measuring")
    return [
        {"model": name, "error": wrong[name] / done[name], "n": done[name]}
        for name in models
        if done[name]
    ]
