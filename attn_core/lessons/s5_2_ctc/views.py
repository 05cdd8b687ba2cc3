"""Lesson 5.2 taken apart: the lattice, the beam, the ways of writing, three models side by side."""

import math
import time
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.inputs.sound import find
from attn_core.lessons.s5_2_ctc import experiment
from attn_core.lessons.speech import tokens as speech
from attn_core.measures.cost import multiply_adds
from attn_core.measures.ctc import Prefix, lattice, prefix_beam
from attn_core.models.recogniser import BLANK
from attn_core.models.recogniser_search import joint_search

QUANTITIES = ("posterior", "alpha", "beta")
AROUND = 24
"""Tokens of the lattice on either side of the open one."""
ROWS_AROUND = 7
"""Rows of the lattice on either side of the likeliest one there."""
SHOWN = 5
FLOOR = -30.0
"""Natural logarithms: what is less likely is drawn as this."""


def log_p(result: LessonResult) -> np.ndarray:
    """Log-probabilities of the labels, as the result holds them."""
    weights = result.traces[experiment.LABELS].weights[0, 0].double().numpy()
    return np.log(np.maximum(weights, experiment.LEAST))


def lattice_cells(result: LessonResult, quantity: str, token: int) -> list[dict[str, Any]]:
    """The lattice around a token, cell by cell.

    "token" and its "start" and "end" in seconds, "row" (its number) with its "name", "value", and
    whether the likeliest path goes through ("on").
    """
    rows = log_p(result)
    whole = lattice(rows, tuple(result.details["labels"]), BLANK)
    if not math.isfinite(whole.log_likelihood):
        return []
    first, last = max(0, token - AROUND), min(len(rows), token + AROUND + 1)
    middle = int(whole.posterior[min(token, len(rows) - 1)].argmax())
    low, high = max(0, middle - ROWS_AROUND), min(len(whole.rows), middle + ROWS_AROUND + 1)
    if quantity == "posterior":
        values = whole.posterior
    else:
        values = whole.alpha if quantity == "alpha" else whole.beta
        values = np.maximum(values - values.max(1, keepdims=True), FLOOR)
    best = whole.posterior.argmax(1)
    return [
        {
            "token": t,
            "start": t * speech.TOKEN_SECONDS,
            "end": (t + 1) * speech.TOKEN_SECONDS,
            "row": row,
            "name": f"{row // 2 + 1}: {experiment.NAMES[whole.rows[row]]}"
            if row % 2
            else f"{experiment.NAMES[BLANK]} {row // 2}",
            "value": float(values[t, row]),
            "on": bool(best[t] == row),
        }
        for t in range(first, last)
        for row in range(low, high)
    ]


@lru_cache(maxsize=8)
def _beam(result: LessonResult, width: int) -> list[list[Prefix]]:
    return prefix_beam(log_p(result), BLANK, width)


def beam_at(result: LessonResult, width: int, token: int) -> list[dict[str, Any]]:
    """What the prefix search holds after a token.

    At most ``SHOWN``: "digits", and the probability that the sound so far says them and ends in a
    "blank" or in the last "label", each as a share of what the beam holds.
    """
    history = _beam(result, width)
    kept = history[min(max(token, 0), len(history) - 1)]
    total = float(np.logaddexp.reduce([p.score for p in kept]))
    return [
        {
            "digits": list(p.labels),
            "blank": math.exp(p.blank - total),
            "label": math.exp(p.label - total),
        }
        for p in kept[:SHOWN]
    ]


def ways(result: LessonResult) -> list[dict[str, Any]]:
    """What label by label and beams of growing width write, and how likely the sound says it.

    "way" ("greedy" or the width), "digits", "log_p": log P(digits | sound), all paths summed.
    """
    rows = log_p(result)
    out: list[dict[str, Any]] = []
    for width in (0, *experiment.WIDTHS):
        if width:
            digits = _beam(result, width)[-1][0].labels
        else:
            config = experiment.Config()
            digits, _ = experiment.written(config, torch.from_numpy(rows))
        likelihood = lattice(rows, digits, BLANK).log_likelihood
        out.append({"way": width or "greedy", "digits": list(digits), "log_p": likelihood})
    return out


@lru_cache(maxsize=32)
def side_by_side(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The three models on the same sound.

    "model", "digits", "parameters", "multiply_adds" of the encoder, and "milliseconds".
    """
    out = []
    for model, checkpoint in experiment.CHECKPOINTS.items():
        loaded = zoo.get(checkpoint, device)
        # the joint model by both of its parts, the others by what they have
        way = "beam" if model == "joint" else "greedy"
        began = time.perf_counter()
        found = experiment.run(replace(config, model=model, way=way, labels=None), None, device)
        spent = time.perf_counter() - began
        features = speech.features_of(find(config.sound).wave).to(loaded.device)
        with torch.inference_mode():
            # Traced, for a fused kernel's products are counted on some devices and not on others.
            counted = multiply_adds(partial(loaded.module.encode, features))
        out.append(
            {
                "model": model,
                "digits": found.details["digits"],
                "parameters": read_manifest(checkpoint).raw["parameters"],
                "multiply_adds": counted,
                "milliseconds": 1000 * spent,
            }
        )
    return tuple(out)


@lru_cache(maxsize=32)
def by_weight(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The joint model's search with each λ.

    "weight", "digits", and the best answer's log-probabilities by "ctc" and by "attention".
    """
    loaded = zoo.get(experiment.CHECKPOINTS["joint"], device)
    model = loaded.module
    wave = speech.silenced(speech.noisy(find(config.sound).wave, config.snr), config.hidden)
    with torch.inference_mode():
        features = speech.features_of(wave).to(loaded.device)
        states, real, _ = model.encode(features, traced=False)
        found = [
            (w, joint_search(model, states, real, w, width=config.width)[0])
            for w in experiment.WEIGHTS
        ]
    return tuple(
        {"weight": w, "digits": list(f.digits), "ctc": f.ctc, "attention": f.attention}
        for w, f in found
    )
