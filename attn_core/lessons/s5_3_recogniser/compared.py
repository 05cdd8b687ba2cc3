"""Lesson 5.3: what the recorded runs say of decoders and of CTC."""

import statistics
from typing import Any

from attn_core.checkpoints.manifests import read_manifest
from attn_core.lessons.s5_3_recogniser.experiment import CHECKPOINTS
from attn_core.lessons.s5_3_recogniser.views import CTC

COMPARED = CHECKPOINTS | {"attention-ctc": CTC["attention-ctc"]}


def lengths() -> list[dict[str, Any]]:
    """Recorded error by the length of the sequence.

    "model", "digits" in the sequence, "error", mean over seeds.
    """
    out = []
    for name, checkpoint in COMPARED.items():
        runs = read_manifest(checkpoint).raw["by_seed"]["lengths"]
        out += [
            {"model": name, "digits": int(n), "error": statistics.mean(run[n] for run in runs)}
            for n in runs[0]
        ]
    return out


def feeding() -> list[dict[str, Any]]:
    """Recorded error of the next token with true digits before, and of what is written freely.

    "model", "forced" share of wrong tokens, "free" digit error rate, means over seeds.
    """
    out = []
    for name, checkpoint in CHECKPOINTS.items():
        by_seed = read_manifest(checkpoint).raw["by_seed"]
        free = statistics.mean(run["clean"] for run in by_seed["known"])
        out.append(
            {
                "model": name,
                "forced": statistics.mean(by_seed["teacher"]),
                "free": free,
            }
        )
    return out
