"""Lesson 6.1: the guess, questions about the history on screen, and the challenge."""

from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.films import catalogue
from attn_core.lessons.s6_1_recommendation import experiment, films, views
from attn_core.lessons.s6_1_recommendation import reading as reading_of

GUESSES = ("last", "first", "between")
ACT: dict[str, Any] = {}
OPTIONS = 4


def _titles(result: LessonResult) -> tuple[str, ...]:
    return tuple(film["label"] for film in result.details["history"])


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Leave out each film of the history and see what it does to the first recommendation."""
    config = experiment.Config(config.history)
    result = experiment.run(config, None, device)
    titles = _titles(result)
    found = reading_of.strongest(result, "self")
    effects = result.details["effects"]["self"]["effect"] or [0.0]
    return {
        "candidate": result.details["candidate"]["label"],
        "needed": found["needed"] or titles[0],
        "place": titles.index(found["needed"] or titles[0]) + 1,
        "n": len(titles),
        "effect": f"{found['effect']:.2f}",
        "rank_without": found["rank_without"],
        "last": titles[-1],
        "last_effect": f"{abs(effects[-1]):.2f}",
        "way": f"s6_1.without.{'gains' if effects[-1] < 0 else 'loses'}",
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    if found["place"] == found["n"]:
        return "last"
    return "first" if found["place"] == 1 else "between"


def _picked(values: list[float], titles: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """The film with the largest value among others, in the history's order."""
    most = max(range(len(values)), key=values.__getitem__)
    others = sorted((i for i in range(len(values)) if i != most), key=lambda i: -values[i])
    step = max(1, len(others) // (OPTIONS - 1))
    chosen = sorted([most, *others[step - 1 :: step][: OPTIONS - 1]])
    return tuple(titles[i] for i in chosen), chosen.index(most)


def _where(result: LessonResult, opened: Selection) -> Question | None:
    trace = result.traces[opened.site]
    head = min(opened.head, trace.weights.shape[1] - 1)
    query = opened.query
    if query is None or query >= trace.weights.shape[2]:
        query = trace.weights.shape[2] - 1
    row = trace.weights[0, head, query].float().tolist()
    queries, keys = result.names(opened.site)
    seen = [i for i, w in enumerate(row) if w > 0]
    if len(seen) < OPTIONS:
        return None
    names, answer = _picked([row[i] for i in seen], tuple(keys[i] for i in seen))
    return Question("s6_1.quiz.where", {"row": queries[query], "head": head + 1}, names, answer)


def _needed(result: LessonResult, ranker: str) -> Question | None:
    effects = result.details["effects"][ranker]["effect"]
    if len(effects) < OPTIONS:
        return None
    names, answer = _picked(effects, _titles(result))
    found = reading_of.strongest(result, ranker)
    values = {
        "candidate": result.details["candidate"]["label"],
        "effect": f"{found['effect']:.2f}",
        "weighed": found["weighed"],
    }
    if found["same"]:
        return Question("s6_1.quiz.needed_too", values, names, answer)
    return Question("s6_1.quiz.needed", values, names, answer)


def _sum(result: LessonResult) -> Question:
    total = result.numbers["target_sum"]
    answer = 1 if abs(total - 1) < 0.05 else 2 if total > 1 else 0
    options = tuple(f"s6_1.quiz.sum.{name}" for name in ("below", "one", "above"))
    values = {
        "candidate": result.details["candidate"]["label"],
        "sum": f"{total:.2f}",
        "span": views.span("target"),
    }
    return Question("s6_1.quiz.sum", values, options, answer, option_keys=True)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the history on screen."""
    opened = selection or experiment.opened(result)
    found = (_where(result, opened), _needed(result, config.ranker), _sum(result))
    return tuple(question for question in found if question is not None)


def _first(history: tuple[int, ...], device: str) -> str:
    seen = films.places(history)
    found = films.log_p(films.scores("long", [seen], device), seen)[0]
    return catalogue()[int(found.argmax())].label


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Another first recommendation from the same films, by their order alone."""
    first = experiment.SAMPLES["two_tastes"]
    example = next(
        (s for s in experiment.SAMPLES.values() if len(s) > 1 and set(s) == set(config.history)), ()
    )
    was = _first(example or first, device)
    moved = bool(example) and config.history != example and not changes
    now = _first(config.history, device) if moved else was
    reached = now != was
    return Challenge(
        "s6_1.challenge", {"was": was, "now": now}, reached, 1.0 if reached else 0.5 * moved
    )
