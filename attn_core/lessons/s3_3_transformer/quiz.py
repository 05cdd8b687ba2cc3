"""Lesson 3.3's questions: where a step looks, how far it may, what the encoder hands on."""

from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s3_3_transformer import experiment

GUESSES = ("one", "token", "head")
ACT: dict[str, Any] = {}
MOST = 2
"""The challenge: at most so many changes of the cross-attention."""


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Count the vectors that the decoder may look at, and those it looks at most."""
    result = experiment.run(config, None, device)
    weights = result.traces[experiment.cross_of(result)].weights[0]
    return {
        "n": weights.shape[-1],
        "heads": weights.shape[0],
        "used": len(set(weights.argmax(-1).flatten().tolist())),
        "steps": weights.shape[1],
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    if found["n"] == 1:
        return "one"
    return "token" if found["used"] > 1 else "head"


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    opened = selection or experiment.opened(result)
    if not opened.site.endswith("cross"):
        opened = experiment.opened(result)
    weights = result.traces[opened.site].weights[0, opened.head]
    steps, n = weights.shape
    row = min(opened.query or 0, steps - 1)
    out = []
    if 2 <= n <= 40 and float(weights[row].sum()):  # a head that is cut looks nowhere
        names = tuple(f"{i + 1}: {key}" for i, key in enumerate(result.keys))
        values = {
            "token": result.queries[row],
            "step": row + 1,
            "head": opened.head + 1,
            "layer": int(opened.site.split(".")[1]) + 1,
        }
        out.append(Question("s3_3.quiz.where", values, names, int(weights[row].argmax())))
    step = max(2, steps // 2)
    own = result.traces[opened.site.replace("cross", "self")]
    if own.mask is not None and steps > 2:
        seen = int(own.mask.expand(1, 1, steps, steps)[0, 0, step - 1].sum())
        options = tuple(dict.fromkeys((str(seen), str(steps + 1), str(1))))
        out.append(Question("s3_3.quiz.masked", {"step": step, "steps": steps}, options, 0))
    options = tuple(dict.fromkeys(("1", str(n), str(n * steps))))
    if len(options) == 3:
        out.append(Question("s3_3.quiz.vectors", {"n": n}, options, 1))
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Change the translation through the cross-attention alone."""
    sites = [s for s, _ in changes.tokens + changes.heads]
    sites += [c.site for c in changes.scores + changes.mask_cells + changes.weights]
    only = 0 < len(sites) <= MOST and all(s.endswith("cross") for s in sites)
    only = only and changes.temperature == 1.0 and config == experiment.before(config)
    moved = only and (result.details["ids"] != experiment.run(config, None, device).details["ids"])
    return Challenge("s3_3.challenge", {"most": MOST}, moved, 0.5 * only + 0.5 * moved)
