"""Lesson 6.2's second model: which of fifteen signs a hand's path draws, and along which part."""

import math
import time
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import in_half
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.inputs.refused import Refused
from attn_core.inputs.strokes import CANVAS, DRAWN, from_text
from attn_core.models.signs import N_POINTS, SIGNS, evenly

CHECKPOINT = "signs"
PATH = "horizontal_zigzag"
SAMPLES = (
    "horizontal_zigzag",
    "circle",
    "clockwise_arc",
    "vertical_wave",
    "horizontal_swing",
    "face_up_curve",
)
"""Paths drawn by rule, not by a signer."""
LAST = "encoder.1"
PARTS = 5
"""Pieces into which a path is cut, each left out in turn."""
SHORTEST_LINE = 0.05
"""Of the canvas: a shorter line is a dot."""

Points = Float[np.ndarray, "point 2"]


@lru_cache(maxsize=len(SAMPLES))
def by_rule(sign: str) -> Points:
    """A sign's path as a rule draws it."""
    at = np.linspace(0, 1, N_POINTS)
    turn = 2 * math.pi * at
    triangle = np.abs((4 * at) % 2 - 1)
    lines: dict[str, tuple[Any, Any]] = {
        "circle": (0.5 + 0.3 * np.cos(turn), 0.5 - 0.3 * np.sin(turn)),
        "clockwise_arc": (0.5 + 0.3 * np.sin(0.7 * turn), 0.5 - 0.3 * np.cos(0.7 * turn)),
        "face_up_curve": (0.8 - 0.6 * at, 0.4 + 0.25 * np.sin(turn / 2)),
        "horizontal_swing": (0.2 + 0.6 * np.abs((4 * at + 1) % 2 - 1), 0.5 + 0.02 * np.sin(turn)),
        "horizontal_zigzag": (0.85 - 0.7 * at, 0.38 + 0.24 * triangle),
        "vertical_wave": (
            0.5 - 0.25 * np.sin(2 * turn),
            0.85 - 0.7 * at + 0.06 * np.sin(4 * turn),
        ),
    }
    if sign not in lines:
        raise ValueError(f"sign is {sign!r}; there are rules for {SAMPLES}")
    return np.stack(np.broadcast_arrays(*lines[sign]), 1).astype(np.float32)


def points(path: str) -> Points:
    """The path that a config names."""
    if not path.startswith(DRAWN):
        try:
            return by_rule(path)
        except ValueError as error:
            raise Refused("refused.path") from error
    line = np.array([point for stroke in from_text(path) for point in stroke], np.float64)
    if len(line) < 2 or np.ptp(line, axis=0).max() < SHORTEST_LINE:
        raise Refused("refused.path")
    wide = np.array([CANVAS[0] / CANVAS[1], 1.0])
    return (evenly(line * wide) / wide[0]).astype(np.float32)


def point_names() -> tuple[str, ...]:
    """Names of a path's points: their numbers from 1.

    ``N_POINTS``.
    """
    return tuple(str(i + 1) for i in range(N_POINTS))


@torch.inference_mode()
def run(path: str, intervention: Intervention | None = None, device: str = "cpu") -> LessonResult:
    """Name the sign.

    Points by points; one row at "pool". ``details`` holds the "path", probabilities and attention
    over its points ("frames").
    """
    loaded = zoo.get(CHECKPOINT, device)
    line = points(path)
    began = time.perf_counter()
    logits, traces = loaded.module(
        torch.from_numpy(line)[None].to(loaded.device), intervention=intervention
    )
    spent = 1000 * (time.perf_counter() - began)
    chances = logits[0].softmax(-1).cpu()
    order = chances.argsort(descending=True)
    weights = traces["pool"].weights[0, 0, 0].cpu()
    names = point_names()
    shares = {s: round(float(p), 4) for s, p in zip(SIGNS, chances, strict=True)}
    return LessonResult(
        {site: in_half(trace) for site, trace in traces.items()},
        names,
        names,
        {
            "probability": float(chances[int(order[0])]),
            "second": float(chances[int(order[1])]),
            "top_weight": float(weights.max()),
            "effective": float(np.exp(-(weights * weights.clamp_min(1e-12).log()).sum())),
        },
        {
            "model": "sign",
            "names": {"pool": (("▸",), names)},
            "motion": SIGNS[int(order[0])],
            "probabilities": shares,
            "path": [[round(float(v), 4) for v in point] for point in line],
            "frames": [round(float(w), 5) for w in weights],
            "stages": {"model": spent},
            "device": loaded.device,
        },
    )


@lru_cache(maxsize=64)
def without_parts(path: str, device: str = "cpu") -> dict[str, list[float]]:
    """Attention on each piece of the path beside what the answer loses without it.

    "weight": of the pooling's attention, by piece; "lost": probability of the named sign that goes
    when nobody, in no layer, may attend to the piece.
    """
    n = N_POINTS // PARTS
    full = run(path, device=device)
    top = full.details["motion"]
    frames = full.details["frames"]
    sites = tuple(full.traces)
    lost = []
    for part in range(PARTS):
        gone = tuple((s, p) for s in sites for p in range(part * n, (part + 1) * n))
        left = run(path, Intervention(tokens=gone), device)
        lost.append(full.numbers["probability"] - left.details["probabilities"][top])
    return {
        "weight": [sum(frames[part * n : (part + 1) * n]) for part in range(PARTS)],
        "lost": lost,
    }


def card() -> dict[str, str]:
    """What is known of the sign classifier, from its manifest.

    "accuracy" and the nearest neighbour's ("nearest") in %, "spread" over the folds, "n", "folds",
    "parameters" in thousands.
    """
    manifest = read_manifest(CHECKPOINT)
    found = manifest.metrics["accuracy_signs"]
    return {
        "accuracy": f"{100 * found.value:.1f}",
        "nearest": f"{100 * (found.baseline or 0):.1f}",
        "spread": f"{100 * (found.spread or 0):.1f}",
        "n": str(found.n),
        "folds": str(found.seeds),
        "parameters": f"{manifest.raw['parameters'] / 1e3:.0f}",
    }
