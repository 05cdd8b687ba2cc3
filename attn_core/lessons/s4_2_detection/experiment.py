"""Lesson 4.2: what object queries find in a picture, and where they looked for it."""

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attn_core import zoo
from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace, in_half
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.photo import STEP, find, for_model
from attn_core.jobs.cache import kept
from attn_core.lessons.photographs.patches import names_of
from attn_core.lessons.s4_2_detection.config import (
    CHECKPOINTS,
    CLASSES,
    LAST,
    LAYERS,
    MOST,
    SIDES,
    Config,
    knocked_out,
    truth_of,
)
from attn_core.lessons.s4_2_detection.places import inside
from attn_core.measures.boxes import corners
from attn_core.models.detector import Detections


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
            {
                "label": int(labels[i, query]),
                "score": round(float(scores[i, query]), 4),
                "box": _round(boxes[i, query]),
            }
            for i in range(scores.shape[0])
        ]
        made.append(
            layers[-1]
            | {
                "query": query,
                "anchor": _round(anchors[query]),
                "layers": layers,
                "classes": _round(classes[query]),
                "out": query in out,
            }
        )
    return made


def _names(
    queries: list[dict[str, Any]], classes: tuple[str, ...], patches: tuple[str, ...]
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Labels of every site's rows and columns."""
    asked = tuple(f"{q['query']}: {classes[q['label']]} {q['score']:.2f}" for q in queries)
    names = {f"decoder.{i}.self": (asked, asked) for i in LAYERS}
    names |= {f"decoder.{i}.cross": (asked, patches) for i in LAYERS}
    return names | {f"encoder.{i}": (patches, patches) for i in (0, 1)}


@kept(8 * 2**20)
def _pixels(picture: str, model: str) -> Tensor:
    """A picture as a model reads it."""
    return for_model(find(picture).pixels, SIDES[model])


@kept(20 * 2**20)
@torch.inference_mode()
def _features(picture: str, model: str, device: str) -> dict[int, Tensor]:
    """What lies before the first attention: it depends on the picture alone."""
    loaded = zoo.get(CHECKPOINTS[model], device)
    found: dict[int, Tensor] = loaded.module.encoder(_pixels(picture, model).to(loaded.device))
    return found


@kept(20 * 2**20)
@torch.inference_mode()
def _answered(
    picture: str, model: str, n_queries: int, intervention: Intervention, device: str
) -> tuple[Detections, dict[str, AttentionTrace]]:
    """Boxes, classes and traces; no threshold is in them."""
    loaded = zoo.get(CHECKPOINTS[model], device)
    found, traces = loaded.module(
        _pixels(picture, model).to(loaded.device),
        n_queries=n_queries,
        intervention=intervention or None,
        features=_features(picture, model, device),
    )
    return Detections(found.logits.cpu(), found.boxes.cpu(), found.anchors.cpu()), traces


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Ask the queries and keep where they looked.

    Sites "encoder.0", "encoder.1" (patches by patches), "decoder.0.self" (queries by queries),
    "decoder.0.cross" (queries by patches) and so on, in half precision.
    """
    loaded = zoo.get(CHECKPOINTS[config.model], device)
    photo = find(config.picture)
    began = time.perf_counter()
    pixels = _pixels(config.picture, config.model)
    resized = time.perf_counter()
    n_queries = min(config.n_queries, loaded.module.config.n_queries)
    found, traces = _answered(
        config.picture, config.model, n_queries, intervention or Intervention(), device
    )
    answered = time.perf_counter()
    rows, columns = pixels.shape[-2] // STEP, pixels.shape[-1] // STEP
    queries = _queries(found, knocked_out(intervention))
    best = sorted(queries, key=lambda q: -q["score"])
    above = [q["query"] for q in best if q["score"] >= config.threshold and not q["out"]]
    weights = mean_of_heads(traces[LAST].weights[0].float()).cpu().numpy()
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


def before(config: Config) -> Config:
    """What "before" means: the same picture with all queries asked."""
    asked = MOST[config.model]
    return Config(config.picture, config.model, asked, config.threshold, config.written)


def default_row(result: LessonResult) -> int:
    """The query with the best score."""
    return max(result.details["queries"], key=lambda q: q["score"])["query"]


def _head(result: LessonResult) -> Selection:
    """The last cross-attention, at the head that looks into the found boxes most."""
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


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, query: int, head: int = 0) -> dict[str, Any]:
    """What one query said and where it looked, as the values that the page's sentences name.

    "query", "label", "score", "second" class and its score, whether the head "looks" anywhere,
    "in_box" (share of its weight inside the query's own box, beside the box's "area"), "moved"
    (distance of the box's centre from the anchor's, in widths of the picture), "answers" and "out".
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
        "looks": bool(row.any()),
        "in_box": float(row @ cover),
        "area": float(cover.mean()),
        "moved": math.hypot(away[0], away[1] * height / width),
        "answers": item["query"] in result.details["found"],
        "out": item["out"],
        "head": head + 1,
    }
