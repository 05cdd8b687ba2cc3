"""Lesson 5.1: the guess, questions about the run on screen, and the challenge."""

from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.sound import find
from attn_core.lessons.s5_1_speech import experiment, views
from attn_core.lessons.speech import tokens as speech
from attn_core.measures.metrics import edit_distance

GUESSES = ("fewer", "equal", "more")
ACT: dict[str, Any] = {}
MOST = 5
"""The challenge: tokens that may be silenced at most."""
SLIGHT = 0.5
"""Natural logarithms of likelihood: less is no effect."""


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Count what as much speech and silence cost."""
    seconds = find(config.sound).seconds
    found = views.cost(seconds, device)
    millions = {name: f"{found[name] / 1e6:.1f}" for name in ("speech", "silence")}
    return millions | {"seconds": f"{seconds:.1f}"}


def truth(found: dict[str, Any]) -> str:
    """Which guess the count bears out."""
    speech_cost, silence_cost = float(found["speech"]), float(found["silence"])
    if speech_cost == silence_cost:
        return "equal"
    return "fewer" if silence_cost < speech_cost else "more"


def _where(result: LessonResult, opened: Selection) -> Question | None:
    weights = result.traces[opened.site].weights[0].float()
    head = min(opened.head, weights.shape[0] - 1)
    query = experiment.default_row(result) if opened.query is None else opened.query
    row = weights[head, min(query, weights.shape[1] - 1)]
    if not float(row.sum()) or len(row) < 12:
        return None
    top = int(row.argmax())
    far = [(top + step) % len(row) for step in (len(row) // 3, len(row) // 2, 5)]
    order = sorted(dict.fromkeys((top, *far)))
    values = {"head": head + 1, "at": result.queries[min(query, len(row) - 1)]}
    names = tuple(result.queries[i] for i in order)
    return Question("s5_1.quiz.where", values, names, order.index(top))


def _window(config: experiment.Config, device: str) -> Question:
    rows = views.windows(experiment.before(config), device)
    enough = next(r["window"] for r in rows if not r["moved"])
    options = (0, 4, 16, "all")
    answer = 3 if enough == "all" else next((i for i in range(3) if enough <= options[i]), 3)
    names = tuple(f"control.hears.{option}" for option in options)
    wanted = "∞" if enough == "all" else f"± {enough * speech.TOKEN_SECONDS:.2f} s"
    return Question("s5_1.quiz.window", {"enough": wanted}, names, answer, option_keys=True)


def _silence(config: experiment.Config, device: str) -> Question | None:
    found = views.influence(experiment.before(config), device)
    words = found["words"]
    if len(words) < 3:
        return None
    middle = len(words) // 2
    hurt = [i for i in range(len(words)) if i != middle and found["effect"][i][middle] > SLIGHT]
    near = [i for i in hurt if abs(i - middle) == 1]
    answer = 0 if not hurt else 1 if near == hurt else 2
    values = {"digit": words[middle]["digit"], "n": len(hurt), "others": len(words) - 1}
    options = tuple(f"s5_1.quiz.silence.{name}" for name in ("itself", "next", "far"))
    return Question("s5_1.quiz.silence", values, options, answer, option_keys=True)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    opened = selection or experiment.opened(result)
    found = (_where(result, opened), _window(config, device), _silence(config, device))
    return tuple(question for question in found if question is not None)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Change what is written by silencing very little."""
    silenced = sum(last - first + 1 for first, last in config.hidden)
    only = 0 < silenced <= MOST and not changes and config.window is None
    before = experiment.run(experiment.before(config), None, device).details["digits"]
    now = result.details["digits"]
    edits = edit_distance(now, before) if only else 0
    reached = only and edits > 0 and len(now) == len(before)
    values = {
        "most": f"{MOST * speech.TOKEN_SECONDS:.1f}",
        "now": " ".join(map(str, now)),
        "used": f"{silenced * speech.TOKEN_SECONDS:.2f}",
    }
    progress = 1.0 if reached else 0.6 if edits else 0.3 if only else 0.0
    return Challenge("s5_1.challenge", values, reached, progress)
