"""A picture as photograph models read it: its longer side fixed, its shape nearly kept."""

import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from torch import Tensor, nn

STEP = 16
"""Pixels of a patch; it divides both sides."""


def grid_of(width: int, height: int, side: int) -> tuple[int, int]:
    """Patches down and across for a picture whose longer side becomes ``side``.

    Parameters
    ----------
    width, height : int
        Pixels of the picture, at least 1.
    side : int
        Pixels; 16 divides it.

    Returns
    -------
    rows, columns : int
        At least 2 each, so that a thread-like picture still has something to look at.

    Examples
    --------
    >>> grid_of(640, 480, 256)
    (12, 16)
    >>> grid_of(1, 60_000, 256)
    (16, 2)
    """
    longest = max(width, height)
    across = max(2, round(side * width / longest / STEP))
    down = max(2, round(side * height / longest / STEP))
    return down, across


def for_model(
    pixels: UInt8[ndarray, "row column 3"], side: int
) -> Float[Tensor, "1 3 model_row model_column"]:
    """Bring a picture to the size that a model reads.

    Parameters
    ----------
    pixels : UInt8[ndarray, "row column 3"]
        Red, green and blue.
    side : int
        Longer side in pixels; 16 divides it. The shorter one is rounded to a multiple of 16, so
        that the picture is stretched a little rather than cut.

    Returns
    -------
    Float[Tensor, "1 3 model_row model_column"]
        In [0, 1].
    """
    rows, columns = grid_of(pixels.shape[1], pixels.shape[0], side)
    x = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    size = (rows * STEP, columns * STEP)
    return nn.functional.interpolate(
        x, size=size, mode="bilinear", align_corners=False, antialias=True
    ).clamp(0, 1)
