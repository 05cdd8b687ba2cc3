"""The recurrent twin of the Transformer: GRUs and additive attention over the source's tokens.

Bahdanau, Cho and Bengio 2015, as lesson 1's model, but for any two vocabularies.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attn_core.attention import masks
from attn_core.layers.additive import AdditiveAttention
from attn_core.models.transformer_layers import PAD


@dataclass(frozen=True, slots=True)
class RecurrentConfig:
    """Sizes of a recurrent translator.

    Parameters
    ----------
    source_vocabulary, target_vocabulary : int
        Entries of the two token tables, special ones included.
    d_embedding, d_encoder, d_decoder, d_attention : int
        Embeddings; units in each direction of the encoder; of the decoder; of the attention, 0 for
        none: the encoder's last states are then all that the decoder gets.
    dropout : float
        On embeddings and before the output, in [0, 1).
    """

    source_vocabulary: int
    target_vocabulary: int
    d_embedding: int = 192
    d_encoder: int = 192
    d_decoder: int = 320
    d_attention: int = 128
    dropout: float = 0.3


@dataclass(frozen=True, slots=True)
class Annotations:
    """The source as the decoder sees it: the twin of ``transformer.Memory``."""

    states: Float[Tensor, "batch token d_annotation"]
    projected: Float[Tensor, "batch token d_attention"] | None
    lengths: Int[Tensor, "batch"]
    summary: Float[Tensor, "batch d_annotation"]

    def rows(self, index: Int[Tensor, "row"]) -> "Annotations":
        """These sources, in this order."""
        return Annotations(
            self.states[index],
            None if self.projected is None else self.projected[index],
            self.lengths[index],
            self.summary[index],
        )


class Recurrent(nn.Module):
    """Source tokens and the target so far in, logits for each next target token out.

    Parameters
    ----------
    config : RecurrentConfig
        Sizes.
    """

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        d, d_annotation = config.d_embedding, 2 * config.d_encoder
        self.source = nn.Embedding(config.source_vocabulary, d, padding_idx=PAD)
        self.target = nn.Embedding(config.target_vocabulary, d, padding_idx=PAD)
        for table in (self.source, self.target):
            nn.init.normal_(table.weight, std=d**-0.5)
        self.encoder = nn.GRU(d, config.d_encoder, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(d_annotation, config.d_decoder)
        self.attention = (
            AdditiveAttention(config.d_decoder, d_annotation, config.d_attention)
            if config.d_attention
            else None
        )
        self.decoder = nn.GRUCell(d + d_annotation, config.d_decoder)
        self.readout = nn.Linear(config.d_decoder + d_annotation + d, d)
        self.dropout = nn.Dropout(config.dropout)

    def encode(self, source: Int[Tensor, "batch token"]) -> Annotations:
        """Read source sentences, both ways.

        Parameters
        ----------
        source : Int[Tensor, "batch token"]
            Ids, padded.

        Returns
        -------
        Annotations
            What the decoder looks at.
        """
        lengths = (source != PAD).sum(-1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(self.source(source)),
            lengths.cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        states, final = self.encoder(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=source.shape[1]
        )
        projected = None if self.attention is None else self.attention.key_projection(states)
        return Annotations(states, projected, lengths, torch.cat([final[-2], final[-1]], -1))

    def step(
        self,
        token: Int[Tensor, "batch"],
        state: Float[Tensor, "batch d_decoder"] | None,
        memory: Annotations,
    ) -> tuple[Float[Tensor, "batch vocabulary"], Float[Tensor, "batch d_decoder"]]:
        """One decoding step.

        Parameters
        ----------
        token : Int[Tensor, "batch"]
            Written before this one.
        state : Float[Tensor, "batch d_decoder"] or None
            The decoder's; ``None`` at the start.
        memory : Annotations
            From ``encode``.

        Returns
        -------
        logits : Float[Tensor, "batch vocabulary"]
            Before softmax.
        state : Float[Tensor, "batch d_decoder"]
            The next.
        """
        if state is None:
            state = torch.tanh(self.bridge(memory.summary))
        embedded = self.dropout(self.target(token))
        context = memory.summary
        if self.attention is not None:
            allowed = masks.from_lengths(memory.lengths, memory.states.shape[1]).unsqueeze(1)
            context, _ = self.attention(
                state.unsqueeze(1), memory.states, allowed, projected=memory.projected
            )
            context = context.squeeze(1)  # (b, 1, d) -> (b, d)
        state = self.decoder(torch.cat([embedded, context], -1), state)
        features = torch.tanh(self.readout(torch.cat([state, context, embedded], -1)))
        return self.dropout(features) @ self.target.weight.T, state

    def forward(
        self, source: Int[Tensor, "batch token"], target: Int[Tensor, "batch query"]
    ) -> Float[Tensor, "batch query vocabulary"]:
        """Logits for each next target token, given the true ones before it.

        Parameters
        ----------
        source : Int[Tensor, "batch token"]
            Ids, padded.
        target : Int[Tensor, "batch query"]
            ``START`` and the true tokens, padded.

        Returns
        -------
        Float[Tensor, "batch query vocabulary"]
            Before softmax.
        """
        memory, state, logits = self.encode(source), None, []
        for i in range(target.shape[1]):
            out, state = self.step(target[:, i], state, memory)
            logits.append(out)
        return torch.stack(logits, 1)
