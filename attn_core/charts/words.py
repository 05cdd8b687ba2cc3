"""Names and titles in charts, folded so that they fit."""

import re

NAME = 26
"""Letters of a line in an axis of names."""


TITLE = 44
"""Letters of a line in a title."""


def width_of(text: str) -> int:
    """Letters, Chinese ones counted twice."""
    return sum(2 if letter > "\u2e80" else 1 for letter in text)


def folded(text: str, width: int = NAME) -> str:
    """A long name in several lines, so that an axis of names leaves room on a phone.

    Parameters
    ----------
    text : str
        Words, or Chinese, which may break after any letter.
    width : int
        Most letters in a line, Chinese ones counted twice; a longer word keeps its own line.

    Returns
    -------
    str
        The same with line breaks.

    Examples
    --------
    >>> folded("with attention, the longest fifth", 16).splitlines()
    ['with attention,', 'the longest', 'fifth']
    """
    lines = [""]
    for piece in re.findall(r"\s*(?:[\u2e80-\uffff]|[^\s\u2e80-\uffff]+)", text):
        if lines[-1] and width_of(lines[-1] + piece) > width:
            if width_of(piece.strip()) == 2 and piece.strip() in "，。、；：！？）》":
                lines[-1] += piece.strip()  # no line begins with these
                continue
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.strip()
    return "\n".join(lines)


def titled(text: str) -> list[str]:
    """A chart's title in lines that a phone has room for: a longer one shrinks the plot.

    Parameters
    ----------
    text : str
        The title.

    Returns
    -------
    list of str
        Its lines.
    """
    return folded(text, TITLE).split("\n")
