"""Lesson 2.2's questions: what a shuffle, a shift and a base do to attention."""

from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s2_2_positional_encoding import experiment

GUESSES = ("weaker", "other", "same")
ACT: dict[str, Any] = {"position": "none", "order": "shuffled"}
SAME = 1e-5
"""Weights that differ by less are the same up to the last bits of float32."""


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Shuffle a sentence without a position code and with MiniLM's own, and compare all pairs."""
    gaps = {
        kind: experiment.run(
            experiment.Config(text=config.text, kind=kind, seed=config.seed), None, device
        ).numbers["order_gap"]
        for kind in ("none", "learned")
    }
    return {
        "gap": f"{gaps['none']:.1e}",
        "raw": gaps["none"],
        "own": f"{gaps['learned']:.2f}",
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    return "same" if found["raw"] < SAME else "other"


def _gap(value: float) -> str:
    """A difference of weights; what is rounding alone, by its power of ten."""
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    out = []
    yes_no = ("s2_2.quiz.yes", "s2_2.quiz.no")
    if 4 <= len(result.keys) <= 32:
        row = min(3, len(result.queries) - 1)
        weights = result.traces[experiment.SITE].weights[0, 0, row].float().nan_to_num()
        keys = tuple(f"{config.shift + i}: {key}" for i, key in enumerate(result.keys))
        values = {"query": result.queries[row], "row": config.shift + row}
        out.append(Question("s2_2.quiz.where", values, keys, int(weights.argmax())))
    twins = result.details["twins"]
    if twins:
        same = twins["gap"] < SAME
        values = {"word": twins["word"], "n": twins["n"], "gap": _gap(twins["gap"])}
        out.append(Question("s2_2.quiz.twins", values, yes_no, 0 if same else 1, option_keys=True))
    gap = result.numbers["shift_gap"]
    values = {"gap": _gap(gap), "start": result.details["start"], "now": config.shift}
    out.append(
        Question("s2_2.quiz.shift", values, yes_no, 1 if gap < SAME else 0, option_keys=True)
    )
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Find the base at which a far place looks nearer than the next one."""
    waves = config.kind in ("sinusoidal", "rotary")
    near, far = result.details["near"], result.details["far"]
    values = {
        "least": experiment.FAR,
        "near": f"{near:.2f}",
        "far": f"{far:.2f}",
        "distance": result.details["far_distance"],
    }
    share = max(0.0, far) / near if near > 0 else 0.0
    return Challenge(
        "s2_2.challenge", values, waves and far > near, min(1.0, share) if waves else 0.0
    )
