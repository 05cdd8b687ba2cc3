"""Maps to bytes: pooled by maximum to the screen's resolution, then 8 bits a cell."""

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

MASKED = 255
"""The byte of a cell where nothing may be attended to."""


def max_pool(
    weights: Float[Tensor, "*head query key"], rows: int, columns: int
) -> Float[Tensor, "*head row column"]:
    """The maximum over equal blocks, so that peaks survive; as it is where it fits.

    Parameters
    ----------
    weights : Float[Tensor, "*head query key"]
        Maps.
    rows, columns : int
        Most rows and columns to keep, at least 1.

    Returns
    -------
    Float[Tensor, "*head row column"]
        At most ``rows`` × ``columns``.

    Examples
    --------
    >>> max_pool(torch.eye(4), 2, 2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    n_query, n_key = weights.shape[-2:]
    for axis, size, kept in ((-2, n_query, rows), (-1, n_key, columns)):
        if kept < size:
            # Block i covers floor(i·n/kept) up to floor((i+1)·n/kept).
            starts = np.arange(kept) * size // kept
            pooled = np.maximum.reduceat(weights.cpu().numpy(), starts, axis=axis)
            weights = torch.from_numpy(pooled)
    return weights


def quantise(
    weights: Float[Tensor, "*head query key"],
    mask: Bool[Tensor, "*#head query key"] | None,
    maximum: float,
    rows: int,
    columns: int,
) -> UInt8[np.ndarray, "*head row column"]:
    """Weights as bytes, pooled; 255 where nothing of a cell may be attended to, or is a number.

    Parameters
    ----------
    weights : Float[Tensor, "*head query key"]
        Maps.
    mask : Bool[Tensor, "*#head query key"], optional
        ``True`` = may attend.
    maximum : float
        The weight that becomes 254.
    rows, columns : int
        Most rows and columns to keep.

    Returns
    -------
    UInt8[np.ndarray, "*head row column"]
        Off by at most half of ``maximum / 254``.
    """
    weights = weights.float()
    broken = weights.isnan()
    if broken.any():  # overflowed: hatched, for white would say "no attention"
        mask = ~broken if mask is None else mask & ~broken
    weights = torch.nan_to_num(weights, nan=0.0, posinf=maximum, neginf=0.0)
    pooled = max_pool(weights, rows, columns).clamp(0, maximum)
    levels = (pooled / maximum * 254).round().to(torch.uint8) if maximum > 0 else pooled.byte()
    if mask is not None:
        shape = (*mask.shape[:-2], *weights.shape[-2:])  # often one mask for all heads
        allowed = max_pool(mask.expand(shape).float(), rows, columns) > 0
        levels = levels.masked_fill(~allowed, MASKED)
    return levels.cpu().numpy()
