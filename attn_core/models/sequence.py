"""Letters in, labels out: one reader for windows of a genome and for chains of residues.

A convolution gives each letter its neighbours, layers mix across the whole sequence by
self-attention (Vaswani et al. 2017) or, in the twin, by convolutions of as many parameters, and a
linear map names a class: of the whole sequence, after pooling, or of every letter.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.layers.pooling import POOLINGS, Pooling
from attn_core.layers.positional.sinusoidal import sinusoidal
from attn_core.models.recogniser_layers import DILATIONS, ConvolutionLayer
from attn_core.models.transformer_layers import EncoderLayer, How, Traces, TransformerConfig

KINDS = ("attention", "convolution")
PAD = 0
"""Index of padding; the alphabet's letters follow."""


@dataclass(frozen=True, slots=True)
class SequenceConfig:
    """Sizes of a reader.

    Parameters
    ----------
    symbols, classes : str
        The alphabet, its last letter standing for what is not known; one letter for each class.
    kind : str
        "attention" or "convolution": what the layers mix letters with.
    pooling : str
        One of ``attn_core.layers.pooling.POOLINGS``; "" names every letter.
    d_model, n_heads, d_ff, n_layers : int
        Of the layers.
    width, n_stem : int
        Letters that a convolution of the stem sees, an odd number, and how many there are.
    dropout : float
        In [0, 1).

    Raises
    ------
    ValueError
        If the kind or pooling is unknown, the width even or a size too small.
    """

    symbols: str
    classes: str
    kind: str = "attention"
    pooling: str = ""
    d_model: int = 64
    n_heads: int = 4
    d_ff: int = 128
    n_layers: int = 2
    width: int = 7
    n_stem: int = 1
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {KINDS}")
        if self.pooling and self.pooling not in POOLINGS:
            raise ValueError(f"pooling is {self.pooling!r}; it must be '' or one of {POOLINGS}")
        if self.width < 1 or self.width % 2 == 0 or self.n_stem < 1 or self.n_layers < 1:
            raise ValueError(f"a size is out of its bound in {self}")

    def of_layers(self) -> TransformerConfig:
        """Sizes as the Transformer's layers take them."""
        return TransformerConfig(1, 1, self.d_model, self.n_heads, self.d_ff, dropout=self.dropout)


def ids_of(sequence: str, symbols: str) -> list[int]:
    """Letters as the reader takes them.

    Parameters
    ----------
    sequence : str
        Any letters; one that is not in the alphabet counts as its last.
    symbols : str
        The alphabet.

    Returns
    -------
    list of int
        From 1; 0 is padding.

    Examples
    --------
    >>> ids_of("GATR", "ACGTN")
    [3, 1, 4, 5]
    """
    place = {letter: i + 1 for i, letter in enumerate(symbols)}
    return [place.get(letter, len(symbols)) for letter in sequence]


class Stem(nn.Module):
    """A convolution over neighbours, added to the stream."""

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        d = config.d_model
        self.near = nn.Conv1d(d, d, config.width, padding=config.width // 2)
        self.norm = nn.LayerNorm(d)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "batch letter d_model"], real: Bool[Tensor, "batch letter"]
    ) -> Float[Tensor, "batch letter d_model"]:
        """The stream with each letter's neighbours in it; padding counts as nothing."""
        near = self.near((x * real[..., None]).transpose(1, 2)).transpose(1, 2)  # (b, l, d)
        return self.norm(x + self.dropout(nn.functional.gelu(near)))


class SequenceReader(nn.Module):
    """Classes of sequences, or of their letters.

    Parameters
    ----------
    config : SequenceConfig
        Its sizes.
    """

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        self.config = config
        d, layers = config.d_model, config.of_layers()
        self.letters = nn.Embedding(len(config.symbols) + 1, d, padding_idx=PAD)
        self.stem = nn.ModuleList(Stem(config) for _ in range(config.n_stem))
        self.encoder = nn.ModuleList(
            EncoderLayer(layers)
            if config.kind == "attention"
            else ConvolutionLayer(layers, DILATIONS[i % len(DILATIONS)])
            for i in range(config.n_layers)
        )
        self.norm = nn.LayerNorm(d)
        if config.pooling:
            self.pool = Pooling(d, config.pooling)
        self.dropout = nn.Dropout(config.dropout)
        self.answer = nn.Linear(d, len(config.classes))

    def forward(
        self,
        ids: Int[Tensor, "batch letter"],
        *,
        allowed: Bool[Tensor, "query key"] | None = None,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch *letter label"], Traces]:
        """Read.

        Parameters
        ----------
        ids : Int[Tensor, "batch letter"]
            From ``ids_of``, filled up with ``PAD``.
        allowed : Bool[Tensor, "query key"], optional
            Which letters may look at which, in all layers; ``None``: all at all.
        traced : bool
            ``False`` takes the fused kernel in the layers.
        intervention : Intervention, optional
            A learner's changes at "encoder.0", "encoder.1", …, and "pool".

        Returns
        -------
        logits : Float[Tensor, "batch *letter label"]
            One row for each sequence, or for each of its letters.
        traces : dict of AttentionTrace
            By site.
        """
        real = ids != PAD
        x = self.letters(ids)
        for stem in self.stem:
            x = stem(x, real)
        x = x + sinusoidal(torch.arange(ids.shape[1], device=ids.device), x.shape[2]).to(x)
        traces: Traces = {}
        how, seen = How(traced, intervention), real[:, None, None, :]
        if allowed is not None:
            seen = seen & allowed
        for i, layer in enumerate(self.encoder):
            if isinstance(layer, EncoderLayer):
                x, found = layer(x, seen, how, f"encoder.{i}")
                traces |= found
            else:
                x = layer(x, real)
        x = self.norm(x)
        if self.config.pooling:
            x, traces["pool"] = self.pool(x, real, intervention=intervention)
        return self.answer(self.dropout(x)), traces
