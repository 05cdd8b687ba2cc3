"""MiniLM's first self-attention with any position code in the place of its own."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.alibi import alibi_bias
from attn_core.layers.positional.attention import Inside, self_attention
from attn_core.layers.positional.relative import BUCKETS, bucket
from attn_core.layers.positional.sinusoidal import sinusoidal
from attn_core.models.minilm import MiniLM

MEASURED = 128
"""Places from which the relative bias is measured."""

FREQUENT = range(1996, 2012)
"""Ids of the 16 words that come first in BERT's vocabulary, which is in order of frequency."""


def first_attention(model: MiniLM) -> MultiHeadAttention:
    """The attention of MiniLM's first layer."""
    return cast(MultiHeadAttention, model.layers[0].attention)


@dataclass(frozen=True, slots=True, eq=False)
class FirstLayer:
    """MiniLM's embeddings and first layer, read-only.

    Parameters
    ----------
    model : MiniLM
        Shared.
    device : str
        Where it is.
    gain : float
        Factor on the sinusoidal code that gives its rows the mean length of MiniLM's own.
    bias : Float[Tensor, "bucket head"]
        Relative bias measured from MiniLM's own positions (``measured_bias``).
    """

    model: MiniLM
    device: str
    gain: float
    bias: Float[Tensor, "bucket head"]

    @property
    def attention(self) -> MultiHeadAttention:
        """The first layer's."""
        return first_attention(self.model)

    @property
    def width(self) -> int:
        """Channels of the stream."""
        return self.model.config.d_model

    @torch.inference_mode()
    def attend(
        self,
        ids: Int[Tensor, "1 token"],
        kind: str,
        start: int,
        base: float,
        *,
        head: int | None = None,
        site: str = "",
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "1 token d_out"], AttentionTrace]:
        """Embed, put a position code in, attend.

        Of the attention, without the residual. On the CPU where one head was asked for.
        """
        model, ids = self.model, ids.to(self.device)
        places = torch.arange(start, start + ids.shape[1], device=ids.device)
        x = model.tokens(ids) + model.segments.weight[0]
        if kind == "learned":
            x = x + model.positions(places)
        elif kind == "sinusoidal":
            x = x + self.gain * sinusoidal(places.cpu(), self.width, base).to(x)
        bias = None
        if kind == "alibi":
            bias = alibi_bias(places, places, model.config.n_heads)
        elif kind == "relative":
            distance = places[None, :] - places[:, None]
            bias = self.bias[bucket(distance)].permute(2, 0, 1)  # (q, k, h) -> (h, q, k)
        return self_attention(
            self.attention,
            model.embedding_norm(x),
            Inside(places, base if kind == "rotary" else None, bias),
            head=head,
            site=site,
            intervention=intervention,
        )


@torch.inference_mode()
def measured_bias(model: MiniLM) -> Float[Tensor, "bucket head"]:
    """What MiniLM's learned positions do to its scores, by distance.

    A sentence of one word alone: what differs between its scores comes from the places. The mean
    over all pairs of a bucket, less the mean over all pairs, is the bucket's bias; averaged over
    ``FREQUENT`` words. It is the learned table boiled down to 32 numbers a head.
    """
    places = torch.arange(1, MEASURED, device=model.positions.weight.device)
    words = model.tokens.weight[FREQUENT.start : FREQUENT.stop, None] + model.segments.weight[0]
    x = model.embedding_norm(words + model.positions(places))  # (word, p, d)
    _, trace = self_attention(first_attention(model), x, Inside(places))
    scores = trace.scores.mean(0)  # (h, q, k)
    which = bucket(places[None, :] - places[:, None])
    sums = torch.zeros(BUCKETS, scores.shape[0], device=scores.device)
    sums.index_add_(0, which.flatten(), scores.flatten(1).T)
    counts = torch.bincount(which.flatten(), minlength=BUCKETS)
    return sums / counts.clamp_min(1)[:, None] - scores.mean((1, 2)) * (counts > 0)[:, None]


@lru_cache(maxsize=4)
def first_layer(device: str = "cpu") -> FirstLayer:
    """MiniLM's first layer on a device, shared by all learners."""
    loaded = zoo.get("minilm", device)
    model = loaded.module
    length = float(model.positions.weight[1:MEASURED].norm(dim=1).mean())
    gain = length / math.sqrt(model.config.d_model / 2)
    return FirstLayer(model, loaded.device, gain, measured_bias(model))
