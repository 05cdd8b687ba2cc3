"""Learned positions: one trained row for each place (Gehring et al. 2017; Devlin et al. 2019)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class LearnedPositions(nn.Module):
    """A table with a row for each position, found by gradient descent like any other weight.

    Parameters
    ----------
    length : int
        Rows. A position beyond them has no code; a row that training never reached is noise.
    d_model : int
        Channels.
    """

    def __init__(self, length: int, d_model: int) -> None:
        super().__init__()
        self.table = nn.Embedding(length, d_model)
        nn.init.normal_(self.table.weight, std=0.5)

    def forward(self, length: int, start: int = 0) -> Float[Tensor, "position d_model"]:
        """Rows of the positions from ``start`` on.

        Parameters
        ----------
        length : int
            How many.
        start : int
            The first.

        Returns
        -------
        Float[Tensor, "position d_model"]
            To be added to the embeddings.

        Raises
        ------
        ValueError
            If the table ends before.
        """
        if start < 0 or start + length > self.table.num_embeddings:
            raise ValueError(
                f"positions {start} to {start + length - 1} are asked for; "
                f"the table has {self.table.num_embeddings} rows"
            )
        return self.table(torch.arange(start, start + length, device=self.table.weight.device))
