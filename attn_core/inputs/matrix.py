"""Typed matrices: rows on lines or between semicolons, numbers between spaces or commas."""

import math
import re

from attn_core.inputs.limits import MAX_MATRIX_COLUMNS, MAX_MATRIX_SIDE
from attn_core.inputs.refused import Refused

Matrix = tuple[tuple[float, ...], ...]
MAX_VALUE = 1e4


def read_matrix(text: str, name: str) -> Matrix:
    """A matrix from what was typed.

    Parameters
    ----------
    text : str
        At most ``MAX_MATRIX_SIDE`` rows of at most ``MAX_MATRIX_COLUMNS`` numbers.
    name : str
        "Q", "K" or "V", for the sentence where it can't be read.

    Returns
    -------
    tuple of tuple of float
        Rows of equal length.

    Raises
    ------
    Refused
        If it is empty, too large, ragged, or holds something that is no finite number; the
        sentence names row and column.

    Examples
    --------
    >>> read_matrix("1 0; 0 1", "Q")
    ((1.0, 0.0), (0.0, 1.0))
    """
    if len(text) > 4000:
        raise Refused("refused.matrix_long", name=name, limit=4000)
    lines = [line for line in re.split(r"[;\n；]", text) if line.strip()]
    if not lines:
        raise Refused("refused.matrix_empty", name=name)
    if len(lines) > MAX_MATRIX_SIDE:
        raise Refused("refused.matrix_rows", name=name, n=len(lines), limit=MAX_MATRIX_SIDE)
    rows: list[tuple[float, ...]] = []
    for i, line in enumerate(lines, start=1):
        row = []
        for j, word in enumerate(re.split(r"[\s,，\t]+", line.strip()), start=1):
            try:
                number = float(word.replace("−", "-"))
            except ValueError:
                number = math.nan
            if not abs(number) <= MAX_VALUE:
                raise Refused(
                    "refused.matrix_number",
                    name=name,
                    row=i,
                    column=j,
                    word=word[:20],
                    limit=int(MAX_VALUE),
                )
            row.append(number)
        if len(row) > MAX_MATRIX_COLUMNS:
            raise Refused("refused.matrix_columns", name=name, n=len(row), limit=MAX_MATRIX_COLUMNS)
        if rows and len(row) != len(rows[0]):
            raise Refused("refused.matrix_ragged", name=name, row=i, n=len(row), first=len(rows[0]))
        rows.append(tuple(row))
    return tuple(rows)
