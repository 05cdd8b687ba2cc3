"""What is measured of the speech models: errors by noise, how far one reaches, what is seen."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from attn_core.attention import masks
from attn_core.datasets.speech import Utterance, Words, held_out
from attn_core.datasets.speech_noise import SNRS, at_snr
from attn_core.measures.metrics import edits_by_symbol, error_rate
from attn_core.models.listener import Listener
from attn_core.models.recogniser import END, START, Recogniser
from attn_core.models.recogniser_search import joint_search
from attn_core.training.speech.train import CTC_SHARE, Sight, as_batch, greedy, way

FAR = 10
"""Tokens, 0.4 s: about as long as a digit."""
BURST_DB = 10.0
"""How much louder than the sequence's speech the noise is that covers one digit."""
FEWEST = 3
"""Digits of a sequence in which one is covered: it has neighbours."""


WEIGHTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
LENGTHS, N_LONG = (4, 8, 12, 16, 24), 80
"""Digits of the sequences, of which the longer half is longer than any in training."""
WEIGHT = 0.5
"""λ of the search by which a model with both parts is measured."""


def written(
    kind: str, model: Recogniser | Listener, waves: list[np.ndarray], weight: float = WEIGHT
) -> list[tuple[int, ...]]:
    """What a model writes: by both parts together where it was trained with both, else greedily.

    Parameters
    ----------
    kind : str
        Key of ``speech.MODELS`` or ``speech.LISTENERS``.
    model : Recogniser or Listener
        In evaluation mode.
    waves : list of np.ndarray
        At 8 kHz.
    weight : float
        λ of the search.

    Returns
    -------
    list of tuple of int
        Digits.
    """
    if isinstance(model, Listener) or not 0 < CTC_SHARE.get(kind, 1.0) < 1:
        return greedy(model, waves, way(kind))
    out = []
    for wave in waves:
        features, frames = as_batch([wave])
        with torch.inference_mode():
            states, real, _ = model.encode(features, frames, traced=False)
            out.append(joint_search(model, states, real, weight, width=4)[0].digits)
    return out


def by_weight(model: Recogniser, said: list[Utterance]) -> dict[str, float]:
    """Digit error rate of a model with both parts by λ of its search.

    Parameters
    ----------
    model : Recogniser
        With a decoder.
    said : list of Utterance
        Clean.

    Returns
    -------
    dict of str to float
        By each of ``WEIGHTS``.
    """
    waves, true = [u.wave for u in said], [u.digits for u in said]
    return {
        str(weight): error_rate(written("joint", model, waves, weight), true) for weight in WEIGHTS
    }


def by_length(kind: str, model: Recogniser | Listener, words: Words) -> dict[str, float]:
    """Digit error rate of sequences of given lengths, also far longer than any trained on.

    Parameters
    ----------
    kind : str
        Key of ``speech.MODELS`` or ``speech.LISTENERS``.
    model : Recogniser or Listener
        In evaluation mode.
    words : Words
        Of the test part.

    Returns
    -------
    dict of str to float
        By each of ``LENGTHS``, clean.
    """
    out = {}
    for n in LENGTHS:
        said = held_out(words, N_LONG, 400 + n, shortest=n, longest=n)
        found = written(kind, model, [u.wave for u in said])
        out[str(n)] = error_rate(found, [u.digits for u in said])
    return out


def teacher_forced(model: Recogniser | Listener, said: list[Utterance]) -> float:
    """Share of wrong next tokens where the digits before are the true ones.

    Parameters
    ----------
    model : Recogniser or Listener
        With a decoder, in evaluation mode.
    said : list of Utterance
        Clean.

    Returns
    -------
    float
        Over all digits and ends.
    """
    wrong = n = 0
    for utterance in said:
        features, frames = as_batch([utterance.wave])
        before = torch.tensor([[START, *utterance.digits]])
        after = torch.tensor([*utterance.digits, END])
        with torch.inference_mode():
            if isinstance(model, Listener):
                logits = model(features, frames, before)
            else:
                states, real, _ = model.encode(features, frames, traced=False)
                logits, _, _ = model.decode(before, model.remember(states, real), traced=False)
        possible = logits[0].index_fill(-1, torch.tensor([START]), -torch.inf)
        wrong += int((possible.argmax(-1) != after).sum())
        n += len(after)
    return wrong / n


def _from(offset: int) -> Sight:
    """Each token may look at keys from ``offset`` on (counted from itself)."""

    def allowed(n: int) -> Bool[Tensor, "query key"]:
        at = torch.arange(n)
        return at >= at[:, None] + offset

    return allowed


def _turned(sight: Sight) -> Sight:
    return lambda n: sight(n).flip(0, 1)


SIGHTS: Mapping[str, Sight] = {
    "no_past": _from(0), "no_far_past": _from(-FAR),
    "no_future": lambda n: masks.causal(n, n), "no_far_future": _turned(_from(-FAR)),
}  # fmt: skip
"""What tokens may look at, beside everything."""


def errors(kind: str, model: Recogniser | Listener, said: list[Utterance]) -> dict[str, float]:
    """Digit error rate by signal-to-noise ratio.

    Parameters
    ----------
    kind : str
        Key of ``speech.MODELS`` or ``speech.LISTENERS``.
    model : Recogniser or Listener
        In evaluation mode.
    said : list of Utterance
        Clean.

    Returns
    -------
    dict of str to float
        "clean" and each of ``SNRS``.
    """
    levels: dict[str, float | None] = {"clean": None} | {str(snr): float(snr) for snr in SNRS}
    true = [u.digits for u in said]
    return {
        name: error_rate(
            written(kind, model, [at_snr(u, snr, i) for i, u in enumerate(said)]), true
        )
        for name, snr in levels.items()
    }


def sights(model: Recogniser, said: list[Utterance]) -> dict[str, float]:
    """Digit error rate where tokens may look at less; nothing is trained anew.

    Parameters
    ----------
    model : Recogniser
        In evaluation mode.
    said : list of Utterance
        Clean.

    Returns
    -------
    dict of str to float
        "all" and each of ``SIGHTS``.
    """
    waves, true = [u.wave for u in said], [u.digits for u in said]
    views: dict[str, Sight | None] = {"all": None} | dict(SIGHTS)
    return {
        name: error_rate(greedy(model, waves, sight=sight), true) for name, sight in views.items()
    }


def covered(utterance: Utterance, digit: int, seed: int) -> Utterance:
    """A sequence with white noise over one of its digits.

    Parameters
    ----------
    utterance : Utterance
        Clean.
    digit : int
        Which.
    seed : int
        Of the noise.

    Returns
    -------
    Utterance
        As long.
    """
    first, last = utterance.spans[digit]
    level = np.sqrt(np.mean([np.square(utterance.wave[a:b]).mean() for a, b in utterance.spans]))
    numbers = np.random.default_rng(seed)
    wave = utterance.wave.copy()
    loud = level * 10 ** (BURST_DB / 20)
    wave[first:last] += (loud * numbers.standard_normal(last - first)).astype(np.float32)
    return replace(utterance, wave=wave)


def reach_of_errors(
    kind: str, model: Recogniser | Listener, said: list[Utterance]
) -> dict[str, object]:
    """Cover one digit with noise, and count the errors that this makes elsewhere.

    Parameters
    ----------
    kind : str
        Key of ``speech.MODELS`` or ``speech.LISTENERS``.
    model : Recogniser or Listener
        In evaluation mode.
    said : list of Utterance
        Clean; those with fewer than ``FEWEST`` digits are left out.

    Returns
    -------
    dict
        "n" sequences; mean edits a sequence at the "covered" digit and at all the "others", the
        others "before" anything is covered; "by_distance": added edits a digit, 1 to 5 away.
    """
    said = [u for u in said if len(u.digits) >= FEWEST]
    which = [i % len(u.digits) for i, u in enumerate(said)]
    noisy = [covered(u, at, i) for i, (u, at) in enumerate(zip(said, which, strict=True))]

    def edits(of: list[Utterance]) -> list[tuple[int, ...]]:
        found = written(kind, model, [u.wave for u in of])
        each = zip(found, of, which, strict=True)
        return [edits_by_symbol(f, u.digits, at) for f, u, at in each]

    before, after = edits(said), edits(noisy)
    own = [row[at] for row, at in zip(after, which, strict=True)]
    added: dict[int, list[int]] = {}
    for old, new, at in zip(before, after, which, strict=True):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            if i != at:
                added.setdefault(abs(i - at), []).append(b - a)

    def others(rows: list[tuple[int, ...]]) -> float:
        return float(np.mean([sum(r) - r[at] for r, at in zip(rows, which, strict=True)]))

    return {
        "n": len(said),
        "covered": float(np.mean(own)),
        "others": others(after),
        "before": others(before),
        "by_distance": [float(np.mean(added[d])) for d in range(1, 6)],
    }
