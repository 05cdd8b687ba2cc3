"""Average precision by pycocotools."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.datasets.detection import Scene
from attn_core.measures.boxes import (
    corners,
)
from attn_core.models.detector import Detector

TOP = 100
"""Detections of a picture that are scored, as COCO does."""


def as_tensor(scenes: list[Scene]) -> Float[Tensor, "scene 3 row column"]:
    """Pictures of one shape as a batch, in [0, 1]."""
    stack = np.stack([s.pixels for s in scenes])
    return torch.from_numpy(stack).permute(0, 3, 1, 2).float() / 255


def overlap_pairs(one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and GIoU of the boxes pair by pair."""
    low, high = torch.maximum(one[:, :2], two[:, :2]), torch.minimum(one[:, 2:], two[:, 2:])
    both = (high - low).clamp_min(0).prod(-1)
    union = sum((b[:, 2:] - b[:, :2]).prod(-1) for b in (one, two)) - both
    low, high = torch.minimum(one[:, :2], two[:, :2]), torch.maximum(one[:, 2:], two[:, 2:])
    hull = (high - low).prod(-1)
    iou = both / union.clamp_min(1e-9)
    return iou, iou - (hull - union) / hull.clamp_min(1e-9)


Guesses = list[tuple[Tensor, Tensor, Tensor]]


def found_in(model: Detector, scenes: list[Scene]) -> list[Guesses]:
    """Scores, classes and corners in pixels of the best pairs of query and class, by layer."""
    out: list[Guesses] = []
    for scene in scenes:
        with torch.inference_mode():
            found, _ = model(as_tensor([scene]), n_queries=model.config.n_queries)
        rows, columns = scene.pixels.shape[:2]
        size = torch.tensor([columns, rows, columns, rows])
        for layer, (logits, boxes) in enumerate(zip(found.logits, found.boxes, strict=True)):
            n = min(TOP, logits[0].numel())
            scores, where = logits[0].sigmoid().flatten().topk(n)
            places = corners(boxes[0])[where // model.config.n_classes] * size
            if layer == len(out):
                out.append([])
            out[layer].append((scores, where % model.config.n_classes, places))
    return out


def measure(model: Detector, scenes: list[Scene]) -> dict[str, Any]:
    """Average precision of the last layer's answers; see ``score``."""
    return score(model, scenes, found_in(model, scenes)[-1])


def score(model: Detector, scenes: list[Scene], found: Guesses) -> dict[str, Any]:
    """Average precision by pycocotools.

    Returns
    -------
    dict
        "ap" is AP@[.5:.95], "ap50" at IoU 0.5, "ap50_each" by class; "n" scenes.
    """
    import contextlib
    import io

    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    classes = range(model.config.n_classes)
    truths: list[dict[str, Any]] = []
    guesses: list[dict[str, Any]] = []
    for image, (scene, (scores, labels, boxes)) in enumerate(zip(scenes, found, strict=True), 1):
        for label, (a, b, c, d) in zip(scene.labels, scene.boxes.tolist(), strict=True):
            truths.append(
                {
                    "id": len(truths) + 1,
                    "image_id": image,
                    "category_id": label,
                    "iscrowd": 0,
                    "bbox": [a, b, c - a, d - b],
                    "area": (c - a) * (d - b),
                }
            )
        for score, label, (a, b, c, d) in zip(
            scores.tolist(), labels.tolist(), boxes.tolist(), strict=True
        ):
            guesses.append(
                {
                    "image_id": image,
                    "category_id": label,
                    "score": score,
                    "bbox": [a, b, c - a, d - b],
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "info": {},
            "images": [{"id": i + 1} for i in range(len(scenes))],
            "annotations": truths,
            "categories": [{"id": c, "name": str(c)} for c in classes],
        }
        coco.createIndex()
        scored = COCOeval(coco, coco.loadRes(guesses), "bbox")
        scored.evaluate()
        scored.accumulate()
        scored.summarize()
    precision = scored.eval["precision"]  # (IoU, recall, class, area, detections)
    each = [float(precision[0, :, c, 0, -1].mean()) for c in classes]
    return {
        "ap": float(scored.stats[0]),
        "ap50": float(scored.stats[1]),
        "ap50_each": each,
        "n": len(scenes),
        "n_objects": len(truths),
    }
