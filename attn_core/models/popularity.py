"""What everybody saw: the baseline that reads no history."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Popularity(nn.Module):
    """The logarithm of how often each film was seen.

    Parameters
    ----------
    n_films : int
        Size of the catalogue.
    """

    counts: Tensor

    def __init__(self, n_films: int) -> None:
        super().__init__()
        self.register_buffer("counts", torch.zeros(n_films))

    def forward(self) -> Float[Tensor, "1 catalogue"]:
        """The same scores for everybody.

        Returns
        -------
        Float[Tensor, "1 catalogue"]
            Of every film; a film never seen counts as half a time.
        """
        return self.counts.clamp_min(0.5).log()[None]
