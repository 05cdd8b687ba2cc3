"""Spelling to pronunciation: a recurrent encoder–decoder with additive attention, or without.

After Bahdanau, Cho and Bengio 2015: a bidirectional GRU reads the letters, a GRU writes the
phonemes and looks back at the letters before each one. The twin without attention gets the
encoder's final states instead, the same at every step (Sutskever et al. 2014; Cho et al. 2014).

Expect: word error rate ≈ 29 % and phoneme error rate ≈ 7 % on held-out word families of CMUdict
with beam 5; the measured numbers are in the checkpoint's manifest.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attn_core.attention import masks
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.inputs.alphabets import LETTERS, PHONEMES
from attn_core.layers.additive import AdditiveAttention

PAD, START, END = 0, 1, 2
N_SPECIAL = 3
SITE = "decoder.cross"


@dataclass(frozen=True, slots=True)
class SpellerConfig:
    """Sizes of a speller.

    Parameters
    ----------
    d_embedding : int
        Size of letter and phoneme embeddings.
    d_encoder : int
        Units in each direction of each encoder layer.
    d_decoder : int
        Units of the decoder.
    d_attention : int
        Hidden units of the additive attention; 0 = no attention, a fixed context.
    n_layers : int
        Encoder layers.
    dropout : float
        On embeddings, between encoder layers and before the output, in [0, 1).
    """

    d_embedding: int = 64
    d_encoder: int = 192
    d_decoder: int = 384
    d_attention: int = 128
    n_layers: int = 2
    dropout: float = 0.3

    def __post_init__(self) -> None:
        for name in ("d_embedding", "d_encoder", "d_decoder", "n_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.d_attention < 0:
            raise ValueError(f"d_attention is {self.d_attention}; it must be at least 0")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}; it must be in [0, 1)")


SIZES = {
    "large": SpellerConfig(
        d_embedding=96, d_encoder=224, d_decoder=416, d_attention=128, n_layers=2
    ),
    "small": SpellerConfig(
        d_embedding=64, d_encoder=128, d_decoder=224, d_attention=96, n_layers=1
    ),
    # Without attention the encoder is widened until both twins have the same parameters (± 0.5 %).
    "small-fixed": SpellerConfig(
        d_embedding=64, d_encoder=132, d_decoder=236, d_attention=0, n_layers=1
    ),
}
"""Those that are trained: the shown one, and two twins."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the decoder needs of a batch of words; made once per word, read at each step."""

    annotations: Float[Tensor, "batch letter d_annotation"]
    projected: Float[Tensor, "batch letter d_attention"] | None
    lengths: Int[Tensor, "batch"]
    summary: Float[Tensor, "batch d_annotation"]

    def repeat(self, n: int) -> "Encoded":
        """The same words ``n`` times over, each word's copies side by side (for beam search)."""
        return Encoded(
            self.annotations.repeat_interleave(n, 0),
            None if self.projected is None else self.projected.repeat_interleave(n, 0),
            self.lengths.repeat_interleave(n, 0),
            self.summary.repeat_interleave(n, 0),
        )


class Speller(nn.Module):
    """Letters in, phoneme logits out.

    Parameters
    ----------
    config : SpellerConfig
        Sizes.
    """

    def __init__(self, config: SpellerConfig) -> None:
        super().__init__()
        self.config = config
        d_annotation = 2 * config.d_encoder
        self.letters = nn.Embedding(N_SPECIAL + len(LETTERS), config.d_embedding, padding_idx=PAD)
        self.encoder = nn.GRU(
            config.d_embedding,
            config.d_encoder,
            config.n_layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.n_layers > 1 else 0.0,
        )
        self.attention = (
            AdditiveAttention(config.d_decoder, d_annotation, config.d_attention)
            if config.d_attention
            else None
        )
        self.phonemes = nn.Embedding(N_SPECIAL + len(PHONEMES), config.d_embedding)
        self.bridge = nn.Linear(d_annotation, config.d_decoder)
        self.decoder = nn.GRUCell(config.d_embedding + d_annotation, config.d_decoder)
        self.readout = nn.Linear(
            config.d_decoder + d_annotation + config.d_embedding, config.d_embedding
        )
        self.output = nn.Linear(config.d_embedding, N_SPECIAL + len(PHONEMES))
        self.dropout = nn.Dropout(config.dropout)

    def encode(
        self, letters: Int[Tensor, "batch letter"], lengths: Int[Tensor, "batch"]
    ) -> Encoded:
        """Read words, both ways.

        Parameters
        ----------
        letters : Int[Tensor, "batch letter"]
            Letter ids, padded with ``PAD``.
        lengths : Int[Tensor, "batch"]
            Letters in each word, at least 1, on the CPU.

        Returns
        -------
        Encoded
            Annotations h_j, their projections for the attention, and the final states.
        """
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(self.letters(letters)),
            lengths.cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        states, final = self.encoder(packed)
        annotations, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=letters.shape[1]
        )
        summary = torch.cat([final[-2], final[-1]], dim=-1)  # forward's last, backward's first
        projected = None if self.attention is None else self.attention.key_projection(annotations)
        return Encoded(annotations, projected, lengths.to(letters.device), summary)

    def start(self, encoded: Encoded) -> Float[Tensor, "batch d_decoder"]:
        """The decoder's first state, from the encoder's final ones.

        Parameters
        ----------
        encoded : Encoded
            Words.

        Returns
        -------
        Float[Tensor, "batch d_decoder"]
            s_0.
        """
        return torch.tanh(self.bridge(encoded.summary))

    def step(
        self,
        phoneme: Int[Tensor, "batch"],
        state: Float[Tensor, "batch d_decoder"],
        encoded: Encoded,
        intervention: Intervention | None = None,
    ) -> tuple[
        Float[Tensor, "batch phoneme"], Float[Tensor, "batch d_decoder"], AttentionTrace | None
    ]:
        """One decoding step: look back at the letters, then write.

        Parameters
        ----------
        phoneme : Int[Tensor, "batch"]
            The phoneme written before this one, ``START`` at first.
        state : Float[Tensor, "batch d_decoder"]
            s_{i-1}.
        encoded : Encoded
            Words.
        intervention : Intervention, optional
            A learner's changes; query 0 is this step.

        Returns
        -------
        logits : Float[Tensor, "batch phoneme"]
            Before softmax, special symbols included.
        state : Float[Tensor, "batch d_decoder"]
            s_i.
        trace : AttentionTrace or None
            One query, one head; ``None`` without attention.
        """
        embedded = self.dropout(self.phonemes(phoneme))
        trace: AttentionTrace | None = None
        if self.attention is None:
            context = encoded.summary
        else:
            allowed = masks.from_lengths(encoded.lengths, encoded.annotations.shape[1])
            context, trace = self.attention(
                state.unsqueeze(1),
                encoded.annotations,
                allowed.unsqueeze(1),
                projected=encoded.projected,
                site=SITE,
                intervention=intervention,
            )
            context = context.squeeze(1)  # (b, 1, d) -> (b, d)
        state = self.decoder(torch.cat([embedded, context], dim=-1), state)
        features = torch.cat([state, context, embedded], dim=-1)
        logits = self.output(self.dropout(torch.tanh(self.readout(features))))
        return logits, state, trace

    def forward(
        self,
        letters: Int[Tensor, "batch letter"],
        lengths: Int[Tensor, "batch"],
        targets: Int[Tensor, "batch phoneme"],
    ) -> Float[Tensor, "batch phoneme class"]:
        """Logits for each target phoneme, given the true ones before it (teacher forcing).

        Parameters
        ----------
        letters : Int[Tensor, "batch letter"]
            Letter ids, padded.
        lengths : Int[Tensor, "batch"]
            Letters in each word.
        targets : Int[Tensor, "batch phoneme"]
            Phoneme ids ending in ``END``, padded with ``PAD``.

        Returns
        -------
        Float[Tensor, "batch phoneme class"]
            Logits before softmax.
        """
        encoded = self.encode(letters, lengths)
        state = self.start(encoded)
        before = torch.cat([torch.full_like(targets[:, :1], START), targets[:, :-1]], dim=1)
        logits = []
        for i in range(targets.shape[1]):
            out, state, _ = self.step(before[:, i], state, encoded)
            logits.append(out)
        return torch.stack(logits, dim=1)
