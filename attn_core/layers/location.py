"""Location-aware attention (Chorowski et al. 2015, equation 9)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attn_core.attention.functional import additive_scores, attend
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh


class LocationAwareAttention(nn.Module):
    """One query at a time, which also sees where the last one looked.

    e_ij = wᵀ tanh(W s_{i-1} + V h_j + U f_ij + b), where f_i is the last row of weights α_{i-1}
    convolved with filters F. Without filters it is content-based (Bahdanau et al. 2015).

    Parameters
    ----------
    d_query : int
        Size of a query (the decoder's state s).
    d_key : int
        Size of a key, which is also the value (the encoder's state h_j).
    d_attention : int
        Size of the hidden layer.
    n_filters : int
        Filters F; 0 leaves the location out.
    width : int
        Of a filter, in keys; odd.

    Raises
    ------
    ValueError
        If ``width`` is even.
    """

    def __init__(
        self, d_query: int, d_key: int, d_attention: int, n_filters: int = 10, width: int = 31
    ) -> None:
        super().__init__()
        if width % 2 == 0:
            raise ValueError(f"width is {width}; it must be odd")
        self.query_projection = nn.Linear(d_query, d_attention, bias=False)
        self.key_projection = nn.Linear(d_key, d_attention)
        self.energy = nn.Parameter(torch.empty(d_attention))
        nn.init.normal_(self.energy, std=d_attention**-0.5)
        self.n_filters = n_filters
        if n_filters:
            self.filters = nn.Conv1d(1, n_filters, width, padding=width // 2, bias=False)
            self.location_projection = nn.Linear(n_filters, d_attention, bias=False)

    def forward(
        self,
        query: Float[Tensor, "batch d_query"],
        key: Float[Tensor, "batch key d_key"],
        last: Float[Tensor, "batch key"],
        mask: Bool[Tensor, "batch key"] | None = None,
        *,
        projected: Float[Tensor, "batch key d_attention"] | None = None,
        site: str = "",
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch d_key"], AttentionTrace]:
        """Attend from one query.

        Parameters
        ----------
        query : Float[Tensor, "batch d_query"]
            Decoder state.
        key : Float[Tensor, "batch key d_key"]
            Encoder states; keys and values at once.
        last : Float[Tensor, "batch key"]
            The weights of the query before; zeros for the first.
        mask : Bool[Tensor, "batch key"], optional
            ``True`` = may attend.
        projected : Float[Tensor, "batch key d_attention"], optional
            ``key_projection(key)`` where the caller keeps it between steps.
        site : str
            Trace key.
        intervention : Intervention, optional
            A learner's changes, with this query as query 0 (``Intervention.at_query``).

        Returns
        -------
        context : Float[Tensor, "batch d_key"]
            Weighted sum of the keys.
        trace : AttentionTrace
            With one head and one query; the location's part of the keys, U f_ij, is apart.
        """
        q = self.query_projection(query)[:, None, None]  # (b, a) -> (b, 1, 1, a)
        k = self.key_projection(key) if projected is None else projected
        location = None
        if self.n_filters:
            place = self.filters(last[:, None].to(k))  # (b, k) -> (b, f, k)
            location = self.location_projection(place.transpose(1, 2))[:, None, None]
        k = k[:, None]
        allowed = None if mask is None else mask[:, None, None]
        scores, weights, allowed, used = weigh(
            additive_scores(q, k if location is None else k + location[:, :, 0], self.energy),
            allowed,
            site=site,
            intervention=intervention,
        )
        value = key[:, None]
        context = attend(weights, value)[:, 0]  # (b, 1, 1, d) -> (b, 1, d)
        trace = AttentionTrace(q, k, value, scores, allowed, weights, used, context, location)
        return context[:, 0], trace
