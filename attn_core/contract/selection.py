"""What a learner has open."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """What the learner has open.

    Parameters
    ----------
    site : str
        Trace key; "" = the first.
    head : int
        Head of that site.
    query : int or None
        The picked row.
    region : tuple of int or None
        (first query, end, first key, end) zoomed into; ``None`` = all.
    scale : str
        How colours are scaled: "head" or "all"; "row" is the browser's own.
    """

    site: str = ""
    head: int = 0
    query: int | None = None
    region: tuple[int, int, int, int] | None = None
    scale: str = "head"
