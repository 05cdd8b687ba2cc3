"""Masks told block by block, never as a whole map."""

from collections.abc import Callable

import torch
from jaxtyping import Bool
from torch import Tensor

BlockMask = Callable[[range, range], Bool[Tensor, "#batch #head query key"] | None]
"""From a block of queries and of keys to its mask; ``None`` allows every pair."""


def blocks(n: int, size: int) -> list[range]:
    """A length in blocks; the last may be shorter.

    Parameters
    ----------
    n : int
        Length, at least 0.
    size : int
        Of a block, at least 1.

    Returns
    -------
    list of range
        In order.

    Raises
    ------
    ValueError
        If ``size`` is below 1.

    Examples
    --------
    >>> blocks(5, 2)
    [range(0, 2), range(2, 4), range(4, 5)]
    """
    if size < 1:
        raise ValueError(f"size is {size}; it must be at least 1")
    return [range(i, min(i + size, n)) for i in range(0, n, size)]


def causal_blocks(queries: range, keys: range) -> Bool[Tensor, "query key"] | None:
    """The block of ``attn_core.attention.masks.causal``; a block that is all allowed is ``None``.

    Parameters
    ----------
    queries, keys : range
        Which.

    Returns
    -------
    Bool[Tensor, "query key"] or None
        ``True`` = may attend.

    Examples
    --------
    >>> causal_blocks(range(2, 4), range(0, 2)) is None
    True
    """
    if keys.stop - 1 <= queries.start:
        return None
    return torch.arange(queries.start, queries.stop)[:, None] >= torch.arange(keys.start, keys.stop)


def sliding_blocks(size: int, sinks: int = 0) -> BlockMask:
    """Blocks of ``masks.sliding``: what lies outside of the band is never computed.

    Parameters
    ----------
    size, sinks : int
        Positions in the window, the query's own among them, at least 1, and at the start, at
        least 0.

    Returns
    -------
    callable
        From blocks to their mask.

    Raises
    ------
    ValueError
        If a number is out of its bound.

    Examples
    --------
    >>> sliding_blocks(2)(range(4, 6), range(2, 4)).tolist()
    [[False, True], [False, False]]
    """
    if size < 1 or sinks < 0:
        raise ValueError(f"size is {size} and sinks {sinks}; they must be at least 1 and 0")

    def block(queries: range, keys: range) -> Bool[Tensor, "#query #key"]:
        near = keys.start < queries.stop and keys.stop > queries.start - size + 1
        if not near and keys.start >= min(sinks, queries.stop):
            return torch.zeros(1, 1, dtype=torch.bool)
        back = torch.arange(queries.start, queries.stop)[:, None] - torch.arange(
            keys.start, keys.stop
        )
        first = torch.arange(keys.start, keys.stop) < sinks
        return (back >= 0) & ((back < size) | first)

    return block
