"""What a Transformer is built of: its sizes, its two kinds of layer, and what it remembers.

Vaswani et al. 2017, section 3.1; pre-norm after Xiong et al. 2020.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.incremental import KeyValue, attend_to, keys_and_values
from attn_core.layers.multi_head import MultiHeadAttention

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


@dataclass(frozen=True, slots=True)
class How:
    """How one call attends: with traces or fused, and with which of a learner's changes."""

    traced: bool
    intervention: Intervention | None

    def attend(
        self,
        attention: MultiHeadAttention,
        x: Tensor,
        seen: KeyValue,
        mask: Tensor | None,
        site: str,
    ) -> tuple[Float[Tensor, "batch query d_model"], Traces]:
        """One attention of the model, and its trace under its site."""
        out, trace = attend_to(
            attention,
            x,
            seen,
            mask,
            traced=self.traced,
            site=site,
            intervention=self.intervention,
        )
        return out, {} if trace is None else {site: trace}


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


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(config.d_model, config.n_heads)
        self.part = Part(config)
        self.feed_forward = FeedForward(config)

    def forward(
        self, x: Tensor, mask: Tensor | None, how: How, site: str
    ) -> tuple[Float[Tensor, "batch token d_model"], Traces]:
        """The stream after the layer, and its attention's trace."""
        normed = self.part.before(x)
        own = keys_and_values(self.attention, normed)
        out, traces = how.attend(self.attention, normed, own, mask, site)
        return self.feed_forward(self.part.after(x, out)), traces


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

    def forward(
        self,
        x: Tensor,
        held: KeyValue | None,
        mask: Tensor | None,
        memory: Memory,
        i: int,
        how: How,
    ) -> tuple[Float[Tensor, "batch query d_model"], Traces, KeyValue]:
        """The stream after the layer, both attentions' traces, the cache with these tokens."""
        normed = self.part.before(x)
        own = keys_and_values(self.attention, normed)
        if held is not None:
            own = held.and_then(own)
        out, traces = how.attend(self.attention, normed, own, mask, f"decoder.{i}.self")
        x = self.part.after(x, out)
        if memory.layers:
            normed, seen = self.cross_part.before(x), memory.layers[i]
            out, found = how.attend(self.cross, normed, seen, memory.mask, f"decoder.{i}.cross")
            x, traces = self.cross_part.after(x, out), traces | found
        return self.feed_forward(x), traces, own
