"""Concordance index: of all pairs with different true values, the share that is ordered right."""

from collections.abc import Sequence

import numpy as np


def concordance_index(
    truth: Sequence[float] | np.ndarray, guess: Sequence[float] | np.ndarray
) -> float:
    """Exact, in O(n log n).

    Parameters
    ----------
    truth : sequence of float
        True values, finite.
    guess : sequence of float
        One for each.

    Returns
    -------
    float
        In [0, 1]; a pair whose guesses are equal counts one half (Gönen and Heller 2005).

    Raises
    ------
    ValueError
        If the lengths differ or no two true values do.

    Notes
    -----
    True values are taken in rising order, those that are equal together; a Fenwick tree over the
    guesses' ranks counts how many earlier guesses lie below, and how many are equal.

    Examples
    --------
    >>> concordance_index([1, 2, 3], [0.1, 0.5, 0.3])
    0.6666666666666666
    >>> concordance_index([1, 2], [5, 5])
    0.5
    """
    y, f = np.asarray(truth, float), np.asarray(guess, float)
    if y.shape != f.shape or y.ndim != 1:
        raise ValueError(f"shapes are {y.shape} and {f.shape}; they must be one and the same row")
    ranks = np.unique(f, return_inverse=True)[1]
    n = int(ranks.max(initial=-1)) + 1
    tree = [0] * (n + 1)

    def below(rank: int) -> int:
        """Guesses so far whose rank is less than this one."""
        total = 0
        while rank:
            total += tree[rank]
            rank &= rank - 1
        return total

    order = np.argsort(y, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(y[order])) + 1)
    right, pairs, seen = 0.0, 0, 0
    for group in groups:
        for rank in ranks[group].tolist():
            less = below(rank)
            right += less + 0.5 * (below(rank + 1) - less)
        pairs += seen * len(group)
        seen += len(group)
        for rank in ranks[group].tolist():
            place = rank + 1
            while place <= n:
                tree[place] += 1
                place += place & -place
    if not pairs:
        raise ValueError(f"there are {len(y)} values, all equal; no pair can be ordered")
    return right / pairs
