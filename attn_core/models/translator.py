"""A trained translator with its two tokenizers: text in, text out.

Byte-pair pieces of English words and single Chinese characters, as ``datasets.translation``
made them. Both files lie beside the weights; their sha256 is in every translator's manifest.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import cache

from tokenizers import Tokenizer

from attn_core.checkpoints.manifests import FOLDER, WeightsMissing, read_manifest
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean
from attn_core.models.transformer_layers import END, UNKNOWN

LANGUAGES = ("en", "zh")
MAX_TOKENS = 48
"""Of a source; the pairs it was trained on are shorter."""
START_MARK, END_MARK = "▶", "■"
MARKS = {".": "，", "?": "？", "!": "！"}
"""The pairs' Chinese side writes these marks (a comma as a full stop) for those."""


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence as a translator reads it.

    Parameters
    ----------
    ids : tuple of int
        Tokens and ``END``.
    labels : tuple of str
        What stands on each.
    n_left : int
        Tokens that were cut off.
    n_unknown : int
        Tokens the vocabulary does not have.
    """

    ids: tuple[int, ...]
    labels: tuple[str, ...]
    n_left: int
    n_unknown: int


def file_of(language: str) -> str:
    """Name of a language's tokenizer file.

    Parameters
    ----------
    language : str
        "en" or "zh".

    Returns
    -------
    str
        In ``assets/checkpoints``.
    """
    return f"translator_{language}.tokenizer.json"


@cache
def tokenizer(language: str) -> Tokenizer:
    """The tokenizer of a language, checked against the manifests.

    Parameters
    ----------
    language : str
        "en" or "zh".

    Returns
    -------
    Tokenizer
        Shared; never changed.

    Raises
    ------
    WeightsMissing
        If the file is not the one that the manifests name.
    """
    path = FOLDER / file_of(language)
    blob = path.read_bytes() if path.exists() else b""
    wanted = read_manifest("translator_en_zh").raw["tokenizers"][language]["sha256"]
    if hashlib.sha256(blob).hexdigest() != wanted:
        raise WeightsMissing(f"{path.name} is not the file with sha256 {wanted}")
    return Tokenizer.from_str(blob.decode())


def read(text: str, language: str) -> Source:
    """A learner's sentence as tokens.

    Parameters
    ----------
    text : str
        Any.
    language : str
        "en" or "zh".

    Returns
    -------
    Source
        At most ``MAX_TOKENS`` tokens, and the end.

    Raises
    ------
    Refused
        If nothing is left to translate.
    """
    shown = (c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    found = clean("".join(shown), language)
    if language == "zh":
        found = found.translate(str.maketrans("".join(MARKS.values()), "".join(MARKS)))
    # A token is at least a character: what is far too long need not be cut to pieces first.
    encoded = tokenizer(language).encode(found[: 40 * MAX_TOKENS])
    if not encoded.ids:
        raise Refused("refused.no_text")
    ids, labels = encoded.ids[:MAX_TOKENS], []
    unknown = UNKNOWN
    for piece, i, (a, b) in zip(encoded.tokens, ids, encoded.offsets, strict=False):
        labels.append((found[a:b].strip() or "␣") if i == unknown else label(piece, language))
    return Source((*ids, END), (*labels, END_MARK), len(encoded.ids) - len(ids), ids.count(unknown))


def label(piece: str, language: str) -> str:
    """How a token is shown: a piece that goes on with a word begins with "+".

    Parameters
    ----------
    piece : str
        As the tokenizer has it.
    language : str
        "en" or "zh".

    Returns
    -------
    str
        Without the tokenizer's mark of a space.

    Examples
    --------
    >>> label("▁read", "en"), label("ing", "en"), label("读", "zh")
    ('read', '+ing', '读')
    """
    if language == "zh":
        return MARKS.get(piece, piece)
    if not piece[:1].isalnum():
        return piece.removeprefix("▁") or "␣"
    return f"+{piece}"


def labels(ids: tuple[int, ...], language: str) -> tuple[str, ...]:
    """How written tokens are shown.

    Parameters
    ----------
    ids : tuple of int
        Of the target language.
    language : str
        Which.

    Returns
    -------
    tuple of str
        One for each.
    """
    known = tokenizer(language)
    return tuple(
        END_MARK if i == END else label(known.id_to_token(i) or "?", language) for i in ids
    )


def text_of(ids: tuple[int, ...], language: str) -> str:
    """A written sentence.

    Parameters
    ----------
    ids : tuple of int
        Without start and end.
    language : str
        Which.

    Returns
    -------
    str
        Plain text.
    """
    text = str(tokenizer(language).decode(list(ids)))
    return (
        text.translate(str.maketrans("".join(MARKS), "".join(MARKS.values())))
        if language == "zh"
        else text
    )
