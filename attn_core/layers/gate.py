"""The attention gate of a U-Net's skip, and its twin that only adds (Oktay et al. 2018)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh


def added_width(skip: int, signal: int, hidden: int) -> int:
    """Hidden channels that give the twin as many parameters as the gate.

    Parameters
    ----------
    skip, signal, hidden : int
        Channels of the gate: of the skip, of the gating signal, inside.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> added_width(40, 128, 40)
    32
    """
    gate = (skip + signal + 1) * hidden + hidden + 1
    return max(1, round((gate - skip) / (2 * skip + signal + 1)))


class AttentionGate(nn.Module):
    """Each pixel of a skip is multiplied by a coefficient in (0, 1) that the decoder asks for.

    Oktay et al. 2018, equations 1 and 2: with x the skip, g the gating signal (brought to the
    skip's size) and σ₁ a ReLU, the score is ψᵀ σ₁(W_x x + W_g g + b_g) + b_ψ and the coefficient α
    its sigmoid. The paper resamples α from g's grid; here it is computed on the skip's own.

    Parameters
    ----------
    skip, signal : int
        Channels of the skip and of the gating signal.
    hidden : int
        Channels inside (the paper's F_int).
    """

    def __init__(self, skip: int, signal: int, hidden: int) -> None:
        super().__init__()
        self.of_skip = nn.Conv2d(skip, hidden, 1, bias=False)
        self.of_signal = nn.Conv2d(signal, hidden, 1)
        self.score = nn.Conv2d(hidden, 1, 1)

    def forward(
        self,
        skip: Float[Tensor, "batch skip row column"],
        signal: Float[Tensor, "batch signal row column"],
        *,
        site: str = "",
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch skip row column"], AttentionTrace]:
        """Weigh the skip's pixels.

        Parameters
        ----------
        skip : Float[Tensor, "batch skip row column"]
            Features from the encoder.
        signal : Float[Tensor, "batch signal row column"]
            The decoder's features, of the same size.
        site : str
            Trace key.
        intervention : Intervention, optional
            A learner's changes; a pixel that is knocked out gets coefficient 0.

        Returns
        -------
        output : Float[Tensor, "batch skip row column"]
            α · x.
        trace : AttentionTrace
            One query, one key for each pixel in rows; ``normaliser`` is "sigmoid" unless a learner
            chose another. Its query, key and value are empty: the gate compares no vectors of its
            own.
        """
        hidden = nn.functional.relu(self.of_skip(skip) + self.of_signal(signal))
        scores = self.score(hidden).flatten(2)[:, None]  # (b, 1, r, c) -> (b, 1, 1, r·c)
        scores, weights, mask, used = weigh(
            scores, site=site, intervention=intervention, normaliser="sigmoid"
        )
        output = skip * weights.view(-1, 1, *skip.shape[-2:])  # (b, 1, 1, r·c) -> (b, 1, r, c)
        none = scores.new_zeros(scores.shape[0], 1, 1, 0)
        context = output.mean((2, 3))[:, None]
        keys = none.expand(-1, -1, scores.shape[-1], -1)
        return output, AttentionTrace(none, keys, keys, scores, mask, weights, used, context)


class AddedConvolution(nn.Module):
    """The gate's twin: the same maps of skip and signal, *added* to the skip.

    As many parameters, and no pixel weighted: what a listing calls attention when it adds the
    output of 1×1 convolutions to the features.

    Parameters
    ----------
    skip, signal, hidden : int
        As for the gate it replaces.
    """

    def __init__(self, skip: int, signal: int, hidden: int) -> None:
        super().__init__()
        width = added_width(skip, signal, hidden)
        self.of_skip = nn.Conv2d(skip, width, 1, bias=False)
        self.of_signal = nn.Conv2d(signal, width, 1)
        self.out = nn.Conv2d(width, skip, 1)

    def forward(
        self,
        skip: Float[Tensor, "batch skip row column"],
        signal: Float[Tensor, "batch signal row column"],
    ) -> Float[Tensor, "batch skip row column"]:
        """X + W relu(W_x x + W_g g)."""
        hidden = torch.relu(self.of_skip(skip) + self.of_signal(signal))
        return skip + self.out(hidden)
