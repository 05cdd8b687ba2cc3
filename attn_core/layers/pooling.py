"""Many states to one vector: mean, max, first, last, or attention with a learned query."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attn_core.attention.functional import attend
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention

POOLINGS = ("mean", "max", "first", "last", "attention")


class Pooling(nn.Module):
    """A weighted sum of states, or their maximum.

    Parameters
    ----------
    d_model : int
        Size of a state.
    kind : str
        One of ``POOLINGS``.

    Raises
    ------
    ValueError
        If the kind is unknown.

    Notes
    -----
    "attention" compares a learned query with tanh(W h), as in Yang et al. 2016 (equations 5 to 7),
    scaled by 1/√d_model. The other kinds hold the same parameters and leave them unused, so that
    weights of one kind load into another.
    """

    def __init__(self, d_model: int, kind: str = "attention") -> None:
        super().__init__()
        if kind not in POOLINGS:
            raise ValueError(f"kind is {kind!r}; it must be one of {POOLINGS}")
        self.kind = kind
        self.query = nn.Parameter(torch.randn(d_model))
        self.key_projection = nn.Linear(d_model, d_model)

    def _fixed(self, mask: Bool[Tensor, "batch token"]) -> Float[Tensor, "batch 1 1 token"]:
        """Scores whose softmax is the mean, the first or the last."""
        place = torch.arange(mask.shape[1], device=mask.device).expand(mask.shape)
        last = mask.sum(1, keepdim=True) - 1
        chosen = {"mean": mask, "first": place == 0, "last": place == last}[self.kind]
        return torch.zeros(mask.shape, device=mask.device).masked_fill(~chosen, -1e4)[:, None, None]

    def forward(
        self,
        states: Float[Tensor, "batch token d_model"],
        mask: Bool[Tensor, "batch token"],
        *,
        site: str = "pool",
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch d_model"], AttentionTrace]:
        """Pool.

        Parameters
        ----------
        states : Float[Tensor, "batch token d_model"]
            Contextual states.
        mask : Bool[Tensor, "batch token"]
            ``True`` on real tokens, at least one in each row.
        site : str
            Trace key.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        pooled : Float[Tensor, "batch d_model"]
            One vector for each row.
        trace : AttentionTrace
            One head, one query. For "max" the weights are the share of channels that each token
            wins, which is not what makes the vector.
        """
        key = torch.tanh(self.key_projection(states))[:, None]  # (b, t, d) -> (b, 1, t, d)
        query = self.query.expand(len(states), 1, 1, -1)  # (d) -> (b, 1, 1, d)
        value, allowed = states[:, None], mask[:, None, None]
        if self.kind == "attention":
            output, trace = scaled_dot_product_attention(
                query, key, value, allowed, site=site, intervention=intervention
            )
            return output[:, 0, 0], trace  # (b, 1, 1, d) -> (b, d)
        if self.kind == "max":
            filled = states.masked_fill(~mask[..., None], -torch.inf)
            pooled, winner = filled.max(1)
            share = nn.functional.one_hot(winner, states.shape[1]).float().mean(1)  # (b, d, t)
            scores = share.clamp_min(1e-9).log()[:, None, None]
            trace = AttentionTrace(
                query, key, value, scores, allowed, share[:, None, None], "share", pooled[:, None]
            )
            return pooled, trace
        scores, weights, used, normaliser = weigh(
            self._fixed(mask), allowed, site=site, intervention=intervention
        )
        output = attend(weights, value)
        trace = AttentionTrace(
            query, key, value, scores, used, weights, normaliser, output.flatten(1, 2)
        )
        return output[:, 0, 0], trace
