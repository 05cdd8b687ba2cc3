"""Lesson 4.2's input: which picture, which of the two models, and what is truly on it."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.inputs.photo import SAMPLES as PHOTOS
from attn_core.inputs.refused import Refused
from attn_core.inputs.strokes import CANVAS, DRAWN, PEN, Stroke, from_text
from attn_core.lessons.photographs.common import THRESHOLDS

CHECKPOINTS = {"digits": "detector_digits", "cells": "detector_cells"}
SIDES = {"digits": 320, "cells": 384}
"""Longer side of what each model reads, in pixels."""
CLASSES = {"digits": tuple("0123456789"), "cells": ("RBC", "WBC", "Platelets")}
SAMPLES = ("digits_paper", "digits_coffee", "digits_cat")
QUERIES = (1, 2, 3, 5, 8, 10, 15, 20, 30, 48)
"""How many queries may be asked; a model with fewer asks all of its own."""
MOST = {"digits": 20, "cells": 48}
"""Queries that each model has."""
LAYERS = (0, 1, 2)
LAST = "decoder.2.cross"
MAX_WRITTEN = 20
NEAR = 0.02
"""Strokes whose boxes, widened by so much of the canvas, touch are one digit."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    picture : str
        As ``attn_core.inputs.photo.find`` knows it.
    model : str
        "digits" or "cells".
    n_queries : int
        One of ``QUERIES``.
    threshold : float
        A query's answer counts from this score on; one of ``THRESHOLDS``.
    written : str
        The digits on the learner's own picture from left to right; the truth for the matching.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    picture: str = "digits_paper"
    model: str = "digits"
    n_queries: int = 20
    threshold: float = 0.5
    written: str = ""

    def __post_init__(self) -> None:
        if self.model not in CHECKPOINTS:
            raise ValueError(f"model is {self.model!r}; it must be one of {tuple(CHECKPOINTS)}")
        if self.n_queries not in QUERIES:
            raise ValueError(f"n_queries is {self.n_queries}; it must be one of {QUERIES}")
        if self.threshold not in THRESHOLDS:
            raise ValueError(f"threshold is {self.threshold}; it must be one of {THRESHOLDS}")
        if len(self.written) > MAX_WRITTEN or not (self.written + "0").isdecimal():
            raise Refused("refused.written", limit=MAX_WRITTEN)
        if not self.written.isascii():
            raise Refused("refused.written", limit=MAX_WRITTEN)


def knocked_out(intervention: Intervention | None) -> set[int]:
    """Queries that no other query may look at, in any layer: they are out of the game.

    Examples
    --------
    >>> cut = tuple((f"decoder.{layer}.self", 7) for layer in LAYERS)
    >>> knocked_out(Intervention(tokens=cut)), knocked_out(Intervention(tokens=cut[:2]))
    ({7}, set())
    """
    tokens = () if intervention is None else intervention.tokens
    of_layers = [{k for site, k in tokens if site == f"decoder.{i}.self"} for i in LAYERS]
    return set.intersection(*of_layers)


@cache
def _samples() -> dict[str, Any]:
    return dict(json.loads(PHOTOS.with_suffix(".json").read_text(encoding="utf-8")))


def written_boxes(strokes: list[Stroke]) -> list[list[float]]:
    """Boxes of the digits of a drawing: strokes that touch are one.

    Examples
    --------
    >>> len(written_boxes([[(0.1, 0.1), (0.1, 0.5)], [(0.1, 0.3), (0.2, 0.3)], [(0.8, 0.5)]]))
    2
    """
    pen = (PEN / CANVAS[0] / 2, PEN / CANVAS[1] / 2)
    boxes: list[list[float]] = []
    for line in strokes:
        xs, ys = [p[0] for p in line], [p[1] for p in line]
        new = [min(xs) - pen[0], min(ys) - pen[1], max(xs) + pen[0], max(ys) + pen[1]]
        apart = []
        for box in boxes:
            if (
                new[0] - NEAR < box[2]
                and box[0] < new[2] + NEAR
                and new[1] - NEAR < box[3]
                and box[1] < new[3] + NEAR
            ):
                new = [*map(min, new[:2], box[:2]), *map(max, new[2:], box[2:])]
            else:
                apart.append(box)
        boxes = [*apart, new]
    return sorted([min(1.0, max(0.0, v)) for v in box] for box in boxes)


def truth_of(config: Config, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is on the picture, where it is known.

    "label" and "box"; empty where nothing is known, or where digits and boxes do not pair up.
    """
    if config.model != "digits":
        return []
    if config.picture in _samples():
        known = _samples()[config.picture]
        labels, boxes = known.get("labels", []), known.get("boxes", [])
    else:
        labels = [int(letter) for letter in config.written]
        if config.picture.startswith(DRAWN):
            boxes = written_boxes(from_text(config.picture))
        else:
            best = sorted(found, key=lambda q: -q["score"])[: len(labels)]
            boxes = sorted(q["box"] for q in best)
    if len(labels) != len(boxes):
        return []
    return [{"label": n, "box": box} for n, box in zip(labels, boxes, strict=True)]
