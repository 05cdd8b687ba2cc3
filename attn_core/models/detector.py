"""A set-prediction detector: object queries look at a picture and say box and class, or nothing.

DETR (Carion et al. 2020) made small: an ImageNet encoder up to stride 16, self-attention over its
patches, and a decoder whose queries each own an anchor that every layer moves (Liu et al. 2022)
and attend by content and place (Meng et al. 2021). No two queries are merged afterwards: there is
no non-maximum suppression. ``attends=False`` is the twin without attention in its encoder.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.models.detector_layers import (
    DecoderLayer,
    EncoderLayer,
    initial_bias,
    sine_code,
)
from attn_core.models.photo_encoder import CHANNELS, PhotoEncoder, SameConv

PATCH = 16
"""Pixels on a side of a token."""


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """Sizes of the detector.

    Parameters
    ----------
    n_classes, n_queries : int
        Classes ("nothing" is none of them), and queries of one group.
    n_groups : int
        Groups of queries in training; 1 afterwards.
    attends : bool
        Whether the encoder has self-attention, or a convolution of equal parameters.
    d_model, n_heads, d_ff : int
        Width, heads, width of the feed-forward layers.
    n_encoder_layers, n_decoder_layers : int
        Layers.

    Raises
    ------
    ValueError
        If a size is below 1, or ``n_heads`` does not divide ``d_model``.
    """

    n_classes: int = 10
    n_queries: int = 20
    n_groups: int = 1
    attends: bool = True
    d_model: int = 128
    n_heads: int = 4
    d_ff: int = 256
    n_encoder_layers: int = 2
    n_decoder_layers: int = 3

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name != "attends" and getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.d_model % self.n_heads or self.d_model % 4:
            raise ValueError(
                f"n_heads is {self.n_heads}; it must divide d_model, {self.d_model}, "
                "a multiple of 4"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What the queries say after each decoder layer.

    Parameters
    ----------
    logits : Float[Tensor, "layer batch query class"]
        Before the sigmoid.
    boxes : Float[Tensor, "layer batch query 4"]
        Centre's column and row, width and height, as fractions of the picture.
    anchors : Float[Tensor, "query 4"]
        Where the queries begin, likewise.
    """

    logits: Float[Tensor, "layer batch query class"]
    boxes: Float[Tensor, "layer batch query 4"]
    anchors: Float[Tensor, "query 4"]


class Detector(nn.Module):
    """Photograph in, a set of boxes with classes out.

    Parameters
    ----------
    config : DetectorConfig
        Its sizes.
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        d, heads, ff = config.d_model, config.n_heads, config.d_ff
        self.encoder = PhotoEncoder()
        self.coarse = nn.Conv2d(CHANNELS[PATCH], d, 1)
        self.fine = SameConv(CHANNELS[PATCH // 2], d, 3, 2)
        self.encoder_layers = nn.ModuleList(
            EncoderLayer(d, heads, ff, attends=config.attends)
            for _ in range(config.n_encoder_layers)
        )
        self.decoder_layers = nn.ModuleList(
            DecoderLayer(d, heads, ff) for _ in range(config.n_decoder_layers)
        )
        self.norm_memory, self.norm_out = nn.LayerNorm(d), nn.LayerNorm(d)
        n = config.n_queries * config.n_groups
        self.content = nn.Parameter(torch.randn(n, d) * 0.02)
        spread = torch.rand(n, 4) * 0.9 + 0.05
        spread[:, 2:] = 0.15 + 0.1 * spread[:, 2:]
        self.anchors = nn.Parameter(torch.logit(spread))
        self.of_anchor = nn.Sequential(nn.Linear(2 * d, d), nn.ReLU(), nn.Linear(d, d))
        self.classes = nn.Linear(d, config.n_classes)
        last = nn.Linear(d, 4)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.moves = nn.Sequential(nn.Linear(d, d), nn.ReLU(), last)
        nn.init.constant_(self.classes.bias, initial_bias(0.02))

    def encode(
        self, features: dict[int, Tensor], intervention: Intervention | None
    ) -> tuple[
        Float[Tensor, "batch patch d_model"],
        Float[Tensor, "patch d_model"],
        tuple[int, int],
        dict[str, AttentionTrace],
    ]:
        """Patches after the encoder, their place codes, their grid and the traces."""
        x = self.coarse(features[PATCH]) + self.fine(features[PATCH // 2])
        grid = (x.shape[-2], x.shape[-1])
        cells = torch.cartesian_prod(torch.arange(grid[0]), torch.arange(grid[1]))
        places = sine_code(cells.to(x), self.config.d_model)
        stream = x.flatten(2).transpose(1, 2)  # (b, d, r, c) -> (b, r·c, d)
        traces: dict[str, AttentionTrace] = {}
        for index, layer in enumerate(self.encoder_layers):
            stream, new = layer(stream, places, grid, f"encoder.{index}", intervention)
            traces |= new
        return self.norm_memory(stream), places, grid, traces

    def forward(
        self,
        pixels: Float[Tensor, "batch 3 row column"],
        *,
        n_queries: int | None = None,
        intervention: Intervention | None = None,
        features: dict[int, Tensor] | None = None,
    ) -> tuple[Detections, dict[str, AttentionTrace]]:
        """Boxes and classes after each layer.

        Parameters
        ----------
        pixels : Float[Tensor, "batch 3 row column"]
            In [0, 1]; 16 divides each side.
        n_queries : int, optional
            Only the first so many queries are asked; ``None`` asks all.
        intervention : Intervention, optional
            A learner's changes.
        features : dict of int to Tensor, optional
            What the photograph's encoder answers to these pixels; no change reaches it.

        Returns
        -------
        detections : Detections
            The last layer's are the answer.
        traces : dict of AttentionTrace
            "encoder.0", "decoder.0.self", "decoder.0.cross" and so on.

        Raises
        ------
        ValueError
            If ``n_queries`` is not between 1 and the config's.
        """
        config = self.config
        count = config.n_queries * config.n_groups if n_queries is None else n_queries
        if n_queries is not None and not 1 <= n_queries <= config.n_queries:
            raise ValueError(f"n_queries is {n_queries}; it must be in [1, {config.n_queries}]")
        groups = config.n_groups if n_queries is None else 1
        features = self.encoder(pixels) if features is None else features
        memory, places, (rows, columns), traces = self.encode(features, intervention)
        batch = pixels.shape[0]
        x = self.content[:count].expand(batch, -1, -1)
        anchors = self.anchors[:count].float()
        at = anchors.expand(batch, -1, -1)
        size = at.new_tensor([rows, columns])
        logits, boxes = [], []
        for index, layer in enumerate(self.decoder_layers):
            box = at.sigmoid()
            centre = sine_code(box[..., [1, 0]] * size - 0.5, config.d_model)
            extent = sine_code(box[..., [3, 2]] * size, config.d_model)
            code = self.of_anchor(torch.cat([centre, extent], -1).to(memory))
            x, new = layer(x, code, memory, places, groups, f"decoder.{index}", intervention)
            traces |= new
            out = self.norm_out(x)
            moved = at + self.moves(out).float()
            logits.append(self.classes(out).float())
            boxes.append(moved.sigmoid())
            at = moved.detach()
        found = Detections(torch.stack(logits), torch.stack(boxes), anchors.sigmoid())
        return found, traces


def first_group(weights: dict[str, Tensor], config: DetectorConfig) -> dict[str, Tensor]:
    """Weights without the groups of queries that only training has.

    Parameters
    ----------
    weights : dict of Tensor
        Of a model with any number of groups.
    config : DetectorConfig
        Its sizes.

    Returns
    -------
    dict of Tensor
        Of a model with one group.
    """
    n = config.n_queries
    return {k: v[:n] if k in ("content", "anchors") else v for k, v in weights.items()}
