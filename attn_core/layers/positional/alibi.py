"""ALiBi, attention with linear biases (Press et al. 2022): what is far scores less."""

import math

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def slopes(n_heads: int) -> Float[Tensor, "head"]:
    """One fixed slope for each head: 2^(−8/n), 2^(−16/n), … for n heads.

    Parameters
    ----------
    n_heads : int
        At least 1. Where it is no power of two, the missing ones come from between, every other
        one of the next power of two, as in the authors' code.

    Returns
    -------
    Float[Tensor, "head"]
        In (0, 1), steepest first.

    Raises
    ------
    ValueError
        If ``n_heads`` is below 1.

    Examples
    --------
    >>> slopes(4).tolist()
    [0.25, 0.0625, 0.015625, 0.00390625]
    """
    if n_heads < 1:
        raise ValueError(f"n_heads is {n_heads}; it must be at least 1")
    near = 2 ** math.floor(math.log2(n_heads))
    found = [2 ** (-8 * (h + 1) / near) for h in range(near)]
    between = [2 ** (-4 * (h + 1) / near) for h in range(0, 2 * (n_heads - near), 2)]
    return torch.tensor(found + between)


def alibi_bias(
    queries: Shaped[Tensor, "query"], keys: Shaped[Tensor, "key"], n_heads: int
) -> Float[Tensor, "head query key"]:
    """−m_h · |p − q|, to be added to the scaled scores.

    Parameters
    ----------
    queries, keys : Shaped[Tensor, "position"]
        Their places.
    n_heads : int
        At least 1.

    Returns
    -------
    Float[Tensor, "head query key"]
        Zero on the diagonal. The paper has it under a causal mask, where only keys before the query
        are left. Without that mask it tells how far a key is, and not on which side.

    Examples
    --------
    >>> alibi_bias(torch.tensor([0, 1]), torch.tensor([0, 2]), 1).tolist()
    [[[-0.0, -0.0078125], [-0.00390625, -0.00390625]]]
    """
    distance = (keys[None, :] - queries[:, None]).abs()
    return -slopes(n_heads).to(keys.device)[:, None, None] * distance
