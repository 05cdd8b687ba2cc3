"""Lesson 6.2: the guess, questions about the run on screen, and the challenge."""

from dataclasses import replace
from typing import Any

import numpy as np

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.motion import MOTIONS, N_FRAMES
from attn_core.lessons.s6_2_video import experiment, views
from attn_core.models.signs import SIGNS

GUESSES = ("alike", "double", "many")
ACT: dict[str, Any] = {}
DOUBLE, MANY = 1.5, 3.0
"""Times the least weight: from these on, frames count "double" or "many" times as much."""
MOST = 3
"""The challenge: frames that may be frozen or dropped at most."""


def _clip(config: experiment.Config) -> experiment.Config:
    return experiment.before(replace(config, model="clip"))


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Compare the frame of largest weight with the one of smallest."""
    frames = experiment.run(_clip(config), None, device).details["frames"]
    most, least = int(np.argmax(frames)), int(np.argmin(frames))
    ratio = frames[most] / max(frames[least], 1e-6)
    return {
        "most": f"{frames[most]:.3f}",
        "most_frame": most + 1,
        "least": _small(frames[least]),
        "least_frame": least + 1,
        "ratio": f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}",
    }


def _small(value: float) -> str:
    """A probability, with more places where three would say nothing."""
    return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.6f}"


def truth(found: dict[str, Any]) -> str:
    """Which guess the weights bear out."""
    ratio = float(found["ratio"])
    return "alike" if ratio < DOUBLE else "double" if ratio < MANY else "many"


def _span(result: LessonResult) -> Question | None:
    """How much of the weight lies on the frames that move."""
    share = result.numbers.get("in_span")
    if share is None:
        return None
    bounds = (0.4, 0.6, 0.8)
    answer = sum(share >= bound for bound in bounds)
    names = tuple(f"s6_2.quiz.span.{i}" for i in range(4))
    values = {"share": f"{100 * share:.0f}", "even": f"{100 * result.numbers['span_share']:.0f}"}
    return Question("s6_2.quiz.span", values, names, answer, option_keys=True)


def _first(result: LessonResult) -> Question:
    """What frame 1, which has none before it, says alone."""
    alone = np.array(result.details["alone"])[0]
    top = int(alone.argmax())
    others = [
        m
        for m in (
            MOTIONS.index("still"),
            MOTIONS.index("pan_left"),
            MOTIONS.index("zoom_in"),
            MOTIONS.index("roll_left"),
        )
        if m != top
    ]
    order = sorted((top, *others[:3]))
    values = {"p": f"{alone[top]:.2f}"}
    names = tuple(f"s6_2.motion.{MOTIONS[m]}" for m in order)
    answer = order.index(top)
    if result.details["attention"] == "space":
        return Question("s6_2.quiz.first_space", values, names, answer, option_keys=True)
    return Question("s6_2.quiz.first_divided", values, names, answer, option_keys=True)


def _drop(config: experiment.Config, device: str) -> Question:
    """Whether the frame of largest weight is the one that the answer needs most."""
    lost = views.leave_one_out(experiment.before(config), device)
    weights = experiment.run(experiment.before(config), None, device).details["frames"]
    top, needed = int(np.argmax(weights)), int(np.argmax(lost))
    values = {
        "top": top + 1,
        "lost": _small(lost[top]),
        "needed": needed + 1,
        "most": _small(lost[needed]),
    }
    answer = 0 if needed == top else 1
    options = ("s6_2.quiz.drop.yes", "s6_2.quiz.drop.no")
    return Question("s6_2.quiz.drop", values, options, answer, option_keys=True)


def _half(result: LessonResult) -> Question:
    """On how many points of a path half of the weight lies."""
    weights = np.sort(np.array(result.details["frames"]))[::-1]
    needed = int(np.searchsorted(np.cumsum(weights), 0.5 * weights.sum())) + 1
    bounds = (6, 12, 18)
    answer = sum(needed > bound for bound in bounds)
    names = tuple(f"s6_2.quiz.half.{i}" for i in range(4))
    return Question("s6_2.quiz.half", {"needed": needed}, names, answer, option_keys=True)


def _second(result: LessonResult) -> Question:
    """Which sign comes second."""
    ranked = sorted(result.details["probabilities"].items(), key=lambda item: -item[1])
    first, second = ranked[0][0], ranked[1][0]
    others = [ranked[i][0] for i in (6, 10, 14)]
    order = sorted((second, *others), key=SIGNS.index)
    names = tuple(f"s6_2.sign.{sign}" for sign in order)
    values = {"p": f"{ranked[1][1]:.3f}", "first": f"{ranked[0][1]:.3f}"}
    assert first not in order
    return Question("s6_2.quiz.second", values, names, order.index(second), option_keys=True)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    if result.details["model"] == "sign":
        return _half(result), _second(result)
    found = (_span(result), _first(result), _drop(config, device))
    return tuple(question for question in found if question is not None)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Make the model call a moving clip still, by freezing or dropping few frames."""
    if config.model == "sign":
        reached = not changes and result.details["motion"] == "circle" and config.path != "circle"
        near = result.details["probabilities"]["circle"] if config.path != "circle" else 0.0
        return Challenge(
            "s6_2.challenge.sign", {"p": f"{near:.2f}"}, reached, 1.0 if reached else min(near, 0.9)
        )
    used = len(set(config.dropped) | set(config.frozen))
    only = 0 < used <= MOST and not changes
    before = experiment.run(experiment.before(config), None, device).details["motion"]
    reached = only and result.details["motion"] != before
    left = result.details["probabilities"][before]
    values = {"most": MOST, "used": used, "p": f"{left:.2f}", "all": N_FRAMES}
    return Challenge(
        "s6_2.challenge", values, reached, 1.0 if reached else min(0.9, 1 - left) if only else 0.0
    )
