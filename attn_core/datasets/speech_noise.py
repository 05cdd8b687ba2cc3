"""Noise, rooms and other voices over spoken digits."""

import math
import random

import numpy as np
from jaxtyping import Float
from scipy import signal

from attn_core.datasets.speech import Utterance, Words
from attn_core.datasets.voices import RATE
from attn_core.inputs.noise import coloured_noise

SNRS = (20, 15, 10, 5, 0, -5)
"""Decibels at which errors are counted, beside the clean recordings."""


def with_noise(
    wave: Float[np.ndarray, "sample"], noise: Float[np.ndarray, "sample"], snr: float
) -> Float[np.ndarray, "sample"]:
    """Noise added so that speech is ``snr`` decibels above it; silence does not count as speech."""
    loud = wave[np.abs(wave) > 0]
    power = float((loud**2).mean()) if len(loud) else 1e-3
    return wave + noise * math.sqrt(power / 10 ** (snr / 10))


def babble(words: Words, n: int, rng: random.Random) -> Float[np.ndarray, "sample"]:
    """Several voices at once, of unit power."""
    out = np.zeros(n, np.float32)
    for _ in range(rng.randint(4, 8)):
        at = 0
        takes = words[rng.choice(sorted(words))]
        while at < n:
            word = rng.choice(takes[rng.randrange(10)])[: n - at]
            out[at : at + len(word)] += word
            at += len(word) + rng.randrange(RATE // 4)
    return out / (float(out.std()) or 1.0)


def room(wave: Float[np.ndarray, "sample"], rng: random.Random) -> Float[np.ndarray, "sample"]:
    """The sound in a room: a decaying tail of noise as impulse response."""
    numbers = np.random.default_rng(rng.getrandbits(32))
    decay, wet = rng.uniform(0.08, 0.5), rng.uniform(0.1, 0.7)
    n = int(RATE * decay)
    tail = numbers.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    tail *= wet / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return signal.fftconvolve(wave, tail)[: len(wave)].astype(np.float32)


def disturbed(
    utterance: Utterance, words: Words, rng: random.Random
) -> Float[np.ndarray, "sample"]:
    """What a microphone makes of it: speed, room, noise, telephone, level and clipping."""
    wave = utterance.wave
    if rng.random() < 0.6:
        factor = rng.uniform(0.85, 1.2)
        wave = np.interp(np.arange(0, len(wave) - 1, factor), np.arange(len(wave)), wave).astype(
            np.float32
        )
    if rng.random() < 0.35:
        wave = room(wave, rng)
    if rng.random() < 0.7:
        snr = rng.uniform(-2, 30)
        if rng.random() < 0.25:
            noise = babble(words, len(wave), rng)
            snr = max(snr, 5)
        else:
            numbers = np.random.default_rng(rng.getrandbits(32))
            noise = coloured_noise(len(wave), rng.uniform(0, 1.6), numbers)
        wave = with_noise(wave, noise, snr)
    if rng.random() < 0.25:
        band = signal.butter(
            2, (rng.uniform(150, 350), rng.uniform(2800, 3600)), "band", fs=RATE, output="sos"
        )
        wave = signal.sosfilt(band, wave).astype(np.float32)
    if rng.random() < 0.1:
        limit = float(np.abs(wave).max()) * rng.uniform(0.2, 0.7)
        wave = np.clip(wave, -limit, limit)
    numbers = np.random.default_rng(rng.getrandbits(32))
    wave = wave * 10 ** (rng.uniform(-30, 3) / 20)
    return (wave + numbers.standard_normal(len(wave)) * 10 ** rng.uniform(-5, -3)).astype(
        np.float32
    )


def at_snr(utterance: Utterance, snr: float | None, seed: int) -> Float[np.ndarray, "sample"]:
    """A held-out sequence in noise between white and pink; ``None`` leaves it clean."""
    if snr is None:
        return utterance.wave
    numbers = np.random.default_rng(seed)
    return with_noise(utterance.wave, coloured_noise(len(utterance.wave), 0.5, numbers), snr)
