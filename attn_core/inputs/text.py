"""Bytes from a stranger to text and words: bounded, checked by content, never by name."""

import re
import unicodedata
from dataclasses import dataclass

from attn_core.inputs.alphabets import LETTERS, MAX_LETTERS
from attn_core.inputs.limits import (
    MAX_TEXT_BYTES,
    MAX_TEXT_CHARACTERS,
    MAX_UPLOAD_BYTES,
    MAX_WORDS,
)
from attn_core.inputs.refused import Refused

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "–": "-", "‐": "-"})


def decode_text(data: bytes) -> str:
    """The text in an uploaded file.

    Parameters
    ----------
    data : bytes
        The file; UTF-8 with or without a mark, or UTF-16 with one.

    Returns
    -------
    str
        At most ``MAX_TEXT_CHARACTERS`` characters, control characters turned into spaces.

    Raises
    ------
    Refused
        If it is empty, too large, binary, or in another encoding.

    Examples
    --------
    >>> decode_text(b"two words")
    'two words'
    """
    if not data.strip():
        raise Refused("refused.empty")
    if len(data) > min(MAX_TEXT_BYTES, MAX_UPLOAD_BYTES):
        raise Refused(
            "refused.large", size=f"{len(data) / 1e6:.1f}", limit=f"{MAX_TEXT_BYTES / 1e6:.1f}"
        )
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not utf16 and b"\x00" in data:
        raise Refused("refused.binary")
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("refused.encoding") from error
    odd = sum(unicodedata.category(c) == "Cc" and c not in "\t\n\r\f\v" for c in text[:4096])
    if odd > 0.02 * min(len(text), 4096):
        raise Refused("refused.binary")
    return clean_text(text)


def clean_text(text: str) -> str:
    r"""Composed characters, control characters as spaces, cut at the bound.

    Parameters
    ----------
    text : str
        Typed or decoded.

    Returns
    -------
    str
        At most ``MAX_TEXT_CHARACTERS`` characters.

    Examples
    --------
    >>> clean_text("a\x00b")
    'a b'
    """
    text = unicodedata.normalize("NFC", text[:MAX_TEXT_CHARACTERS])
    return "".join(
        " " if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" else c for c in text
    )


def clean_review(text: str) -> str:
    """A review as the character classifier reads it, in training and now.

    Parameters
    ----------
    text : str
        Typed or read.

    Returns
    -------
    str
        Compatibility forms unified, lower case, white space and long runs of one character
        shortened.

    Examples
    --------
    >>> clean_review(" ＯＫ  ！！！！！！")
    'ok !!!'
    """
    text = unicodedata.normalize("NFKC", text).strip().strip('"').lower()
    return re.sub(r"(.)\1{3,}", r"\1\1\1", re.sub(r"\s+", " ", text))


def clean_word(text: str) -> str:
    """One English word as the speller reads it.

    Parameters
    ----------
    text : str
        What was typed; capitals and typographic apostrophes are fine.

    Returns
    -------
    str
        Lower case, of the speller's letters.

    Raises
    ------
    Refused
        If nothing is left, a character is none of them, or the word is too long.

    Examples
    --------
    >>> clean_word(" Don’t ")
    "don't"
    """
    word = unicodedata.normalize("NFKC", text[:1000]).translate(_APOSTROPHES).strip().lower()
    word = word.strip(',;:!?"()[]')
    if not word:
        raise Refused("refused.no_word")
    if any(c.isspace() for c in word):
        raise Refused("refused.one_word", first=word.split()[0][:MAX_LETTERS])
    unknown = next((c for c in word if c not in LETTERS), None)
    if unknown is not None:
        raise Refused("refused.letter", character=unknown, word=word[:MAX_LETTERS])
    if not any(c.isalpha() for c in word):
        raise Refused("refused.no_word")
    if len(word) > MAX_LETTERS:
        raise Refused("refused.long_word", n=len(word), limit=MAX_LETTERS)
    return word


@dataclass(frozen=True, slots=True)
class WordList:
    """Words of an uploaded list.

    Parameters
    ----------
    words : tuple of str
        Those that can be read, in order, each once, at most ``MAX_WORDS``.
    n_refused : int
        Those that can't.
    n_left : int
        Those beyond the bound.
    """

    words: tuple[str, ...]
    n_refused: int
    n_left: int


def read_words(data: bytes) -> WordList:
    """Words of an uploaded text file, separated by white space or commas.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    WordList
        What can be used and how much can't.

    Raises
    ------
    Refused
        As ``decode_text``, or if not one word can be read.

    Examples
    --------
    >>> read_words(b"cat, dog 123").words
    ('cat', 'dog')
    """
    kept: dict[str, None] = {}
    refused = 0
    for raw in decode_text(data).replace(",", " ").split():
        try:
            kept[clean_word(raw)] = None
        except Refused:
            refused += 1
    if not kept:
        raise Refused("refused.no_words", n=refused)
    words = tuple(kept)
    return WordList(words[:MAX_WORDS], refused, max(0, len(words) - MAX_WORDS))


def clean(text: str, language: str) -> str:
    """Unicode in its composed form, one space between English words, none in Chinese.

    Parameters
    ----------
    text : str
        A sentence.
    language : str
        "en" or "zh".

    Returns
    -------
    str
        Trimmed.

    Examples
    --------
    >>> clean("你好 。", "zh")
    '你好。'
    """
    text = unicodedata.normalize("NFC", text.lstrip("\ufeff")).strip()
    if language == "zh":
        return re.sub(r"(?<![A-Za-z])\s+|\s+(?![A-Za-z])", "", text)
    return re.sub(r"\s+", " ", text)
