"""Every lesson on a device that is not the CPU: the pretend one, and a real GPU where there is one.

What is run: the default, every kind of change, the quiz, and each public function of the lesson's
modules that is given a device, a config or a result. Nothing may crash, no model may run on the
CPU while the learner chose another device, and the numbers are the CPU's.
"""

import importlib
import inspect
import math
import random
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from pretend_device import NAME, accelerator

from attn_core import zoo
from attn_core.experiments.s6_3_samples import text
from attn_core.interventions import Cell, Intervention
from attn_core.lessons import LESSONS
from attn_core.plots import view
from attn_core.result import load_default

SLUGS = [lesson.slug for lesson in LESSONS]
GPU = pytest.param(
    "cuda",
    marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU"),
)
CLOSE = 1e-5


@contextmanager
def chosen(device: str):
    """The device that a learner chose, and an error where a model runs on another."""
    strayed = []

    def watch(module, inputs):
        for weight in module.parameters(recurse=False):
            if weight.device.type != device:
                strayed.append(f"{type(module).__name__} ran on {weight.device}")

    watching = torch.nn.modules.module.register_module_forward_pre_hook(watch)
    try:
        if device == NAME:
            with accelerator():
                yield device
        else:
            yield device
        assert not strayed, f"{len(strayed)} calls, the first: {strayed[0]}"
    finally:
        watching.remove()


@pytest.fixture(params=[NAME, GPU])
def device(request):
    with chosen(request.param) as name:
        yield name


def experiment_of(slug: str):
    return importlib.import_module(f"attn_core.experiments.{slug}")


def same(one: Any, other: Any, where: str = "") -> None:
    """Equal to ``CLOSE`` of their size, in all that holds numbers; times are not compared."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one.keys() - {"stages", "device", "milliseconds", "seconds"}:
            same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{where}/{i}")
    elif isinstance(one, float):
        assert other == pytest.approx(one, rel=CLOSE, abs=CLOSE, nan_ok=True), where
    else:
        assert one == other, where


def same_results(one, other) -> None:
    assert one.queries == other.queries
    assert one.keys == other.keys
    same(one.numbers, other.numbers, "numbers")
    for site, trace in one.traces.items():
        a, b = trace.weights.double(), other.traces[site].weights.double()
        # In half precision, numbers that differ by less round to neighbours.
        bound = CLOSE if trace.weights.dtype == torch.float32 else 2**-10
        assert torch.allclose(a, b, rtol=bound, atol=bound, equal_nan=True), site


def every_change(traces, head_fill: str, renormalise: bool) -> Intervention:
    """One change of every kind at every site."""

    def cells(query: int, key: int, value: float) -> tuple[Cell, ...]:
        return tuple(Cell(site, 0, query, key, value) for site in traces)

    several = {site: trace.weights.shape[1] for site, trace in traces.items()}
    return Intervention(
        heads=tuple((site, n - 1) for site, n in several.items() if n > 1),
        head_fill=head_fill,
        tokens=tuple((site, 1) for site in traces),
        scores=cells(0, 2, 1.5),
        mask_cells=cells(1, 0, 0.0),
        weights=cells(0, 0, 0.5),
        renormalise=renormalise,
        temperature=1.5,
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_the_default(slug, device):
    experiment = experiment_of(slug)
    found = experiment.run(experiment.Config(), None, device)
    assert found.details.get("device", device) == device
    assert {trace.weights.device.type for trace in found.traces.values()} == {"cpu"}
    same_results(load_default(slug), found)


@pytest.mark.parametrize(("fill", "renormalise"), [("zero", True), ("mean", False)])
@pytest.mark.parametrize("slug", SLUGS)
def test_every_kind_of_change(slug, fill, renormalise, device):
    experiment = experiment_of(slug)
    changes = every_change(load_default(slug).traces, fill, renormalise)
    same_results(
        on_the_cpu(experiment.run, experiment.Config(), changes, "cpu"),
        experiment.run(experiment.Config(), changes, device),
    )


def on_the_cpu(call, *args):
    """What the CPU says, with nobody watching."""
    hooks = torch.nn.modules.module._global_forward_pre_hooks
    kept = dict(hooks)
    hooks.clear()
    try:
        return call(*args)
    finally:
        hooks.update(kept)


# The quiz


@pytest.mark.parametrize("slug", SLUGS)
def test_the_quiz(slug, device):
    """Predicted, asked and set on the learner's device, with the answers of the CPU."""
    experiment = experiment_of(slug)
    quiz = importlib.import_module(f"attn_core.quizzes.{slug}")
    config, result = experiment.Config(), load_default(slug)
    found = quiz.reveal(experiment.plain(config), device)
    assert quiz.truth(found) in quiz.GUESSES
    asked = on_the_cpu(quiz.questions, config, result, None, "cpu")
    again = quiz.questions(config, result, None, device)
    assert [(q.key, q.answer) for q in again] == [(q.key, q.answer) for q in asked]
    for changes in challenging(slug, result):
        moved = experiment.run(config, changes, device)
        quiz.challenge(config, changes, moved, device)


def challenging(slug, result):
    """Changes that make a challenge look at what was before them."""
    site = next(reversed(result.traces))
    yield Intervention()
    yield Intervention(tokens=((site, 1),))
    yield Intervention(heads=((site, 0),))
    yield Intervention(temperature=2.0)
    yield Intervention(weights=(Cell(site, 0, 0, 0, 0.5),))
    crosses = [s for s in result.traces if s.endswith("cross")]
    if crosses:
        yield Intervention(tokens=((crosses[-1], 0),))


def test_challenges_of_other_settings(device):
    """Those that are met by a setting, not by a change inside attention."""
    for slug, settings in {
        "s4_1_segmentation": {"hidden": (5,)},
        "s5_1_speech": {"hidden": ((20, 22),)},
        "s6_1_recommendation": {"history": tuple(reversed(experiment_of(
            "s6_1_recommendation").SAMPLES["two_tastes"]))},
        "s6_2_video": {"frozen": (3,)},
        "s6_3_bioinformatics": {"edits": "31A"},
    }.items():  # fmt: skip
        experiment = experiment_of(slug)
        quiz = importlib.import_module(f"attn_core.quizzes.{slug}")
        config = experiment.Config(**settings)
        quiz.challenge(config, Intervention(), experiment.run(config, None, device), device)


@pytest.mark.parametrize(
    ("slug", "settings"),
    [
        ("s2_1_self_attention", {"language": "zh", "text": "这部电影很好看"}),
        ("s2_1_self_attention", {"model": "mean"}),
        ("s3_3_transformer", {"direction": "zh-en", "text": "我想喝水。"}),
        ("s3_3_transformer", {"beam": 1, "prefix": (5,)}),
        ("s3_2_scaled_dot_product", {"source": "random", "dtype": "float16"}),
        ("s4_2_detection", {"model": "cells"}),
        ("s5_2_ctc", {"way": "beam"}),
        ("s6_1_recommendation", {"ranker": "target"}),
        ("s6_2_video", {"model": "sign"}),
        ("s6_2_video", {"attention": "space"}),
        ("s6_3_bioinformatics", {"model": "protein"}),
        ("s6_3_bioinformatics", {"model": "drug"}),
    ],
)
def test_other_settings_and_their_questions(slug, settings, device):
    experiment = experiment_of(slug)
    quiz = importlib.import_module(f"attn_core.quizzes.{slug}")
    try:
        config = experiment.Config(**settings)
    except (TypeError, ValueError) as error:
        pytest.fail(f"{slug} has other settings now: {error}")
    result = experiment.run(config, None, device)
    same_results(on_the_cpu(experiment.run, config, None, "cpu"), result)
    assert quiz.questions(config, result, None, device)
