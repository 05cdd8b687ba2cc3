"""Lesson 5.2: the guess, questions about the run on screen, and the challenge."""

from itertools import groupby
from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s5_2_ctc import experiment, views
from attn_core.measures.ctc import best_path, collapse
from attn_core.models.recogniser import BLANK

GUESSES = ("same", "fewer", "more")
ACT: dict[str, Any] = {}
DOUBLE = "double"
WIDE = 8
"""The challenge: beams at least."""


def blanks_first(path: list[int]) -> list[int]:
    """The collapse rule in the wrong order."""
    return [label for label, _ in groupby(v for v in path if v != BLANK)]


def _text(digits: list[int] | tuple[int, ...]) -> str:
    return " ".join(map(str, digits)) or "–"


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Collapse the path of a sample with doubles in both orders."""
    result = experiment.run(experiment.Config(DOUBLE, model=config.model), None, device)
    right, wrong = collapse(result.details["path"], BLANK), blanks_first(result.details["path"])
    return {"right": _text(right), "wrong": _text(wrong), "more": len(wrong) - len(right)}


def truth(found: dict[str, Any]) -> str:
    """Which guess the count bears out."""
    if found["more"] == 0:
        return "same"
    return "fewer" if found["more"] < 0 else "more"


def _blank(result: LessonResult) -> Question | None:
    words = result.details["words"]
    loud = [i for w in words for i in range(w["heard"][0], w["heard"][1] + 1)]
    if not loud:
        return None
    path = result.details["path"]
    share = sum(path[i] == BLANK for i in loud) / len(loud)
    answer = 0 if share < 1 / 3 else 1 if share <= 2 / 3 else 2
    options = tuple(f"s5_2.quiz.blank.{name}" for name in ("few", "half", "most"))
    values = {"share": f"{100 * share:.0f}"}
    return Question("s5_2.quiz.blank", values, options, answer, option_keys=True)


def _collapse(result: LessonResult) -> Question | None:
    digits = result.details["digits"][:3]
    if len(digits) < 2:
        return None
    a, b = digits[0], digits[1]
    path = [a, a, BLANK, a, b, b, BLANK, BLANK, b]
    right = list(collapse(path, BLANK))
    merged = [label for label, _ in groupby(v for v in path if v != BLANK)]
    kept = [v for v in path if v != BLANK]
    options = tuple(dict.fromkeys(_text(v) for v in (right, merged, kept)))
    text = "".join(experiment.NAMES[label] for label in path)
    order = tuple(sorted(options, key=len))
    if len(order) < 3:
        return None
    return Question("s5_2.quiz.collapse", {"path": text}, order, order.index(_text(right)))


def _sum(result: LessonResult) -> Question | None:
    best, whole = result.numbers["best_path"], result.numbers["log_likelihood"]
    written = collapse(result.details["path"], BLANK)
    if tuple(result.details["labels"]) != written or not written or whole - best < 0.02:
        return None
    off = max(0.3, whole - best)
    options = (f"{best - 2 * off:.2f}", f"{best:.2f}", f"{whole:.2f}")
    values = {
        "best": f"{best:.2f}",
        "all": f"{whole:.2f}",
        "paths": f"{result.numbers['paths_log10']:.0f}",
    }
    return Question("s5_2.quiz.sum", values, options, 2)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    found = (_blank(result), _collapse(result), _sum(result))
    return tuple(question for question in found if question is not None)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Find a sound of which many paths together say another thing than the likeliest one."""
    rows = views.log_p(result)
    greedy = collapse(best_path(rows), BLANK)
    fair = config.model == "attention" and not changes
    wide = config.way == "beam" and config.width >= WIDE
    beam = tuple(result.details["digits"]) if wide else greedy
    reached = fair and wide and beam != greedy
    progress = 1.0 if reached else 0.3 * fair + 0.3 * wide
    return Challenge(
        "s5_2.challenge", {"beam": _text(beam), "greedy": _text(greedy)}, reached, progress
    )
