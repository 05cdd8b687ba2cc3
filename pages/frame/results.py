"""Results shared by all learners: computed once for each config, changes and device."""

import dataclasses
import logging
import time
from collections.abc import Iterable
from typing import Any, TypeVar

from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import WeightsMissing
from attn_core.contract.result import LessonResult, load_default
from attn_core.contract.taught import Taught
from attn_core.jobs.cache import Keep

C = TypeVar("C")

MAX_BYTES = 64 * 2**20
"""Bytes of tensors kept over all results; old results go first."""

RESULTS = Keep("results", MAX_BYTES)
_log = logging.getLogger(__name__)
_defaults: dict[str, LessonResult] = {}


def _on(taught: Taught[C], config: C, intervention: Intervention, device: str) -> LessonResult:
    """On the device, or on the CPU where the device fails in the middle of it."""
    try:
        return taught.experiment.run(config, intervention, device)
    except WeightsMissing:
        raise
    except (RuntimeError, TypeError):  # no memory, no such kernel; MPS has no float64: TypeError
        if device == "cpu":
            raise
        _log.exception("lesson %s failed on %s and runs on the CPU", taught.lesson.number, device)
    result = taught.experiment.run(config, intervention, "cpu")
    return dataclasses.replace(result, details=result.details | {"device": "cpu"})


def run(
    taught: Taught[C], config: C, intervention: Intervention, device: str
) -> tuple[LessonResult, float]:
    """The lesson's result and the milliseconds it took; 0 where it was at hand.

    The default example is read from its stored file and needs no model. What fails on another
    device than the CPU (no memory left, a kernel that it has not) is run on the CPU; the result's
    details say so, for as long as it is kept.
    """
    slug, default = taught.lesson.slug, taught.experiment.Config()
    if not intervention and config == default and slug in _defaults:
        return _defaults[slug], 0.0
    spent = 0.0

    def make() -> LessonResult:
        nonlocal spent
        began = time.perf_counter()
        found = _on(taught, config, intervention, device)
        spent = 1000 * (time.perf_counter() - began)
        return found

    return RESULTS.get((slug, config, intervention, device), make), spent


def warm_up(every: Iterable[Taught[Any]]) -> None:
    """Read every lesson's stored default, and whatever else it wants done before a visitor."""
    for taught in every:
        _defaults[taught.lesson.slug] = load_default(taught.lesson.slug)
        getattr(taught.experiment, "warm_up", lambda: None)()
