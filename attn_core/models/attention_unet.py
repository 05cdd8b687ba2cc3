"""Person segmentation: a U-Net with attention gates and self-attention at its narrowest place.

Ronneberger et al. 2015 for the shape, Oktay et al. 2018 for the gates on its skips, Vaswani et al.
2017 for the bottleneck, whose tokens are the patches of 16 × 16 pixels. ``kind="added"`` is the
twin without attention at equal parameters: the gates add instead of weighing, and a convolution
stands where the patches looked at each other.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.gate import AddedConvolution, AttentionGate
from attn_core.layers.mixing import Mixing
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.plane import plane
from attn_core.models.photo_encoder import CHANNELS, PhotoEncoder, convolution

PATCH = 16
"""Pixels on a side of a token of the bottleneck."""
SKIPS = (8, 4, 2)
"""Strides of the gated skips, coarse to fine."""
BOTTLENECK = "bottleneck"
GATES = tuple(f"gate.{stride}" for stride in SKIPS)
KINDS = ("attention", "added")


@dataclass(frozen=True, slots=True)
class AttentionUNetConfig:
    """Sizes of the U-Net.

    Parameters
    ----------
    kind : str
        "attention", or "added" for its twin.
    d_model, n_heads, d_ff : int
        Of the bottleneck.
    widths : tuple of int
        Channels of the decoder at ``SKIPS``.

    Raises
    ------
    ValueError
        If the kind is unknown, a size below 1, or ``n_heads`` does not divide ``d_model``.
    """

    kind: str = "attention"
    d_model: int = 128
    n_heads: int = 4
    d_ff: int = 256
    widths: tuple[int, ...] = (64, 40, 24)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {KINDS}")
        if min(self.d_model, self.n_heads, self.d_ff, *self.widths) < 1:
            raise ValueError(f"a size is below 1 in {self}")
        if len(self.widths) != len(SKIPS):
            raise ValueError(f"widths has {len(self.widths)} entries; it must have {len(SKIPS)}")
        if self.d_model % self.n_heads or self.d_model % 4:
            raise ValueError(
                f"n_heads is {self.n_heads}; it must divide d_model, {self.d_model}, "
                "a multiple of 4"
            )


class AttentionUNet(nn.Module):
    """Photograph in, one logit a pixel out.

    Parameters
    ----------
    config : AttentionUNetConfig
        Its sizes.
    """

    def __init__(self, config: AttentionUNetConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        self.encoder = PhotoEncoder()
        self.enter = nn.Conv2d(CHANNELS[PATCH], d, 1)
        self.norm_attention, self.norm_ff = nn.LayerNorm(d), nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, config.d_ff), nn.ReLU(), nn.Linear(config.d_ff, d))
        attends = config.kind == "attention"
        self.attention = MultiHeadAttention(d, config.n_heads) if attends else Mixing(d)
        skip_unit = AttentionGate if attends else AddedConvolution
        self.skips, self.joins = nn.ModuleList(), nn.ModuleList()
        signal = d
        for stride, width in zip(SKIPS, config.widths, strict=True):
            skip = CHANNELS[stride]
            self.skips.append(skip_unit(skip, signal, max(8, skip)))
            join = (convolution(signal + skip, width, 3), convolution(width, width, 3))
            self.joins.append(nn.Sequential(*join))
            signal = width
        self.head = nn.Conv2d(signal, 1, 1)

    def _bottleneck(
        self, x: Tensor, intervention: Intervention | None
    ) -> tuple[Float[Tensor, "batch d_model row column"], dict[str, AttentionTrace]]:
        """Patches look at each other, or are convolved."""
        rows, columns = x.shape[-2:]
        traces = {}
        stream = x.flatten(2).transpose(1, 2)  # (b, d, r, c) -> (b, r·c, d)
        normed = self.norm_attention(stream)
        if isinstance(self.attention, MultiHeadAttention):
            places = plane(rows, columns, x.shape[1]).flatten(0, 1)
            placed = normed + places.to(normed)
            out, trace = self.attention(
                placed, placed, normed, site=BOTTLENECK, intervention=intervention
            )
            traces[BOTTLENECK] = trace
        else:
            grid = normed.transpose(1, 2).unflatten(2, (rows, columns))
            out = self.attention(grid).flatten(2).transpose(1, 2)
        stream = stream + out
        stream = stream + self.ff(self.norm_ff(stream))
        return stream.transpose(1, 2).unflatten(2, (rows, columns)), traces

    def forward(
        self,
        pixels: Float[Tensor, "batch 3 row column"],
        *,
        intervention: Intervention | None = None,
        features: dict[int, Tensor] | None = None,
    ) -> tuple[Float[Tensor, "batch row column"], dict[str, AttentionTrace]]:
        """A logit for each pixel, above 0 for a person.

        Parameters
        ----------
        pixels : Float[Tensor, "batch 3 row column"]
            In [0, 1]; 16 divides each side.
        intervention : Intervention, optional
            A learner's changes at ``BOTTLENECK`` and ``GATES``.
        features : dict of int to Tensor, optional
            What ``encoder`` answers to these pixels; no change reaches it.

        Returns
        -------
        logits : Float[Tensor, "batch row column"]
            Before the sigmoid.
        traces : dict of AttentionTrace
            By site; a gate has one query, and its pixels in rows as keys. Empty for the twin.
        """
        if features is None:
            features = self.encoder(pixels)
        x, traces = self._bottleneck(self.enter(features[PATCH]), intervention)
        for stride, unit, join in zip(SKIPS, self.skips, self.joins, strict=True):
            skip = features[stride]
            signal = nn.functional.interpolate(
                x, size=skip.shape[-2:], mode="bilinear", align_corners=False
            )
            if isinstance(unit, AttentionGate):
                site = f"gate.{stride}"
                kept, traces[site] = unit(skip, signal, site=site, intervention=intervention)
            else:
                kept = unit(skip, signal)
            x = join(torch.cat([signal, kept], 1))
        logits = nn.functional.interpolate(
            self.head(x).float(), size=pixels.shape[-2:], mode="bilinear", align_corners=False
        )
        return logits[:, 0], traces
