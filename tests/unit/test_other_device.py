"""Every lesson on a device that is not the CPU: the pretend one, and a real GPU where there is one.

What is run: the default, every kind of change, the quiz, and each public function of the lesson's
modules that is given a device, a config or a result. Nothing may crash, no model may run on the
CPU while the learner chose another device, and the numbers are the CPU's.
"""

import importlib
import inspect
import pkgutil
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pretend_device import NAME, accelerator

from attn_core.attention.interventions import Cell, Intervention
from attn_core.attention.weigh import weigh
from attn_core.contract.registry import LESSONS
from attn_core.contract.result import LessonResult, load_default
from attn_core.lessons.s2_2_positional_encoding import views

pytestmark = pytest.mark.slow
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
    return importlib.import_module(f"attn_core.lessons.{slug}.experiment")


SMALL: dict[str, dict[str, Any]] = {
    "s1_additive": {"word": "cat"}, "s3_1_incremental": {"length": 16},
    "s3_3_transformer": {"text": "Thank you."}, "s5_3_recogniser": {"sound": "pi"},
}  # fmt: skip
"""Inputs that take less time than the default where much is run: each operation costs here."""


def small(slug: str):
    """The lesson's experiment, and a config."""
    experiment = experiment_of(slug)
    return experiment, experiment.Config(**SMALL.get(slug, {}))


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
    elif isinstance(one, np.ndarray | torch.Tensor):
        one, other = torch.as_tensor(one).cpu(), torch.as_tensor(other).cpu()
        bound = 2**-10 if one.dtype == torch.float16 else CLOSE
        assert torch.allclose(one, other, rtol=bound, atol=bound, equal_nan=True), where
    elif isinstance(one, float):
        assert other == pytest.approx(one, rel=CLOSE, abs=CLOSE, nan_ok=True), where
    elif isinstance(one, str | int | bool | None):
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


def every_change(traces) -> Intervention:
    """One change of every kind at every site."""

    def cells(query: int, key: int, value: float) -> tuple[Cell, ...]:
        return tuple(Cell(site, 0, query, key, value) for site in traces)

    several = {site: trace.weights.shape[1] for site, trace in traces.items()}
    return Intervention(
        heads=tuple((site, n - 1) for site, n in several.items() if n > 1),
        tokens=tuple((site, 1) for site in traces),
        scores=cells(0, 2, 1.5),
        mask_cells=cells(1, 0, 0.0),
        weights=cells(0, 0, 0.5),
        temperature=1.5,
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_the_default(slug, device):
    experiment = experiment_of(slug)
    found = experiment.run(experiment.Config(), None, device)
    assert found.details.get("device", device) == device
    assert {trace.weights.device.type for trace in found.traces.values()} == {"cpu"}
    same_results(on_the_cpu(experiment.run, experiment.Config(), None, "cpu"), found)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_kind_of_change(slug, device):
    experiment, config = small(slug)
    changes = every_change(load_default(slug).traces)
    same_results(
        on_the_cpu(experiment.run, config, changes, "cpu"), experiment.run(config, changes, device)
    )


@pytest.mark.parametrize("normaliser", ["softmax", "sigmoid"])
@pytest.mark.parametrize(("fill", "renormalise"), [("zero", False), ("mean", True)])
def test_every_way_to_weigh(fill, renormalise, normaliser, device):
    scores = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(4, 5, dtype=torch.bool).tril(1)[None, None]
    trace = load_default("s2_3_multi_head").traces["encoder.0"]
    changes = replace(
        every_change({"here": trace}),
        heads=(("here", 2),),
        head_fill=fill,
        renormalise=renormalise,
        normaliser=normaliser,
    )
    expected = weigh(scores, mask, site="here", intervention=changes)
    found = weigh(scores.to(device), mask.to(device), site="here", intervention=changes)
    assert found[3] == expected[3] == normaliser
    for one, other in zip(expected[:3], found[:3], strict=True):
        assert other.device.type == device
        assert torch.allclose(one.float(), other.float().cpu(), atol=CLOSE)


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
    experiment, config = small(slug)
    quiz = importlib.import_module(f"attn_core.lessons.{slug}.quiz")
    result = experiment.run(config, None, device)
    found = quiz.reveal(experiment.before(config), device)
    assert quiz.truth(found) in quiz.GUESSES
    asked = on_the_cpu(quiz.questions, config, result, None, "cpu")
    again = quiz.questions(config, result, None, device)
    assert [(q.key, q.answer) for q in again] == [(q.key, q.answer) for q in asked]
    quiz.challenge(config, Intervention(), result, device)
    if slug in TRIED:
        changes = TRIED[slug]
        quiz.challenge(config, changes, experiment.run(config, changes, device), device)


TRIED = {
    "s1_additive": Intervention(tokens=(("decoder.cross", 1),)),
    "s2_1_self_attention": Intervention(heads=(("encoder.5", 0),)),
    "s2_3_multi_head": Intervention(heads=(("encoder.0", 0),)),
    "s3_3_transformer": Intervention(tokens=(("decoder.1.cross", 0),)),
    "s4_2_detection": Intervention(temperature=2.0),
    "s5_3_recogniser": Intervention(weights=(Cell("decoder.cross", 0, 0, 0, 0.5),)),
}
"""Changes that make a challenge look at what was before them."""


def test_challenges_of_other_settings(device):
    """Those that are met by a setting, not by a change inside attention."""
    for slug, settings in {
        "s4_1_segmentation": {"hidden": (5,)},
        "s5_1_speech": {"hidden": ((20, 22),)},
        "s6_1_recommendation": {
            "history": tuple(reversed(experiment_of("s6_1_recommendation").SAMPLES["two_tastes"]))
        },
        "s6_2_video": {"frozen": (3,)},
        "s6_3_bioinformatics": {"edits": "31A"},
    }.items():
        experiment = experiment_of(slug)
        quiz = importlib.import_module(f"attn_core.lessons.{slug}.quiz")
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
    quiz = importlib.import_module(f"attn_core.lessons.{slug}.quiz")
    try:
        config = experiment.Config(**settings)
    except (TypeError, ValueError) as error:
        pytest.fail(f"{slug} has other settings now: {error}")
    result = experiment.run(config, None, device)
    same_results(on_the_cpu(experiment.run, config, None, "cpu"), result)
    assert quiz.questions(config, result, None, device)


# What the pages take apart

NOT_OF_A_PAGE = {
    "claims", "quiz",  # they record or ask: tested on their own
    "backends", "overflow", "statistics", "steps", "timing",  # live, with configs of their own
    "own_estimate", "own_settings", "own_training", "own_views", "toy_tasks", "toy_dates",
}  # fmt: skip

ELSEWHERE = {
    "read", "translate", "with_layer_off", "embed", "mask_of", "written", "record",
    "truth_of", "as_ids", "first_layer", "steps", "of",
}  # fmt: skip
"""Not of a page: steps of ``run``, which is tested above."""

VIEW = views.View("learned", 16)
CHAIN = "GIVEQCCTSICSLYQLENYCNFVNQHLCGSHLVEALYLVCGERGFFYTPKT"
GIVEN: dict[str, Any] = {
    "query": 0, "row": 1, "token": 2, "step": 1, "size": 16, "rows": 4, "columns": 6,
    "length": 8, "steps": 3, "channels": [0, 3], "view": VIEW, "threshold": 0.5, "seconds": 1.0,
    "words": ("cat", "tough"), "beam": 2, "text": "It rains. The street is wet. I stay at home.",
    "name": "long", "histories": [[1, 2, 3], [4, 5, 6]], "history": (1, 2, 3), "n": 5,
    "residue": 3, "also": (7,), "sequence": "ACGT" * 20, "windows": ["ACGT" * 15], "chain": CHAIN,
    "smiles": "CCO", "target": CHAIN, "drugs": {"a": "CCO", "b": "CCN"}, "width": 4, "place": 0,
    "label": 3, "labels": None, "changes": None, "intervention": None, "traced": False,
    "by_frame": False, "frame": 3, "falls": [[0.0, 1.0]] * 12, "way": "keys",
    "feed": "own", "ranker": "self", "candidates": [5, 6], "quantity": "alpha",
    "picture": "astronaut", "path": "circle", "protein": CHAIN,
    "dna": "ACGTTGCA" * 10, "edits": "", "at": 0, "by": 5,
    "order": "attention",
}  # fmt: skip
"""Arguments by their names; a function's own are in ``OWN``."""

OWN: dict[str, dict[str, Any]] = {
    "s2_2_positional_encoding.views.bias_matrix": {"kind": "relative", "head": 1},
    "s6_3_bioinformatics.experiment.given": {"kind": "genome"},
    "s6_3_bioinformatics.genome.lost_by": {"window": "ACGT" * 15, "label": 1},
    "s6_3_bioinformatics.views.probability": {"kind": "D"},
    "s6_1_recommendation.experiment.ranked": {"history": [1, 2, 3]},
    "s6_3_bioinformatics.protein.masked": {"protein": CHAIN},
}


def of_model(name: str) -> str:
    """The model that must be open for a function of 6.2 or 6.3, "" for the first one."""
    for part, model in (
        ("protein", "protein"),
        ("reaches", "protein"),
        ("drug", "drug"),
        ("segment", "drug"),
        ("residue", "protein"),
    ):
        if name.startswith("s6_3") and part in name:
            return model
    return ""


def opened(experiment, result):
    """What is open on the page at first."""
    return experiment.opened(result)


def functions_of(slug: str):
    """Public functions of a lesson's modules that are given a device, a config or a result."""
    package = importlib.import_module(f"attn_core.lessons.{slug}")
    for found in pkgutil.iter_modules(package.__path__):
        if found.name in NOT_OF_A_PAGE:
            continue
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        for name, function in list(vars(module).items()):
            if name.startswith("_") or not callable(function) or inspect.isclass(function):
                continue
            if getattr(function, "__module__", "") != module.__name__ or name in ELSEWHERE:
                continue
            parameters = list(inspect.signature(function).parameters)
            # What reports as it goes is a job: it runs in a process of its own, on the CPU.
            if {"device", "config", "result"} & set(parameters) and "report" not in parameters:
                yield f"{slug}.{found.name}.{name}", function, parameters


@pytest.mark.parametrize("slug", SLUGS)
def test_every_function_that_a_page_may_call(slug, device):
    experiment, _ = small(slug)
    results = {}
    for name, function, parameters in functions_of(slug):
        settings = {"model": of_model(name)} if of_model(name) else SMALL.get(slug, {})
        config = experiment.Config(**settings)
        if str(settings) not in results:
            results[str(settings)] = experiment.run(config, None, device)
        result = results[str(settings)]
        known = GIVEN | OWN.get(name, {})
        known |= {"config": config, "result": result, "device": device}
        known["before"] = result
        start = opened(experiment, result)
        known |= {"site": start.site, "head": start.head, "selection": start, "opened": start}
        known |= {"values": [0.0] * len(result.keys)}
        unknown = [p for p in parameters if p not in known]
        assert not unknown, f"{name}: give this test values for {unknown}"
        given = {p: known[p] for p in parameters}
        found = function(**given)
        if "device" in parameters:
            expected = on_the_cpu(lambda f, g: f(**g | {"device": "cpu"}), function, given)
            if isinstance(found, LessonResult):
                same_results(expected, found)
            else:
                same(expected, found, name)
