"""Where the scores of dot-product attention overflow, and where the softmax saturates long before.

Largest finite number of float16: 65 504; of bfloat16 and float32: 3.4e38. The product of unit
normal vectors has standard deviation √d_k, 64 at d_k = 4096: a thousandth of float16's bound.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.attention.functional import dot_product_scores
from attn_core.jobs.line import Report
from attn_core.lessons.s3_2_scaled_dot_product.steps import (
    D_K_BOUNDS,
    DTYPES,
    N_BOUNDS,
    STD_BOUNDS,
    StepConfig,
    bounded,
    random_qkv,
)

ORDERS = ("unscaled", "after", "before")
"""No scale; scale on the product; scale on the query before the product."""


@dataclass(frozen=True, slots=True)
class OverflowConfig:
    """The grid of an overflow sweep.

    Parameters
    ----------
    seed : int
        Of the random inputs.
    dtypes : tuple of str
        Formats, each one of ``DTYPES``.
    d_ks : tuple of int
        Sizes of queries and keys.
    stds : tuple of float
        Standard deviations of queries and keys.
    n : int
        Number of queries and of keys, at most 256.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    seed: int = 0
    dtypes: tuple[str, ...] = ("float16", "bfloat16", "float32")
    d_ks: tuple[int, ...] = (4, 16, 64, 256, 1024, 4096)
    stds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
    n: int = 64

    def __post_init__(self) -> None:
        for dtype in self.dtypes:
            StepConfig(dtype)
        for d_k in self.d_ks:
            bounded("d_k", d_k, D_K_BOUNDS)
        for std in self.stds:
            bounded("std", std, STD_BOUNDS)
        bounded("n", self.n, (N_BOUNDS[0], 256))


@dataclass(frozen=True, slots=True)
class OverflowRow:
    """One cell of the grid.

    Parameters
    ----------
    dtype, order : str
        Format, and one of ``ORDERS``.
    d_k : int
        Size of queries and keys.
    std : float
        Of queries and keys.
    non_finite : float
        Fraction of scores that are NaN or ±∞.
    non_finite_exp : float
        Fraction of exp(score) that is, computed in the format as a softmax would that did not take
        the row's largest score away first; every library's softmax does take it away.
    saturated : float
        Fraction of rows whose largest weight is above 0.99, in float64: what the same scores
        would give if nothing overflowed.
    """

    dtype: str
    order: str
    d_k: int
    std: float
    non_finite: float
    non_finite_exp: float
    saturated: float


def scores_in_order(
    query: Float[Tensor, "query d_head"], key: Float[Tensor, "key d_head"], order: str
) -> Float[Tensor, "query key"]:
    """Scores in the inputs' format, with the scale at one of three places.

    Examples
    --------
    >>> large = torch.full((1, 4), 200.0, dtype=torch.float16)
    >>> [scores_in_order(large, large, order).item() for order in ORDERS]
    [inf, inf, inf]
    >>> large = torch.full((1, 4), 150.0, dtype=torch.float16)
    >>> [scores_in_order(large, large, order).item() for order in ORDERS]
    [inf, inf, 44992.0]
    """
    scale = 1 / math.sqrt(query.shape[-1])
    if order == "unscaled":
        return dot_product_scores(query, key, 1.0)
    if order == "after":
        return dot_product_scores(query, key, scale)
    if order == "before":
        return dot_product_scores(query * scale, key, 1.0)
    raise ValueError(f"order is {order!r}; it must be one of {ORDERS}")


def _fraction(flags: Tensor) -> float:
    return float(flags.double().mean())


def overflow_sweep(config: OverflowConfig) -> tuple[OverflowRow, ...]:
    """Fractions of overflowing scores and of saturated rows over d_k and the inputs' spread.

    Examples
    --------
    >>> small = OverflowConfig(dtypes=("float16",), d_ks=(4096,), stds=(1.0,))
    >>> [row.non_finite for row in overflow_sweep(small)]
    [0.0, 0.0, 0.0]

    One for each format, d_k, spread and order.
    """
    rows = []
    for d_k in config.d_ks:
        for std in config.stds:
            query, key, _ = random_qkv(config.seed, config.n, config.n, d_k, std, "float64")
            largest = {
                order: torch.softmax(scores_in_order(query, key, order), -1).amax(-1)
                for order in ORDERS
            }
            for dtype in config.dtypes:
                q, k = query.to(DTYPES[dtype]), key.to(DTYPES[dtype])
                for order in ORDERS:
                    scores = scores_in_order(q, k, order)
                    rows.append(
                        OverflowRow(
                            dtype=dtype,
                            order=order,
                            d_k=d_k,
                            std=std,
                            non_finite=_fraction(~scores.isfinite()),
                            non_finite_exp=_fraction(~scores.exp().isfinite()),
                            saturated=_fraction(largest[order] > 0.99),
                        )
                    )
    return tuple(rows)


def sweep_job(report: Report, should_stop: Callable[[], bool]) -> tuple[OverflowRow, ...]:
    """The default sweep as a job, one standard deviation after the other.

    As ``overflow_sweep``.
    """
    rows: list[OverflowRow] = []
    stds = OverflowConfig().stds
    for i, std in enumerate(stds):
        if should_stop():
            break
        rows += overflow_sweep(OverflowConfig(stds=(std,)))
        report((i + 1) / len(stds), "shell.working")
    return tuple(rows)
