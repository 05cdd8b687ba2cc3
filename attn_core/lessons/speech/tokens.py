"""What the lessons of speech share: tokens of a sound, what is speech, what was heard where."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torchaudio
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.inputs.limits import MAX_SECONDS
from attn_core.inputs.noise import coloured_noise
from attn_core.inputs.speech_features import FACTOR, HOP, RATE, log_mel
from attn_core.models.recogniser import BLANK
from attn_core.models.recogniser_layers import n_tokens

TOKEN = HOP * FACTOR
"""Samples of a token."""
TOKEN_SECONDS = TOKEN / RATE
LOUD_DB = 30.0
"""A token is speech if it is at most so far below the loudest one, and above the noise floor."""
OVER_FLOOR_DB = 8.0
Span = tuple[int, int]
"""First and last token, both included."""
MAX_TOKENS, MAX_SPANS = int(MAX_SECONDS / TOKEN_SECONDS) + 1, 16


def tokens_in(samples: int) -> int:
    """Tokens of so many samples.

    Examples
    --------
    >>> tokens_in(8000)
    26
    """
    return int(n_tokens(torch.tensor([samples // HOP + 1])))


def token_names(n: int) -> tuple[str, ...]:
    """When each token begins, in seconds.

    Examples
    --------
    >>> token_names(2)
    ('0.00 s', '0.04 s')

    "0.00 s", "0.04 s", …
    """
    return tuple(f"{i * TOKEN_SECONDS:.2f} s" for i in range(n))


def silenced(
    wave: Float[np.ndarray, "sample"], spans: tuple[Span, ...]
) -> Float[np.ndarray, "sample"]:
    """The sound with spans of tokens set to zero."""
    out = wave.copy()
    for first, last in spans:
        out[first * TOKEN : (last + 1) * TOKEN] = 0
    return out


def spans_as_text(spans: tuple[Span, ...]) -> str:
    """Spans as a link holds them.

    Examples
    --------
    >>> spans_as_text(((3, 5), (9, 9)))
    '3-5.9-9'
    """
    return ".".join(f"{first}-{last}" for first, last in spans)


def spans_from_text(text: str) -> tuple[Span, ...]:
    """The inverse of ``spans_as_text``.

    Examples
    --------
    >>> spans_from_text("9-9.3-5.6-7"), spans_from_text("5-3"), spans_from_text("1-9999")
    (((3, 7), (9, 9)), (), ())

    Merged, in order; empty where the text is no such list.
    """
    if not re.fullmatch(r"\d{1,3}-\d{1,3}(\.\d{1,3}-\d{1,3}){0,99}", text[:1000]):
        return ()
    spans = [(int(a), int(b)) for a, b in (run.split("-") for run in text[:1000].split("."))]
    fit = all(first <= last < MAX_TOKENS for first, last in spans)
    found = merged(tuple(spans)) if fit else ()
    return found if len(found) <= MAX_SPANS else ()


def check(spans: tuple[Span, ...]) -> None:
    """See that spans are few and within the longest sound."""
    if len(spans) > MAX_SPANS:
        raise ValueError(f"there are {len(spans)} spans; at most {MAX_SPANS} are kept")
    for first, last in spans:
        if not 0 <= first <= last < MAX_TOKENS:
            raise ValueError(
                f"span is {first}–{last}; it must be in order, below {MAX_TOKENS} tokens"
            )


def merged(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The same tokens in as few spans as hold them.

    Examples
    --------
    >>> merged(((5, 7), (1, 2), (3, 3), (7, 9)))
    ((1, 3), (5, 9))

    In order, apart from each other.
    """
    out: list[Span] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return tuple(out)


def noisy(
    wave: Float[np.ndarray, "sample"], snr: float | None, seed: int = 0
) -> Float[np.ndarray, "sample"]:
    """Noise between white and pink added to a sound."""
    if snr is None:
        return wave
    loud = np.repeat(speech(wave), TOKEN)[: len(wave)]
    own = wave[: len(loud)][loud] if loud.any() else wave
    level = np.sqrt(np.square(own).mean() / 10 ** (snr / 10))
    noise = coloured_noise(len(wave), 0.5, np.random.default_rng(seed))
    return (wave + level * noise).astype(np.float32)


def features_of(wave: Float[np.ndarray, "sample"]) -> Float[Tensor, "1 frame mel"]:
    """What a recogniser reads."""
    return log_mel(torch.from_numpy(np.ascontiguousarray(wave))[None])[0]


def speech(wave: Float[np.ndarray, "sample"]) -> Bool[np.ndarray, "token"]:
    """Which tokens are speech: loud ones, by energy alone."""
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
    """Forced alignment: the likeliest path that says these digits (torchaudio's, Viterbi)."""
    repeats = sum(a == b for a, b in zip(digits, digits[1:], strict=False))
    if not digits or len(digits) + repeats > len(log_p):
        return []
    path, scores = torchaudio.functional.forced_align(
        log_p[None].float().contiguous(), torch.tensor([digits], dtype=torch.int32), blank=BLANK
    )
    spans = torchaudio.functional.merge_tokens(path[0], scores[0].exp(), blank=BLANK)
    return [Heard(int(s.token), int(s.start), int(s.end) - 1, float(s.score)) for s in spans]


def stretches(words: list[Heard], n: int) -> list[Span]:
    """The sound shared out among its words: each reaches halfway to its neighbours.

    Examples
    --------
    >>> stretches([Heard(3, 2, 2, 1.0), Heard(1, 5, 6, 1.0)], 10)
    [(0, 3), (4, 9)]
    """
    ends = [(a.last + b.first) // 2 for a, b in zip(words, words[1:], strict=False)] + [n - 1]
    starts = [0, *(end + 1 for end in ends)]
    return [(start, end) for start, end, _ in zip(starts, ends, words, strict=False)]


def as_details(words: list[Heard], loud: Bool[np.ndarray, "token"]) -> list[dict[str, Any]]:
    """Words as JSON values.

    "digit", "first", "last", "score", and "heard": the word's stretch without its silence.
    """
    out = []
    for word, (a, b) in zip(words, stretches(words, len(loud)), strict=True):
        inside = [i for i in range(a, b + 1) if loud[i] or word.first <= i <= word.last]
        out.append(
            {
                "digit": word.digit,
                "first": word.first,
                "last": word.last,
                "score": round(word.score, 4),
                "heard": [inside[0], inside[-1]],
            }
        )
    return out
