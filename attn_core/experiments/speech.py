"""What the lessons of speech share: tokens of a sound, what is speech, what was heard where."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torchaudio
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.inputs.speech_features import HOP, RATE, log_mel
from attn_core.models.recogniser import BLANK, FACTOR, n_tokens

TOKEN = HOP * FACTOR
"""Samples of a token."""
TOKEN_SECONDS = TOKEN / RATE
LOUD_DB = 30.0
"""A token is speech if it is at most so far below the loudest one, and above the noise floor."""
OVER_FLOOR_DB = 8.0
Span = tuple[int, int]
"""First and last token, both included."""


def tokens_in(samples: int) -> int:
    """Tokens of so many samples.

    Parameters
    ----------
    samples : int
        At ``RATE``.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> tokens_in(8000)
    26
    """
    return int(n_tokens(torch.tensor([samples // HOP + 1])))


def token_names(n: int) -> tuple[str, ...]:
    """When each token begins, in seconds.

    Parameters
    ----------
    n : int
        Tokens.

    Returns
    -------
    tuple of str
        "0.00 s", "0.04 s", …

    Examples
    --------
    >>> token_names(2)
    ('0.00 s', '0.04 s')
    """
    return tuple(f"{i * TOKEN_SECONDS:.2f} s" for i in range(n))


def silenced(
    wave: Float[np.ndarray, "sample"], spans: tuple[Span, ...]
) -> Float[np.ndarray, "sample"]:
    """The sound with spans of tokens set to zero.

    Parameters
    ----------
    wave : Float[np.ndarray, "sample"]
        At ``RATE``.
    spans : tuple of Span
        Out of range counts as the end.

    Returns
    -------
    Float[np.ndarray, "sample"]
        A copy.
    """
    out = wave.copy()
    for first, last in spans:
        out[first * TOKEN : (last + 1) * TOKEN] = 0
    return out


def features_of(wave: Float[np.ndarray, "sample"]) -> Float[Tensor, "1 frame mel"]:
    """What a recogniser reads.

    Parameters
    ----------
    wave : Float[np.ndarray, "sample"]
        At ``RATE``.

    Returns
    -------
    Float[Tensor, "1 frame mel"]
        A batch of one.
    """
    return log_mel(torch.from_numpy(np.ascontiguousarray(wave))[None])[0]


def speech(wave: Float[np.ndarray, "sample"]) -> Bool[np.ndarray, "token"]:
    """Which tokens are speech: loud ones, by energy alone.

    Parameters
    ----------
    wave : Float[np.ndarray, "sample"]
        At ``RATE``.

    Returns
    -------
    Bool[np.ndarray, "token"]
        All ``False`` for silence.
    """
    n = tokens_in(len(wave))
    padded = np.zeros(n * TOKEN, np.float64)
    padded[: min(len(wave), len(padded))] = wave[: len(padded)]
    level = 10 * np.log10(np.square(padded).reshape(n, TOKEN).mean(1) + 1e-10)
    floor = np.percentile(level, 10)
    return (level > level.max() - LOUD_DB) & (level > floor + OVER_FLOOR_DB) & (level > -75)


@dataclass(frozen=True, slots=True)
class Heard:
    """One written digit and where it was heard.

    Parameters
    ----------
    digit : int
        0 to 9.
    first, last : int
        Tokens, both included.
    score : float
        Mean probability of the label over them.
    """

    digit: int
    first: int
    last: int
    score: float


def aligned(log_p: Float[Tensor, "token label"], digits: tuple[int, ...]) -> list[Heard]:
    """Forced alignment: the likeliest path that says these digits (torchaudio's, Viterbi).

    Parameters
    ----------
    log_p : Float[Tensor, "token label"]
        Log-probabilities, blank last.
    digits : tuple of int
        What is said.

    Returns
    -------
    list of Heard
        One for each digit; empty where they do not fit the sound.
    """
    repeats = sum(a == b for a, b in zip(digits, digits[1:], strict=False))
    if not digits or len(digits) + repeats > len(log_p):
        return []
    path, scores = torchaudio.functional.forced_align(
        log_p[None].float().contiguous(), torch.tensor([digits], dtype=torch.int32), blank=BLANK
    )
    spans = torchaudio.functional.merge_tokens(path[0], scores[0].exp(), blank=BLANK)
    return [Heard(int(s.token), int(s.start), int(s.end) - 1, float(s.score)) for s in spans]


def as_details(words: list[Heard]) -> list[dict[str, Any]]:
    """Words as JSON values.

    Parameters
    ----------
    words : list of Heard
        From ``aligned``.

    Returns
    -------
    list of dict
        "digit", "first", "last", "score".
    """
    return [
        {"digit": w.digit, "first": w.first, "last": w.last, "score": round(w.score, 4)}
        for w in words
    ]
