"""Lesson 3.2: softmax(Q Kᵀ / √d_k) V on the learner's words, numbers, or random vectors."""

from dataclasses import replace
from typing import Any

import torch

from attn_core.attention.interventions import Intervention
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.lessons.s3_2_scaled_dot_product import steps as sdp
from attn_core.lessons.s3_2_scaled_dot_product.statistics import statistics
from attn_core.lessons.s3_2_scaled_dot_product.vectors import (
    D_KS,
    MASKS,
    SOURCES,
    TYPED,
    Config,
    Vectors,
    mask_of,
    vectors,
)

__all__ = ["D_KS", "MASKS", "SOURCES", "TYPED", "Config", "before", "opened", "run"]


def steps(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> tuple[sdp.StepResult, Vectors]:
    """Every step as a tensor, for "Take it apart".

    The steps, and the vectors they started from.
    """
    given = vectors(config, device)
    mask = mask_of(config, len(given.queries), len(given.keys))
    how = sdp.StepConfig(config.dtype, config.scaled)
    with torch.inference_mode():
        found = sdp.run(how, given.query, given.key, given.value, mask, intervention)
    return found, given


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Attention on the learner's input, and the statistics that scaling is about.

    One site, "sdp", one head.
    """
    found, given = steps(config, intervention, device)
    stats = statistics(found)
    measured: dict[str, Any] = {
        "d_k": found.query.shape[-1],
        "scale": found.scale,
        "raw_score_std": stats.raw_std,
        "scaled_score_std": stats.scaled_std,
        "score_std": found.tempered[found.tempered.isfinite()].double().std(correction=0),
        "entropy_bits": stats.entropy_bits.mean(),
        "max_entropy_bits": stats.max_entropy_bits,
        "max_weight": stats.max_weight.mean(),
        "jacobian_norm": stats.jacobian_norm.nanmedian(),
        "gradient_norm": stats.gradient_norm.nanmedian(),
        "non_finite": sum(count for _, count in found.non_finite),
        "error_against_float64": (found.weights.double() - found.reference_weights)
        .abs()
        .nan_to_num(posinf=1.0)
        .max(),
    }
    numbers = {name: float(value) for name, value in measured.items()}
    details: dict[str, Any] = {
        "n_left": given.n_left,
        "n_unknown": sum(piece == "[UNK]" for piece in given.queries),
        "n_scores": found.raw.numel(),
        "bad_scores": int((~found.tempered.isfinite()).sum()),
        "bad_rows": int(found.weights.isnan().any(-1).sum()),
        "non_finite": dict(found.non_finite),
        "row_entropy": [float(x) for x in stats.entropy_bits.nan_to_num()[:MAX_TOKENS]],
    }
    return LessonResult({sdp.SITE: found.trace}, given.queries, given.keys, numbers, details)


def before(config: Config) -> Config:
    """What "before" means: the same input, scaled, unmasked, in float32."""
    return replace(config, scaled=True, mask="none", radius=2, dtype="float32")


def default_row(result: LessonResult) -> int:
    """The row to open first: the word most sure of another word, markers left out."""
    weights = result.traces[sdp.SITE].weights[0, 0].float().nan_to_num().clone()
    if weights.shape[0] > MAX_TOKENS:
        return 0
    for names, axis in ((result.queries, 0), (result.keys, 1)):
        markers = [i for i, name in enumerate(names) if name in ("[CLS]", "[SEP]", ".")]
        weights.index_fill_(axis, torch.tensor(markers, dtype=torch.long), -1.0)
    weights.fill_diagonal_(-1.0)
    return int(weights.amax(dim=1).argmax())


def warm_up() -> None:
    """Run once on little, so that no learner waits for torch's first backward pass."""
    run(Config(source="random", n=4, d_k=4))


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return Selection(next(iter(result.traces)), 0, default_row(result))


def reading(result: LessonResult, query: int) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    Names and weights of the two strongest keys, and the row's entropy in bits.
    """
    trace = result.traces[sdp.SITE]
    query = min(max(query, 0), len(result.queries) - 1)
    row = trace.weights[0, 0, query].float().nan_to_num()
    order = row.argsort(descending=True).tolist()
    second = order[1] if len(order) > 1 else order[0]
    return {
        "query": result.queries[query],
        "key": result.keys[order[0]],
        "weight": float(row[order[0]]),
        "second": result.keys[second],
        "second_weight": float(row[second]),
        "entropy": abs(float((row * row.clamp_min(1e-30).log2()).sum())),
        "score": float(trace.scores[0, 0, query, order[0]]),
    }
