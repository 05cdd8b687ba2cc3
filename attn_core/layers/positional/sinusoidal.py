"""Sinusoidal position code (Vaswani et al. 2017, section 3.5), and the matrix that shifts it."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

BASE = 10_000.0


def frequencies(width: int, base: float = BASE) -> Float[Tensor, "pair"]:
    """Radians that each pair of channels turns from one position to the next.

    Parameters
    ----------
    width : int
        Channels; even, at least 2.
    base : float
        The paper's 10000, at least 1.

    Returns
    -------
    Float[Tensor, "pair"]
        ω_i = base^(−2i / width) in float64, the fastest first.

    Raises
    ------
    ValueError
        If ``width`` is odd or below 2, or ``base`` below 1.

    Examples
    --------
    >>> frequencies(4, 100.0).tolist()
    [1.0, 0.1]
    """
    if width < 2 or width % 2:
        raise ValueError(f"width is {width}; it must be even and at least 2")
    if not base >= 1:
        raise ValueError(f"base is {base}; it must be at least 1")
    pair = torch.arange(width // 2, dtype=torch.float64)
    return base ** (-2 * pair / width)


def sinusoidal(
    positions: Shaped[Tensor, "position"], d_model: int, base: float = BASE
) -> Float[Tensor, "position d_model"]:
    """PE(p, 2i) = sin(ω_i p), PE(p, 2i + 1) = cos(ω_i p).

    Parameters
    ----------
    positions : Shaped[Tensor, "position"]
        Any numbers, whole or not.
    d_model : int
        Channels; even, at least 2.
    base : float
        At least 1; 2π · base is nearly the longest wave.

    Returns
    -------
    Float[Tensor, "position d_model"]
        In float64; every row has length √(d_model / 2).

    Raises
    ------
    ValueError
        As ``frequencies``.

    Examples
    --------
    >>> sinusoidal(torch.tensor([0]), 4).tolist()
    [[0.0, 1.0, 0.0, 1.0]]
    """
    angles = positions.double()[:, None] * frequencies(d_model, base).to(positions.device)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)  # (p, i, 2) -> (p, 2·i)


def shift_matrix(
    steps: float, d_model: int, base: float = BASE
) -> Float[Tensor, "d_model d_model"]:
    """The matrix M_k with M_k · PE(p) = PE(p + k) for every p: one rotation for each pair.

    Parameters
    ----------
    steps : float
        k, how far to shift.
    d_model : int
        Channels.
    base : float
        The code's.

    Returns
    -------
    Float[Tensor, "d_model d_model"]
        Block-diagonal in float64; it does not depend on p. That is why the paper expected a model
        to learn to attend by relative position.

    Raises
    ------
    ValueError
        As ``frequencies``.

    Examples
    --------
    >>> shift_matrix(0, 2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    angles = steps * frequencies(d_model, base)
    sine, cosine = angles.sin(), angles.cos()
    blocks = torch.stack([cosine, sine, -sine, cosine], -1).unflatten(-1, (2, 2))
    return torch.block_diag(*(block + 0.0 for block in blocks))
