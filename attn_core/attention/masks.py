"""Attention masks: the only mask code of the project. ``True`` = may attend, everywhere."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def full(n_query: int, n_key: int) -> Bool[Tensor, "query key"]:
    """Every query may attend to every key.

    Parameters
    ----------
    n_query, n_key : int
        Number of queries and keys, at least 0.

    Returns
    -------
    Bool[Tensor, "query key"]
        All ``True``.

    Examples
    --------
    >>> full(1, 2).tolist()
    [[True, True]]
    """
    return torch.ones(n_query, n_key, dtype=torch.bool)


def causal(n_query: int, n_key: int) -> Bool[Tensor, "query key"]:
    """Query ``i`` may attend to keys ``0..i`` (Vaswani et al. 2017, section 3.2.3).

    Parameters
    ----------
    n_query, n_key : int
        Number of queries and keys. Positions are counted from the start of both, as in
        ``torch.nn.functional.scaled_dot_product_attention(is_causal=True)``.

    Returns
    -------
    Bool[Tensor, "query key"]
        Lower triangle ``True``.

    Examples
    --------
    >>> causal(2, 3).int().tolist()
    [[1, 0, 0], [1, 1, 0]]
    """
    return full(n_query, n_key).tril()


def window(n_query: int, n_key: int, radius: int) -> Bool[Tensor, "query key"]:
    """Query ``i`` may attend to keys ``i - radius .. i + radius`` (Beltagy et al. 2020).

    Parameters
    ----------
    n_query, n_key : int
        Number of queries and keys.
    radius : int
        Reach to each side, at least 0.

    Returns
    -------
    Bool[Tensor, "query key"]
        A band around the diagonal.

    Raises
    ------
    ValueError
        If ``radius`` is negative.

    Examples
    --------
    >>> window(3, 3, 1).int().tolist()
    [[1, 1, 0], [1, 1, 1], [0, 1, 1]]
    """
    if radius < 0:
        raise ValueError(f"radius is {radius}; it must be at least 0")
    return full(n_query, n_key).tril(radius).triu(-radius)


def sliding(n: int, size: int, sinks: int = 0) -> Bool[Tensor, "query key"]:
    """Query ``i`` may attend to itself, to the ``size - 1`` before it and to the first ``sinks``.

    Parameters
    ----------
    n : int
        Number of positions.
    size : int
        Positions in the window, the query's own among them, at least 1.
    sinks : int
        First positions that stay visible (Xiao et al. 2024, StreamingLLM), at least 0.

    Returns
    -------
    Bool[Tensor, "query key"]
        A causal band, and the first columns.

    Raises
    ------
    ValueError
        If ``size`` is below 1 or ``sinks`` negative.

    Examples
    --------
    >>> sliding(4, 2, 1).int().tolist()
    [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 1]]
    """
    if size < 1 or sinks < 0:
        raise ValueError(f"size is {size} and sinks {sinks}; they must be at least 1 and 0")
    first = torch.arange(n) < sinks
    return causal(n, n) & (full(n, n).triu(1 - size) | first)


def from_lengths(lengths: Int[Tensor, "batch"], n_key: int) -> Bool[Tensor, "batch key"]:
    """Keys at or beyond a sequence's length are padding and may not be attended to.

    Parameters
    ----------
    lengths : Int[Tensor, "batch"]
        Number of real keys in each sequence.
    n_key : int
        Padded length.

    Returns
    -------
    Bool[Tensor, "batch key"]
        ``True`` on the first ``lengths[b]`` keys of row ``b``.

    Examples
    --------
    >>> from_lengths(torch.tensor([1, 2]), 2).int().tolist()
    [[1, 0], [1, 1]]
    """
    return torch.arange(n_key, device=lengths.device)[None, :] < lengths[:, None]
