"""A speech recogniser: convolutions shorten the sound, an encoder reads it, two ways to write.

Two convolutions of stride 2 make one token of four frames (40 ms; Dong et al. 2018). The encoder's
layers are self-attention (Vaswani et al. 2017) or, in the twin, dilated convolutions of as many
parameters. A linear map gives CTC's labels (Graves et al. 2006); with decoder layers it is the
hybrid of Watanabe et al. 2017, whose encoder both share.
"""

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention import masks
from attn_core.attention.interventions import Intervention
from attn_core.layers.incremental import KeyValue, keys_and_values
from attn_core.layers.positional.sinusoidal import sinusoidal
from attn_core.models.recogniser_layers import DILATIONS, ConvolutionLayer, Shortening
from attn_core.models.transformer_layers import (
    DecoderLayer,
    EncoderLayer,
    How,
    Memory,
    Traces,
    TransformerConfig,
)

TOKEN_MS = 40
N_DIGITS = 10
BLANK = 10
"""CTC's label for "nothing new"; the digits are 0 to 9."""
START, END = 10, 11
"""The decoder's first token and its last."""
KINDS = ("attention", "convolution")


@dataclass(frozen=True, slots=True)
class RecogniserConfig:
    """Sizes of a recogniser.

    Parameters
    ----------
    kind : str
        "attention" or "convolution": what the encoder's layers mix tokens with.
    d_model, n_heads, d_ff, n_layers : int
        Of the encoder.
    n_decoder_layers : int
        0: CTC alone.
    d_ff_decoder : int
        Width of the decoder's feed-forward layer; 128 makes it as large as an encoder layer.
    channels, n_mels : int
        Of the convolutions that shorten; bands of a frame.
    window : int or None
        A token attends to so many neighbours on either side; ``None``: to all.
    dropout : float
        In [0, 1).

    Raises
    ------
    ValueError
        If the kind is unknown or a size is out of its bound.
    """

    kind: str = "attention"
    d_model: int = 128
    n_heads: int = 4
    d_ff: int = 384
    n_layers: int = 4
    n_decoder_layers: int = 0
    d_ff_decoder: int = 128
    channels: int = 32
    n_mels: int = 40
    window: int | None = None
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {KINDS}")
        if min(self.n_layers, self.channels) < 1 or self.n_decoder_layers < 0:
            raise ValueError(f"a size is too small in {self}")
        if self.window is not None and self.window < 0:
            raise ValueError(f"window is {self.window}; it must be at least 0")

    def of_layers(self, d_ff: int) -> TransformerConfig:
        """Sizes as the Transformer's layers take them."""
        return TransformerConfig(1, END + 1, self.d_model, self.n_heads, d_ff, dropout=self.dropout)


class Recogniser(nn.Module):
    """Log-mel frames in, digits out.

    Parameters
    ----------
    config : RecogniserConfig
        Its sizes.
    """

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.config = config
        d, layers = config.d_model, config.of_layers(config.d_ff)
        self.shorten = Shortening(d, config.channels, config.n_mels)
        self.dropout = nn.Dropout(config.dropout)
        self.encoder = nn.ModuleList(
            EncoderLayer(layers)
            if config.kind == "attention"
            else ConvolutionLayer(layers, DILATIONS[i % len(DILATIONS)])
            for i in range(config.n_layers)
        )
        self.encoder_norm = nn.LayerNorm(d)
        self.labels = nn.Linear(d, N_DIGITS + 1)
        self.decoder = nn.ModuleList(
            DecoderLayer(config.of_layers(config.d_ff_decoder))
            for _ in range(config.n_decoder_layers)
        )
        if config.n_decoder_layers:
            self.target = nn.Embedding(END + 1, d)
            self.decoder_norm = nn.LayerNorm(d)
            nn.init.normal_(self.target.weight, std=d**-0.5)

    def encode(
        self,
        features: Float[Tensor, "batch frame mel"],
        frames: Int[Tensor, "batch"] | None = None,
        *,
        window: int | None = None,
        allowed: Bool[Tensor, "query key"] | None = None,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch token d_model"], Bool[Tensor, "batch token"], Traces]:
        """Read the sound.

        Parameters
        ----------
        features : Float[Tensor, "batch frame mel"]
            From ``log_mel``.
        frames : Int[Tensor, "batch"], optional
            How many are real; ``None``: all.
        window : int, optional
            Narrows the config's window for this call.
        allowed : Bool[Tensor, "query key"], optional
            Which tokens may look at which, in all layers; ``None``: all at all.
        traced : bool
            ``False`` takes the fused kernel and returns no traces.
        intervention : Intervention, optional
            A learner's changes at "encoder.0", "encoder.1", …

        Returns
        -------
        states : Float[Tensor, "batch token d_model"]
            One for every 40 ms.
        real : Bool[Tensor, "batch token"]
            ``False`` on padding.
        traces : dict of AttentionTrace
            By site; empty for convolutions.
        """
        x, real = self.shorten(features, frames)
        n = x.shape[1]
        x = self.dropout(x + sinusoidal(torch.arange(n, device=x.device), x.shape[2]).to(x))
        radius = self.config.window if window is None else window
        seen = real[:, None, None, :]
        if allowed is not None:
            seen = seen & allowed
        if radius is not None:
            seen = seen & masks.window(n, n, radius).to(x.device)
        traces: Traces = {}
        how = How(traced, intervention)
        for i, layer in enumerate(self.encoder):
            if isinstance(layer, EncoderLayer):
                x, found = layer(x, seen, how, f"encoder.{i}")
                traces |= found
            else:
                x = layer(x, real)
        return self.encoder_norm(x), real, traces

    def ctc(
        self, states: Float[Tensor, "batch token d_model"]
    ) -> Float[Tensor, "batch token label"]:
        """Log-probabilities of the digits and of ``BLANK`` at every token.

        Parameters
        ----------
        states : Float[Tensor, "batch token d_model"]
            From ``encode``.

        Returns
        -------
        Float[Tensor, "batch token label"]
            Each row sums to 1 in probability.
        """
        return self.labels(states).float().log_softmax(-1)

    def remember(
        self, states: Float[Tensor, "batch token d_model"], real: Bool[Tensor, "batch token"]
    ) -> Memory:
        """Keys and values of the sound for the decoder.

        Parameters
        ----------
        states : Float[Tensor, "batch token d_model"]
            From ``encode``.
        real : Bool[Tensor, "batch token"]
            ``False`` on padding.

        Returns
        -------
        Memory
            Made once for each sound.
        """
        layers = cast("list[DecoderLayer]", list(self.decoder))
        made = tuple(keys_and_values(layer.cross, states) for layer in layers)
        return Memory(made, real[:, None, None, :], states)

    def decode(
        self,
        target: Int[Tensor, "batch query"],
        memory: Memory,
        cache: tuple[KeyValue, ...] = (),
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch query token"], Traces, tuple[KeyValue, ...]]:
        """Logits for the token after each given one.

        Parameters
        ----------
        target : Int[Tensor, "batch query"]
            ``START`` and digits, without what the cache holds.
        memory : Memory
            From ``remember``.
        cache : tuple of KeyValue
            Of the tokens before.
        traced : bool
            ``False`` returns no traces.
        intervention : Intervention, optional
            A learner's changes at "decoder.0.self" and "decoder.0.cross".

        Returns
        -------
        logits : Float[Tensor, "batch query token"]
            Digits, ``START`` (never right) and ``END``.
        traces : dict of AttentionTrace
            Of these queries.
        cache : tuple of KeyValue
            With these tokens in it.
        """
        held, n = (len(cache[0]) if cache else 0), target.shape[1]
        places = torch.arange(held, held + n, device=target.device)
        x = self.target(target) * self.config.d_model**0.5
        x = self.dropout(x + sinusoidal(places, x.shape[2]).to(x))
        mask = masks.causal(held + n, held + n)[None, None, held:].to(x.device) if n > 1 else None
        traces: Traces = {}
        kept = []
        how = How(traced, intervention)
        for i, layer in enumerate(self.decoder):
            x, found, own = layer(x, cache[i] if cache else None, mask, memory, i, how)
            kept.append(own)
            traces |= found
        return self.decoder_norm(x) @ self.target.weight.T, traces, tuple(kept)
