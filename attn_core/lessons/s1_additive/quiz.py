"""Lesson 1's questions: where the attention looks, and whether that is the alignment."""

from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s1_additive import experiment

GUESSES = ("always", "mostly", "never")
ACT: dict[str, Any] = {}


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Hide each letter in turn and count where the most attended one mattered most."""
    result = experiment.run(config, None, device)
    falls = experiment.without_each_letter(config, device)
    return {"word": config.word, **experiment.agreement(result, falls)}


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    if found["agree"] == found["steps"]:
        return "always"
    return "never" if found["agree"] == 0 else "mostly"


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    trace = result.traces[experiment.SITE]
    weights = trace.weights[0, 0]
    out = []
    places = tuple(f"{i + 1}: {letter}" for i, letter in enumerate(result.keys))
    step = len(result.queries) // 2
    if len(places) >= 2:
        values = {"phoneme": result.queries[step], "step": step + 1}
        out.append(Question("s1.quiz.where", values, places, int(weights[step].argmax())))
    entropy = -(weights * weights.clamp_min(1e-30).log2()).sum(-1)
    steps = tuple(f"{i + 1}: {phoneme}" for i, phoneme in enumerate(result.queries))
    if len(steps) >= 2:
        out.append(Question("s1.quiz.spread", {}, steps, int(entropy.argmax())))
    out.append(
        Question(
            "s1.quiz.sum",
            {"n": len(places)},
            ("s1.quiz.sum.one", "s1.quiz.sum.n", "s1.quiz.sum.any"),
            0,
            option_keys=True,
        )
    )
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Make the model say something else by hiding one single letter."""
    plain = experiment.run(config, None, device).queries if changes else result.queries
    only_one = len(changes.tokens) == 1 and not (
        changes.scores or changes.weights or changes.mask_cells or changes.heads
    )
    changed = result.queries != plain
    return Challenge(
        "s1.challenge",
        {"word": config.word},
        only_one and changed,
        0.5 * only_one + 0.5 * changed,
    )
