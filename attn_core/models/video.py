"""A clip in, a camera motion out: attention over space and time, divided or joint.

Tokens are patches of pairs of frames: two convolutions see a frame and what changed since the one
before (tubelets of two frames; Arnab et al. 2021, section 3.2). A layer attends over time, then
over space (Bertasius et al. 2021, "divided space-time attention", equations 5 to 7), or, in its
twins, over one of both alone or over all tokens at once. Attention pooling makes a vector of each
frame's patches and one of all frames: the logits are a weighted sum of what each frame says.
"""

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.inputs.motion import MOTIONS, N_FRAMES, SIDE
from attn_core.layers.incremental import keys_and_values
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.pooling import Pooling
from attn_core.models.transformer_layers import FeedForward, How, Part, Traces, TransformerConfig

ATTENTIONS = ("divided", "space", "time", "joint")
PATCH = 8
"""Pixels of a patch's side."""


@dataclass(frozen=True, slots=True)
class VideoConfig:
    """Sizes of a video classifier.

    Parameters
    ----------
    attention : str
        One of ``ATTENTIONS``.
    pooling : str
        Over frames; one of ``layers.pooling.POOLINGS``.
    d_model, n_heads, d_ff, n_layers : int
        Of the Transformer.
    channels : int
        Of the first convolution.
    dropout : float
        In [0, 1).

    Raises
    ------
    ValueError
        If the attention is unknown or there is no layer.
    """

    attention: str = "divided"
    pooling: str = "attention"
    d_model: int = 64
    n_heads: int = 4
    d_ff: int = 128
    n_layers: int = 3
    channels: int = 24
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.attention not in ATTENTIONS:
            raise ValueError(f"attention is {self.attention!r}; it must be one of {ATTENTIONS}")
        if self.n_layers < 1:
            raise ValueError(f"n_layers is {self.n_layers}; it must be at least 1")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the classifier makes of clips.

    Parameters
    ----------
    logits : Float[Tensor, "batch motion"]
        Of the clip.
    by_frame : Float[Tensor, "batch frame motion"]
        Of each frame alone; their sum, weighted by ``frames``, is ``logits``.
    frames : Float[Tensor, "batch frame"]
        Attention over frames.
    patches : Float[Tensor, "batch frame patch"]
        Attention over each frame's patches.
    traces : dict of AttentionTrace
        "0.time" (batch · patch of them), "0.space" (batch · frame), …, "pool.space" (batch ·
        frame), "pool.time".
    """

    logits: Float[Tensor, "batch motion"]
    by_frame: Float[Tensor, "batch frame motion"]
    frames: Float[Tensor, "batch frame"]
    patches: Float[Tensor, "batch frame patch"]
    traces: Traces


class Tubelets(nn.Module):
    """A token for each patch of a frame and the change since the frame before."""

    def __init__(self, channels: int, d_model: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, channels, 5, 2, 2)
        self.second = nn.Conv2d(channels, 2 * channels, 3, 2, 1)
        self.third = nn.Conv2d(2 * channels, d_model, 3, 2, 1)

    def forward(
        self, frames: Float[Tensor, "batch frame row column"]
    ) -> Float[Tensor, "batch frame patch d_model"]:
        """Tokens; of the first frame nothing has changed."""
        change = torch.diff(frames, dim=1, prepend=frames[:, :1])
        x = torch.stack((frames, change), 2).flatten(0, 1)  # (b, t, 2, h, w) -> (b·t, 2, h, w)
        x = nn.functional.gelu(self.second(nn.functional.gelu(self.first(x))))
        tokens = self.third(x).flatten(2).transpose(1, 2)  # (b·t, d, r, c) -> (b·t, p, d)
        return tokens.unflatten(0, frames.shape[:2])


class SpaceTimeLayer(nn.Module):
    """Attention over time and over space, one of them, or both at once; then a feed-forward."""

    def __init__(self, config: VideoConfig) -> None:
        super().__init__()
        d = config.d_model
        layers = TransformerConfig(1, 1, d, config.n_heads, config.d_ff, dropout=config.dropout)
        names = ("time", "space") if config.attention == "divided" else (config.attention,)
        self.attention = nn.ModuleDict({n: MultiHeadAttention(d, config.n_heads) for n in names})
        self.part = nn.ModuleDict({n: Part(layers) for n in names})
        self.feed_forward = FeedForward(layers)

    def forward(
        self,
        x: Float[Tensor, "batch frame patch d_model"],
        seen: Bool[Tensor, "batch frame"],
        how: How,
        site: str,
    ) -> tuple[Float[Tensor, "batch frame patch d_model"], Traces]:
        """The stream after the layer, and its attentions' traces."""
        traces: Traces = {}
        n_batch, n_frames, n_patches = x.shape[:3]
        for name in self.attention:
            attention = cast("MultiHeadAttention", self.attention[name])
            part = cast("Part", self.part[name])
            mask = None
            if name == "time":
                rows = x.transpose(1, 2).flatten(0, 1)  # (b, t, p, d) -> (b·p, t, d)
                mask = seen.repeat_interleave(n_patches, 0)[:, None, None, :]
            elif name == "space":
                rows = x.flatten(0, 1)  # (b, t, p, d) -> (b·t, p, d)
            else:
                rows = x.flatten(1, 2)  # (b, t, p, d) -> (b, t·p, d)
                mask = seen.repeat_interleave(n_patches, 1)[:, None, None, :]
            normed = part.before(rows)
            own = keys_and_values(attention, normed)
            out, found = how.attend(attention, normed, own, mask, f"{site}.{name}")
            traces |= found
            rows = part.after(rows, out)
            if name == "time":
                x = rows.unflatten(0, (n_batch, n_patches)).transpose(1, 2)
            else:
                x = rows.reshape(x.shape)
        x = self.feed_forward(x.flatten(1, 2)).unflatten(1, (n_frames, n_patches))
        return x, traces


class VideoClassifier(nn.Module):
    """Names the camera's motion in a clip of which only a part moves.

    Parameters
    ----------
    config : VideoConfig
        Its sizes.
    """

    def __init__(self, config: VideoConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        self.tubelets = Tubelets(config.channels, d)
        self.place = nn.Parameter(torch.randn((SIDE // PATCH) ** 2, d) * 0.1)
        self.moment = nn.Parameter(torch.randn(N_FRAMES, d) * 0.1)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(SpaceTimeLayer(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(d)
        self.over_patches = Pooling(d)
        self.over_frames = Pooling(d, config.pooling)
        self.motions = nn.Linear(d, len(MOTIONS))

    def forward(
        self,
        frames: Float[Tensor, "batch frame row column"],
        seen: Bool[Tensor, "batch frame"] | None = None,
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> Seen:
        """Name the motion.

        Parameters
        ----------
        frames : Float[Tensor, "batch frame row column"]
            ``N_FRAMES`` of ``SIDE`` × ``SIDE``, as ``motion.as_read`` answers them.
        seen : Bool[Tensor, "batch frame"], optional
            ``False`` on frames that nobody may attend to; at least one is seen in each clip.
        traced : bool
            ``False`` takes the fused kernel and returns the pooling's traces alone.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        Seen
            Logits, by clip and by frame, and where they come from.
        """
        n_batch, n_frames = frames.shape[:2]
        if seen is None:
            seen = torch.ones(n_batch, n_frames, dtype=torch.bool, device=frames.device)
        x = self.tubelets(frames)
        x = self.dropout(x + self.place + self.moment[:n_frames, None])
        how = How(traced, intervention)
        found: Traces = {}
        for i, layer in enumerate(self.layers):
            x, of_layer = layer(x, seen, how, f"{i}")
            found |= of_layer
        x = self.norm(x)
        flat = x.flatten(0, 1)  # (b, t, p, d) -> (b·t, p, d)
        every = torch.ones(flat.shape[:2], dtype=torch.bool, device=flat.device)
        of_frames, space = self.over_patches(
            flat, every, site="pool.space", intervention=intervention
        )
        of_frames = of_frames.unflatten(0, (n_batch, n_frames))
        of_clip, time = self.over_frames(
            of_frames, seen, site="pool.time", intervention=intervention
        )
        return Seen(
            self.motions(of_clip),
            self.motions(of_frames),
            time.weights[:, 0, 0],
            space.weights[:, 0, 0].unflatten(0, (n_batch, n_frames)),
            found | {"pool.space": space, "pool.time": time},
        )
