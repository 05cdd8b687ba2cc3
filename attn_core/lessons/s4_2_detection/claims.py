"""Record lesson 4.2's claims: ``python -m attn_core.lessons.s4_2_detection.claims``.

Needs the manifest that ``attn_core.training.photographs.finish_detection`` writes.
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

COMMAND = "python -m attn_core.lessons.s4_2_detection.claims"
SMALLEST = 0.01
"""AP: a hundredth counts."""
CHEAPER = 1.1
"""Cost: a tenth less counts; timings of one model differ by about as much."""
WHOLE, TWIN = "attention-3", "added-3"
"""Both twins with all their decoder layers."""


def nearest_cost(raw: dict[str, Any]) -> str:
    """The exit of the attention model whose multiply-adds are nearest to the whole twin's."""
    counted = raw["cost"]["multiply_adds"]
    ours = [name for name in counted if name.startswith("attention")]
    return min(ours, key=lambda name: abs(counted[name] - counted[TWIN]))


def accuracy_claim(raw: dict[str, Any]) -> Claim:
    """4.2.a: attention in the encoder raises accuracy, seed by seed against the twin."""
    exits, n = raw["by_exit"], raw["n_scenes"]

    def against(key: str, name: str, metric: str) -> Condition:
        values, baseline = exits[name][metric], exits[TWIN][metric]
        return Condition(key, numbers(values), numbers(baseline), n)

    conditions = (
        against("ap", WHOLE, "ap"),
        against("ap50", WHOLE, "ap50"),
        against("equal_cost", nearest_cost(raw), "ap"),
    )
    measure = Measure("average_precision", "fraction", "higher", SMALLEST, conditions)
    return Claim("4.2.a", "4.2", "measured", COMMAND, "recorded", measure)


def cheapest(raw: dict[str, Any], kind: str) -> str:
    """The cheapest exit of a model that is at most ``SMALLEST`` below the whole twin."""
    mean = {name: statistics.mean(values["ap"]) for name, values in raw["by_exit"].items()}
    exits = [name for name in mean if name.startswith(f"{kind}-")]
    reached = [name for name in exits if mean[name] >= mean[TWIN] - SMALLEST]
    return min(reached, key=raw["cost"]["multiply_adds"].__getitem__, default="")


def cost_claim(raw: dict[str, Any]) -> Claim:
    """4.2.b: attention lowers computation, at equal parameters and at equal accuracy."""
    cost = raw["cost"]
    millions = {name: value / 1e6 for name, value in cost["multiply_adds"].items()}
    times, n = cost["milliseconds"], len(cost["milliseconds"][TWIN])

    def against(key: str, one: str, two: str) -> tuple[Condition, Condition]:
        counted = ([millions[one]] * n, [millions[two]] * n) if one else ([], [])
        timed = (times[one], times[two]) if one else ([], [])
        return (
            Condition(key, numbers(counted[0]), numbers(counted[1]), 1),
            Condition(
                f"{key}_time", numbers(timed[0]), numbers(timed[1]), 1, metric="milliseconds"
            ),
        )

    conditions = (
        *against("equal_parameters", WHOLE, TWIN),
        *against("equal_accuracy", cheapest(raw, "attention"), cheapest(raw, "added")),
    )
    measure = Measure("multiply_adds", "millions", "lower", CHEAPER, conditions, comparison="ratio")
    return Claim("4.2.b", "4.2", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Write both files."""
    raw = read_manifest("detector_twins").raw
    noted = provenance(torch=torch.__version__, threads="1", steps=str(raw["steps"]))
    for claim in (accuracy_claim(raw), cost_claim(raw)):
        sys.stdout.write(f"{write(replace(claim, recorded=noted)).name}\n")


if __name__ == "__main__":
    main()
