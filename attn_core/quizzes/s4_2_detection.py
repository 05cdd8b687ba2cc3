"""Lesson 4.2's questions: whose object is it, where a query looks, and what is left without it."""

import dataclasses
from typing import Any

import numpy as np
import torch

from attn_core import zoo
from attn_core.boxes import corners
from attn_core.experiments import s4_2_detection as experiment
from attn_core.experiments import s4_2_views as views
from attn_core.inputs.photo import find, for_model
from attn_core.interventions import Intervention
from attn_core.plots.view import Selection
from attn_core.quizzes.question import Challenge, Question
from attn_core.result import LessonResult

GUESSES = ("class", "region", "silent")
ACT: dict[str, Any] = {}
QUARTERS = ("0–25 %", "25–50 %", "50–75 %", "75–100 %")


@torch.inference_mode()
def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Move the picture by half its width, and ask the same query again.

    Parameters
    ----------
    config : Config
        Which picture.
    device : str
        Where to run.

    Returns
    -------
    dict
        "query": the surest one; its "label" before, "now" and the "score" now; whether it "answers"
        at all; "followed": its box moved with its object; "heir": who has the moved object now,
        itself where it followed, "–" where nobody.
    """
    before = experiment.run(experiment.plain(config), device=device)
    query = experiment.default_row(before)
    old = before.details["queries"][query]
    loaded = zoo.get(experiment.CHECKPOINTS[config.model], device)
    pixels = for_model(find(config.picture).pixels, experiment.SIDES[config.model])
    moved = pixels.roll(pixels.shape[-1] // 2, -1).to(loaded.device)
    found, _ = loaded.module(moved, n_queries=experiment.MOST[config.model])
    scores, labels = (v.cpu() for v in found.logits[-1, 0].sigmoid().max(-1))
    boxes = corners(found.boxes[-1, 0]).cpu()
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    wanted = ((old["box"][0] + old["box"][2]) / 2 + 0.5) % 1
    height = (old["box"][1] + old["box"][3]) / 2
    near = ((middle - wanted).abs() < 0.1) & (
        ((boxes[:, 1] + boxes[:, 3]) / 2 - height).abs() < 0.1
    )
    owns = near & (labels == old["label"]) & (scores >= config.threshold)
    return {
        "query": query,
        "label": before.details["classes"][old["label"]],
        "now": before.details["classes"][int(labels[query])],
        "score": f"{float(scores[query]):.2f}",
        "answers": bool(scores[query] >= config.threshold),
        "followed": bool(owns[query]),
        "heir": str(int((scores * owns).argmax())) if bool(owns.any()) else "–",
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the second run bears out.

    Parameters
    ----------
    found : dict
        From ``reveal``.

    Returns
    -------
    str
        One of ``GUESSES``.
    """
    if found["followed"]:
        return "class"
    return "region" if found["answers"] else "silent"


def _owner(result: LessonResult) -> Question | None:
    """Which query the assignment gives an object to."""
    truth_of = result.details["truth"]
    n = len(result.details["queries"])
    if not truth_of or n < 4:
        return None
    pairs = {place: query for query, place in views.matching(result)["pairs"]}
    place = max(pairs)
    right = pairs[place]
    others = [(right + step) % n for step in (n // 4 or 1, n // 2, 3 * n // 4)]
    options = sorted(dict.fromkeys((right, *others)))
    values = {"place": place + 1, "label": truth_of[place]["label"]}
    names = tuple(str(query) for query in options)
    return Question("s4_2.quiz.owner", values, names, options.index(right))


def _in_box(result: LessonResult, opened: Selection) -> Question:
    """How much of a query's weight lies in its own box."""
    head = opened.head if opened.site == experiment.LAST else 0
    query = experiment.default_row(result)
    found = experiment.reading(result, query, head)
    values = {"query": query, "head": head + 1, "share": f"{100 * found['in_box']:.0f}",
              "area": f"{100 * found['area']:.1f}"}  # fmt: skip
    answer = min(3, int(4 * found["in_box"]))
    return Question("s4_2.quiz.in_box", values, QUARTERS, answer)


def _without(config: experiment.Config, result: LessonResult) -> Question | None:
    """What happens to an object whose query is knocked out."""
    if not result.details["found"]:
        return None
    query = experiment.default_row(result)
    heir = views.without(experiment.plain(config), query)["heir"]
    values = {"query": query, "heir": "–" if heir is None else heir}
    options = ("s4_2.quiz.without.heir", "s4_2.quiz.without.lost")
    return Question("s4_2.quiz.without", values, options, int(heir is None), option_keys=True)


def questions(
    config: experiment.Config, result: LessonResult, selection: Selection | None = None
) -> tuple[Question, ...]:
    """Questions about the run on screen.

    Parameters
    ----------
    config : Config
        What the learner set.
    result : LessonResult
        What came of it.
    selection : Selection, optional
        What is open.

    Returns
    -------
    tuple of Question
        Fewer where the truth is not known, or nothing was found.
    """
    opened = selection or experiment.default_open(result)
    made = (_owner(result), _in_box(result, opened), _without(config, result))
    return tuple(question for question in made if question is not None)


def challenge(config: experiment.Config, changes: Intervention, result: LessonResult) -> Challenge:
    """Lose half of what was found by temperature alone: attention that looks everywhere is blind.

    Parameters
    ----------
    config : Config
        What the learner set.
    changes : Intervention
        What the learner changed.
    result : LessonResult
        What came of it.

    Returns
    -------
    Challenge
        Reached when nothing but the temperature is changed, and at most half of what the picture
        gave without it is left.
    """
    bare = experiment.plain(config)
    only = config == bare and dataclasses.replace(changes, temperature=1.0) == Intervention()
    before = len(experiment.run(bare).details["found"])
    now = len(result.details["found"])
    lost = (before - now) / max(1, before)
    reached = only and before >= 2 and lost >= 0.5
    values = {"before": before, "now": now, "goal": before // 2}
    progress = float(np.clip(2 * lost, 0, 1)) if only else 0.0
    return Challenge("s4_2.challenge", values, reached, 1.0 if reached else 0.99 * progress)
