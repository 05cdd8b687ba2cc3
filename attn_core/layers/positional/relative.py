"""Relative position bias in buckets (T5, Raffel et al. 2020, section 2.1)."""

import math

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

BUCKETS = 32
REACH = 128


def bucket(
    distance: Shaped[Tensor, "*pair"], buckets: int = BUCKETS, reach: int = REACH
) -> Int[Tensor, "*pair"]:
    """Which bucket a distance falls into: near ones have their own, far ones share.

    Parameters
    ----------
    distance : Shaped[Tensor, "*pair"]
        Key's place minus query's; below 0 the key stands before the query.
    buckets : int
        Half for each side, and half of those for single distances; a multiple of 4.
    reach : int
        Distances from here on share the last bucket.

    Returns
    -------
    Int[Tensor, "*pair"]
        In [0, ``buckets``); the lower half is for keys before the query and for itself.

    Raises
    ------
    ValueError
        If ``buckets`` is no multiple of 4, or ``reach`` does not lie beyond the single distances.

    Examples
    --------
    >>> bucket(torch.tensor([0, -1, 1, -8, -500])).tolist()
    [0, 1, 17, 8, 15]
    """
    if buckets < 4 or buckets % 4:
        raise ValueError(f"buckets is {buckets}; it must be a multiple of 4")
    side, exact = buckets // 2, buckets // 4
    if reach <= exact:
        raise ValueError(f"reach is {reach}; it must be above {exact}")
    far = distance.abs()
    # Beyond the single distances, buckets widen with the logarithm.
    share = torch.log(far.clamp_min(exact).float() / exact) / math.log(reach / exact)
    shared = (exact + (share * (side - exact)).long()).clamp_max(side - 1)
    return torch.where(far < exact, far, shared) + side * (distance > 0)


class RelativeBias(nn.Module):
    """A learned number for each head and bucket, added to the scores.

    Parameters
    ----------
    n_heads : int
        Heads.
    buckets, reach : int
        As in ``bucket``.
    """

    def __init__(self, n_heads: int, buckets: int = BUCKETS, reach: int = REACH) -> None:
        super().__init__()
        self.reach = reach
        self.table = nn.Parameter(torch.zeros(buckets, n_heads))

    def forward(
        self, queries: Shaped[Tensor, "query"], keys: Shaped[Tensor, "key"]
    ) -> Float[Tensor, "head query key"]:
        """The bias of every pair.

        Parameters
        ----------
        queries, keys : Shaped[Tensor, "position"]
            Their places.

        Returns
        -------
        Float[Tensor, "head query key"]
            To be added to the scores.
        """
        distance = (keys[None, :] - queries[:, None]).to(self.table.device)
        found = self.table[bucket(distance, self.table.shape[0], self.reach)]
        return found.permute(2, 0, 1)  # (q, k, h) -> (h, q, k)
