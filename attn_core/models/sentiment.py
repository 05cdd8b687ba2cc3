"""Sentiment classifiers that pool contextual states: one on MiniLM, one trained from scratch.

English: MiniLM's first layers as published, its last layer trained further. Chinese: characters in,
a convolution over neighbours, a small post-norm encoder (Vaswani et al. 2017).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.pooling import Pooling
from attn_core.models.minilm import Layer, MiniLMConfig

POOL = "pool"
PAD, UNKNOWN = 0, 1

Traces = dict[str, AttentionTrace]


@dataclass(frozen=True, slots=True)
class SentimentConfig:
    """Sizes of a classifier.

    Parameters
    ----------
    pooling : str
        One of ``attn_core.layers.pooling.POOLINGS``.
    d_model, d_ff, n_heads, n_layers : int
        Of the encoder layers that are trained.
    dropout : float
        Before the output, in [0, 1).
    characters : str
        Alphabet of the encoder from scratch; "" where MiniLM comes before.
    width : int
        Characters that the convolution sees; 1 sees no neighbour.
    positions : bool
        Whether sinusoidal positions are added (from scratch only).
    """

    pooling: str = "attention"
    d_model: int = 384
    d_ff: int = 1536
    n_heads: int = 12
    n_layers: int = 1
    dropout: float = 0.1
    characters: str = ""
    width: int = 3
    positions: bool = True


def _layers(config: SentimentConfig) -> nn.ModuleList:
    sizes = MiniLMConfig(d_model=config.d_model, d_ff=config.d_ff, n_heads=config.n_heads)
    return nn.ModuleList(Layer(sizes) for _ in range(config.n_layers))


class SentimentTail(nn.Module):
    """MiniLM's last layers, trained further, pooling and two logits.

    Parameters
    ----------
    config : SentimentConfig
        Sizes; ``n_layers`` of MiniLM's six are here.
    """

    def __init__(self, config: SentimentConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = _layers(config)
        self.pool = Pooling(config.d_model, config.pooling)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.d_model, 2)

    def forward(
        self,
        states: Float[Tensor, "batch token d_model"],
        mask: Bool[Tensor, "batch token"],
        intervention: Intervention | None = None,
        first: int = 0,
    ) -> tuple[Float[Tensor, "batch 2"], Traces]:
        """Logits of negative and positive.

        Parameters
        ----------
        states : Float[Tensor, "batch token d_model"]
            After MiniLM's first layers, or after the embedding.
        mask : Bool[Tensor, "batch token"]
            ``True`` on real tokens.
        intervention : Intervention, optional
            A learner's changes; sites "encoder.<i>" and "pool".
        first : int
            Number of the first layer here.

        Returns
        -------
        logits : Float[Tensor, "batch 2"]
            Negative, positive.
        traces : dict of str to AttentionTrace
            One for each layer, and the pooling's.
        """
        traces: Traces = {}
        allowed = mask[:, None, None, :].expand(-1, 1, mask.shape[1], -1)
        for i, layer in enumerate(self.layers, first):
            site = f"encoder.{i}"
            states, traces[site] = layer(states, allowed, site, intervention)
            states = self.dropout(states)
        pooled, traces[POOL] = self.pool(states, mask, site=POOL, intervention=intervention)
        return self.output(self.dropout(pooled)), traces


class CharacterSentiment(nn.Module):
    """Characters in, two logits out.

    Parameters
    ----------
    config : SentimentConfig
        Sizes and alphabet.
    """

    def __init__(self, config: SentimentConfig) -> None:
        super().__init__()
        self.config = config
        self._place = {c: i + 2 for i, c in enumerate(config.characters)}
        self.embedding = nn.Embedding(len(config.characters) + 2, config.d_model)
        nn.init.normal_(self.embedding.weight, std=0.5)
        self.neighbours = nn.Conv1d(
            config.d_model, config.d_model, config.width, padding=config.width // 2
        )
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.tail = SentimentTail(config)

    def ids(self, texts: list[str]) -> Int[Tensor, "batch token"]:
        """Character ids, padded.

        Parameters
        ----------
        texts : list of str
            Each of at least one character.

        Returns
        -------
        Int[Tensor, "batch token"]
            0 is padding, 1 a character outside the alphabet.
        """
        longest = max(len(text) for text in texts)
        rows = [
            [self._place.get(c, UNKNOWN) for c in text] + [PAD] * (longest - len(text))
            for text in texts
        ]
        return torch.tensor(rows)

    def embed(self, ids: Int[Tensor, "batch token"]) -> Float[Tensor, "batch token d_model"]:
        """Character embeddings, before the neighbours are mixed in.

        Parameters
        ----------
        ids : Int[Tensor, "batch token"]
            From ``ids``.

        Returns
        -------
        Float[Tensor, "batch token d_model"]
            What ``forward`` takes.
        """
        return self.embedding(ids)

    def forward(
        self,
        embedded: Float[Tensor, "batch token d_model"],
        mask: Bool[Tensor, "batch token"],
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch 2"], Traces]:
        """Logits of negative and positive.

        Parameters
        ----------
        embedded : Float[Tensor, "batch token d_model"]
            From ``embed``.
        mask : Bool[Tensor, "batch token"]
            ``True`` on real characters.
        intervention : Intervention, optional
            A learner's changes; sites "encoder.<i>" and "pool".

        Returns
        -------
        logits : Float[Tensor, "batch 2"]
            Negative, positive.
        traces : dict of str to AttentionTrace
            One for each layer, and the pooling's.
        """
        x = self.dropout(embedded) * mask[..., None]
        mixed = self.neighbours(x.transpose(1, 2)).transpose(1, 2)  # (b, t, d)
        x = x + nn.functional.gelu(mixed)
        if self.config.positions:
            x = x + 0.5 * _sinusoids(x)
        return self.tail(self.norm(x), mask, intervention)


def _sinusoids(x: Float[Tensor, "batch token d_model"]) -> Float[Tensor, "token d_model"]:
    """Sinusoidal positions (Vaswani et al. 2017, section 3.5), sines first, then cosines."""
    half = x.shape[-1] // 2
    rates = 10_000 ** (-torch.arange(half, device=x.device) / half)
    angles = torch.arange(x.shape[1], device=x.device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
