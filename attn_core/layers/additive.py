"""Additive attention (Bahdanau, Cho and Bengio 2015, equations 5 and 6, appendix A.1.2)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attn_core.attention.functional import additive_scores, attend
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh


class AdditiveAttention(nn.Module):
    """One query against all keys by a small network: e_ij = vᵀ tanh(W s + U h_j).

    Parameters
    ----------
    d_query : int
        Size of a query (the decoder's state s).
    d_key : int
        Size of a key, which is also the value (an annotation h_j).
    d_attention : int
        Size of the hidden layer between them.

    Notes
    -----
    Paper's symbols: ``query_projection`` is W_a, ``key_projection`` is U_a, ``energy`` is v_a.
    """

    def __init__(self, d_query: int, d_key: int, d_attention: int) -> None:
        super().__init__()
        self.query_projection = nn.Linear(d_query, d_attention, bias=False)
        self.key_projection = nn.Linear(d_key, d_attention)
        self.energy = nn.Parameter(torch.empty(d_attention))
        nn.init.normal_(self.energy, std=d_attention**-0.5)

    def forward(
        self,
        query: Float[Tensor, "batch query d_query"],
        key: Float[Tensor, "batch key d_key"],
        mask: Bool[Tensor, "#batch #query key"] | None = None,
        *,
        projected: Float[Tensor, "batch key d_attention"] | None = None,
        site: str = "",
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch query d_key"], AttentionTrace]:
        """Attend from each query to all keys.

        Parameters
        ----------
        query : Float[Tensor, "batch query d_query"]
            Decoder states.
        key : Float[Tensor, "batch key d_key"]
            Annotations; keys and values at once.
        mask : Bool[Tensor, "#batch #query key"], optional
            ``True`` = may attend.
        projected : Float[Tensor, "batch key d_attention"], optional
            ``key_projection(key)`` where the caller keeps it between steps.
        site : str
            Trace key.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        context : Float[Tensor, "batch query d_key"]
            Weighted sums of the annotations.
        trace : AttentionTrace
            With one head.
        """
        q = self.query_projection(query).unsqueeze(1)  # (b, q, a) -> (b, 1, q, a)
        k = (self.key_projection(key) if projected is None else projected).unsqueeze(1)
        allowed = None
        if mask is not None:
            allowed = mask.expand(-1, query.shape[1], -1).unsqueeze(1)  # -> (b, 1, q, k)
        scores, weights, allowed, used = weigh(
            additive_scores(q, k, self.energy), allowed, site=site, intervention=intervention
        )
        value = key.unsqueeze(1)
        context = attend(weights, value).squeeze(1)  # (b, 1, q, d) -> (b, q, d)
        return context, AttentionTrace(q, k, value, scores, allowed, weights, used, context)
