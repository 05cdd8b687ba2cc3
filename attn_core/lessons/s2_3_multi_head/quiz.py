"""Lesson 2.3's questions: what a head sees, and what cutting heads does."""

from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s2_3_multi_head import experiment

GUESSES = ("piece", "all", "own")
ACT: dict[str, Any] = {"part": "apart"}
MOST_CUT, MOVE = 6, 0.05
"""The challenge: at most so many heads cut, the similarity moved by so much."""


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Tokens that each head of the first layer gives weight to, and who hears a change."""
    return dict(experiment.reach(config, device))


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    if found["seen"] == found["tokens"]:
        return "all"
    return "own" if found["seen"] == 1 else "piece"


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    out = []
    opened = selection or experiment.opened(result)
    if opened.site not in result.traces:
        opened = experiment.opened(result)
    layer = int(opened.site.rpartition(".")[2])
    names = tuple(f"{i + 1}: {token}" for i, token in enumerate(result.keys))
    row = min(opened.query or 0, len(result.queries) - 1)
    if 2 <= len(names) <= 40:
        weights = result.traces[opened.site].weights[0, opened.head, row]
        values = {"query": result.queries[row], "layer": layer + 1, "head": opened.head + 1}
        out.append(Question("s2_3.quiz.where", values, names, int(weights.argmax())))
    trace = next(iter(result.traces.values()))
    d_head = trace.query.shape[-1]
    d_model = d_head * experiment.N_HEADS
    out.append(
        Question(
            "s2_3.quiz.channels",
            {"d_model": d_model, "heads": experiment.N_HEADS},
            (str(d_model), str(d_head), str(d_model * experiment.N_HEADS)),
            1,
        )
    )
    n = len(result.keys)
    options = tuple(dict.fromkeys((str(n), str(experiment.N_HEADS), str(n * n))))
    if len(options) == 3:
        out.append(Question("s2_3.quiz.rows", {"n": n}, options, 0))
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Move the two sentences apart, or together, with few cut heads."""
    cut = int(result.numbers["heads_cut"])
    only = 0 < cut <= MOST_CUT and not (
        changes.scores or changes.weights or changes.mask_cells or changes.tokens
    )
    only = only and changes.temperature == 1.0
    moved = 0.0
    if only:
        was = experiment.run(experiment.before(config), None, device).numbers["similarity"]
        moved = abs(result.numbers["similarity"] - was)
    return Challenge(
        "s2_3.challenge", {"most": MOST_CUT, "move": MOVE}, moved >= MOVE, min(1.0, moved / MOVE)
    )
