"""Scaled dot-product attention (Vaswani et al. 2017, equation 1)."""

import math

from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.attention.functional import attend, dot_product_scores
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh


def scaled_dot_product_attention(
    query: Float[Tensor, "batch head query d_head"],
    key: Float[Tensor, "batch head key d_head"],
    value: Float[Tensor, "batch head key d_value"],
    mask: Bool[Tensor, "#batch #head query key"] | None = None,
    *,
    scale: float | None = None,
    site: str = "",
    intervention: Intervention | None = None,
) -> tuple[Float[Tensor, "batch head query d_value"], AttentionTrace]:
    """softmax(Q Kᵀ / √d_k) V, with everything in between returned.

    Parameters
    ----------
    query, key, value : Float[Tensor, "batch head length d_head"]
        Q, K and V, one for each head.
    mask : Bool[Tensor, "#batch #head query key"], optional
        ``True`` = may attend; a query with nothing to attend to gets zeros.
    scale : float, optional
        Factor on the scores; ``None`` is 1/√d_head. A learner's scale comes before it.
    site : str
        Trace key.
    intervention : Intervention, optional
        A learner's changes.

    Returns
    -------
    output : Float[Tensor, "batch head query d_value"]
        Weighted sums of the values.
    trace : AttentionTrace
        ``context`` holds the heads side by side.

    Examples
    --------
    >>> import torch
    >>> one = torch.ones(1, 1, 1, 2)
    >>> scaled_dot_product_attention(one, one, one)[0].flatten().tolist()
    [1.0, 1.0]
    """
    if intervention is not None and intervention.scale is not None:
        scale = intervention.scale
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1])
    scores, weights, mask, used = weigh(
        dot_product_scores(query, key, scale), mask, site=site, intervention=intervention
    )
    output = attend(weights, value)
    context = output.transpose(1, 2).flatten(2)  # (b, h, q, d) -> (b, q, h·d)
    return output, AttentionTrace(query, key, value, scores, mask, weights, used, context)
