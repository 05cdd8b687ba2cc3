"""A hand's path in, a sign out: a small Transformer over the points of a path.

The fifteen signs and their tracks are those of the Libras movement data set (Dias et al. 2009): the
hand's middle in 45 frames of a video.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.layers.pooling import Pooling
from attn_core.layers.positional.sinusoidal import sinusoidal
from attn_core.models.transformer_layers import EncoderLayer, How, Traces, TransformerConfig

N_POINTS = 45
SIGNS = (
    "curved_swing", "horizontal_swing", "vertical_swing", "anticlockwise_arc", "clockwise_arc",
    "circle", "horizontal_line", "vertical_line", "tremble", "horizontal_zigzag",
    "vertical_zigzag", "horizontal_wave", "vertical_wave", "face_up_curve", "face_down_curve",
)  # fmt: skip
"""By the data's labels 1 to 15. The set's description lists the tremble last, but the paths of
label 9 tremble, and those of 10 to 15 are what the list calls its ninth to fourteenth."""


@dataclass(frozen=True, slots=True)
class SignsConfig:
    """Sizes of a sign classifier.

    Parameters
    ----------
    pooling : str
        One of ``layers.pooling.POOLINGS``.
    d_model, n_heads, d_ff, n_layers : int
        Of the Transformer.
    dropout : float
        In [0, 1).
    """

    pooling: str = "attention"
    d_model: int = 64
    n_heads: int = 4
    d_ff: int = 128
    n_layers: int = 2
    dropout: float = 0.2


def steps(
    points: Float[Tensor, "batch point 2"],
) -> Float[Tensor, "batch point 4"]:
    """Where the hand is and how it moves, whatever its place and size.

    Parameters
    ----------
    points : Float[Tensor, "batch point 2"]
        Right and down, in any unit.

    Returns
    -------
    Float[Tensor, "batch point 4"]
        Place from the path's middle and step since the point before, by the path's size; a path
        of one place becomes zeros.
    """
    middle = (points.amax(1, keepdim=True) + points.amin(1, keepdim=True)) / 2
    size = (points.amax(1) - points.amin(1)).amax(1)[:, None, None].clamp_min(1e-4)
    placed = (points - middle) / size
    moved = torch.diff(placed, dim=1, prepend=placed[:, :1]) * 10
    return torch.cat((2 * placed, moved), -1)


def evenly(line: Float[np.ndarray, "drawn 2"], n: int = N_POINTS) -> Float[np.ndarray, "point 2"]:
    """A drawn line as points at equal distances along it: a pen tells no time.

    Parameters
    ----------
    line : Float[np.ndarray, "drawn 2"]
        At least one point.
    n : int
        Points wanted.

    Returns
    -------
    Float[np.ndarray, "point 2"]
        From its start to its end.

    Examples
    --------
    >>> evenly(np.array([[0.0, 0.0], [1.0, 0.0]]), 3)[:, 0].tolist()
    [0.0, 0.5, 1.0]
    """
    lengths = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], n)
    return np.stack([np.interp(at, along, line[:, i]) for i in range(2)], 1)


class SignClassifier(nn.Module):
    """Names the sign that a path draws.

    Parameters
    ----------
    config : SignsConfig
        Its sizes.
    """

    def __init__(self, config: SignsConfig) -> None:
        super().__init__()
        self.config = config
        layers = TransformerConfig(
            1, 1, config.d_model, config.n_heads, config.d_ff, dropout=config.dropout
        )
        self.project = nn.Linear(4, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.encoder = nn.ModuleList(EncoderLayer(layers) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.pool = Pooling(config.d_model, config.pooling)
        self.signs = nn.Linear(config.d_model, len(SIGNS))

    def forward(
        self,
        points: Float[Tensor, "batch point 2"],
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch sign"], Traces]:
        """Name the sign.

        Parameters
        ----------
        points : Float[Tensor, "batch point 2"]
            The hand's way, in any unit.
        traced : bool
            ``False`` takes the fused kernel and returns the pooling's trace alone.
        intervention : Intervention, optional
            A learner's changes at "encoder.0", …, "pool".

        Returns
        -------
        logits : Float[Tensor, "batch sign"]
            Of ``SIGNS``.
        traces : dict of AttentionTrace
            By site.
        """
        x = self.project(steps(points))
        n = x.shape[1]
        x = self.dropout(x + sinusoidal(torch.arange(n, device=x.device), x.shape[2]).to(x))
        how, traces = How(traced, intervention), Traces()
        for i, layer in enumerate(self.encoder):
            x, found = layer(x, None, how, f"encoder.{i}")
            traces |= found
        real = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        pooled, trace = self.pool(self.norm(x), real, site="pool", intervention=intervention)
        return self.signs(pooled), traces | {"pool": trace}
