"""Record lesson 6.2's claims: ``python -m attn_core.lessons.s6_2_video.claims``.

Needs the manifest of the twins that ``attn_core.training.video.finish`` writes.
"""

import sys
from dataclasses import replace
from typing import Any

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import numbers

COMMAND = "python -m attn_core.lessons.s6_2_video.claims"
SMALLEST = 0.02
"""Accuracy, or share of attention: one clip in fifty counts."""
FRAMES = 0.25
"""Frames that a cut is off."""
Runs = dict[str, list[dict[str, Any]]]


def _of(runs: Runs, kind: str, key: str) -> list[float]:
    return [float(run[key]) for run in runs[kind]]


def against(
    key: str,
    values: list[float],
    baseline: list[float],
    n: int,
    metric: str = "",
    better: str = "",
) -> Condition:
    """One condition, run by run."""
    pairs = list(zip(values, baseline, strict=False))
    return Condition(
        key,
        numbers([a for a, _ in pairs]),
        numbers([b for _, b in pairs]),
        n,
        better=better,
        metric=metric,
    )


def key_frames(runs: Runs) -> Claim:
    """6.2.a: attention over frames finds those that move, and that helps.

    Frames that attend to each other, and frames kept apart until they are summed ("apart").
    """
    first = runs["divided"][0]
    moving, n = int(first["n_moving"]), int(first["n"])
    pointing = _of(runs, "divided", "pointing")
    conditions = (
        against("chance", pointing, _of(runs, "divided", "chance"), moving, "pointing_accuracy"),
        against(
            "change", pointing, _of(runs, "divided", "pointing_change"), moving, "pointing_accuracy"
        ),
        against(
            "deletion",
            _of(runs, "divided", "without_top"),
            _of(runs, "divided", "without_random"),
            n,
            better="lower",
        ),
        against("mean", _of(runs, "divided", "accuracy"), _of(runs, "mean", "accuracy"), n),
        against(
            "apart_chance",
            _of(runs, "space", "pointing"),
            _of(runs, "space", "chance"),
            moving,
            "pointing_accuracy",
        ),
        against(
            "apart_deletion",
            _of(runs, "space", "without_top"),
            _of(runs, "space", "without_random"),
            n,
            better="lower",
        ),
    )
    measure = Measure("accuracy", "fraction", "higher", SMALLEST, conditions)
    return Claim("6.2.a", "6.2", "measured", COMMAND, "recorded", measure)


def segments(runs: Runs) -> Claim:
    """6.2.b: cutting the clip into moving and still spans, against differences of pixels."""
    n = int(runs["divided"][0]["n_moving"])
    pixels = _of(runs, "divided", "off_change")
    conditions = (
        against("alone", _of(runs, "divided", "off"), pixels, n),
        against("attention", _of(runs, "divided", "off_attention"), pixels, n),
        against("apart_alone", _of(runs, "space", "off"), pixels, n),
        against("apart_attention", _of(runs, "space", "off_attention"), pixels, n),
    )
    measure = Measure("boundary_error", "frames", "lower", FRAMES, conditions)
    return Claim("6.2.b", "6.2", "measured", COMMAND, "recorded", measure)


def regions(runs: Runs) -> Claim:
    """6.2.c: attention lies on the frames of the action, and off what merely crosses."""
    first = runs["divided"][0]
    moving, n = int(first["n_moving"]), int(first["n"])
    accuracy = _of(runs, "divided", "accuracy")
    conditions = (
        against(
            "frames",
            _of(runs, "divided", "in_span"),
            _of(runs, "divided", "chance"),
            moving,
            "share_of_attention",
        ),
        against(
            "apart_frames",
            _of(runs, "space", "in_span"),
            _of(runs, "space", "chance"),
            moving,
            "share_of_attention",
        ),
        against(
            "thing",
            _of(runs, "divided", "on_thing"),
            _of(runs, "divided", "thing_share"),
            n,
            "share_of_attention",
            "lower",
        ),
        *(
            against(f"no_{gone}", accuracy, _of(runs, left, "accuracy"), n)
            for gone, left in (("time", "space"), ("space", "time"))
        ),
        against("joint", accuracy, _of(runs, "joint", "accuracy"), n),
    )
    measure = Measure("accuracy", "fraction", "higher", SMALLEST, conditions)
    return Claim("6.2.c", "6.2", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Write all three files."""
    raw = read_manifest("video_twins").raw
    noted = provenance(torch=torch.__version__, threads="1", steps=str(raw["steps"]))
    for make in (key_frames, segments, regions):
        claim = replace(make(raw["by_seed"]), recorded=noted)
        sys.stdout.write(f"{write(claim).name}\n")


if __name__ == "__main__":
    main()
