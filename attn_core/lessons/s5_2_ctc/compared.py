"""Lesson 5.2: what the recorded runs say of λ and of noise over one digit."""

from typing import Any

from attn_core.checkpoints.manifests import read_manifest
from attn_core.lessons.s5_2_ctc.experiment import CHECKPOINTS

COMPARED = CHECKPOINTS | {"joint-0": "recogniser_joint_0"}
"""The three models, and the joint one trained without CTC."""


def by_weight() -> list[dict[str, Any]]:
    """Recorded error of the joint model by λ of its search.

    "weight", "seed" and "error", clean, known speakers.
    """
    runs = read_manifest(CHECKPOINTS["joint"]).raw["by_seed"]["weights"]
    return [
        {"weight": float(weight), "seed": seed, "error": error}
        for seed, run in enumerate(runs)
        for weight, error in run.items()
    ]


def covered(checkpoint: str) -> dict[str, list[float]]:
    """What noise over one digit does, seed by seed.

    Edits a sequence: at the "covered" digit, and "added" at all the others.
    """
    runs = read_manifest(checkpoint).raw["by_seed"]["covered"]
    return {
        "covered": [run["covered"] for run in runs],
        "added": [run["others"] - run["before"] for run in runs],
    }
