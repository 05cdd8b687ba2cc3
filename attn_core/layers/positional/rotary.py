"""Rotary positions (RoFormer, Su et al. 2021, equation 34): queries and keys are turned."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from attn_core.layers.positional.sinusoidal import BASE, frequencies


def rotate(
    x: Float[Tensor, "*batch position d_head"],
    positions: Shaped[Tensor, "position"],
    base: float = BASE,
) -> Float[Tensor, "*batch position d_head"]:
    """Turn each pair of channels of the vector at position p by the angle ω_i p.

    Parameters
    ----------
    x : Float[Tensor, "*batch position d_head"]
        Queries or keys; nothing else is turned, values least of all.
    positions : Shaped[Tensor, "position"]
        Their places.
    base : float
        As in the sinusoidal code, whose frequencies these are.

    Returns
    -------
    Float[Tensor, "*batch position d_head"]
        Of the same lengths as before. The product of a turned query at p and a turned key at q
        depends on q − p alone.

    Raises
    ------
    ValueError
        If ``d_head`` is odd, or ``base`` below 1.

    Notes
    -----
    Pairs are neighbours (0, 1), (2, 3), … as in the paper; some code pairs channel i with
    i + d_head / 2, which is the same up to an order of channels.

    Examples
    --------
    >>> rotate(torch.tensor([[1.0, 0.0]]), torch.tensor([0])).tolist()
    [[1.0, 0.0]]
    """
    omega = frequencies(x.shape[-1], base).to(x.device)
    angles = positions.to(x.device).double()[:, None] * omega
    cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], dim=-1)
    return turned.flatten(-2)  # (…, p, i, 2) -> (…, p, 2·i)
