"""Lesson 5.3 taken apart: step by step, three decoders, longer sounds, and covered digits."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.inputs.sound import find
from attn_core.jobs.line import Report
from attn_core.lessons.s5_3_recogniser import experiment, spelling
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.compared import written
from attn_core.measures.metrics import edits_by_symbol

CTC = {"attention-ctc": "recogniser_attention", "convolution": "recogniser_convolution"}
"""What the decoders are compared with: CTC labels each token by itself."""
BURST_DB = 10.0


def by_step(result: LessonResult, feed: str) -> list[dict[str, Any]]:
    """What each step was told, and what it made of it.

    "step", "told", "writes", "p", "at" in seconds, "near", "wrong".
    """
    details = result.details
    tokens = [name.split(": ")[1] for name in result.queries]
    given = list(map(str, details["truth"])) if feed == "true" else tokens
    told = [experiment.FIRST, *given]
    return [
        {
            "step": i + 1,
            "told": told[i],
            "writes": tokens[i],
            "p": step["p"],
            "at": step["token"] * speech.TOKEN_SECONDS,
            "near": step["near"],
            "wrong": step["wrong"],
        }
        for i, step in enumerate(details["steps"])
    ]


@lru_cache(maxsize=32)
def decoders(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The three decoders on the same sound.

    "model", "digits", "ended", "near", "backwards", "edits", "parameters", "milliseconds".
    """
    out = []
    for model, checkpoint in experiment.CHECKPOINTS.items():
        began = time.perf_counter()
        result = experiment.run(replace(config, model=model), None, device)
        spent = time.perf_counter() - began
        out.append(
            {
                "model": model,
                "digits": result.details["digits"],
                "ended": result.details["ended"],
                "near": result.numbers["near"],
                "backwards": int(result.numbers["backwards"]),
                "edits": int(result.numbers["edits"]) if result.details["truth"] else None,
                "parameters": read_manifest(checkpoint).raw["parameters"],
                "milliseconds": 1000 * spent,
            }
        )
    return tuple(out)


@lru_cache(maxsize=32)
def longer(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The same sound once, twice, … in a row, by decoders and by CTC.

    "model", "times", and "share": digits written for each that was written of a single one times so
    often. Where the longest sound is reached, it goes no further.
    """
    wave = speech.silenced(find(config.sound).wave, speech.merged(config.hidden))
    out = []
    for model, checkpoint in (experiment.CHECKPOINTS | CTC).items():
        loaded = zoo.get(checkpoint, device)
        once = 0
        for times in experiment.TIMES:
            if times * len(wave) > speech.MAX_SECONDS * speech.RATE:
                break
            sound = np.tile(wave, times)
            if model in CTC:
                n = len(written(checkpoint, sound, device))
            else:
                features = speech.features_of(sound).to(loaded.device)
                with torch.inference_mode():
                    n = len(spelling.spell(loaded.module, features, None, None).digits)
            once = once or n
            if once:
                out.append({"model": model, "times": times, "share": n / (times * once)})
    return tuple(out)


def _read(model: str, wave: np.ndarray) -> tuple[int, ...]:
    """What a model writes of a sound."""
    if model in CTC:
        return written(CTC[model], wave)
    module = zoo.get(experiment.CHECKPOINTS[model]).module
    with torch.inference_mode():
        return spelling.spell(module, speech.features_of(wave), None, None).digits


def cover_each(
    report: Report, should_stop: Callable[[], bool], *, wave: bytes, seed: int = 0
) -> list[dict[str, Any]]:
    """Cover one digit after the other with noise, and count the errors elsewhere.

    For each model against what it writes of the sound itself: "model", "own" (errors at the covered
    digit) and "others" (at all the others), mean over the covered digits; "n" digits. Where digits
    are comes from a CTC model's alignment.
    """
    sound = np.frombuffer(wave, np.float32).copy()
    with torch.inference_mode():
        module = zoo.get(CTC["attention-ctc"]).module
        states, _, _ = module.encode(speech.features_of(sound), traced=False)
        log_p = module.ctc(states)[0]
    digits = written(CTC["attention-ctc"], sound)
    words = speech.as_details(speech.aligned(log_p, digits), speech.speech(sound))
    models = (*CTC, *experiment.CHECKPOINTS)
    before = {model: _read(model, sound) for model in models}
    loud = (
        np.sqrt(
            np.square(sound[np.repeat(speech.speech(sound), speech.TOKEN)[: len(sound)]]).mean()
        )
        if words
        else 0.0
    )
    numbers = np.random.default_rng(seed)
    edits: dict[str, list[tuple[int, ...]]] = {model: [] for model in models}
    rows: list[dict[str, Any]] = []
    for i, word in enumerate(words):
        first, last = (speech.TOKEN * (end + k) for k, end in enumerate(word["heard"]))
        covered = sound.copy()
        part = covered[first:last]
        part += loud * 10 ** (BURST_DB / 20) * numbers.standard_normal(len(part))
        for model in models:
            if should_stop():
                return rows
            if i < len(before[model]):
                found = _read(model, covered)
                edits[model].append(edits_by_symbol(found, before[model], i))
        rows = [
            {
                "model": model,
                "n": len(each),
                "own": float(np.mean([row[k] for k, row in enumerate(each)])),
                "others": float(np.mean([sum(row) - row[k] for k, row in enumerate(each)])),
            }
            for model, each in edits.items()
            if each
        ]
        report((i + 1) / len(words), "s5_3.live.running", list(rows))
    return rows
