"""Every step of softmax(Q Kᵀ / √d_k) V in a chosen number format (Vaswani et al. 2017, eq. 1).

What is shown is the real path: ``layers.scaled_dot_product`` makes scores, weights and output; the
raw and the masked product beside them are recomputed from the same inputs in the same format.
"""

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.attention.functional import dot_product_scores
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention
from attn_core.lessons.s3_2_scaled_dot_product.inputs import (
    D_K_BOUNDS,
    DTYPES,
    MAX_BYTES,
    N_BOUNDS,
    STD_BOUNDS,
    bounded,
    check_sizes,
    memory_estimate,
    random_qkv,
)

# What a page needs for these steps, from one place.
__all__ = [
    "DTYPES", "D_K_BOUNDS", "MAX_BYTES", "N_BOUNDS", "SITE", "STD_BOUNDS", "StepConfig",
    "StepResult", "bounded", "check_sizes", "memory_estimate", "random_qkv", "run",
]  # fmt: skip
SITE = "sdp"


@dataclass(frozen=True, slots=True)
class StepConfig:
    """How the steps are computed.

    Parameters
    ----------
    dtype : str
        One of ``DTYPES``; inputs are rounded to it and every step's result is kept in it.
    scaled : bool
        Whether the product is divided by √d_k.
    temperature : float
        Scores are divided by it, in [0.001, 1000]; multiplies an intervention's own.

    Raises
    ------
    ValueError
        If ``dtype`` is unknown or ``temperature`` out of its bound.
    """

    dtype: str = "float32"
    scaled: bool = True
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype is {self.dtype!r}; it must be one of {tuple(DTYPES)}")
        if not 1e-3 <= self.temperature <= 1e3:
            raise ValueError(f"temperature is {self.temperature}; it must be in [0.001, 1000]")

    def applied_to(self, intervention: Intervention | None) -> Intervention:
        """The intervention that also carries this configuration.

        Examples
        --------
        >>> StepConfig(scaled=False, temperature=2.0).applied_to(None).scale
        1.0
        """
        base = Intervention() if intervention is None else intervention
        scale = base.scale if base.scale is not None or self.scaled else 1.0
        return replace(base, scale=scale, temperature=base.temperature * self.temperature)


@dataclass(frozen=True, slots=True)
class StepResult:
    """All steps of one attention, in the order in which they are computed.

    Parameters
    ----------
    config, intervention : StepConfig, Intervention
        What was asked for.
    query, key, value : Float[Tensor, "length d_head"]
        Q, K and V rounded to the format.
    raw : Float[Tensor, "query key"]
        Q Kᵀ.
    scaled : Float[Tensor, "query key"]
        Q Kᵀ times the scale.
    tempered : Float[Tensor, "query key"]
        Divided by the temperature, with a learner's scores set: what the softmax gets.
    masked : Float[Tensor, "query key"]
        The same with −∞ where the mask forbids.
    weights : Float[Tensor, "query key"]
        Rows sum to 1, or to 0 where nothing may be attended to.
    output : Float[Tensor, "query d_value"]
        Weights times V.
    mask : Bool[Tensor, "query key"] or None
        ``True`` = may attend, knocked-out tokens and set cells included.
    trace : AttentionTrace
        The same for the viewer, batch 1 and head 1.
    reference_weights, reference_output : Float[Tensor, "query key"], Float[Tensor, "query d_value"]
        In float64 from the inputs before rounding.
    non_finite : tuple of (step, count)
        NaN and ±∞ in each step; −∞ on forbidden cells of ``masked`` is not counted.
    """

    config: StepConfig
    intervention: Intervention
    query: Float[Tensor, "query d_head"]
    key: Float[Tensor, "key d_head"]
    value: Float[Tensor, "key d_value"]
    raw: Float[Tensor, "query key"]
    scaled: Float[Tensor, "query key"]
    tempered: Float[Tensor, "query key"]
    masked: Float[Tensor, "query key"]
    weights: Float[Tensor, "query key"]
    output: Float[Tensor, "query d_value"]
    mask: Bool[Tensor, "query key"] | None
    trace: AttentionTrace
    reference_weights: Float[Tensor, "query key"]
    reference_output: Float[Tensor, "query d_value"]
    non_finite: tuple[tuple[str, int], ...]

    @property
    def scale(self) -> float:
        """The factor on the product, 1/√d_k unless it was changed."""
        chosen = self.intervention.scale
        return 1 / math.sqrt(self.query.shape[-1]) if chosen is None else chosen


def run(
    config: StepConfig,
    query: Float[Tensor, "query d_head"],
    key: Float[Tensor, "key d_head"],
    value: Float[Tensor, "key d_value"],
    mask: Bool[Tensor, "query key"] | None = None,
    intervention: Intervention | None = None,
) -> StepResult:
    """All steps of scaled dot-product attention (Vaswani et al. 2017, equation 1).

    Examples
    --------
    >>> run(StepConfig(), *random_qkv(0, 2, 3, 4)).weights.sum(-1).round().tolist()
    [1.0, 1.0]

    Every step as a tensor.
    """
    n_query, n_key = query.shape[0], key.shape[0]
    if query.shape[1] != key.shape[1] or n_key != value.shape[0]:
        shapes = tuple(tuple(t.shape) for t in (query, key, value))
        raise ValueError(f"shapes are {shapes}; they must be (q, d), (k, d), (k, v)")
    if mask is not None and mask.shape != (n_query, n_key):
        raise ValueError(f"mask is {tuple(mask.shape)}; it must be {(n_query, n_key)}")
    check_sizes(n_query, n_key, query.shape[1], value.shape[1], config.dtype)
    applied = config.applied_to(intervention)
    allowed = None if mask is None else mask[None, None]  # (q, k) -> (1, 1, q, k)

    def attention(dtype: torch.dtype) -> tuple[Tensor, AttentionTrace]:
        q, k, v = (t.to(dtype)[None, None] for t in (query, key, value))  # (l, d) -> (1, 1, l, d)
        return scaled_dot_product_attention(q, k, v, allowed, site=SITE, intervention=applied)

    output, trace = attention(DTYPES[config.dtype])
    reference, exact = attention(torch.float64)
    q, k = trace.query[0, 0], trace.key[0, 0]
    used = None if trace.mask is None else trace.mask[0, 0]
    tempered = trace.scores[0, 0]
    steps = {
        "raw": dot_product_scores(q, k, 1.0),
        "scaled": dot_product_scores(q, k, applied.scale),
        "tempered": tempered,
        "masked": tempered if used is None else tempered.masked_fill(~used, -math.inf),
        "weights": trace.weights[0, 0],
        "output": output[0, 0],
    }
    counts = {name: int((~step.isfinite()).sum()) for name, step in steps.items()}
    if used is not None:
        counts["masked"] = int((~tempered.isfinite() & used).sum())
    return StepResult(
        config=config,
        intervention=applied,
        query=q,
        key=k,
        value=trace.value[0, 0],
        mask=used,
        trace=trace,
        reference_weights=exact.weights[0, 0],
        reference_output=reference[0, 0],
        non_finite=tuple(counts.items()),
        **steps,
    )
