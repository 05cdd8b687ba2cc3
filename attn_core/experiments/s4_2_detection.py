"""Lesson 4.2: what object queries find in a picture, and where they looked for it."""

import json
import math
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attn_core import zoo
from attn_core.boxes import corners
from attn_core.experiments.s4_1_segmentation import THRESHOLDS, in_half, names_of
from attn_core.inputs.photo import SAMPLES as PHOTOS
from attn_core.inputs.photo import STEP, find, for_model
from attn_core.inputs.refused import Refused
from attn_core.inputs.strokes import CANVAS, DRAWN, PEN, Stroke, from_text
from attn_core.interventions import Intervention
from attn_core.models.detector import Detections
from attn_core.plots.view import Selection
from attn_core.result import LessonResult
from attn_core.trace import AttentionTrace

CHECKPOINTS = {"digits": "detector_digits", "cells": "detector_cells"}
SIDES = {"digits": 256, "cells": 320}
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

    Parameters
    ----------
    intervention : Intervention or None
        A learner's changes.

    Returns
    -------
    set of int
        Those whose own answer is dropped too.

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

    Parameters
    ----------
    strokes : list of Stroke
        In [0, 1] of the canvas.

    Returns
    -------
    list of list of float
        Left, top, right, bottom as fractions, the pen's width in them, from left to right.

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
                new[0] - NEAR < box[2] and box[0] < new[2] + NEAR
                and new[1] - NEAR < box[3] and box[1] < new[3] + NEAR
            ):  # fmt: skip
                new = [*map(min, new[:2], box[:2]), *map(max, new[2:], box[2:])]
            else:
                apart.append(box)
        boxes = [*apart, new]
    return sorted([min(1.0, max(0.0, v)) for v in box] for box in boxes)


def truth_of(config: Config, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is on the picture, where it is known.

    Parameters
    ----------
    config : Config
        A sample's truth is recorded; of the learner's own picture the digits are typed, and stand
        in the boxes of a drawing's strokes, or else in the best boxes that the model found.
    found : list of dict
        All queries, with "score" and "box".

    Returns
    -------
    list of dict
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


def _round(values: Tensor) -> list[float]:
    return [round(v, 4) for v in values.tolist()]


def _queries(found: Detections, out: set[int]) -> list[dict[str, Any]]:
    """Every query's answer after each layer."""
    scores, labels = found.logits[:, 0].sigmoid().max(-1)  # (layer, query)
    boxes = corners(found.boxes[:, 0])
    classes = found.logits[-1, 0].sigmoid()
    anchors = corners(found.anchors)
    made = []
    for query in range(scores.shape[1]):
        layers = [
            {"label": int(labels[i, query]), "score": round(float(scores[i, query]), 4),
             "box": _round(boxes[i, query])}
            for i in range(scores.shape[0])
        ]  # fmt: skip
        made.append(
            layers[-1] | {
                "query": query, "anchor": _round(anchors[query]), "layers": layers,
                "classes": _round(classes[query]), "out": query in out,
            }
        )  # fmt: skip
    return made


def inside(box: list[float], rows: int, columns: int) -> Float[np.ndarray, "patch"]:
    """How much of each patch a box covers.

    Parameters
    ----------
    box : list of float
        Left, top, right, bottom as fractions.
    rows, columns : int
        Of the grid.

    Returns
    -------
    Float[np.ndarray, "patch"]
        In [0, 1], in rows.

    Examples
    --------
    >>> inside([0.0, 0.0, 0.5, 0.25], 2, 2).tolist()
    [0.5, 0.0, 0.0, 0.0]
    """
    left, top, right, bottom = box
    x, y = np.arange(columns), np.arange(rows)
    across = np.clip(np.minimum(x + 1, right * columns) - np.maximum(x, left * columns), 0, 1)
    down = np.clip(np.minimum(y + 1, bottom * rows) - np.maximum(y, top * rows), 0, 1)
    return np.outer(down, across).flatten()


def _names(
    queries: list[dict[str, Any]], classes: tuple[str, ...], patches: tuple[str, ...]
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Labels of every site's rows and columns."""
    asked = tuple(f"{q['query']}: {classes[q['label']]} {q['score']:.2f}" for q in queries)
    names = {f"decoder.{i}.self": (asked, asked) for i in LAYERS}
    names |= {f"decoder.{i}.cross": (asked, patches) for i in LAYERS}
    return names | {f"encoder.{i}": (patches, patches) for i in (0, 1)}


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Ask the queries and keep where they looked.

    Parameters
    ----------
    config : Config
        Picture, model, number of queries, threshold.
    intervention : Intervention, optional
        A learner's changes; a query cut from the self-attention of every decoder layer is out.
    device : str
        Where to run.

    Returns
    -------
    LessonResult
        Sites "encoder.0", "encoder.1" (patches by patches), "decoder.0.self" (queries by queries),
        "decoder.0.cross" (queries by patches) and so on, in half precision.

    Raises
    ------
    attn_core.inputs.refused.Refused
        If the picture is not on this machine.
    """
    loaded = zoo.get(CHECKPOINTS[config.model], device)
    photo = find(config.picture)
    began = time.perf_counter()
    pixels = for_model(photo.pixels, SIDES[config.model])
    resized = time.perf_counter()
    n_queries = min(config.n_queries, loaded.module.config.n_queries)
    found, traces = loaded.module(
        pixels.to(loaded.device), n_queries=n_queries, intervention=intervention
    )
    found = Detections(found.logits.cpu(), found.boxes.cpu(), found.anchors.cpu())
    answered = time.perf_counter()
    rows, columns = pixels.shape[-2] // STEP, pixels.shape[-1] // STEP
    queries = _queries(found, knocked_out(intervention))
    best = sorted(queries, key=lambda q: -q["score"])
    above = [q["query"] for q in best if q["score"] >= config.threshold and not q["out"]]
    weights = traces[LAST].weights[0].float().mean(0).cpu().numpy()
    covers = {q: inside(queries[q]["box"], rows, columns) for q in above}
    on_box = [float(weights[q] @ cover) for q, cover in covers.items()]
    numbers = {
        "found": float(len(above)),
        "best": best[0]["score"],
        "attention_in_box": sum(on_box) / len(on_box) if on_box else math.nan,
        "area_of_box": float(np.mean([c.mean() for c in covers.values()])) if above else math.nan,
    }
    patches = names_of(rows, columns)
    names = _names(queries, CLASSES[config.model], patches)
    return LessonResult(
        {site: in_half(trace) for site, trace in traces.items()},
        names[LAST][0],
        names[LAST][1],
        numbers,
        {
            "grid": [rows, columns],
            "size": [photo.width, photo.height],
            "queries": queries,
            "found": above,
            "truth": truth_of(config, queries),
            "classes": list(CLASSES[config.model]),
            "names": names,
            "stages": {
                "decode": photo.decode_ms,
                "resize": 1000 * (resized - began),
                "model": 1000 * (answered - resized),
            },
            "device": loaded.device,
        },
    )


def plain(config: Config) -> Config:
    """What "before" means: the same picture with all queries asked.

    Parameters
    ----------
    config : Config
        What the learner set.

    Returns
    -------
    Config
        The same input.
    """
    asked = MOST[config.model]
    return Config(config.picture, config.model, asked, config.threshold, config.written)


def default_row(result: LessonResult) -> int:
    """The query with the best score.

    Parameters
    ----------
    result : LessonResult
        From ``run``.

    Returns
    -------
    int
        A query.
    """
    return max(result.details["queries"], key=lambda q: q["score"])["query"]


def default_open(result: LessonResult) -> Selection:
    """The last cross-attention, at the head that looks into the found boxes most.

    Parameters
    ----------
    result : LessonResult
        From ``run``.

    Returns
    -------
    Selection
        Site and head.
    """
    rows, columns = result.details["grid"]
    weights = result.traces[LAST].weights[0].float().numpy()
    chosen = result.details["found"] or [default_row(result)]
    shares = [
        sum(
            float(head[q] @ inside(result.details["queries"][q]["box"], rows, columns))
            for q in chosen
        )
        for head in weights
    ]
    return Selection(LAST, int(np.argmax(shares)))


def middle(result: LessonResult, query: int) -> int:
    """The patch in the middle of a query's box.

    Parameters
    ----------
    result : LessonResult
        From ``run``.
    query : int
        Which.

    Returns
    -------
    int
        Counted in rows.
    """
    rows, columns = result.details["grid"]
    left, top, right, bottom = result.details["queries"][query]["box"]
    row = min(rows - 1, max(0, int((top + bottom) / 2 * rows)))
    return row * columns + min(columns - 1, max(0, int((left + right) / 2 * columns)))


def looks(result: LessonResult, site: str, head: int | None, row: int) -> np.ndarray:
    """Where a query or a patch looks, as a map over the picture.

    Parameters
    ----------
    result : LessonResult
        From ``run``.
    site : str
        An encoder's or a cross-attention.
    head : int or None
        ``None``: the mean of all.
    row : int
        Query or patch; out of range counts as the last.

    Returns
    -------
    np.ndarray
        Rows and columns of patches; scaled so that the largest is 1.
    """
    trace: AttentionTrace = result.traces[site]
    weights = trace.weights[0].float()
    chosen = weights.mean(0) if head is None else weights[min(head, weights.shape[0] - 1)]
    levels = chosen[min(row, chosen.shape[0] - 1)]
    return (levels / (float(levels.max()) or 1.0)).view(*result.details["grid"]).numpy()


def reading(result: LessonResult, query: int, head: int = 0) -> dict[str, Any]:
    """What one query said and where it looked, as the values that the page's sentences name.

    Parameters
    ----------
    result : LessonResult
        From ``run``.
    query : int
        Out of range counts as the last.
    head : int
        Of the last cross-attention.

    Returns
    -------
    dict
        "query", "label", "score", "second" class and its score, "in_box" (share of the head's
        weight inside the query's own box, beside the box's "area"), "moved" (distance of the
        box's centre from the anchor's, in widths of the picture), "answers" and "out".
    """
    queries = result.details["queries"]
    item = queries[min(max(query, 0), len(queries) - 1)]
    rows, columns = result.details["grid"]
    weights = result.traces[LAST].weights[0].float().numpy()
    row = weights[min(max(head, 0), weights.shape[0] - 1), item["query"]]
    cover = inside(item["box"], rows, columns)
    order = np.argsort(item["classes"])[::-1]
    names = result.details["classes"]
    width, height = result.details["size"]
    away = [
        (item["box"][i] + item["box"][i + 2] - item["anchor"][i] - item["anchor"][i + 2]) / 2
        for i in (0, 1)
    ]
    return {
        "query": item["query"],
        "label": names[item["label"]],
        "score": item["score"],
        "second": names[int(order[1])],
        "second_score": item["classes"][int(order[1])],
        "in_box": float(row @ cover),
        "area": float(cover.mean()),
        "moved": math.hypot(away[0], away[1] * height / width),
        "answers": item["query"] in result.details["found"],
        "out": item["out"],
        "head": head + 1,
    }
