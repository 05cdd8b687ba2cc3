"""Lesson 4.2's questions: whose object is it, where a query looks, and what is left without it."""

import dataclasses
from typing import Any

import numpy as np
import torch

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.photo import find, for_model
from attn_core.lessons.s4_2_detection import experiment, views

GUESSES = ("class", "region", "silent")
ACT: dict[str, Any] = {}
QUARTERS = ("0–25 %", "25–50 %", "50–75 %", "75–100 %")


def _moved(box: list[float], step: list[float]) -> tuple[list[float], bool]:
    """A box's centre after the picture's step, around the edge, and whether the edge cuts it."""
    low = [(box[axis] + step[axis]) % 1 for axis in (0, 1)]
    size = [box[axis + 2] - box[axis] for axis in (0, 1)]
    cut = any(a + s > 1 for a, s in zip(low, size, strict=True))
    return [(a + s / 2) % 1 for a, s in zip(low, size, strict=True)], cut


def _step(result: LessonResult, query: int) -> tuple[list[float], str]:
    """How to move the picture, and what then lies where the query's object was.

    Another class's object that was found takes its place, the nearest one that leaves the query's
    own object whole; where there is none the picture moves by half its width, and "–" is there.
    """
    queries, classes = result.details["queries"], result.details["classes"]
    own = queries[query]["box"]
    ways = []
    for item in (queries[i] for i in result.details["found"]):
        if item["label"] != queries[query]["label"]:
            step = [(own[k] + own[k + 2] - item["box"][k] - item["box"][k + 2]) / 2 for k in (0, 1)]
            ways.append((_moved(own, step)[1], float(np.hypot(*step)), step, item["label"]))
    if not ways:
        return [0.5, 0.0], "–"
    _, _, step, label = min(ways)
    return step, classes[label]


@torch.inference_mode()
def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Move the picture so that another object lies where one was, and ask the same query again."""
    before = experiment.run(experiment.before(config), device=device)
    query = experiment.default_row(before)
    old = before.details["queries"][query]
    step, other = _step(before, query)
    loaded = zoo.get(experiment.CHECKPOINTS[config.model], device)
    pixels = for_model(find(config.picture).pixels, experiment.SIDES[config.model])
    shifts = [round(step[1] * pixels.shape[-2]), round(step[0] * pixels.shape[-1])]
    found, _ = loaded.module(
        pixels.roll(shifts, (-2, -1)).to(loaded.device), n_queries=experiment.MOST[config.model]
    )
    scores, labels = (v.cpu() for v in found.logits[-1, 0].sigmoid().max(-1))
    apart = (found.boxes[-1, 0, :, :2].cpu() - torch.tensor(_moved(old["box"], step)[0])).abs()
    near = (torch.minimum(apart, 1 - apart) < 0.1).all(-1)
    owns = near & (labels == old["label"]) & (scores >= config.threshold)
    return {
        "query": query,
        "label": before.details["classes"][old["label"]],
        "other": other,
        "now": before.details["classes"][int(labels[query])],
        "score": f"{float(scores[query]):.2f}",
        "answers": bool(scores[query] >= config.threshold),
        "followed": bool(owns[query]),
        "heir": str(int((scores * owns).argmax())) if bool(owns.any()) else "–",
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the second run bears out."""
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
    values = {
        "query": query,
        "head": head + 1,
        "share": f"{100 * found['in_box']:.0f}",
        "area": f"{100 * found['area']:.1f}",
    }
    answer = min(3, int(4 * found["in_box"]))
    return Question("s4_2.quiz.in_box", values, QUARTERS, answer)


def _without(config: experiment.Config, result: LessonResult, device: str) -> Question | None:
    """What happens to an object whose query is knocked out."""
    if not result.details["found"]:
        return None
    query = experiment.default_row(result)
    heir = views.without(experiment.before(config), query, device)["heir"]
    values = {"query": query, "heir": "–" if heir is None else heir}
    options = ("s4_2.quiz.without.heir", "s4_2.quiz.without.lost")
    return Question("s4_2.quiz.without", values, options, int(heir is None), option_keys=True)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    opened = selection or experiment.opened(result)
    made = (_owner(result), _in_box(result, opened), _without(config, result, device))
    return tuple(question for question in made if question is not None)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Lose half of what was found by temperature alone: who looks everywhere is blind."""
    bare = experiment.before(config)
    only = config == bare and dataclasses.replace(changes, temperature=1.0) == Intervention()
    before = len(experiment.run(bare, None, device).details["found"])
    now = len(result.details["found"])
    lost = (before - now) / max(1, before)
    reached = only and before >= 2 and lost >= 0.5
    values = {"before": before, "now": now, "goal": before // 2}
    progress = float(np.clip(2 * lost, 0, 1)) if only else 0.0
    return Challenge("s4_2.challenge", values, reached, 1.0 if reached else 0.99 * progress)
