"""What d_k does to scores, softmax and gradient: the numbers beside the steps of lesson 3.2."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.layers.scaled_dot_product import scaled_dot_product_attention
from attn_core.lessons.s3_2_scaled_dot_product.steps import (
    SITE,
    StepConfig,
    StepResult,
    random_qkv,
    run,
)

D_K_GRID: tuple[int, ...] = tuple(2**i for i in range(2, 13))
"""4 to 4096, each twice the one before."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers about one run, all in float64 whatever the run's format.

    Parameters
    ----------
    raw_mean, raw_std : float
        Of Q Kᵀ over all finite cells.
    raw_theory : float
        σ_q σ_k √d_k, from the inputs' root mean squares: √d_k for unit variance (Vaswani et al.
        2017, footnote 4).
    scaled_std, scaled_theory : float
        The same after the scale: 1 for unit variance and 1/√d_k.
    entropy_bits : Float[Tensor, "query"]
        Of each row of weights; 0 log 0 = 0.
    max_weight : Float[Tensor, "query"]
        The largest of each row.
    jacobian_norm : Float[Tensor, "query"]
        ‖diag(p) − p pᵀ‖, Frobenius: what the softmax lets through of a change of its scores.
    gradient_norm : Float[Tensor, "query"]
        ‖∂L/∂q‖ of each query by autograd in the run's format, L = ½ ‖output‖². Without the scale
        most are next to nothing and a few, at near-ties, are large: look at the median.
    max_entropy_bits : float
        log₂ of the number of keys.
    """

    raw_mean: float
    raw_std: float
    raw_theory: float
    scaled_std: float
    scaled_theory: float
    entropy_bits: Float[Tensor, "query"]
    max_weight: Float[Tensor, "query"]
    jacobian_norm: Float[Tensor, "query"]
    gradient_norm: Float[Tensor, "query"]
    max_entropy_bits: float


def entropy_bits(weights: Float[Tensor, "*batch key"]) -> Float[Tensor, "*batch"]:
    """Shannon entropy of each row in bits, −Σ p log₂ p with 0 log 0 = 0.

    Examples
    --------
    >>> entropy_bits(torch.tensor([0.5, 0.5, 0.0])).item()
    1.0
    """
    return torch.special.entr(weights).sum(-1) / math.log(2)


def jacobian_norm(weights: Float[Tensor, "*batch key"]) -> Float[Tensor, "*batch"]:
    """Frobenius norm of the softmax Jacobian diag(p) − p pᵀ of each row.

    Examples
    --------
    >>> round(jacobian_norm(torch.tensor([0.5, 0.5])).item(), 6)
    0.5
    """
    squares = weights.square()
    # pᵢ(1 − pᵢ) loses all digits near p = 1 unless 1 − pᵢ is summed from the others.
    top = weights.argmax(-1, keepdim=True)
    rest = weights.scatter(-1, top, 0.0).sum(-1, keepdim=True)
    others = (1 - weights).scatter(-1, top, rest)
    diagonal = (weights * others).square().sum(-1)
    # Off the diagonal: Σᵢ pᵢ² (Σⱼ pⱼ² − pᵢ²), the largest taken out of its own sum as above.
    total = squares.sum(-1, keepdim=True)
    besides = (total - squares).scatter(
        -1, top, squares.scatter(-1, top, 0.0).sum(-1, keepdim=True)
    )
    return (diagonal + (squares * besides.clamp_min(0)).sum(-1)).sqrt()


def gradient_norm(result: StepResult) -> Float[Tensor, "query"]:
    """‖∂L/∂q‖ of each query by autograd through the real layer, L = ½ ‖output‖².

    Examples
    --------
    >>> gradient_norm(run(StepConfig(), *random_qkv(0, 2, 1, 4))).tolist()
    [0.0, 0.0]
    """
    with torch.inference_mode(False), torch.enable_grad():
        q, k, v = (t.clone()[None, None] for t in (result.query, result.key, result.value))
        q.requires_grad_()
        mask = None if result.mask is None else result.mask.clone()[None, None]
        output, _ = scaled_dot_product_attention(
            q, k, v, mask, site=SITE, intervention=result.intervention
        )
        loss = output.square().sum() / 2
        (gradient,) = torch.autograd.grad(loss, q)
    return gradient[0, 0].double().norm(dim=-1)


def _spread(step: Tensor) -> tuple[float, float]:
    finite = step[step.isfinite()].double()
    if finite.numel() == 0:
        return math.nan, math.nan
    return float(finite.mean()), float(finite.std(correction=0))


def statistics(result: StepResult) -> Statistics:
    """Score spread against theory, entropy, saturation and gradient of one run.

    Examples
    --------
    >>> statistics(run(StepConfig(), *random_qkv(0, 2, 1, 4))).entropy_bits.tolist()
    [0.0, 0.0]
    """
    raw_mean, raw_std = _spread(result.raw)
    _, scaled_std = _spread(result.scaled)
    root_mean_squares = [t.double().square().mean().sqrt() for t in (result.query, result.key)]
    theory = float(math.prod(root_mean_squares)) * math.sqrt(result.query.shape[-1])
    weights = result.weights.double()
    return Statistics(
        raw_mean=raw_mean,
        raw_std=raw_std,
        raw_theory=theory,
        scaled_std=scaled_std,
        scaled_theory=theory * result.scale,
        entropy_bits=entropy_bits(weights),
        max_weight=weights.amax(-1),
        jacobian_norm=jacobian_norm(weights),
        gradient_norm=gradient_norm(result),
        max_entropy_bits=math.log2(weights.shape[-1]),
    )


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One d_k of a sweep.

    Parameters
    ----------
    d_k : int
        Size of queries and keys.
    score_std : float
        Of the scores that the softmax gets.
    entropy_bits, max_weight : float
        Means over the rows of weights.
    jacobian_norm, gradient_norm : float
        Medians over the queries, as in ``Statistics``.
    jacobian_norm_mean, gradient_norm_mean : float
        Their means: those of the few near-ties.
    """

    d_k: int
    score_std: float
    entropy_bits: float
    max_weight: float
    jacobian_norm: float
    gradient_norm: float
    jacobian_norm_mean: float
    gradient_norm_mean: float


def dk_sweep(
    seed: int,
    scaled: bool,
    temperature: float = 1.0,
    d_ks: tuple[int, ...] = D_K_GRID,
    n: int = 64,
    std: float = 1.0,
    dtype: str = "float32",
) -> tuple[SweepRow, ...]:
    """How scores, weights and gradient change with d_k, with the scale or without it.

    Examples
    --------
    >>> [row.d_k for row in dk_sweep(0, True, d_ks=(4, 8))]
    [4, 8]

    One for each d_k, in order.
    """
    config = StepConfig(dtype, scaled, temperature)
    rows = []
    for d_k in d_ks:
        result = run(config, *random_qkv(seed, n, n, d_k, std, dtype))
        found = statistics(result)
        rows.append(
            SweepRow(
                d_k=d_k,
                score_std=_spread(result.tempered)[1],
                entropy_bits=float(found.entropy_bits.mean()),
                max_weight=float(found.max_weight.mean()),
                jacobian_norm=float(found.jacobian_norm.median()),
                gradient_norm=float(found.gradient_norm.median()),
                jacobian_norm_mean=float(found.jacobian_norm.mean()),
                gradient_norm_mean=float(found.gradient_norm.mean()),
            )
        )
    return tuple(rows)
