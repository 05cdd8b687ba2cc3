"""What stands where self-attention stood in a twin of equal parameters."""

from jaxtyping import Float
from torch import Tensor, nn


class Mixing(nn.Module):
    """Each channel convolved alone over 5 × 5 neighbours, then two 1×1 convolutions.

    As many parameters as multi-head self-attention of the same width, to one part in 300; each
    place sees its neighbourhood alone, by weights that do not depend on what is there.

    Parameters
    ----------
    d_model : int
        Channels.
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        wide = (4 * d_model * d_model + 4 * d_model - 27 * d_model) // (2 * d_model + 1)
        self.near = nn.Conv2d(d_model, d_model, 5, padding=2, groups=d_model)
        self.out = nn.Sequential(
            nn.Conv2d(d_model, wide, 1), nn.ReLU(), nn.Conv2d(wide, d_model, 1)
        )

    def forward(
        self, x: Float[Tensor, "batch d_model row column"]
    ) -> Float[Tensor, "batch d_model row column"]:
        """What is added to the stream."""
        return self.out(self.near(x))
