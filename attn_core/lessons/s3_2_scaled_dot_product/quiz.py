"""Lesson 3.2's questions: what scaling is for, and what the softmax makes of scores."""

import math
from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.lessons.s3_2_scaled_dot_product import experiment
from attn_core.lessons.s3_2_scaled_dot_product.steps import SITE

GUESSES = ("overflow", "saturation", "nothing")
ACT: dict[str, Any] = {"source": "random", "dk": 512, "scaled": False, "dtype": "float16"}
PREDICT_CONFIG = experiment.Config(source="random", d_k=512, scaled=False, dtype="float16")


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Scaling off at d_k = 512 in float16: count overflows, and measure how peaked rows become."""
    without = experiment.run(PREDICT_CONFIG, None, device).numbers
    scaled = experiment.Config(source="random", d_k=512, scaled=True, dtype="float16")
    with_scale = experiment.run(scaled, None, device).numbers
    return {
        "non_finite": int(without["non_finite"]),
        "entropy": round(without["entropy_bits"], 2),
        "scaled_entropy": round(with_scale["entropy_bits"], 2),
        "max_weight": round(without["max_weight"], 2),
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    if found["non_finite"]:
        return "overflow"
    return "saturation" if found["entropy"] < found["scaled_entropy"] / 2 else "nothing"


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    trace = result.traces[SITE]
    out = []
    n_keys = len(result.keys)
    row = min(3, len(result.queries) - 1)
    if 2 <= n_keys <= 32:
        keys = tuple(f"{i + 1}: {key}" for i, key in enumerate(result.keys))
        weights = trace.weights[0, 0, row].float().nan_to_num()
        values = {"query": result.queries[row], "row": row + 1}
        out.append(Question("s3_2.quiz.where", values, keys, int(weights.argmax())))
    d_k = int(result.numbers["d_k"])
    options = (f"{1 / d_k:.4g}", f"{1 / math.sqrt(d_k):.4g}", f"{math.sqrt(d_k):.4g}")
    if len(set(options)) == 3:
        out.append(Question("s3_2.quiz.scale", {"d_k": d_k}, options, 1))
    out.append(
        Question(
            "s3_2.quiz.temperature",
            {},
            (
                "s3_2.quiz.temperature.up",
                "s3_2.quiz.temperature.down",
                "s3_2.quiz.temperature.same",
            ),
            0,
            option_keys=True,
        )
    )
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """With scaling off and d_k of 256 or more, bring the entropy back up."""
    entropy, most = result.numbers["entropy_bits"], result.numbers["max_entropy_bits"]
    wide = config.source == "random" and config.d_k >= 256 and not config.scaled
    share = entropy / most if most else 0.0
    return Challenge(
        "s3_2.challenge",
        {"share": 85},
        wide and share >= 0.85,
        min(1.0, 0.3 * wide + 0.7 * share) if wide else 0.0,
    )
