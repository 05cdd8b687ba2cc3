"""Sinusoidal code of two dimensions: half the channels say the row, half the column."""

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.layers.positional.sinusoidal import BASE, sinusoidal


def plane(
    rows: int, columns: int, d_model: int, base: float = BASE
) -> Float[Tensor, "row column d_model"]:
    """A code for each cell of a grid, as for the patches of a picture.

    Parameters
    ----------
    rows, columns : int
        Size of the grid, at least 1.
    d_model : int
        Channels, a multiple of 4.
    base : float
        At least 1.

    Returns
    -------
    Float[Tensor, "row column d_model"]
        In float64: the row's code in the first half, the column's in the second (Parmar et al.
        2018, section 3.1; Carion et al. 2020, appendix A.4).

    Raises
    ------
    ValueError
        If a size is below 1 or ``d_model`` no multiple of 4.

    Examples
    --------
    >>> plane(1, 2, 4).shape
    torch.Size([1, 2, 4])
    """
    if min(rows, columns) < 1:
        raise ValueError(f"the grid is {rows} × {columns}; both must be at least 1")
    if d_model < 4 or d_model % 4:
        raise ValueError(f"d_model is {d_model}; it must be a multiple of 4")
    down = sinusoidal(torch.arange(rows), d_model // 2, base)
    across = sinusoidal(torch.arange(columns), d_model // 2, base)
    return torch.cat(
        [down[:, None].expand(-1, columns, -1), across[None].expand(rows, -1, -1)], dim=-1
    )
