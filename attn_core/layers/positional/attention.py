"""Where a position code enters self-attention: into the stream, the angles, or the scores."""

import math
from dataclasses import dataclass

from jaxtyping import Float, Shaped
from torch import Tensor

from attn_core.attention.functional import attend, dot_product_scores
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.rotary import rotate

KINDS = ("none", "learned", "sinusoidal", "rotary", "alibi", "relative")
ADDED = ("learned", "sinusoidal")
"""These are summed with the embeddings before the first layer; the others act in every layer."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What a position code does inside attention.

    Parameters
    ----------
    positions : Shaped[Tensor, "position"]
        Place of each token.
    base : float or None
        Turns queries and keys (rotary); ``None`` does not.
    bias : Float[Tensor, "head query key"] or None
        Added to the scaled scores (ALiBi, relative); ``None`` is nothing.
    """

    positions: Shaped[Tensor, "position"]
    base: float | None = None
    bias: Float[Tensor, "head query key"] | None = None


def self_attention(
    attention: MultiHeadAttention,
    x: Float[Tensor, "batch position d_model"],
    inside: Inside,
    *,
    head: int | None = None,
    site: str = "",
    intervention: Intervention | None = None,
) -> tuple[Float[Tensor, "batch position d_out"], AttentionTrace]:
    """Self-attention with these projections and a position code inside it.

    Parameters
    ----------
    attention : MultiHeadAttention
        Whose weights are used.
    x : Float[Tensor, "batch position d_model"]
        The stream, with a code already added where the kind is one of ``ADDED``.
    inside : Inside
        What turns queries and keys, and what is added to the scores.
    head : int, optional
        One head alone, its own output unprojected; ``None`` is all, joined and projected.
    site : str
        Trace key.
    intervention : Intervention, optional
        A learner's changes.

    Returns
    -------
    output : Float[Tensor, "batch position d_out"]
        ``d_out`` is d_model, or d_head where one head was asked for.
    trace : AttentionTrace
        Query and key as they were compared.
    """
    heads = slice(None) if head is None else slice(head, head + 1)
    query, key, value = (
        part(x).unflatten(-1, (attention.n_heads, -1)).transpose(1, 2)[:, heads]
        for part in (
            attention.query_projection,
            attention.key_projection,
            attention.value_projection,
        )
    )  # (b, p, h·d) -> (b, h, p, d)
    if inside.base is not None:
        query, key = (rotate(part, inside.positions, inside.base) for part in (query, key))
    scores = dot_product_scores(query, key, 1 / math.sqrt(query.shape[-1]))
    if inside.bias is not None:
        scores = scores + inside.bias[heads].to(scores.dtype)
    scores, weights, mask, used = weigh(scores, site=site, intervention=intervention)
    output = attend(weights, value).transpose(1, 2).flatten(2)  # (b, h, p, d) -> (b, p, h·d)
    if head is None:
        output = attention.output_projection(output)
    trace = AttentionTrace(query, key, value, scores, mask, weights, used, output)
    return output, trace
