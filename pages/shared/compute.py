"""Results shared by all learners: computed once for each config, changes and device."""

import dataclasses
import importlib
import logging
import time
from types import ModuleType
from typing import Any

from attn_core.checkpoints import WeightsMissing
from attn_core.interventions import Intervention
from attn_core.keep import Keep
from attn_core.lessons import LESSONS, Lesson
from attn_core.result import LessonResult, load_default

MAX_BYTES = 64 * 2**20
"""Bytes of tensors kept over all results; old results go first."""

RESULTS = Keep("results", MAX_BYTES)
_log = logging.getLogger(__name__)
_defaults: dict[str, LessonResult] = {}


def experiment(lesson: Lesson) -> ModuleType:
    """The lesson's experiment: ``Config`` and ``run(config, intervention, device)``."""
    return importlib.import_module(f"attn_core.experiments.{lesson.slug}")


def _on(lesson: Lesson, config: Any, intervention: Intervention, device: str) -> LessonResult:
    """On the device, or on the CPU where the device fails in the middle of it."""
    try:
        return experiment(lesson).run(config, intervention, device)
    except WeightsMissing:
        raise
    except (RuntimeError, TypeError):  # no memory, no such kernel; MPS has no float64: TypeError
        if device == "cpu":
            raise
        _log.exception("lesson %s failed on %s and runs on the CPU", lesson.number, device)
    result = experiment(lesson).run(config, intervention, "cpu")
    return dataclasses.replace(result, details=result.details | {"device": "cpu"})


def run(
    lesson: Lesson, config: Any, intervention: Intervention, device: str
) -> tuple[LessonResult, float]:
    """The lesson's result and the milliseconds it took; 0 where it was at hand.

    The default example is read from its stored file and needs no model. What fails on another
    device than the CPU (no memory left, a kernel that it has not) is run on the CPU; the result's
    details say so, for as long as it is kept.
    """
    if not intervention and config == experiment(lesson).Config() and lesson.slug in _defaults:
        return _defaults[lesson.slug], 0.0
    spent = 0.0

    def make() -> LessonResult:
        nonlocal spent
        began = time.perf_counter()
        found = _on(lesson, config, intervention, device)
        spent = 1000 * (time.perf_counter() - began)
        return found

    return RESULTS.get((lesson.slug, config, intervention, device), make), spent


def warm_up() -> None:
    """Read every lesson's stored default, and whatever else it wants done before a visitor."""
    for lesson in LESSONS:
        _defaults[lesson.slug] = load_default(lesson.slug)
        getattr(experiment(lesson), "warm_up", lambda: None)()
