"""Record lesson 5.1's claims: ``python -m attn_core.lessons.s5_1_speech.claims``.

Needs the manifests that ``attn_core.training.speech.finish`` writes.
"""

import sys
from dataclasses import replace
from typing import Any

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import against, errors, numbers
from attn_core.inputs.sound import find
from attn_core.lessons.s5_1_speech import experiment, views

COMMAND = "python -m attn_core.lessons.s5_1_speech.claims"
SMALLEST = 0.005
"""Digit error rate: one digit in two hundred counts."""
CHEAPER = 1.1
MIXED = 0.1
"""Total variation of two mean rows: a tenth of the weight lies elsewhere."""


def context_claim(raw: dict[str, dict[str, Any]]) -> Claim:
    """5.1.a: models trained to hear themselves alone, what is near, and all."""
    n = raw["all"]["metrics"]["digit_error_rate"]["n"]
    whole, near, itself = raw["all"], raw["4"], raw["0"]
    models = {"all": whole, "near": near, "itself": itself}

    def pair(one: str, other: str, level: str) -> Condition:
        key = f"{one}_{other}" + ("_noise" if level == "0" else "")
        found, baseline = (errors(models[m], "known", level) for m in (one, other))
        return against(key, found, baseline, n)

    conditions = (
        pair("near", "itself", "clean"),
        pair("near", "itself", "0"),
        pair("all", "itself", "clean"),
        pair("all", "near", "clean"),
    )
    measure = Measure("digit_error_rate", "fraction", "lower", SMALLEST, conditions)
    return Claim("5.1.a", "5.1", "measured", COMMAND, "recorded", measure)


def past_claim(raw: dict[str, Any]) -> Claim:
    """5.1.b: what is lost when tokens may no longer look back."""
    n = raw["metrics"]["digit_error_rate"]["n"]
    whole = errors(raw, "sights", "all")
    conditions = (
        against("far_past", whole, errors(raw, "sights", "no_far_past"), n),
        against("past", whole, errors(raw, "sights", "no_past"), n),
    )
    measure = Measure("digit_error_rate", "fraction", "lower", SMALLEST, conditions)
    return Claim("5.1.b", "5.1", "measured", COMMAND, "recorded", measure)


def mean_rows(sound: str, silence: bool) -> torch.Tensor:
    """The mean row of a sound's attention, over layers, heads and tokens."""
    n = len(experiment.run(experiment.Config(sound)).queries)
    hidden = ((0, n - 1),) if silence else ()
    result = experiment.run(experiment.Config(sound, hidden))
    return torch.stack([t.weights[0].float().mean((0, 1)) for t in result.traces.values()]).mean(0)


def computation_claim() -> Claim:
    """5.1.c: multiply-adds of silence and of speech, and how far their attention differs."""
    counted = [views.cost(find(sound).seconds) for sound in experiment.SAMPLES]
    apart = [
        float((mean_rows(sound, True) - mean_rows(sound, False)).abs().sum()) / 2
        for sound in experiment.SAMPLES
    ]
    millions = {
        name: numbers([found[name] / 1e6 for found in counted]) for name in ("silence", "speech")
    }
    n, same = len(apart), numbers([0.0] * len(apart))
    silence = Condition("silence", millions["silence"], millions["speech"], n)
    stated = Measure(
        "multiply_adds",
        "millions",
        "lower",
        CHEAPER,
        (silence,),
        comparison="ratio",
        spread="range",
    )
    differ = Condition("weights", numbers(apart), same, n)
    right = Measure("total_variation", "none", "higher", MIXED, (differ,), spread="range")
    return Claim("5.1.c", "5.1", "reworded", COMMAND, "recorded", stated, right)


def main() -> None:
    """Write all three files."""
    raw = {name: read_manifest(checkpoint).raw for name, checkpoint in views.TWINS.items()}
    noted = provenance(torch=torch.__version__, threads="1", steps=str(raw["all"]["steps"]))
    for claim in (context_claim(raw), past_claim(raw["all"]), computation_claim()):
        sys.stdout.write(f"{write(replace(claim, recorded=noted)).name}\n")


if __name__ == "__main__":
    main()
