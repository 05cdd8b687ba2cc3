"""Lesson 5.3: the guess, questions about the run on screen, and the challenge."""

from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s5_3_recogniser import experiment
from attn_core.lessons.speech import tokens as speech

GUESSES = ("all", "less", "more")
ACT: dict[str, Any] = {}
TIMES = 3
ABOUT = 0.1
"""Share of the digits by which "all" may be missed."""


def _text(digits: list[int]) -> str:
    return " ".join(map(str, digits)) or "–"


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Let the location-aware listener hear the sound several times over."""
    once = experiment.run(experiment.Config(config.sound), None, device)
    often = experiment.run(experiment.Config(config.sound, times=TIMES), None, device)
    times = often.details["seconds"] / once.details["seconds"]
    n = len(once.details["digits"])
    return {
        "times": f"{times:.1f}",
        "once": n,
        "all": round(n * times),
        "written": len(often.details["digits"]),
        "digits": _text(often.details["digits"]),
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the count bears out."""
    share = found["written"] / max(1, found["all"])
    if abs(share - 1) <= ABOUT:
        return "all"
    return "less" if share < 1 else "more"


def _where(result: LessonResult, step: int) -> Question | None:
    names, found = result.keys, result.details["steps"][step]
    if len(names) < 12:
        return None
    top = found["token"]
    far = [(top + move) % len(names) for move in (len(names) // 3, len(names) // 2, 9)]
    order = sorted(dict.fromkeys((top, *far)))
    values = {"step": step + 1}
    options = tuple(names[i] for i in order)
    return Question("s5_3.quiz.where", values, options, order.index(top))


def _moved(config: experiment.Config, device: str) -> Question | None:
    """Make the second step look where a later one of another digit looks."""
    bare = experiment.before(config)
    whole = experiment.run(bare, None, device)
    digits, steps = whole.details["digits"], whole.details["steps"]
    later = [i for i in range(3, len(digits)) if digits[i] not in (digits[1], digits[0])]
    if not later:
        return None
    cells = experiment.moved(whole, 1, steps[later[0]]["token"])
    found = experiment.run(bare, Intervention(weights=cells), device).details["digits"]
    wrote = found[1] if len(found) > 1 else None
    options = ("s5_3.quiz.moved.there", "s5_3.quiz.moved.same", "s5_3.quiz.moved.other")
    answer = 0 if wrote == digits[later[0]] else 1 if wrote == digits[1] else 2
    values = {
        "at": whole.keys[steps[later[0]]["token"]],
        "there": digits[later[0]],
        "same": digits[1],
        "found": _text(found),
    }
    return Question("s5_3.quiz.moved", values, options, answer, option_keys=True)


def _silence(config: experiment.Config, device: str) -> Question | None:
    """Silence the stretch of the first digit."""
    bare = experiment.before(config)
    whole = experiment.run(bare, None, device)
    words = whole.details["words"]
    if len(words) < 3:
        return None
    first = 0, max(0, (words[0]["first"] + words[1]["first"]) // 2)
    silenced = experiment.Config(bare.sound, (first,), bare.model, times=bare.times)
    found = experiment.run(silenced, None, device).details["digits"]
    gone = len(whole.details["digits"]) - len(found)
    answer = 0 if gone == 1 else 1 if gone == 0 else 2
    options = tuple(f"s5_3.quiz.silence.{name}" for name in ("one", "none", "other"))
    values = {
        "s": f"{(first[1] + 1) * speech.TOKEN_SECONDS:.2f}",
        "found": _text(found),
    }
    return Question("s5_3.quiz.silence", values, options, answer, option_keys=True)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    last = len(result.queries) - 1
    step = last // 2 if selection is None or selection.query is None else selection.query
    found = (_where(result, min(step, last)), _moved(config, device), _silence(config, device))
    return tuple(question for question in found if question is not None)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Move one look, so that digits are left out."""
    bare = experiment.before(config)
    rows = {(cell.site, cell.query) for cell in changes.weights}
    alone = Intervention(weights=changes.weights) == changes
    only = len(rows) == 1 and alone and config == bare
    before = experiment.run(bare, None, device).details["digits"]
    now = result.details["digits"]
    lost = len(before) - len(now) if only else 0
    reached = only and lost >= 2
    progress = 1.0 if reached else 0.6 if only and lost == 1 else 0.3 if only else 0.0
    return Challenge(
        "s5_3.challenge", {"now": _text(now), "before": _text(before)}, reached, progress
    )
