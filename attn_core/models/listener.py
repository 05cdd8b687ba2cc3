"""Listen, attend and spell (Chan et al. 2016), location-aware (Chorowski et al. 2015).

The listener is three bidirectional LSTMs on the shortened sound; the speller an LSTM that looks at
the listener's states once for each digit. With ``n_filters=0`` its attention goes by content alone.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.location import LocationAwareAttention
from attn_core.models.recogniser import END
from attn_core.models.recogniser_layers import Shortening, n_tokens

SITE = "decoder.cross"


@dataclass(frozen=True, slots=True)
class ListenerConfig:
    """Sizes of the listener and the speller.

    Parameters
    ----------
    d_model : int
        Of the shortened sound, and of both LSTM directions together.
    n_layers : int
        Bidirectional LSTMs.
    d_decoder : int
        Of the speller's state.
    d_embedding, d_attention : int
        Of a written digit, and of the attention's hidden layer.
    n_filters : int
        Of the location's convolution; 0: content alone.
    width : int
        Of a filter, in tokens of 40 ms.
    channels, n_mels : int
        Of the convolutions that shorten; bands of a frame.
    dropout : float
        In [0, 1).
    """

    d_model: int = 128
    n_layers: int = 3
    d_decoder: int = 208
    d_embedding: int = 32
    d_attention: int = 128
    n_filters: int = 10
    width: int = 31
    channels: int = 32
    n_mels: int = 40
    dropout: float = 0.1


@dataclass(frozen=True, slots=True)
class Heard:
    """What the listener made of the sound.

    Parameters
    ----------
    states : Float[Tensor, "batch token d_model"]
        One for every 40 ms.
    projected : Float[Tensor, "batch token d_attention"]
        The same as the attention's keys.
    real : Bool[Tensor, "batch token"]
        ``False`` on padding.
    """

    states: Float[Tensor, "batch token d_model"]
    projected: Float[Tensor, "batch token d_attention"]
    real: Bool[Tensor, "batch token"]


@dataclass(frozen=True, slots=True)
class Written:
    """The speller between two digits.

    Parameters
    ----------
    hidden, cell : Float[Tensor, "batch d_decoder"]
        Its LSTM.
    context : Float[Tensor, "batch d_model"]
        What it saw last.
    weights : Float[Tensor, "batch token"]
        Where it looked last; zeros at the start.
    """

    hidden: Float[Tensor, "batch d_decoder"]
    cell: Float[Tensor, "batch d_decoder"]
    context: Float[Tensor, "batch d_model"]
    weights: Float[Tensor, "batch token"]


class Listener(nn.Module):
    """Log-mel frames in, digits out, one after the other.

    Parameters
    ----------
    config : ListenerConfig
        Its sizes.
    """

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        self.shorten = Shortening(d, config.channels, config.n_mels)
        self.dropout = nn.Dropout(config.dropout)
        self.listener = nn.LSTM(
            d, d // 2, config.n_layers, batch_first=True, bidirectional=True, dropout=config.dropout
        )
        self.embed = nn.Embedding(END + 1, config.d_embedding)
        self.speller = nn.LSTMCell(config.d_embedding + d, config.d_decoder)
        self.attention = LocationAwareAttention(
            config.d_decoder, d, config.d_attention, config.n_filters, config.width
        )
        self.out = nn.Linear(config.d_decoder + d, END + 1)

    def listen(
        self, features: Float[Tensor, "batch frame mel"], frames: Int[Tensor, "batch"] | None = None
    ) -> Heard:
        """Read the sound.

        Parameters
        ----------
        features : Float[Tensor, "batch frame mel"]
            From ``log_mel``.
        frames : Int[Tensor, "batch"], optional
            How many are real; ``None``: all.

        Returns
        -------
        Heard
            What the speller looks at.
        """
        x, real = self.shorten(features, frames)
        x = self.dropout(x)
        if frames is None:
            states, _ = self.listener(x)
        else:
            packed = nn.utils.rnn.pack_padded_sequence(
                x, n_tokens(frames).cpu(), batch_first=True, enforce_sorted=False
            )
            states, _ = nn.utils.rnn.pad_packed_sequence(
                self.listener(packed)[0], batch_first=True, total_length=x.shape[1]
            )
        states = self.dropout(states)
        return Heard(states, self.attention.key_projection(states), real)

    def begin(self, heard: Heard) -> Written:
        """Nothing written yet.

        Parameters
        ----------
        heard : Heard
            From ``listen``.

        Returns
        -------
        Written
            Zeros.
        """
        batch, tokens, d = heard.states.shape
        state = heard.states.new_zeros(batch, self.config.d_decoder)
        nothing = heard.states.new_zeros(batch, tokens)
        return Written(state, state, heard.states.new_zeros(batch, d), nothing)

    def step(
        self,
        last: Int[Tensor, "batch"],
        written: Written,
        heard: Heard,
        *,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch token"], Written, AttentionTrace]:
        """Write one token more.

        Parameters
        ----------
        last : Int[Tensor, "batch"]
            The token before; ``START`` at first.
        written : Written
            From ``begin`` or the step before.
        heard : Heard
            From ``listen``.
        intervention : Intervention, optional
            A learner's changes at ``SITE``, with this step as query 0.

        Returns
        -------
        logits : Float[Tensor, "batch token"]
            Digits, ``START`` (never right) and ``END``.
        written : Written
            After the step.
        trace : AttentionTrace
            One head, one query.
        """
        seen = torch.cat([self.embed(last), written.context], 1)
        hidden, cell = self.speller(seen, (written.hidden, written.cell))
        context, trace = self.attention(
            hidden,
            heard.states,
            written.weights,
            heard.real,
            projected=heard.projected,
            site=SITE,
            intervention=intervention,
        )
        logits = self.out(self.dropout(torch.cat([hidden, context], 1)))
        return logits, Written(hidden, cell, context, trace.weights[:, 0, 0]), trace

    def forward(
        self,
        features: Float[Tensor, "batch frame mel"],
        frames: Int[Tensor, "batch"] | None,
        target: Int[Tensor, "batch query"],
    ) -> Float[Tensor, "batch query token"]:
        """Logits after each given token (teacher forcing).

        Parameters
        ----------
        features : Float[Tensor, "batch frame mel"]
            From ``log_mel``.
        frames : Int[Tensor, "batch"] or None
            How many are real.
        target : Int[Tensor, "batch query"]
            ``START`` and the true digits.

        Returns
        -------
        Float[Tensor, "batch query token"]
            For the token after each.
        """
        heard = self.listen(features, frames)
        written, out = self.begin(heard), []
        for i in range(target.shape[1]):
            logits, written, _ = self.step(target[:, i], written, heard)
            out.append(logits)
        return torch.stack(out, 1)
