"""Multi-head attention (Vaswani et al. 2017, section 3.2.2)."""

import dataclasses

from jaxtyping import Bool, Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention


class MultiHeadAttention(nn.Module):
    """Project, split the channels into heads, attend in each, join, project.

    Parameters
    ----------
    d_model : int
        Size of queries, keys, values and output.
    n_heads : int
        Number of heads; must divide ``d_model``.
    dropout : float
        On the output, in [0, 1). Weights themselves are never dropped: their rows keep their sum.

    Raises
    ------
    ValueError
        If ``n_heads`` does not divide ``d_model``.

    Notes
    -----
    Paper's symbols: the projections are W^Q, W^K, W^V and W^O, all heads side by side.
    """

    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(f"n_heads is {n_heads}; it must divide d_model, {d_model}")
        self.n_heads = n_heads
        self.query_projection = nn.Linear(d_model, d_model)
        self.key_projection = nn.Linear(d_model, d_model)
        self.value_projection = nn.Linear(d_model, d_model)
        self.output_projection = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def _split(self, x: Tensor) -> Float[Tensor, "batch head length d_head"]:
        """Channels into heads: the sequence stays whole in every head."""
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (b, l, h·d) -> (b, h, l, d)

    def forward(
        self,
        query: Float[Tensor, "batch query d_model"],
        key: Float[Tensor, "batch key d_model"],
        value: Float[Tensor, "batch key d_model"],
        mask: Bool[Tensor, "#batch #head query key"] | None = None,
        *,
        site: str = "",
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch query d_model"], AttentionTrace]:
        """Attend with every head.

        Parameters
        ----------
        query, key, value : Float[Tensor, "batch length d_model"]
            The same tensor three times for self-attention.
        mask : Bool[Tensor, "#batch #head query key"], optional
            ``True`` = may attend.
        site : str
            Trace key.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        output : Float[Tensor, "batch query d_model"]
            After the output projection.
        trace : AttentionTrace
            One map for each head.
        """
        heads, trace = scaled_dot_product_attention(
            self._split(self.query_projection(query)),
            self._split(self.key_projection(key)),
            self._split(self.value_projection(value)),
            mask,
            site=site,
            intervention=intervention,
        )
        joined = heads.transpose(1, 2).flatten(2)  # (b, h, q, d) -> (b, q, h·d)
        output = self.dropout(self.output_projection(joined))
        return output, dataclasses.replace(trace, context=output)
