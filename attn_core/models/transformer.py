"""The Transformer: an encoder–decoder with three kinds of attention (Vaswani et al. 2017).

Equal to ``torch.nn.Transformer`` with copied weights; beside its output every attention's trace is
returned: "encoder.0" (each source token to each), "decoder.0.self" (masked: to what is written
already) and "decoder.0.cross" (to the encoder's states).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core import masks
from attn_core.interventions import Intervention
from attn_core.layers.incremental import KeyValue, attend_to, keys_and_values
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.sinusoidal import sinusoidal
from attn_core.trace import AttentionTrace

PAD, START, END, UNKNOWN = 0, 1, 2, 3
N_SPECIAL = 4
Traces = dict[str, AttentionTrace]


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """Sizes of a Transformer, and the parts that an ablation leaves out.

    Parameters
    ----------
    source_vocabulary, target_vocabulary : int
        Entries of the two token tables, special ones included.
    d_model, n_heads, d_ff : int
        Width of the stream, heads that share it, width of the feed-forward layer.
    n_encoder_layers, n_decoder_layers : int
        Layers.
    dropout : float
        On embeddings and on the output of each part, in [0, 1).
    pre_norm : bool
        Normalise before each part (Xiong et al. 2020) or, as the paper, after.
    positions, causal, cross : bool
        Position code, causal mask and cross-attention; ``False`` leaves one out.
    one_vector : bool
        The decoder sees only the mean of the encoder's states: a fixed-length vector.
    shared : bool
        One token table for both languages.

    Raises
    ------
    ValueError
        If a size is below 1, or ``n_heads`` does not divide ``d_model``.
    """

    source_vocabulary: int
    target_vocabulary: int
    d_model: int = 192
    n_heads: int = 6
    d_ff: int = 768
    n_encoder_layers: int = 2
    n_decoder_layers: int = 2
    dropout: float = 0.3
    pre_norm: bool = True
    positions: bool = True
    causal: bool = True
    cross: bool = True
    one_vector: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        for name in ("d_model", "n_heads", "d_ff", "n_encoder_layers", "n_decoder_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.d_model % self.n_heads or self.d_model % 2:
            raise ValueError(
                f"n_heads is {self.n_heads}; it must divide d_model, {self.d_model}, an even number"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}; it must be in [0, 1)")


class Part(nn.Module):
    """What surrounds attention and feed-forward alike: a norm, dropout, and the sum."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.pre_norm = config.pre_norm

    def before(self, x: Tensor) -> Float[Tensor, "batch token d_model"]:
        """What the part reads."""
        return self.norm(x) if self.pre_norm else x

    def after(self, x: Tensor, out: Tensor) -> Float[Tensor, "batch token d_model"]:
        """The stream with the part's output in it."""
        x = x + self.dropout(out)
        return x if self.pre_norm else self.norm(x)


class FeedForward(nn.Module):
    """Two linear maps with ReLU between, at each position alone (equation 2)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.expand = nn.Linear(config.d_model, config.d_ff)
        self.contract = nn.Linear(config.d_ff, config.d_model)
        self.part = Part(config)

    def forward(
        self, x: Float[Tensor, "batch token d_model"]
    ) -> Float[Tensor, "batch token d_model"]:
        """The stream with the network's output in it."""
        return self.part.after(x, self.contract(torch.relu(self.expand(self.part.before(x)))))


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(config.d_model, config.n_heads)
        self.part = Part(config)
        self.feed_forward = FeedForward(config)


class DecoderLayer(nn.Module):
    """Masked self-attention, cross-attention to the encoder, a feed-forward network."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(config.d_model, config.n_heads)
        self.part = Part(config)
        if config.cross:
            self.cross = MultiHeadAttention(config.d_model, config.n_heads)
            self.cross_part = Part(config)
        self.feed_forward = FeedForward(config)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder keeps of the source: keys and values for each of its layers.

    Parameters
    ----------
    layers : tuple of KeyValue
        One for each decoder layer's cross-attention; empty without it.
    mask : Bool[Tensor, "batch 1 1 key"] or None
        ``False`` on padding.
    states : Float[Tensor, "batch token d_model"]
        The encoder's output itself.
    """

    layers: tuple[KeyValue, ...]
    mask: Bool[Tensor, "batch 1 1 key"] | None
    states: Float[Tensor, "batch token d_model"]

    def rows(self, index: Int[Tensor, "row"]) -> "Memory":
        """These sources, in this order.

        Parameters
        ----------
        index : Int[Tensor, "row"]
            Entries of the batch.

        Returns
        -------
        Memory
            Of as many sources.
        """
        return Memory(
            tuple(layer.rows(index) for layer in self.layers),
            None if self.mask is None else self.mask[index],
            self.states[index],
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
        for i, layer in enumerate(self.encoder):
            site, normed = f"encoder.{i}", layer.part.before(x)
            out, trace = attend_to(
                layer.attention, normed, keys_and_values(layer.attention, normed), mask,
                traced=traced, site=site, intervention=intervention,
            )  # fmt: skip
            x = layer.feed_forward(layer.part.after(x, out))
            if trace is not None:
                traces[site] = trace
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
        layers = self.decoder if self.config.cross else ()
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
        for i, layer in enumerate(self.decoder):
            normed = layer.part.before(x)
            own = keys_and_values(layer.attention, normed)
            if cache:
                own = cache[i].and_then(own)
            kept.append(own)
            out, traces_self = attend_to(
                layer.attention, normed, own, mask,
                traced=traced, site=f"decoder.{i}.self", intervention=intervention,
            )  # fmt: skip
            x = layer.part.after(x, out)
            found = {f"decoder.{i}.self": traces_self}
            if self.config.cross:
                out, found[f"decoder.{i}.cross"] = attend_to(
                    layer.cross, layer.cross_part.before(x), memory.layers[i], memory.mask,
                    traced=traced, site=f"decoder.{i}.cross", intervention=intervention,
                )  # fmt: skip
                x = layer.cross_part.after(x, out)
            x = layer.feed_forward(x)
            traces |= {site: trace for site, trace in found.items() if trace is not None}
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
