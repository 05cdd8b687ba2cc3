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


def error_rate(found: Sequence[Sequence[object]], true: Sequence[Sequence[object]]) -> float:
    """Edits for each symbol that was said, over all sequences.

    Parameters
    ----------
    found, true : sequence of sequence
        As many of each.

    Returns
    -------
    float
        May exceed 1 where more is written than was said.

    Examples
    --------
    >>> error_rate(["ab", ""], ["abc", "d"])
    0.5
    """
    edits = sum(edit_distance(a, b) for a, b in zip(found, true, strict=True))
    return edits / sum(map(len, true))


def edits_by_symbol(
    found: Sequence[object], true: Sequence[object], suspect: int
) -> tuple[int, ...]:
    """Where the edits are that turn ``true`` into ``found``.

    Of all shortest ways, one that edits the suspect as much as it can. An insertion counts at the
    suspect where it stands next to it, else at the symbol before it.

    Parameters
    ----------
    found, true : sequence
        Symbols that can be compared; ``true`` has at least one.
    suspect : int
        Index into ``true`` of the symbol that is to blame where there is a choice.

    Returns
    -------
    tuple of int
        One number for each symbol of ``true``; their sum is ``edit_distance``.

    Examples
    --------
    >>> edits_by_symbol("axc", "abc", 1), edits_by_symbol("axbc", "abc", 1)
    ((0, 1, 0), (0, 1, 0))
    """
    Way = tuple[int, int, tuple[int, ...]]  # edits, edits elsewhere, edits of each symbol

    def edited(way: Way, at: int) -> Way:
        edits, elsewhere, each = way
        each = (*each[:at], each[at] + 1, *each[at + 1 :])
        return edits + 1, elsewhere + (at != suspect), each

    rows: list[list[Way]] = []
    for i in range(len(true) + 1):
        rows.append([])
        for j in range(len(found) + 1):
            ways: list[Way] = [] if i or j else [(0, 0, (0,) * len(true))]
            if i and j:
                same = true[i - 1] == found[j - 1]
                ways.append(rows[i - 1][j - 1] if same else edited(rows[i - 1][j - 1], i - 1))
            if i:
                ways.append(edited(rows[i - 1][j], i - 1))
            if j:
                ways.append(edited(rows[i][j - 1], i if i == suspect else max(i - 1, 0)))
            rows[i].append(min(ways))
    return rows[-1][-1][2]
