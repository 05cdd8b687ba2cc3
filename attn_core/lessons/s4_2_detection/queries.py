"""Lesson 4.2's queries: how one moves its box, and what keeps two of them off one object."""

from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.lessons.s4_2_detection import experiment
from attn_core.lessons.s4_2_detection.experiment import CHECKPOINTS, LAYERS, Config
from attn_core.measures.boxes import overlap

SAME = 0.5
"""Two boxes are on one object from this overlap on."""
N_HEADS = 4
_HEADS = tuple((f"decoder.{layer}.self", head) for layer in LAYERS for head in range(N_HEADS))
WAYS = {
    "trained": Intervention(),
    "alike": Intervention(heads=_HEADS, head_fill="mean"),
    "silenced": Intervention(heads=_HEADS),
}
"""Self-attention among queries: as trained, all queries weighed alike, or nothing passed on."""


def pairs(boxes: Float[Tensor, "box 4"]) -> int:
    """Pairs of boxes that lie on one object.

    Examples
    --------
    >>> pairs(torch.tensor([[0.0, 0, 1, 1], [0.0, 0, 1, 0.9], [2.0, 2, 3, 3]]))
    1
    """
    if len(boxes) < 2:
        return 0
    return int((overlap(boxes, boxes)[0].triu(1) >= SAME).sum())


def took_over(result: LessonResult, before: LessonResult) -> tuple[int, ...]:
    """Queries that answer for an object whose own query was knocked out.

    Found now, silent before, on the box of one that was found before and is out now.
    """
    old, new = before.details, result.details
    out = {query["query"] for query in new["queries"] if query["out"]}
    gone = [old["queries"][q]["box"] for q in old["found"] if q in out]
    fresh = [q for q in new["found"] if q not in old["found"]]
    if not gone or not fresh:
        return ()
    boxes = torch.tensor([new["queries"][q]["box"] for q in fresh])
    over = (overlap(boxes, torch.tensor(gone))[0] >= SAME).any(1)
    return tuple(q for q, yes in zip(fresh, over.tolist(), strict=True) if yes)


@lru_cache(maxsize=64)
def doubles(config: Config, device: str = "cpu") -> list[dict[str, Any]]:
    """Count the answers for one object, for the same picture in all ``WAYS``.

    "way", answers "found" and "pairs" of them on one object.
    """
    out = []
    for way, changes in WAYS.items():
        details = experiment.run(config, changes, device).details
        places = [details["queries"][i]["box"] for i in details["found"]]
        boxes = torch.tensor(places).view(-1, 4)  # none found: (0,) -> (0, 4)
        out.append({"way": way, "found": len(boxes), "pairs": pairs(boxes)})
    return out


def recorded_doubles(model: str = "digits") -> dict[str, Any]:
    """The same over all held-out pictures, from the manifest.

    By way "found" and "pairs"; beside them "n" pictures and their "objects".
    """
    manifest = read_manifest(CHECKPOINTS[model])
    n, objects = manifest.metrics["ap50"].n, manifest.raw["n_objects"]
    return {**manifest.raw["doubles"], "n": n, "objects": objects}


def path(result: LessonResult, query: int) -> list[dict[str, Any]]:
    """How one query's box goes from its anchor to its answer.

    "layer" (0 is the anchor), "box", "iou" with the last box, and from layer 1 on "class" and
    "score"; ``None`` before.
    """
    item, names = result.details["queries"][query], result.details["classes"]
    last = torch.tensor([item["box"]])
    steps = [{"box": item["anchor"], "label": None, "score": None}, *item["layers"]]
    return [
        {
            "layer": layer,
            "box": step["box"],
            "score": step["score"],
            "class": None if step["label"] is None else names[step["label"]],
            "iou": float(overlap(torch.tensor([step["box"]]), last)[0]),
        }
        for layer, step in enumerate(steps)
    ]
