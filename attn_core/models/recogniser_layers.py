"""Layers of the speech recogniser that are not a Transformer's: they shorten, or convolve."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention import masks
from attn_core.inputs.speech_features import FACTOR
from attn_core.models.transformer_layers import FeedForward, Part, TransformerConfig

DILATIONS = (1, 2, 4, 8)
CONTEXT, GROUPS = 5, 8
"""Tokens that the shortening's last convolution sees, and the groups of its channels."""


def n_tokens(frames: Int[Tensor, "batch"]) -> Int[Tensor, "batch"]:
    """Tokens of so many frames: two strides of 2, rounded up.

    Parameters
    ----------
    frames : Int[Tensor, "batch"]
        From ``log_mel``.

    Returns
    -------
    Int[Tensor, "batch"]
        A quarter of them.

    Examples
    --------
    >>> n_tokens(torch.tensor([101, 4])).tolist()
    [26, 1]
    """
    return ((frames + 1) // 2 + 1) // 2


class Shortening(nn.Module):
    """Two convolutions of stride 2 over time and frequency, a linear map, and near neighbours.

    The last convolution over ``CONTEXT`` tokens is what Mohamed et al. 2019 ("Transformers with
    convolutional context for ASR") put before self-attention; without it a token is 70 ms of sound.
    """

    def __init__(self, d_model: int, channels: int, n_mels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, 2, 1)
        self.second = nn.Conv2d(channels, channels, 3, 2, 1)
        self.project = nn.Linear(channels * (n_mels // FACTOR), d_model)
        self.norm = nn.LayerNorm(d_model)
        self.context = nn.Conv1d(d_model, d_model, CONTEXT, padding=CONTEXT // 2, groups=GROUPS)

    def forward(
        self, features: Float[Tensor, "batch frame mel"], frames: Int[Tensor, "batch"] | None = None
    ) -> tuple[Float[Tensor, "batch token d_model"], Bool[Tensor, "batch token"]]:
        """A token for every four frames, and which of them are real."""
        x = torch.relu(self.second(torch.relu(self.first(features[:, None]))))
        x = self.norm(self.project(x.transpose(1, 2).flatten(2)))  # (b, c, t, m) -> (b, t, d)
        if frames is None:
            real = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        else:
            real = masks.from_lengths(n_tokens(frames), x.shape[1])
        near = self.context((x * real[..., None]).transpose(1, 2)).transpose(1, 2)
        return x + nn.functional.gelu(near), real


class ConvolutionLayer(nn.Module):
    """In place of self-attention: a dilated convolution over neighbours, and a linear map."""

    def __init__(self, config: TransformerConfig, dilation: int) -> None:
        super().__init__()
        d = config.d_model
        self.mix = nn.Conv1d(d, d, 3, padding=dilation, dilation=dilation)
        self.out = nn.Linear(d, d)
        self.part = Part(config)
        self.feed_forward = FeedForward(config)

    def forward(
        self, x: Float[Tensor, "batch token d_model"], real: Bool[Tensor, "batch token"]
    ) -> Float[Tensor, "batch token d_model"]:
        """The stream after the layer; padding counts as silence."""
        normed = self.part.before(x) * real[..., None]
        mixed = torch.relu(self.mix(normed.transpose(1, 2)).transpose(1, 2))
        return self.feed_forward(self.part.after(x, self.out(mixed)))
