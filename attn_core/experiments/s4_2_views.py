"""Lesson 4.2 taken apart: the matching, the layers, the queries' record, noise."""

import json
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from attn_core import zoo
from attn_core.boxes import (
    COST_CLASS,
    COST_DISTANCE,
    COST_OVERLAP,
    assign,
    centred,
    corners,
    matching_cost,
    overlap,
)
from attn_core.checkpoints import read_manifest
from attn_core.experiments import s4_2_detection as experiment
from attn_core.experiments.s4_2_detection import CHECKPOINTS, LAYERS, SIDES, Config, knocked_out
from attn_core.experiments.s4_2_queries import SAME
from attn_core.inputs.photo import find, for_model
from attn_core.interventions import Intervention
from attn_core.result import LessonResult

PUBLISHED = Path(__file__).resolve().parents[2] / "assets" / "samples" / "bccd_published.json"
NOISES = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4)
"""Standard deviation of noise on pixels in [0, 1]."""
DRAWS = 4


def matching(result: LessonResult, labels: tuple[int, ...] | None = None) -> dict[str, Any]:
    """The cost of matching every query to every object, and the cheapest assignment.

    Parameters
    ----------
    result : LessonResult
        From ``s4_2_detection.run``; its truth must be known.
    labels : tuple of int, optional
        Classes of the objects in place of the true ones: what if?

    Returns
    -------
    dict
        "cost", "classes", "distance", "overlap": rows are queries, columns objects (the parts
        weighted, so that they sum to the cost); "pairs" of query and object.
    """
    queries, truth = result.details["queries"], result.details["truth"]
    wanted = labels or tuple(item["label"] for item in truth)
    found = matching_cost(
        torch.tensor([q["classes"] for q in queries]).logit(1e-4),
        centred(torch.tensor([q["box"] for q in queries])),
        torch.tensor(wanted),
        centred(torch.tensor([item["box"] for item in truth])),
    )
    return {
        "cost": found.cost.tolist(),
        "classes": (COST_CLASS * found.classes).tolist(),
        "distance": (COST_DISTANCE * found.distance).tolist(),
        "overlap": (COST_OVERLAP * found.giou_cost).tolist(),
        "pairs": list(zip(*assign(found.cost), strict=True)),
    }  # fmt: skip


def by_layer(result: LessonResult, threshold: float) -> list[dict[str, Any]]:
    """What the queries say after each decoder layer.

    Parameters
    ----------
    result : LessonResult
        From ``s4_2_detection.run``.
    threshold : float
        A score counts from here.

    Returns
    -------
    list of dict
        "layer" from 1, "found", mean "score" of the queries that answer at the end, and mean "iou"
        of their boxes with their last ones.
    """
    queries = result.details["queries"]
    chosen = [queries[i] for i in result.details["found"]]
    out = []
    for layer in LAYERS:
        now = [q["layers"][layer] for q in chosen]
        ious = [
            float(overlap(torch.tensor([a["box"]]), torch.tensor([b["box"]]))[0])
            for a, b in zip(now, chosen, strict=True)
        ]
        out.append({
            "layer": layer + 1,
            "found": sum(q["layers"][layer]["score"] >= threshold for q in queries),
            "score": float(np.mean([a["score"] for a in now])) if now else float("nan"),
            "iou": float(np.mean(ious)) if ious else float("nan"),
        })  # fmt: skip
    return out


@lru_cache(maxsize=64)
def without(config: Config, query: int, device: str = "cpu") -> dict[str, Any]:
    """Knock one query out, and see whether another takes its object.

    Parameters
    ----------
    config : Config
        What the learner set.
    query : int
        Which.
    device : str
        Where to run.

    Returns
    -------
    dict
        "heir": the answering query whose box lies most on the lost one's, with its "iou", "label"
        and "score" now and its score "before"; ``None`` where none lies on it by ``SAME``.
    """
    before = experiment.run(config, device=device)
    cut = Intervention(tokens=tuple((f"decoder.{i}.self", query) for i in LAYERS))
    after = experiment.run(config, cut, device)
    lost = torch.tensor([before.details["queries"][query]["box"]])
    best: dict[str, Any] = {"heir": None}
    for item in after.details["queries"]:
        iou = float(overlap(torch.tensor([item["box"]]), lost)[0])
        answers = item["score"] >= config.threshold and item["query"] not in knocked_out(cut)
        if answers and iou >= max(SAME, best.get("iou", 0.0)):
            best = {
                "heir": item["query"], "iou": iou, "label": item["label"], "score": item["score"],
                "before": before.details["queries"][item["query"]]["score"],
            }  # fmt: skip
    return best


def record() -> list[dict[str, Any]]:
    """What each query answered over the held-out scenes, from the manifest.

    Returns
    -------
    list of dict
        "query", "n" answers, "classes" counted, "mean" and "spread" of its boxes, "anchor".
    """
    return list(read_manifest(CHECKPOINTS["digits"]).raw["queries"])


def of_query(query: int) -> dict[str, Any]:
    """One query's record in a few numbers.

    Parameters
    ----------
    query : int
        Which.

    Returns
    -------
    dict
        "n" answers, how many "kinds" of digit, the share of its commonest ("most", "share"), and
        the standard deviation of its box's centre "across" and "down" in hundredths.
    """
    item = record()[query]
    counts = item["classes"]
    most = int(np.argmax(counts))
    spread = [v or 0.0 for v in item["spread"]]
    return {
        "query": query, "n": item["n"], "kinds": sum(c > 0 for c in counts), "most": most,
        "share": counts[most] / max(1, item["n"]),
        "across": 100 * spread[0], "down": 100 * spread[1],
    }  # fmt: skip


def card(model: str = "digits") -> dict[str, Any]:
    """What is known of a model, from its manifest.

    Parameters
    ----------
    model : str
        "digits" or "cells".

    Returns
    -------
    dict
        "ap50", "ap", "n" pictures, "parameters" in millions, and "each" class's AP50.
    """
    manifest = read_manifest(CHECKPOINTS[model])
    return {
        "ap50": manifest.metrics["ap50"].value, "ap": manifest.metrics["ap"].value,
        "n": manifest.metrics["ap50"].n, "parameters": manifest.raw["parameters"] / 1e6,
        "each": manifest.raw["ap50_each"],
    }  # fmt: skip


def published() -> list[dict[str, Any]]:
    """AP50 on blood cells as others report it, ours first.

    Returns
    -------
    list of dict
        "name", "rbc", "wbc", "platelets" (``None`` where not reported), "mean", "split", "source".
    """
    ours = card("cells")
    rbc, wbc, platelets = ours["each"]
    mine = {
        "name": "", "year": None, "rbc": rbc, "wbc": wbc, "platelets": platelets, "source": "",
        "mean": ours["ap50"], "split": f"BCCD, {ours['n']} / 72",
    }  # fmt: skip
    return [mine, *json.loads(PUBLISHED.read_text(encoding="utf-8"))]


@lru_cache(maxsize=8)
def as_read(picture: str, model: str) -> bytes:
    """A picture at the size that the model reads, for a job: another process has no uploads.

    Parameters
    ----------
    picture : str
        As a config names it.
    model : str
        "digits" or "cells".

    Returns
    -------
    bytes
        PNG.
    """
    pixels = for_model(find(picture).pixels, SIDES[model])[0]
    levels = (255 * pixels).round().to(torch.uint8).permute(1, 2, 0).numpy()
    out = BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    return out.getvalue()


@torch.inference_mode()
def noise_and_compare(
    report: Callable[..., None], should_stop: Callable[[], bool], *, picture: bytes,
    threshold: float = 0.3, seed: int = 0,
) -> list[dict[str, Any]]:  # fmt: skip
    """Add more and more noise, and see what each twin still finds of what it found without.

    Parameters
    ----------
    report, should_stop : callable
        As ``attn_core.jobs`` gives them.
    picture : bytes
        From ``as_read``.
    threshold : float
        A score counts from here.
    seed : int
        Of the noise, which is the same for both twins.

    Returns
    -------
    list of dict
        "model", "noise", "kept": share of the objects found without noise that are found with the
        same class and an overlap of ``SAME``, mean of ``DRAWS`` draws. Empty for a twin that found
        nothing.
    """
    twins = zoo.get("detector_twins").module
    levels = np.array(Image.open(BytesIO(picture)).convert("RGB"))
    clean = torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 255
    rows: list[dict[str, Any]] = []
    total = len(NOISES) * 2

    def answers(name: str, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found, _ = twins[name](pixels)
        scores, labels = found.logits[-1, 0].sigmoid().max(-1)
        yes = scores >= threshold
        return labels[yes], corners(found.boxes[-1, 0])[yes]

    for name in ("attention", "added"):
        labels, boxes = answers(name, clean)
        for noise in NOISES:
            if should_stop():
                return rows
            kept = []
            for draw in range(DRAWS):
                generator = torch.Generator().manual_seed(1000 * seed + draw)
                extra = torch.randn(clean.shape, generator=generator) * noise
                new, places = answers(name, (clean + extra).clamp(0, 1))
                same = (overlap(boxes, places)[0] >= SAME) & (labels[:, None] == new[None])
                kept.append(float(same.any(1).float().mean()) if len(labels) else float("nan"))
            if len(labels):
                rows.append({"model": name, "noise": noise, "kept": float(np.mean(kept))})
            step = NOISES.index(noise) + 1 + len(NOISES) * (name == "added")
            report(step / total, partial=list(rows))
    return rows


def twins_table() -> list[dict[str, Any]]:
    """Recorded accuracy and cost of the twins.

    Returns
    -------
    list of dict
        "model", "ap" and "ap50" by seed, "parameters", "multiply_adds", "milliseconds".
    """
    raw = read_manifest("detector_twins").raw
    return [
        {
            "model": name,
            **raw["by_seed"][name],
            "parameters": raw["parameters"][name],
            "multiply_adds": raw["cost"]["multiply_adds"][f"{name}-{len(LAYERS)}"],
            "milliseconds": float(np.median(raw["cost"]["milliseconds"][f"{name}-{len(LAYERS)}"])),
        }
        for name in ("attention", "added")
    ]


def suppose(result: LessonResult, place: int, label: int) -> tuple[int, ...]:
    """The true classes with one changed.

    Parameters
    ----------
    result : LessonResult
        Whose truth.
    place : int
        Which object, from 0.
    label : int
        What it is supposed to be.

    Returns
    -------
    tuple of int
        One for each object.
    """
    labels = [item["label"] for item in result.details["truth"]]
    labels[min(place, len(labels) - 1)] = label
    return tuple(labels)
