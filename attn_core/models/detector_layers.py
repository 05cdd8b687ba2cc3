"""Layers of the set-prediction detector (Carion et al. 2020, with Meng et al. 2021's queries)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.mixing import Mixing
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention

BASE = 20.0
"""Of the sine code: grids have about so many cells on a side (Liu et al. 2022, section 4.4)."""


def sine_code(points: Float[Tensor, "*batch 2"], d_model: int) -> Float[Tensor, "*batch d_model"]:
    """Sine and cosine code of places in the plane, which need not be whole cells.

    Parameters
    ----------
    points : Float[Tensor, "*batch 2"]
        Row and column, in cells.
    d_model : int
        Channels, a multiple of 4; half say the row, half the column.

    Returns
    -------
    Float[Tensor, "*batch d_model"]
        As ``layers.positional.plane`` at whole cells (Carion et al. 2020, appendix A.4).

    Examples
    --------
    >>> sine_code(torch.zeros(1, 2), 4).tolist()
    [[0.0, 1.0, 0.0, 1.0]]
    """
    half = d_model // 2
    rates = BASE ** (-torch.arange(0, half, 2, device=points.device).to(points) / half)
    angles = points[..., None] * rates  # (…, 2) -> (…, 2, half / 2)
    code = torch.stack([angles.sin(), angles.cos()], -1)
    return code.flatten(-3)  # (…, 2, half / 2, 2) -> (…, d)


class FeedForward(nn.Module):
    """Two linear maps with ReLU between, added to the stream after a norm."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.layers = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))

    def forward(self, x: Tensor) -> Float[Tensor, "batch token d_model"]:
        """The stream with the layer's output in it."""
        return x + self.layers(self.norm(x))


class EncoderLayer(nn.Module):
    """Patches look at each other; the twin (``attends=False``) convolves them instead."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int, *, attends: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.attention = MultiHeadAttention(d_model, n_heads) if attends else Mixing(d_model)
        self.feed_forward = FeedForward(d_model, d_ff)

    def forward(
        self,
        x: Float[Tensor, "batch patch d_model"],
        places: Float[Tensor, "patch d_model"],
        grid: tuple[int, int],
        site: str,
        intervention: Intervention | None,
    ) -> tuple[Float[Tensor, "batch patch d_model"], dict[str, AttentionTrace]]:
        """The stream after the layer, and its trace under ``site``."""
        normed = self.norm(x)
        traces = {}
        if isinstance(self.attention, MultiHeadAttention):
            placed = normed + places
            out, traces[site] = self.attention(
                placed, placed, normed, site=site, intervention=intervention
            )
        else:
            out = self.attention(normed.transpose(1, 2).unflatten(2, grid)).flatten(2)
            out = out.transpose(1, 2)  # (b, d, r·c) -> (b, r·c, d)
        return self.feed_forward(x + out), traces


class ConditionalCrossAttention(nn.Module):
    """Queries look at patches by content and, apart from it, by place.

    Meng et al. 2021, equation 5: content and place are joined channel by channel, so that a score
    is the sum of two dot products; the place a query asks for is its anchor's code times a
    factor made of its content.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.content_query = nn.Linear(d_model, d_model)
        self.place_query = nn.Linear(d_model, d_model)
        self.factor = nn.Linear(d_model, d_model)
        self.content_key = nn.Linear(d_model, d_model)
        self.place_key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)

    def _split(self, x: Tensor) -> Float[Tensor, "batch head length d_head"]:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (b, l, h·d) -> (b, h, l, d)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        anchor_code: Float[Tensor, "batch query d_model"],
        memory: Float[Tensor, "batch patch d_model"],
        places: Float[Tensor, "patch d_model"],
        site: str,
        intervention: Intervention | None,
    ) -> tuple[Float[Tensor, "batch query d_model"], AttentionTrace]:
        """What the queries found, and the trace."""
        asked = self.place_query(anchor_code) * self.factor(x)
        query = torch.cat([self._split(self.content_query(x)), self._split(asked)], -1)
        where = self._split(self.place_key(places)[None]).expand(memory.shape[0], -1, -1, -1)
        key = torch.cat([self._split(self.content_key(memory)), where], -1)
        heads, trace = scaled_dot_product_attention(
            query, key, self._split(self.value(memory)), site=site, intervention=intervention
        )
        out = self.output(heads.transpose(1, 2).flatten(2))  # (b, h, q, d) -> (b, q, h·d)
        return out, trace


class DecoderLayer(nn.Module):
    """Queries look at each other, then at the picture."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.norm_self, self.norm_cross = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.cross = ConditionalCrossAttention(d_model, n_heads)
        self.feed_forward = FeedForward(d_model, d_ff)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        anchor_code: Float[Tensor, "batch query d_model"],
        memory: Float[Tensor, "batch patch d_model"],
        places: Float[Tensor, "patch d_model"],
        n_groups: int,
        site: str,
        intervention: Intervention | None,
    ) -> tuple[Float[Tensor, "batch query d_model"], dict[str, AttentionTrace]]:
        """The queries after the layer; traces under ``site.self`` and ``site.cross``.

        Queries of different groups do not see each other (Chen et al. 2022: groups exist in
        training alone).
        """
        normed = self.norm_self(x)

        def grouped(t: Tensor) -> Tensor:
            return t.unflatten(1, (n_groups, -1)).flatten(0, 1)  # (b, g·q, d) -> (b·g, q, d)

        placed = grouped(normed + anchor_code)
        out, one = self.attention(
            placed, placed, grouped(normed), site=f"{site}.self", intervention=intervention
        )
        x = x + out.unflatten(0, (-1, n_groups)).flatten(1, 2)  # (b·g, q, d) -> (b, g·q, d)
        out, two = self.cross(
            self.norm_cross(x), anchor_code, memory, places, f"{site}.cross", intervention
        )
        return self.feed_forward(x + out), {f"{site}.self": one, f"{site}.cross": two}


def initial_bias(probability: float) -> float:
    """The logit of a rare class's first guess (Lin et al. 2017, section 4.1).

    Parameters
    ----------
    probability : float
        In (0, 1).

    Returns
    -------
    float
        log(p / (1 − p)).

    Examples
    --------
    >>> round(initial_bias(0.01), 3)
    -4.595
    """
    return -math.log((1 - probability) / probability)
