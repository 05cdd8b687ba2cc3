"""Lesson 2.1's questions: where words look, and whether a large weight means an important word."""

from typing import Any

import torch

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s2_1_self_attention import experiment
from attn_core.lessons.s2_1_self_attention.evidence import scores
from attn_core.models.sentiment import POOL

GUESSES = ("most", "less", "nothing")
ACT: dict[str, Any] = {"part": "apart"}
LITTLE = 0.02
"""A fall of the probability below this counts as next to nothing."""


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Hide each token in turn, and rank the loss of the one with the largest pooling weight."""
    reader = experiment.read(config, device)
    found, _ = scores(reader)
    places = reader.places
    top = max(places, key=lambda i: found["attention"][i])
    order = sorted(places, key=lambda i: -found["occlusion"][i])
    return {
        "word": reader.tokens[top],
        "weight": found["attention"][top],
        "fall": f"{found['occlusion'][top]:.3f}",
        "other": reader.tokens[order[0]],
        "other_fall": f"{found['occlusion'][order[0]]:.3f}",
        "rank": order.index(top) + 1,
        "n": len(places),
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    if float(found["fall"]) < LITTLE:
        return "nothing"
    return "most" if found["rank"] == 1 else "less"


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    out = []
    opened = selection or experiment.opened(result)
    if opened.site not in result.traces or opened.site == POOL:
        opened = experiment.opened(result)
    weights = result.traces[opened.site].weights[0, opened.head]
    names = tuple(f"{i + 1}: {token}" for i, token in enumerate(result.keys))
    row = min(opened.query or 0, len(result.queries) - 1)
    if 2 <= len(names) <= 40:
        values = {
            "query": result.queries[row],
            "layer": int(opened.site.rpartition(".")[2]) + 1,
            "head": opened.head + 1,
        }
        out.append(Question("s2_1.quiz.where", values, names, int(weights[row].argmax())))
        pool = torch.tensor(result.details["pool"])
        out.append(Question("s2_1.quiz.pool", {}, names, int(pool.argmax())))
    n = len(names)
    options = tuple(dict.fromkeys((str(n), str(n * n), str(2 * n))))
    if len(options) == 3:
        out.append(Question("s2_1.quiz.cells", {"n": n}, options, 1))
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Turn the verdict round with one single cut."""
    one = len(changes.tokens) + len(changes.heads) == 1
    one &= not (changes.scores or changes.weights or changes.mask_cells)
    one &= changes.temperature == 1.0
    bare = experiment.run(config, None, device) if changes else result
    was = bare.numbers["positive"]
    now = result.numbers["positive"]
    turned = (was >= 0.5) != (now >= 0.5)
    toward = (was - now) * (1 if was >= 0.5 else -1)
    way = min(1.0, max(0.0, toward / max(1e-6, abs(was - 0.5))))
    return Challenge("s2_1.challenge", {}, one and turned, way if one else 0.0)
