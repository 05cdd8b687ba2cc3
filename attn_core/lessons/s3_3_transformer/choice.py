"""Lesson 3.3: a learner's choice of another next token, as a link holds it."""

import zlib

from attn_core.lessons.s3_3_transformer.experiment import Config
from attn_core.models.translate_search import MAX_LENGTH
from attn_core.models.translator import text_of


def prefix_text(text: str, direction: str, ids: tuple[int, ...]) -> str:
    """A chosen beginning as a link holds it: tokens, and of which sentence.

    Examples
    --------
    >>> prefix_text("Hi.", "en-zh", (9, 12))
    '9.12-86dc'
    """
    if not ids:
        return ""
    return f"{'.'.join(map(str, ids))}-{zlib.crc32(f'{direction} {text}'.encode()) & 0xFFFF:04x}"


def prefix_ids(text: str, direction: str, held: str) -> tuple[int, ...]:
    """The inverse of ``prefix_text``; one of another sentence, or of no sense, is empty.

    Examples
    --------
    >>> prefix_ids("Hi.", "en-zh", "9.12-86dc"), prefix_ids("Ho.", "en-zh", "9.12-86dc")
    ((9, 12), ())

    Tokens.
    """
    part = held.rpartition("-")[0].split(".")
    if not all(i.isascii() and i.isdigit() and len(i) < 6 for i in part) or len(part) > MAX_LENGTH:
        return ()
    ids = tuple(int(i) for i in part)
    return ids if prefix_text(text, direction, ids) == held else ()


def prefix_shown(config: Config) -> str:
    """A chosen beginning as text."""
    return f"{text_of(config.prefix, config.languages[1])}…"
