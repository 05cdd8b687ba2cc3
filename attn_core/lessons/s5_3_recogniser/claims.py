"""Record lesson 5.3's claim: ``python -m attn_core.lessons.s5_3_recogniser.claims``.

Needs the manifests that ``attn_core.training.speech.finish`` writes, and the listings' claims.
"""

import sys
from dataclasses import replace

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence import files
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import errors, numbers
from attn_core.lessons.s5_3_recogniser.experiment import CHECKPOINTS

COMMAND = "python -m attn_core.lessons.s5_3_recogniser.claims"
LEAST = 0.5
"""Digit error rate: a recogniser makes at most half of the errors that silence makes."""


def works_claim() -> Claim:
    """5.3.a: the printed recogniser against writing nothing, and ours."""
    listing = files.load("L10").measure
    runs = listing is not None and all(c.values[0][1] == 1.0 for c in listing.conditions)
    conditions = []
    for key, model in (("attention", "attention"), ("location", "location")):
        raw = read_manifest(CHECKPOINTS[model]).raw
        found = raw["metrics"]["digit_error_rate"]
        ours = errors(raw, "known", "clean")
        silent = numbers([found["baseline"]] * len(ours))
        conditions.append(Condition(key, numbers(ours), silent, found["n"]))
    if not runs:  # what is never run is not trained, and so writes no digit
        first = conditions[0]
        printed = Condition("printed", first.baseline, first.baseline, first.n, required=True)
        conditions.insert(0, printed)
    measure = Measure(
        "digit_error_rate", "fraction", "lower", LEAST, tuple(conditions), spread="range"
    )
    return Claim("5.3.a", "5.3", "exact", COMMAND, "recorded", measure)


def main() -> None:
    """Write the file."""
    raw = read_manifest(CHECKPOINTS["location"]).raw
    noted = provenance(torch=torch.__version__, threads="1", steps=str(raw["steps"]))
    sys.stdout.write(f"{write(replace(works_claim(), recorded=noted)).name}\n")


if __name__ == "__main__":
    main()
