"""One head's map as numbers that a browser can compute with: scores, not a picture.

A score is sent as (score − the row's largest allowed score), which is all that the normaliser looks
at: as float32 in a small map, as float16 in a larger one. Near the row's maximum, where weights are
large, float16 is finest. The weights that come out are off by at most ``TOLERANCE`` (``EXACT`` in a
small map); a cell for which that would not hold (its weight was set, or a head was cut) is sent
beside, exactly.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from attn_core.attention.trace import AttentionTrace

MOST = 128 * 128
"""Cells of a map that is sent this way."""

SMALL = 32 * 32
"""Cells of a map whose scores are sent as float32."""

TOLERANCE = 1.4e-4
"""Largest error of a decoded weight: half a float16 step below 1, times the weight there."""

EXACT = 2e-6
"""Largest error of a decoded weight of a small map."""


@dataclass(frozen=True)
class Fine:
    """A head's map, encoded.

    Parameters
    ----------
    relative : NDArray[np.float32] or NDArray[np.float16], shape (query, key)
        Score minus ``top``; a sigmoid's raw score.
    plain : bool
        Whether these are the trace's own scores; else they are read off the weights, so that those
        come out right.
    allowed : Bool[np.ndarray, "query key"]
        What the mask lets through.
    top : Float[np.ndarray, "query"]
        The largest allowed score of each row; 0 where it is no number, or under a sigmoid.
    total : Float[np.ndarray, "query"]
        What each row's weights sum to, before the exact cells are put in.
    sigmoid : bool
        Whether each score becomes a weight on its own.
    exact_at : NDArray[np.uint32]
        Cells (query · n_key + key) that are sent exactly.
    exact : NDArray[np.float32]
        Their weights.
    """

    relative: NDArray[np.float32] | NDArray[np.float16]
    plain: bool
    allowed: NDArray[np.bool_]
    top: NDArray[np.float32]
    total: NDArray[np.float32]
    sigmoid: bool
    exact_at: NDArray[np.uint32]
    exact: NDArray[np.float32]


def decode(fine: Fine) -> Float[np.ndarray, "query key"]:
    """The weights that ``assets/viewer/unpack.js`` computes from an encoded map.

    Parameters
    ----------
    fine : Fine
        From ``encode``.

    Returns
    -------
    Float[np.ndarray, "query key"]
        Weights; NaN where scores overflowed.
    """
    x = fine.relative.astype(np.float32)
    with np.errstate(all="ignore"):
        if fine.sigmoid:
            weights = np.where(fine.allowed, 1 / (1 + np.exp(-x)), 0)
        else:
            grown = np.where(fine.allowed, np.exp(x), 0)
            sums = grown.sum(-1, keepdims=True)
            weights = np.where(sums == 0, 0, grown / sums) * fine.total[:, None]
    weights = weights.astype(np.float32)
    weights.flat[fine.exact_at] = fine.exact
    return weights


def _relative(
    scores: Float[np.ndarray, "query key"],
    weights: Float[np.ndarray, "query key"],
    allowed: Bool[np.ndarray, "query key"],
    top: Float[np.ndarray, "query"],
    by_weight: bool,
) -> NDArray[np.float32]:
    """Scores relative to the row's top; ``by_weight`` reads those that count off the weights."""
    x = scores - top[:, None]
    if by_weight:
        largest = weights.max(-1, keepdims=True)
        x = np.where(allowed & (weights > 0), np.log(weights) - np.log(largest), np.minimum(x, -17))
    return x


def encode(trace: AttentionTrace, head: int) -> Fine:
    """Encode one head of a trace's first example.

    Parameters
    ----------
    trace : AttentionTrace
        Of at most ``MOST`` query-key pairs.
    head : int
        Which head.

    Returns
    -------
    Fine
        What ``decode`` turns back into the trace's weights, to ``TOLERANCE`` or ``EXACT``.
    """
    scores = trace.scores[0, head].float().cpu().numpy()
    weights = trace.weights[0, head].float().cpu().numpy()
    shape = trace.weights.shape
    if trace.mask is None:
        allowed = np.ones(scores.shape, bool)
    else:
        allowed = trace.mask.expand(shape[0], *shape[1:])[0, head].cpu().numpy()
    sigmoid = trace.normaliser == "sigmoid"
    half = trace.scores.dtype in (torch.float16, torch.bfloat16)
    with np.errstate(all="ignore"):
        if sigmoid:
            top = np.zeros(len(scores), np.float32)
            x, plain = scores, not half
            if half:  # the weight is nearer to what was computed than the stored score is
                open_ = allowed & (weights > 0) & (weights < 1)
                x = np.where(open_, np.log(weights) - np.log1p(-weights), scores)
        else:
            top = np.where(allowed, scores, -np.inf).max(-1, initial=-np.inf)
            top = np.where(np.isfinite(top), top, 0).astype(np.float32)
            # Stored in 16 bits, scores and weights disagree: the weights are what is shown.
            plain = not half and trace.normaliser == "softmax"
            x = _relative(scores, weights, allowed, top, not plain)
        small = weights.size <= SMALL
        relative = x.astype(np.float32) if small else x.astype(np.float16)
    total = np.nan_to_num(weights.sum(-1), nan=1.0).astype(np.float32)
    nothing = (np.zeros(0, np.uint32), np.zeros(0, np.float32))
    rough = Fine(relative, plain, allowed, top, total, sigmoid, *nothing)
    found = decode(rough)
    near = np.abs(found - weights) <= 0.9 * (EXACT if small else TOLERANCE)
    at = np.flatnonzero(~(near | (np.isnan(weights) & np.isnan(found)))).astype(np.uint32)
    exact = weights.flat[at].astype(np.float32)
    return Fine(relative, plain, allowed, top, total, sigmoid, at, exact)
