"""Record lesson 4.1's claims: ``python -m attn_core.lessons.s4_1_segmentation.claims``.

Needs the manifest that ``attn_core.training.photographs.finish_segmentation`` writes.
"""

import statistics
import sys
from dataclasses import replace
from typing import Any

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import numbers
from attn_core.lessons.s4_1_segmentation.compared import (
    ADDED,
    ADDED_HALF,
    CHECKPOINT_TWINS,
    HALF,
    SHOWN,
)

COMMAND = "python -m attn_core.lessons.s4_1_segmentation.claims"
SMALLEST = 0.01
"""IoU: a hundredth counts."""
CHEAPER = 1.1
"""Cost: a tenth less counts; timings of one model differ by about as much."""


def accuracy_claim(raw: dict[str, Any]) -> Claim:
    """4.1.a: attention raises accuracy, seed by seed against the twin of equal parameters."""
    by_seed, n = raw["by_seed"], raw["metrics"]["iou"]["n"]

    def against(key: str, one: str, two: str, name: str) -> Condition:
        return Condition(key, numbers(by_seed[one][name]), numbers(by_seed[two][name]), n)

    conditions = (
        against("held_out", SHOWN, ADDED, "iou"),
        against("all_pixels", SHOWN, ADDED, "pooled"),
        against("narrow", HALF, ADDED_HALF, "iou"),
    )
    measure = Measure("iou", "fraction", "higher", SMALLEST, conditions)
    return Claim("4.1.a", "4.1", "measured", COMMAND, "recorded", measure)


def as_accurate(raw: dict[str, Any], one: str) -> str:
    """A kind's cheapest model that is at most ``SMALLEST`` below the whole twin, on average."""
    mean = {kind: statistics.mean(values["iou"]) for kind, values in raw["by_seed"].items()}
    of_kind = [kind for kind in mean if kind.startswith(one)]
    reached = [kind for kind in of_kind if mean[kind] >= mean[ADDED] - SMALLEST]
    return min(reached, key=raw["cost"]["multiply_adds"].__getitem__, default="")


def cost_claim(raw: dict[str, Any]) -> Claim:
    """4.1.b: attention lowers computation, at equal parameters and at equal accuracy."""
    cost = raw["cost"]
    millions = {kind: value / 1e6 for kind, value in cost["multiply_adds"].items()}
    times, n = cost["milliseconds"], len(cost["milliseconds"][ADDED])

    def against(key: str, kind: str, twin: str) -> tuple[Condition, Condition]:
        counted = ([millions[kind]] * n, [millions[twin]] * n) if kind else ([], [])
        timed = (times[kind], times[twin]) if kind else ([], [])
        return (
            Condition(key, numbers(counted[0]), numbers(counted[1]), 1),
            Condition(
                f"{key}_time", numbers(timed[0]), numbers(timed[1]), 1, metric="milliseconds"
            ),
        )

    conditions = (
        *against("equal_parameters", SHOWN, ADDED),
        *against("equal_accuracy", as_accurate(raw, "attention"), as_accurate(raw, "added")),
    )
    measure = Measure("multiply_adds", "millions", "lower", CHEAPER, conditions, comparison="ratio")
    return Claim("4.1.b", "4.1", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Write both files."""
    raw = read_manifest(CHECKPOINT_TWINS).raw
    noted = provenance(torch=torch.__version__, threads="1", epochs=str(raw["epochs"]))
    for claim in (accuracy_claim(raw), cost_claim(raw)):
        sys.stdout.write(f"{write(replace(claim, recorded=noted)).name}\n")


if __name__ == "__main__":
    main()
