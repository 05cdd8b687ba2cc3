"""The Transformer: an encoder–decoder with three kinds of attention (Vaswani et al. 2017).

Equal to ``torch.nn.Transformer`` with copied weights; beside its output every attention's trace is
returned: "encoder.0" (each source token to each), "decoder.0.self" (masked: to what is written
already) and "decoder.0.cross" (to the encoder's states).
"""

import math
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention import masks
from attn_core.attention.interventions import Intervention
from attn_core.layers.incremental import KeyValue, keys_and_values
from attn_core.layers.positional.sinusoidal import sinusoidal
from attn_core.models.transformer_layers import (
    PAD,
    DecoderLayer,
    EncoderLayer,
    How,
    Memory,
    Traces,
    TransformerConfig,
)


class Transformer(nn.Module):
    """Source tokens and the target so far in, logits for each next target token out.

    Parameters
    ----------
    config : TransformerConfig
        Sizes.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        self.target = nn.Embedding(config.target_vocabulary, d, padding_idx=PAD)
        self.source = (
            self.target
            if config.shared
            else nn.Embedding(config.source_vocabulary, d, padding_idx=PAD)
        )
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.n_encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.n_decoder_layers))
        self.encoder_norm = nn.LayerNorm(d)
        self.decoder_norm = nn.LayerNorm(d)
        self.dropout = nn.Dropout(config.dropout)
        for table in (self.source, self.target):
            nn.init.normal_(table.weight, std=d**-0.5)
        for parameter in (*self.encoder.parameters(), *self.decoder.parameters()):
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def embed(
        self, table: nn.Embedding, ids: Int[Tensor, "batch token"], first: int = 0
    ) -> Float[Tensor, "batch token d_model"]:
        """Token embeddings times √d_model, with their positions added (sections 3.4 and 3.5).

        Parameters
        ----------
        table : nn.Embedding
            ``source`` or ``target``.
        ids : Int[Tensor, "batch token"]
            Tokens.
        first : int
            Position of the first.

        Returns
        -------
        Float[Tensor, "batch token d_model"]
            What the first layer gets.
        """
        x = table(ids) * math.sqrt(self.config.d_model)
        if self.config.positions:
            places = torch.arange(first, first + ids.shape[1], device=ids.device)
            x = x + sinusoidal(places, self.config.d_model).to(x.dtype)
        return self.dropout(x)

    def run_encoder(
        self,
        x: Float[Tensor, "batch token d_model"],
        mask: Bool[Tensor, "batch 1 1 key"] | None = None,
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch token d_model"], Traces]:
        """The encoder's layers on embedded tokens.

        Parameters
        ----------
        x : Float[Tensor, "batch token d_model"]
            From ``embed``.
        mask : Bool[Tensor, "batch 1 1 key"], optional
            ``False`` on padding.
        traced : bool
            ``False`` takes the fused kernel and returns no traces.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        states : Float[Tensor, "batch token d_model"]
            One vector for each token, not one for the sentence.
        traces : dict of str to AttentionTrace
            "encoder.0", "encoder.1", …
        """
        traces: Traces = {}
        how = How(traced, intervention)
        for i, layer in enumerate(self.encoder):
            x, found = layer(x, mask, how, f"encoder.{i}")
            traces |= found
        return self.encoder_norm(x), traces

    def remember(
        self,
        states: Float[Tensor, "batch token d_model"],
        mask: Bool[Tensor, "batch 1 1 key"] | None = None,
    ) -> Memory:
        """Keys and values of the encoder's states for every cross-attention.

        Parameters
        ----------
        states : Float[Tensor, "batch token d_model"]
            The encoder's output.
        mask : Bool[Tensor, "batch 1 1 key"], optional
            ``False`` on padding.

        Returns
        -------
        Memory
            Made once for each source.
        """
        if self.config.one_vector:
            real = torch.ones_like(states[..., :1]) if mask is None else mask[:, 0, 0, :, None]
            states = (states * real).sum(1, keepdim=True) / real.sum(1, keepdim=True)
            mask = None
        layers = cast("list[DecoderLayer]", list(self.decoder)) if self.config.cross else []
        return Memory(tuple(keys_and_values(layer.cross, states) for layer in layers), mask, states)

    def encode(
        self,
        source: Int[Tensor, "batch token"],
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Memory, Traces]:
        """Read source sentences.

        Parameters
        ----------
        source : Int[Tensor, "batch token"]
            Ids, padded with ``PAD``.
        traced : bool
            ``False`` returns no traces.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        memory : Memory
            What the decoder looks at.
        traces : dict of str to AttentionTrace
            "encoder.0", …
        """
        mask = (source != PAD)[:, None, None, :]
        states, traces = self.run_encoder(
            self.embed(self.source, source), mask, traced=traced, intervention=intervention
        )
        return self.remember(states, mask), traces

    def run_decoder(
        self,
        x: Float[Tensor, "batch query d_model"],
        memory: Memory,
        cache: tuple[KeyValue, ...] = (),
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch query d_model"], Traces, tuple[KeyValue, ...]]:
        """The decoder's layers on embedded tokens, after those that the cache holds.

        Parameters
        ----------
        x : Float[Tensor, "batch query d_model"]
            From ``embed``.
        memory : Memory
            From ``remember``.
        cache : tuple of KeyValue
            One for each layer, of the tokens before; empty at the start.
        traced : bool
            ``False`` takes the fused kernel and returns no traces.
        intervention : Intervention, optional
            A learner's changes; where a cache is given, query 0 is the first new token.

        Returns
        -------
        states : Float[Tensor, "batch query d_model"]
            Normalised; times the target table they are logits.
        traces : dict of str to AttentionTrace
            "decoder.0.self", "decoder.0.cross", …
        cache : tuple of KeyValue
            With these tokens in it.
        """
        held, n = (len(cache[0]) if cache else 0), x.shape[1]
        mask: Tensor | None = None
        if self.config.causal and n > 1:
            mask = masks.causal(held + n, held + n)[None, None, held:].to(x.device)
        traces: Traces = {}
        kept = []
        how = How(traced, intervention)
        for i, layer in enumerate(self.decoder):
            before = cache[i] if cache else None
            x, found, own = layer(x, before, mask, memory, i, how)
            kept.append(own)
            traces |= found
        return self.decoder_norm(x), traces, tuple(kept)

    def decode(
        self,
        target: Int[Tensor, "batch query"],
        memory: Memory,
        cache: tuple[KeyValue, ...] = (),
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch query vocabulary"], Traces, tuple[KeyValue, ...]]:
        """Logits for the token after each given one.

        Parameters
        ----------
        target : Int[Tensor, "batch query"]
            ``START`` and what is written, without what the cache holds.
        memory : Memory
            From ``encode``.
        cache : tuple of KeyValue
            Of the tokens before.
        traced : bool
            ``False`` returns no traces.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        logits : Float[Tensor, "batch query vocabulary"]
            Before softmax.
        traces : dict of str to AttentionTrace
            Of these queries.
        cache : tuple of KeyValue
            With these tokens in it.
        """
        x = self.embed(self.target, target, len(cache[0]) if cache else 0)
        states, traces, cache = self.run_decoder(
            x, memory, cache, traced=traced, intervention=intervention
        )
        return states @ self.target.weight.T, traces, cache  # (b, q, d) x (d, v) -> (b, q, v)

    def forward(
        self,
        source: Int[Tensor, "batch token"],
        target: Int[Tensor, "batch query"],
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch query vocabulary"], Traces]:
        """Logits for each next target token, given the true ones before it (teacher forcing).

        Parameters
        ----------
        source : Int[Tensor, "batch token"]
            Ids, padded.
        target : Int[Tensor, "batch query"]
            ``START`` and the true tokens, padded.
        traced : bool
            ``False`` returns no traces.
        intervention : Intervention, optional
            A learner's changes.

        Returns
        -------
        logits : Float[Tensor, "batch query vocabulary"]
            Before softmax.
        traces : dict of str to AttentionTrace
            Of all three kinds.
        """
        memory, traces = self.encode(source, traced=traced, intervention=intervention)
        logits, found, _ = self.decode(target, memory, traced=traced, intervention=intervention)
        return logits, traces | found
