"""Lists of films from a stranger and for a spreadsheet: CSV in, CSV out."""

import csv
import io
import re
from dataclasses import dataclass

from attn_core.inputs.films import Film, by_id, by_title, folded
from attn_core.inputs.limits import MAX_FILMS, MAX_FILMS_BYTES
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import decode_text

HEAD = ("movie_id", "title", "year")
NAMED = 5
"""Unknown titles that a sentence names; of more it says how many."""


def to_csv(history: tuple[int, ...]) -> bytes:
    """A history as a file that spreadsheets open and ``read_csv`` reads.

    Parameters
    ----------
    history : tuple of int
        MovieLens ids, oldest first.

    Returns
    -------
    bytes
        UTF-8 with a mark.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows((f.id, f.title, f.year) for f in map(by_id, history))
    return out.getvalue().encode("utf-8-sig")


@dataclass(frozen=True, slots=True)
class FilmList:
    """What an uploaded list holds.

    Parameters
    ----------
    history : tuple of int
        MovieLens ids, in the file's order, each once, at most ``MAX_FILMS``: the last ones.
    unknown : tuple of str
        Titles that no film has.
    n_left : int
        Films before those that are kept.
    n_repeated : int
        Rows of films that an earlier row has named.
    """

    history: tuple[int, ...]
    unknown: tuple[str, ...]
    n_left: int
    n_repeated: int = 0


def _film(row: list[str], columns: dict[str, int]) -> tuple[Film | None, str]:
    """The film that a row names, and how it names it."""

    def cell(name: str) -> str:
        at = columns.get(name)
        return row[at].strip() if at is not None and at < len(row) else ""

    number, title, year = (cell(name) for name in HEAD)
    if re.fullmatch(r"[0-9]{1,9}", number):
        try:
            return by_id(int(number)), title or number
        except Refused:
            pass  # its title may still say which it is
    dated = int(year) if re.fullmatch(r"[12]\d{3}", year) else None
    return by_title(title[:200], dated), title or number


def read_csv(data: bytes) -> FilmList:
    r"""The films that an uploaded list names, oldest first.

    Parameters
    ----------
    data : bytes
        CSV with a heading row that has "movie_id" or "title", or titles one a line.

    Returns
    -------
    FilmList
        What could be read, and what could not.

    Raises
    ------
    Refused
        If the file is empty, too large, no text, or names not one known film.

    Examples
    --------
    >>> read_csv(b"title,year\nToy Story,1995\nNo such film,2001").unknown
    ('No such film',)
    """
    if len(data) > MAX_FILMS_BYTES:
        size, limit = f"{len(data) / 1e6:.2f}", f"{MAX_FILMS_BYTES / 1e6:.2f}"
        raise Refused("refused.large", size=size, limit=limit)
    text = decode_text(data)
    first = text.split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    heads = [folded(h).replace(" ", "_") for h in first.split(mark)]
    heads = ["movie_id" if h in ("movieid", "id") else h for h in heads]
    if {"movie_id", "title"} & set(heads):
        columns = {name: heads.index(name) for name in HEAD if name in heads}
        rows = list(csv.reader(io.StringIO(text.split("\n", 1)[-1]), delimiter=mark))
    else:
        columns, rows = {"title": 0}, [[line] for line in text.splitlines()]
    found: dict[int, None] = {}
    unknown: dict[str, None] = {}
    repeated = 0
    for row in rows:
        film, name = _film(row, columns)
        if film is not None:
            repeated += film.id in found
            found[film.id] = None
        elif name:
            unknown[name[:60]] = None
    if not found:
        raise Refused("refused.films", n=len(unknown), named=named(tuple(unknown)))
    ids = tuple(found)
    left = max(0, len(ids) - MAX_FILMS)
    return FilmList(ids[-MAX_FILMS:], tuple(unknown), left, repeated)


def named(titles: tuple[str, ...]) -> str:
    """Some titles as a sentence names them.

    Parameters
    ----------
    titles : tuple of str
        Any number.

    Returns
    -------
    str
        At most ``NAMED`` of them, in quotation marks; "–" for none.

    Examples
    --------
    >>> named(("A", "B"))
    '“A”, “B”'
    """
    if not titles:
        return "–"
    more = "" if len(titles) <= NAMED else ", …"
    return ", ".join(f"“{title}”" for title in titles[:NAMED]) + more
