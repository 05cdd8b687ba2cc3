"""Digits that a learner says were said."""

import unicodedata

from attn_core.inputs.refused import Refused

MAX_SAID = 64


def said(text: str) -> tuple[int, ...] | None:
    """Digits that a learner typed.

    Examples
    --------
    >>> said("3 1, 4"), said(" ")
    ((3, 1, 4), None)

    ``None`` for nothing.
    """
    out = []
    for place, letter in enumerate(text, 1):
        value = unicodedata.digit(letter, None)
        if value is not None:
            out.append(value)
        elif not (letter.isspace() or letter in ",，、.-"):
            raise Refused("refused.digit", character=letter, place=place)
    if len(out) > MAX_SAID:
        raise Refused("refused.digits", n=len(out), limit=MAX_SAID)
    return tuple(out) if out else None
