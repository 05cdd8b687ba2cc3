"""Bits per character by window, measured for claim 3.1.d."""

import sys
from typing import Any

from jaxtyping import Int
from torch import Tensor

from attn_core import zoo
from attn_core.evidence.claims import Condition, Measure, Numbers
from attn_core.lessons.s3_1_incremental.experiment import MODELS
from attn_core.lessons.s3_1_incremental.live import READINGS, WINDOWS, surprises

SINKS = 4


N_PIECES, N_STREAM = 30_000, 3_000
"""Characters read of each play, in pieces and as one stream."""


def by_run(found: dict[str, float]) -> Numbers:
    """Values by run, as conditions hold them."""
    return tuple(sorted(found.items()))


def bits_rows(texts: dict[str, tuple[str, Int[Tensor, "character"]]]) -> list[dict[str, Any]]:
    """Bits per character by text, reading, window and sinks."""
    rows = []
    for name, (language, ids) in texts.items():
        model = zoo.get(MODELS[language]).module
        for reading, most in zip(READINGS, (N_PIECES, N_STREAM), strict=True):
            for window, sinks in [(0, 0), *((w, s) for w in WINDOWS for s in (0, SINKS))]:
                found = surprises(model, ids[:most], reading, window, sinks)
                rows.append(
                    {
                        "text": name,
                        "language": language,
                        "reading": reading,
                        "window": window,
                        "sinks": sinks,
                        "bits": float(found.mean()),
                        "n": len(found),
                    }
                )
        sys.stderr.write(f"{name}\n")
    return rows


def quality(rows: list[dict[str, Any]], exact: tuple[Condition, ...] = ()) -> Measure:
    """3.1.d: the exact ones by their largest difference, windows by bits per character."""

    def condition(key: str, reading: str, language: str, window: int, sinks: int) -> Condition:
        def of(w: int, s: int) -> dict[str, float]:
            return {
                r["text"]: r["bits"]
                for r in rows
                if (r["language"], r["reading"], r["window"], r["sinks"])
                == (language, reading, w, s)
            }

        n = sum(
            r["n"]
            for r in rows
            if (r["language"], r["reading"], r["window"], r["sinks"]) == (language, reading, 0, 0)
        )
        better = "lower" if reading == "stream" else "equal"
        return Condition(key, by_run(of(window, sinks)), by_run(of(0, 0)), n, better=better)

    windows = [
        condition(f"window_{window}_{language}", "pieces", language, window, 0)
        for language in ("en", "zh")
        for window in (8, 32, 128 if language == "en" else 64)
    ]
    sinks = [condition(f"sinks_8_{x}", "pieces", x, 8, SINKS) for x in ("en", "zh")]
    stream = [condition(f"stream_{x}", "stream", x, 64, 0) for x in ("en", "zh")]
    return Measure(
        "bits_per_character",
        "bits",
        "equal",
        0.02,
        (*exact, *windows, *sinks, *stream),
        spread="range",
    )
