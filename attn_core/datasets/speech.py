"""Connected spoken digits: isolated ones joined, with pauses, noise, rooms and telephones.

Recorded: Free Spoken Digit Dataset (GitHub Jakobovski/free-spoken-digit-dataset, commit 26eb9aaf,
CC BY-SA 4.0), 5 speakers. One of them, ``UNSEEN``, is neither trained on nor chosen by. Of the
others' takes the first five of each digit are for testing, as the set's makers propose, and the
next five for validation. Synthetic: see ``voices``.
"""

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Float

from attn_core.datasets.voices import HELD_VOICES, RATE, trimmed

FOLDER = "fsdd/recordings"
UNSEEN = "theo"
TAKES = {"test": range(5), "validation": range(5, 10), "train": range(10, 50)}
MAX_DIGITS = 8
SYNTHETIC = 0.35
"""Of the training sequences, spoken by synthetic voices."""
IN_ONE_GO = 0.5
"""Of those, as whole sequences: their words run into each other."""
CURRICULUM = 0.4
"""Share of the training after which sequences are as long as they get."""

Words = dict[str, list[list[np.ndarray]]]
"""For each speaker and digit, its takes."""
Phrases = list[tuple[tuple[int, ...], np.ndarray, str]]
"""Digits said in one go, their sound, and whose voice it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A sequence of digits as sound.

    Parameters
    ----------
    wave : Float[np.ndarray, "sample"]
        In [-1, 1] at ``RATE``.
    digits : tuple of int
        What is said.
    spans : tuple of tuple of int
        First sample and the one after the last of each digit.
    speaker : str
        Whose voice.
    """

    wave: Float[np.ndarray, "sample"]
    digits: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    speaker: str


def read(data: Path) -> dict[str, Words]:
    """The recorded digits.

    Parameters
    ----------
    data : Path
        Folder that holds ``fsdd``.

    Returns
    -------
    dict of dict
        "train", "validation", "test" by known speaker; "unseen" has all takes of ``UNSEEN``.
    """
    out: dict[str, Words] = {name: {} for name in (*TAKES, "unseen")}
    for path in sorted((data / FOLDER).glob("*.wav")):
        digit, speaker, take = path.stem.split("_")
        part = next(name for name, takes in TAKES.items() if int(take) in takes)
        wave, rate = soundfile.read(path, dtype="float32")
        if rate != RATE:
            raise ValueError(f"{path.name} has {rate} samples a second; it must have {RATE}")
        kept = out["unseen" if speaker == UNSEEN else part]
        kept.setdefault(speaker, [[] for _ in range(10)])[int(digit)].append(trimmed(wave))
    return out


def read_voices(path: Path, *, held: bool = False) -> tuple[Words, Phrases]:
    """Synthetic words, and sequences spoken in one go.

    Parameters
    ----------
    path : Path
        As ``voices`` writes it.
    held : bool
        Those of ``HELD_VOICES`` in place of the others.

    Returns
    -------
    words : dict of list
        By voice and digit.
    phrases : list of tuple
        Digits, sound and voice.
    """
    with np.load(path) as found:
        sound, ends = found["sound"].astype(np.float32), found["ends"]
        digits, voices = found["digits"], found["voices"]
    words: Words = {}
    phrases: Phrases = []
    starts = np.concatenate([[0], ends[:-1]])
    for first, last, digit, voice in zip(starts, ends, digits, voices, strict=True):
        if str(voice).startswith(HELD_VOICES) != held:
            continue
        if len(digit) > 1:
            phrases.append((tuple(map(int, digit)), sound[first:last], str(voice)))
            continue
        takes = words.setdefault(str(voice), [[] for _ in range(10)])
        takes[int(digit)].append(sound[first:last])
    return {voice: takes for voice, takes in words.items() if all(takes)}, phrases


def provenance(data: Path, voices: Path) -> list[dict[str, Any]]:
    """Source, licence, digest and split, as a manifest holds them."""
    files = sorted((data / FOLDER).glob("*.wav"))
    digest = hashlib.sha256(b"".join(hashlib.sha256(f.read_bytes()).digest() for f in files))
    made, phrases = read_voices(voices)
    return [
        {
            "source": "Free Spoken Digit Dataset, Jakobovski/free-spoken-digit-dataset, "
            "commit 26eb9aaf",
            "licence": "CC BY-SA 4.0",
            "sha256": digest.hexdigest(),
            "split": {"train": 1600, "validation": 200, "test": 200, "unseen speaker": 500},
            "synthetic": 0.0,
            "speakers": 4,
        },
        {
            "source": "espeak-ng 1.51 and flite 2.2 voices: python -m attn_core.datasets.voices",
            "licence": "made by our script; espeak-ng is GPL-3.0, flite BSD-like",
            "sha256": hashlib.sha256(voices.read_bytes()).hexdigest(),
            "split": {
                "train": sum(len(t) for takes in made.values() for t in takes),
                "sequences": len(phrases),
            },
            "synthetic": 1.0,
            "share_of_sequences": SYNTHETIC,
        },
    ]


def joined(words: Words, rng: random.Random, n: int, *, speaker: str = "") -> Utterance:
    """Digits of one speaker, one after the other with pauses, clean.

    Parameters
    ----------
    words : Words
        To choose from.
    rng : random.Random
        Source of every choice.
    n : int
        How many digits; 0 is silence.
    speaker : str
        "" chooses one.

    Returns
    -------
    Utterance
        With 0.05 to 0.5 s of silence at both ends.
    """
    speaker = speaker or rng.choice(sorted(words))
    takes = words[speaker]
    digits = tuple(rng.randrange(10) for _ in range(n))
    parts = [np.zeros(int(RATE * rng.uniform(0.05, 0.5)), np.float32)]
    spans, at = [], len(parts[0])
    pace = rng.uniform(0.03, 0.35)
    for i, digit in enumerate(digits):
        word = takes[digit][rng.randrange(len(takes[digit]))]
        word = word * 10 ** (rng.uniform(-4, 4) / 20)
        if i:
            gap = min(1.2, 0.02 + rng.expovariate(1 / pace))
            parts.append(np.zeros(int(RATE * gap), np.float32))
            at += len(parts[-1])
        spans.append((at, at + len(word)))
        parts.append(word.astype(np.float32))
        at += len(word)
    rest = rng.uniform(0.05, 0.5) if n else rng.uniform(0.8, 3.0)
    parts.append(np.zeros(int(RATE * rest), np.float32))
    return Utterance(np.concatenate(parts), digits, tuple(spans), speaker)


def by_length(phrases: Phrases) -> dict[int, Phrases]:
    """Sequences by how many digits they have."""
    out: dict[int, Phrases] = {}
    for phrase in phrases:
        out.setdefault(len(phrase[0]), []).append(phrase)
    return out


def spoken(phrases: Phrases, rng: random.Random) -> Utterance:
    """A sequence that a synthetic voice spoke in one go, with silence around it.

    Parameters
    ----------
    phrases : Phrases
        From ``read_voices``.
    rng : random.Random
        Source of every choice.

    Returns
    -------
    Utterance
        Without spans.
    """
    digits, wave, voice = rng.choice(phrases)
    ends = [np.zeros(int(RATE * rng.uniform(0.05, 0.5)), np.float32) for _ in range(2)]
    return Utterance(np.concatenate([ends[0], wave, ends[1]]), digits, (), voice)


def longest_at(done: float) -> int:
    """Digits at most when a share of the training is done: short sequences come first.

    What attends learns where to look on few digits much sooner (Chan et al. 2016 and Bengio et al.
    2009, curriculum learning); the last 60 % of the steps have all lengths.
    """
    return min(MAX_DIGITS, 2 + int((MAX_DIGITS - 1) * done / CURRICULUM))


def counts(rng: random.Random, n: int, longest: int) -> list[int]:
    """How many digits each sequence of a batch has: about as many, so that little is padding."""
    about = rng.randint(1, longest)
    few, many = max(1, about - 1), min(longest, about + 1)
    return [0 if rng.random() < 0.03 else rng.randint(few, many) for _ in range(n)]


def held_out(
    words: Words, n: int, seed: int, *, shortest: int = 1, longest: int = MAX_DIGITS
) -> list[Utterance]:
    """Clean sequences, as many of each speaker, the same for every model.

    Parameters
    ----------
    words : Words
        One part of the split.
    n : int
        How many.
    seed : int
        Of every choice.
    shortest, longest : int
        Digits at least and at most.

    Returns
    -------
    list of Utterance
        With 1 digit or more.
    """
    rng, names = random.Random(seed), sorted(words)
    return [
        joined(words, rng, rng.randint(shortest, longest), speaker=names[i % len(names)])
        for i in range(n)
    ]
