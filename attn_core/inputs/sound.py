"""Bytes from a stranger to a short sound: format by content, seconds before samples.

wav, flac, ogg and mp3 are decoded by libsndfile, m4a and webm by FFmpeg (PyAV). A header's claims
are not believed: blocks are read until the sound or ``MAX_SECONDS`` ends.
"""

import hashlib
import math
import time
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy import signal

from attn_core.inputs.limits import (
    MAX_KEPT_SOUND_BYTES,
    MAX_SECONDS,
)
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound_file import decoded
from attn_core.inputs.speech_features import RATE
from attn_core.inputs.store import Kept
from attn_core.places import ASSETS

SILENT_DB, CLIPPED_AT, CLIPPED_SHARE = -55.0, 0.999, 0.002
"""Below this level a sound is silence; from this share of full samples on it is clipped."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound, mono, as the recognisers read it.

    Parameters
    ----------
    name : str
        sha256 of the file, or a sample's name.
    wave : Float[np.ndarray, "sample"]
        At ``RATE``, in [-1, 1].
    rate, channels : int
        As it was sent.
    seconds : float
        Of ``wave``.
    peak_db, rms_db : float
        Level in decibels below full scale; -inf for nothing at all.
    clipped : float
        Share of samples at full scale.
    cut : bool
        Whether it went on after ``MAX_SECONDS``.
    repaired : int
        Samples that were no number, and are now 0.
    decode_ms : float
        Milliseconds from the file to samples.
    """

    name: str
    wave: Float[np.ndarray, "sample"]
    rate: int
    channels: int
    seconds: float
    peak_db: float
    rms_db: float
    clipped: float
    cut: bool
    repaired: int
    decode_ms: float

    @property
    def n_bytes(self) -> int:
        """What keeping it costs."""
        return self.wave.nbytes

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear."""
        return self.rms_db < SILENT_DB


SAMPLES = ASSETS / "samples" / "sounds"
KEPT: Kept[Sound] = Kept(MAX_KEPT_SOUND_BYTES)


def decibels(value: float) -> float:
    """Of an amplitude, full scale being 0.

    Parameters
    ----------
    value : float
        At least 0.

    Returns
    -------
    float
        -inf for 0.

    Examples
    --------
    >>> decibels(1.0), round(decibels(0.5), 1)
    (0.0, -6.0)
    """
    return 20 * math.log10(value) if value > 0 else -math.inf


def at_rate(wave: Float[np.ndarray, "sample"], rate: int) -> Float[np.ndarray, "resampled"]:
    """Samples at ``RATE``, low-passed first.

    Parameters
    ----------
    wave : Float[np.ndarray, "sample"]
        At ``rate``.
    rate : int
        Samples a second.

    Returns
    -------
    Float[np.ndarray, "resampled"]
        As long in seconds.

    Examples
    --------
    >>> len(at_rate(np.zeros(44_100, np.float32), 44_100))
    8000
    """
    if rate == RATE:
        return wave
    shared = math.gcd(rate, RATE)
    return signal.resample_poly(wave, RATE // shared, rate // shared).astype(np.float32)


def as_sound(name: str, data: bytes) -> Sound:
    """A file as a sound.

    Parameters
    ----------
    name : str
        What a config will call it.
    data : bytes
        The file.

    Returns
    -------
    Sound
        Not kept.

    Raises
    ------
    Refused
        As ``decoded``.
    """
    began = time.perf_counter()
    own, rate, channels, cut, repaired = decoded(data)
    clipped = float((np.abs(own) >= CLIPPED_AT).mean())
    wave = np.clip(at_rate(own, rate), -1, 1)
    peak, level = float(np.abs(wave).max()), math.sqrt(float(np.square(wave).mean()))
    return Sound(
        name,
        wave,
        rate,
        channels,
        len(wave) / RATE,
        decibels(peak),
        decibels(level),
        clipped,
        cut,
        repaired,
        1000 * (time.perf_counter() - began),
    )


def read_sound(data: bytes) -> Sound:
    """The sound in an uploaded or recorded file, kept under its digest.

    Parameters
    ----------
    data : bytes
        wav, flac, ogg, mp3, m4a or webm; its name and declared type are not looked at.

    Returns
    -------
    Sound
        ``find`` knows it from now on.

    Raises
    ------
    Refused
        As ``decoded``.
    """
    name = hashlib.sha256(data).hexdigest()
    sound = KEPT.get(name)
    if sound is None:
        sound = as_sound(name, data)
        KEPT.put(sound)
    return sound


@cache
def _sample(name: str) -> Sound | None:
    path = SAMPLES / f"{name}.flac"
    return as_sound(name, path.read_bytes()) if path.parent == SAMPLES and path.exists() else None


def find(name: str) -> Sound:
    """The sound that a config names.

    Parameters
    ----------
    name : str
        A sample's name or a digest.

    Returns
    -------
    Sound
        Shared; never changed.

    Raises
    ------
    Refused
        If it is no longer, or was never, on this machine.

    Examples
    --------
    >>> find("pi").rate
    8000
    """
    sound = KEPT.get(name)
    if sound is None and name.isidentifier():
        sound = _sample(name)
    if sound is None:
        raise Refused("refused.sound_gone", name=name[:12])
    return sound


def again(sound: Sound, times: int) -> Sound:
    """A sound several times over, no longer than ``MAX_SECONDS``.

    Parameters
    ----------
    sound : Sound
        What is repeated.
    times : int
        At least 1.

    Returns
    -------
    Sound
        The same one for 1; else one that ``find`` knows from now on.

    Examples
    --------
    >>> again(find("double"), 2).seconds == 2 * find("double").seconds
    True
    """
    if times == 1:
        return sound
    name = f"{sound.name}_{times}"
    found = KEPT.get(name)
    if found is None:
        wave = np.tile(sound.wave, times)[: MAX_SECONDS * RATE]
        found = replace(sound, name=name, wave=wave, seconds=len(wave) / RATE)
        KEPT.put(found)
    return found
