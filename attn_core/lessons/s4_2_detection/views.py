"""Lesson 4.2 taken apart: the matching, the layers, the queries' record, noise."""

import json
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.evidence.files import SAMPLES
from attn_core.lessons.s4_2_detection import experiment
from attn_core.lessons.s4_2_detection.experiment import CHECKPOINTS, LAYERS, Config, knocked_out
from attn_core.lessons.s4_2_detection.queries import SAME
from attn_core.measures.boxes import (
    COST_CLASS,
    COST_DISTANCE,
    COST_OVERLAP,
    assign,
    centred,
    matching_cost,
    overlap,
)

PUBLISHED = SAMPLES / "bccd_published.json"


def matching(result: LessonResult, labels: tuple[int, ...] | None = None) -> dict[str, Any]:
    """The cost of matching every query to every object, and the cheapest assignment.

    "cost", "classes", "distance", "overlap": rows are queries, columns objects (the parts weighted,
    so that they sum to the cost); "pairs" of query and object.
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
    }


def by_layer(result: LessonResult, threshold: float) -> list[dict[str, Any]]:
    """What the queries say after each decoder layer.

    "layer" from 1, "found", mean "score" of the queries that answer at the end, and mean "iou" of
    their boxes with their last ones.
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
        out.append(
            {
                "layer": layer + 1,
                "found": sum(q["layers"][layer]["score"] >= threshold for q in queries),
                "score": float(np.mean([a["score"] for a in now])) if now else float("nan"),
                "iou": float(np.mean(ious)) if ious else float("nan"),
            }
        )
    return out


@lru_cache(maxsize=64)
def without(config: Config, query: int, device: str = "cpu") -> dict[str, Any]:
    """Knock one query out, and see whether another takes its object.

    "heir": the answering query whose box lies most on the lost one's, with its "iou", "label" and
    "score" now and its score "before"; ``None`` where none lies on it by ``SAME``.
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
                "heir": item["query"],
                "iou": iou,
                "label": item["label"],
                "score": item["score"],
                "before": before.details["queries"][item["query"]]["score"],
            }
    return best


def record() -> list[dict[str, Any]]:
    """What each query answered over the held-out scenes, from the manifest.

    "query", "n" answers, "classes" counted, "mean" and "spread" of its boxes, "anchor".
    """
    return list(read_manifest(CHECKPOINTS["digits"]).raw["queries"])


def of_query(query: int) -> dict[str, Any]:
    """One query's record in a few numbers.

    "n" answers, how many "kinds" of digit, the share of its commonest ("most", "share"), and the
    standard deviation of its box's centre "across" and "down" in hundredths.
    """
    item = record()[query]
    counts = item["classes"]
    most = int(np.argmax(counts))
    spread = [v or 0.0 for v in item["spread"]]
    return {
        "query": query,
        "n": item["n"],
        "kinds": sum(c > 0 for c in counts),
        "most": most,
        "share": counts[most] / max(1, item["n"]),
        "across": 100 * spread[0],
        "down": 100 * spread[1],
    }


def card(model: str = "digits") -> dict[str, Any]:
    """What is known of a model, from its manifest.

    "ap50", "ap", "n" pictures, "parameters" in millions, and "each" class's AP50.
    """
    manifest = read_manifest(CHECKPOINTS[model])
    return {
        "ap50": manifest.metrics["ap50"].value,
        "ap": manifest.metrics["ap"].value,
        "n": manifest.metrics["ap50"].n,
        "parameters": manifest.raw["parameters"] / 1e6,
        "each": manifest.raw["ap50_each"],
    }


def published() -> list[dict[str, Any]]:
    """AP50 on blood cells as others report it, ours first.

    "name", "rbc", "wbc", "platelets" (``None`` where not reported), "mean", "split", "source".
    """
    ours = card("cells")
    rbc, wbc, platelets = ours["each"]
    mine = {
        "name": "",
        "year": None,
        "rbc": rbc,
        "wbc": wbc,
        "platelets": platelets,
        "source": "",
        "mean": ours["ap50"],
        "split": f"BCCD, {ours['n']} / 72",
    }
    return [mine, *json.loads(PUBLISHED.read_text(encoding="utf-8"))]


def suppose(result: LessonResult, place: int, label: int) -> tuple[int, ...]:
    """The true classes with one changed.

    One for each object.
    """
    labels = [item["label"] for item in result.details["truth"]]
    labels[min(place, len(labels) - 1)] = label
    return tuple(labels)
