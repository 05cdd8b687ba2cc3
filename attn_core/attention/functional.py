"""Attention as pure functions: scores, masked softmax, attend.

Symbols: ``query`` is Q, ``key`` is K, ``value`` is V, ``d_head`` is d_k in Vaswani et al. 2017,
equation 1. Scores are before the normaliser, weights after it, always.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NORMALISERS = ("softmax", "sigmoid")


def dot_product_scores(
    query: Float[Tensor, "*batch query d_head"],
    key: Float[Tensor, "*batch key d_head"],
    scale: float | None = None,
) -> Float[Tensor, "*batch query key"]:
    """Scaled dot-product scores, Q K^T · scale (Vaswani et al. 2017, equation 1).

    Parameters
    ----------
    query : Float[Tensor, "*batch query d_head"]
        Queries.
    key : Float[Tensor, "*batch key d_head"]
        Keys.
    scale : float, optional
        Factor on the product; ``None`` is 1/√d_head.

    Returns
    -------
    Float[Tensor, "*batch query key"]
        Scores, one for each pair.

    Examples
    --------
    >>> dot_product_scores(torch.ones(1, 4), torch.ones(2, 4)).tolist()
    [[2.0, 2.0]]
    """
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    return (query @ key.transpose(-2, -1)) * scale  # (…, q, d) x (…, d, k) -> (…, q, k)


def additive_scores(
    query: Float[Tensor, "*batch query d_attention"],
    key: Float[Tensor, "*batch key d_attention"],
    energy: Float[Tensor, "d_attention"],
) -> Float[Tensor, "*batch query key"]:
    """Additive scores, vᵀ tanh(q + k) (Bahdanau et al. 2015, appendix A.1.2).

    Parameters
    ----------
    query : Float[Tensor, "*batch query d_attention"]
        Queries already projected, W_a s.
    key : Float[Tensor, "*batch key d_attention"]
        Keys already projected, U_a h.
    energy : Float[Tensor, "d_attention"]
        The vector v_a.

    Returns
    -------
    Float[Tensor, "*batch query key"]
        Energies e_ij, one for each pair.

    Examples
    --------
    >>> additive_scores(torch.zeros(1, 2), torch.zeros(3, 2), torch.ones(2)).tolist()
    [[0.0, 0.0, 0.0]]
    """
    pairs = query.unsqueeze(-2) + key.unsqueeze(-3)  # (…, q, 1, d) + (…, 1, k, d) -> (…, q, k, d)
    return torch.tanh(pairs) @ energy


def bilinear_scores(
    query: Float[Tensor, "*batch query d_query"],
    key: Float[Tensor, "*batch key d_key"],
    weight: Float[Tensor, "d_query d_key"],
) -> Float[Tensor, "*batch query key"]:
    """Bilinear scores, qᵀ W k (Luong et al. 2015, equation 8, "general").

    Parameters
    ----------
    query : Float[Tensor, "*batch query d_query"]
        Queries.
    key : Float[Tensor, "*batch key d_key"]
        Keys.
    weight : Float[Tensor, "d_query d_key"]
        The matrix W_a.

    Returns
    -------
    Float[Tensor, "*batch query key"]
        Scores, one for each pair.

    Examples
    --------
    >>> bilinear_scores(torch.ones(1, 2), torch.ones(1, 2), torch.eye(2)).tolist()
    [[2.0]]
    """
    return query @ weight @ key.transpose(-2, -1)


def mean_of_heads(weights: Float[Tensor, "head query key"]) -> Float[Tensor, "query key"]:
    """Mean of the weights over the heads that attend; one that is knocked out has no say in it.

    Parameters
    ----------
    weights : Float[Tensor, "head query key"]
        Of one layer; a head that is knocked out is zero all over.

    Returns
    -------
    Float[Tensor, "query key"]
        Zero where no head attends.

    Examples
    --------
    >>> mean_of_heads(torch.tensor([[[0.4, 0.6]], [[0.0, 0.0]]])).tolist()[0][0] > 0.3
    True
    """
    live = (weights != 0).flatten(1).any(1)
    return weights[live].mean(0) if bool(live.any()) else weights.new_zeros(weights.shape[1:])


def masked_softmax(
    scores: Float[Tensor, "*batch query key"],
    mask: Bool[Tensor, "*#batch query key"] | None = None,
) -> Float[Tensor, "*batch query key"]:
    """Softmax over the keys a query may attend to; a row with none is all zeros.

    Filling with −inf alone would give NaN on such a row and −1e9 a uniform row; zeros are what
    ``torch.nn.functional.scaled_dot_product_attention`` returns, and their gradient is zero.

    Parameters
    ----------
    scores : Float[Tensor, "*batch query key"]
        Scores as the softmax gets them.
    mask : Bool[Tensor, "*#batch query key"], optional
        ``True`` = may attend.

    Returns
    -------
    Float[Tensor, "*batch query key"]
        Weights: each row sums to 1, or to 0 where nothing may be attended to.

    Examples
    --------
    >>> masked_softmax(torch.zeros(1, 2), torch.tensor([[True, False]])).tolist()
    [[1.0, 0.0]]
    >>> masked_softmax(torch.zeros(1, 2), torch.tensor([[False, False]])).tolist()
    [[0.0, 0.0]]
    """
    if mask is None:
        return torch.softmax(scores, dim=-1)
    some = mask.any(dim=-1, keepdim=True)
    filled = scores.masked_fill(~mask, -math.inf).masked_fill(~some, 0.0)
    return torch.softmax(filled, dim=-1).masked_fill(~some, 0.0)


def normalise(
    scores: Float[Tensor, "*batch query key"],
    mask: Bool[Tensor, "*#batch query key"] | None = None,
    normaliser: str = "softmax",
) -> Float[Tensor, "*batch query key"]:
    """Scores to weights by the named normaliser.

    Parameters
    ----------
    scores : Float[Tensor, "*batch query key"]
        Scores as the normaliser gets them.
    mask : Bool[Tensor, "*#batch query key"], optional
        ``True`` = may attend.
    normaliser : str
        One of ``NORMALISERS``. "sigmoid" weighs each key on its own (gates, DIN).

    Returns
    -------
    Float[Tensor, "*batch query key"]
        Weights, zero where the mask forbids.

    Raises
    ------
    ValueError
        If the normaliser is unknown.

    Examples
    --------
    >>> normalise(torch.zeros(1, 2), normaliser="sigmoid").tolist()
    [[0.5, 0.5]]
    """
    if normaliser == "softmax":
        return masked_softmax(scores, mask)
    if normaliser == "sigmoid":
        weights = torch.sigmoid(scores)
        return weights if mask is None else weights.masked_fill(~mask, 0.0)
    raise ValueError(f"normaliser is {normaliser!r}; it must be one of {NORMALISERS}")


def attend(
    weights: Float[Tensor, "*batch query key"],
    value: Float[Tensor, "*batch key d_value"],
) -> Float[Tensor, "*batch query d_value"]:
    """The weighted sum of the values, one for each query.

    Parameters
    ----------
    weights : Float[Tensor, "*batch query key"]
        Attention weights.
    value : Float[Tensor, "*batch key d_value"]
        Values.

    Returns
    -------
    Float[Tensor, "*batch query d_value"]
        Context vectors (c_i in Bahdanau et al. 2015, equation 5).

    Examples
    --------
    >>> attend(torch.tensor([[0.5, 0.5]]), torch.tensor([[0.0], [2.0]])).tolist()
    [[1.0]]
    """
    return weights @ value  # (…, q, k) x (…, k, d) -> (…, q, d)
