"""Lesson 6.2: what the recorded runs say, and one photograph under every motion and speed."""

import statistics
from collections.abc import Callable
from typing import Any

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.inputs.clip import MADE, find, made_name
from attn_core.inputs.motion import MOTIONS, SPEEDS, Motion
from attn_core.jobs.line import Report
from attn_core.lessons.s6_2_video import experiment

TWINS = ("divided", "mean", "space", "time", "joint")
"""Kinds of run: divided attention, the same with a mean over frames, and one attention alone."""
SPANS = ((2, 7), (8, 14))
"""Where the motion lies in the clips of ``everywhere``."""


def card(attention: str = "divided") -> dict[str, Any]:
    """What is known of a shown classifier, from its manifest.

    "accuracy", "pointing" of attention and of the "gradient", and the "chance" of a random frame in
    %, their "n" and "n_moving", "parameters" in thousands.
    """
    manifest = read_manifest(experiment.CHECKPOINTS[attention])
    named, points = (manifest.metrics[n] for n in ("accuracy_motion", "pointing_accuracy"))
    return {
        "accuracy": 100 * named.value,
        "n": named.n,
        "pointing": 100 * points.value,
        "chance": 100 * (points.baseline or 0),
        "n_moving": points.n,
        "parameters": manifest.raw["parameters"] / 1e3,
        "gradient": 100 * manifest.raw["measured"]["pointing_gradient"],
    }


def twins() -> list[dict[str, Any]]:
    """Recorded runs of each kind.

    "model", "parameters", "steps", "seeds", and for "accuracy", "pointing" and "off" (frames that
    the cut is off) mean and deviation ("accuracy_spread", …).
    """
    raw = read_manifest("video_twins").raw
    out = []
    for name in TWINS:
        row: dict[str, Any] = {
            "model": name,
            "parameters": raw["parameters"][name],
            "steps": raw["steps"],
        }
        for key in ("accuracy", "pointing", "off"):
            values = [run[key] for run in raw["by_seed"][name]]
            row[key], row["seeds"] = statistics.mean(values), len(values)
            row[f"{key}_spread"] = statistics.stdev(values) if len(values) > 1 else None
        out.append(row)
    return out


def by_motion() -> list[dict[str, Any]]:
    """Recorded accuracy of the shown classifiers by motion.

    "motion", "n", and accuracy by classifier.
    """
    found = {a: read_manifest(c).raw["by_motion"] for a, c in experiment.CHECKPOINTS.items()}
    return [
        {"motion": motion, "n": found["divided"][motion]["n"]}
        | {attention: by[motion]["accuracy"] for attention, by in found.items()}
        for motion in MOTIONS
    ]


def everywhere(
    report: Report,
    should_stop: Callable[[], bool],
    *,
    picture: str,
    attention: str = "divided",
) -> list[dict[str, Any]]:
    """Move the camera over one photograph in every way, at every speed.

    "motion", "speed", how many of the clips were named "right", how often attention "points" at a
    frame that moves (``None`` for a still camera), "n".
    """
    rows: list[dict[str, Any]] = []
    jobs = [(motion, speed) for motion in MOTIONS for speed in SPEEDS]
    for i, (kind, speed) in enumerate(jobs):
        if should_stop():
            return rows
        motions = [Motion(kind, first, last, speed) for first, last in SPANS]
        right, points = 0, 0
        for motion in motions:
            clip = made_name(picture, motion)
            seen = experiment.asked(experiment.Config(clip=clip, attention=attention), traced=False)
            right += MOTIONS[int(seen.logits[0].argmax())] == kind
            points += bool(motion.moving[int(seen.frames[0].argmax())])
        rows.append(
            {
                "motion": kind,
                "speed": speed,
                "right": right,
                "n": len(motions),
                "points": None if kind == "still" else points,
            }
        )
        report((i + 1) / len(jobs), "s6_2.live.running", list(rows))
    return rows


def photograph(clip: str) -> str:
    """The sample photograph of a made clip."""
    return clip.removeprefix(MADE).split("~")[0] if clip.startswith(MADE) else experiment.PHOTOS[0]


def pointed(frames: torch.Tensor, clip: str) -> bool | None:
    """Whether attention's first frame is one that the motion changes."""
    truth = find(clip).truth
    if truth is None or not bool(truth.moving.any()):
        return None
    return bool(truth.moving[int(frames.argmax())])
