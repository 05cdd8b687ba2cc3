"""Error measures shared by training, experiments and tests."""

from collections.abc import Sequence


def edit_distance(a: Sequence[object], b: Sequence[object]) -> int:
    """Levenshtein distance: fewest insertions, deletions and substitutions from ``a`` to ``b``.

    Parameters
    ----------
    a, b : sequence
        Symbols that can be compared.

    Returns
    -------
    int
        The distance.

    Examples
    --------
    >>> edit_distance("kitten", "sitting")
    3
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]
