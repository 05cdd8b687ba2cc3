"""Bytes from a stranger to a short sound: format by content, seconds before samples.

wav, flac, ogg and mp3 are decoded by libsndfile, m4a and webm by FFmpeg (PyAV). A header's claims
are not believed: blocks are read until the sound or ``MAX_SECONDS`` ends.
"""

import hashlib
import io
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import av
import numpy as np
import soundfile
from jaxtyping import Float
from scipy import signal

from attn_core.inputs.limits import (
    MAX_CHANNELS,
    MAX_KEPT_SOUND_BYTES,
    MAX_RATE,
    MAX_SECONDS,
    MAX_UPLOAD_BYTES,
    MIN_RATE,
)
from attn_core.inputs.refused import Refused
from attn_core.inputs.speech_features import RATE
from attn_core.inputs.store import Kept
from attn_core.places import ASSETS

FORMATS = ("WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "MPEG", "AIFF")
SHORTEST = 0.1
"""Seconds."""
SILENT_DB, CLIPPED_AT, CLIPPED_SHARE = -55.0, 0.999, 0.002
"""Below this level a sound is silence; from this share of full samples on it is clipped."""
UNKNOWN = 1
"""libsndfile's code for a format that it does not know."""
LOUDEST = 4.0
"""Times full scale; a float file's larger samples are cut to it before channels are mixed."""
Blocks = Iterator[tuple[np.ndarray, int, int]]
"""Samples by channel, their rate, and how many channels there are."""


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


def _check(rate: int, channels: int) -> None:
    if not MIN_RATE <= rate <= MAX_RATE or not 1 <= channels <= MAX_CHANNELS:
        raise Refused("refused.sound_header", rate=rate, channels=channels)


def _by_soundfile(data: bytes) -> Blocks:
    with soundfile.SoundFile(io.BytesIO(data)) as opened:
        if opened.format not in FORMATS:
            raise Refused("refused.sound_format")
        rate, channels = opened.samplerate, opened.channels
        _check(rate, channels)
        while True:
            block = opened.read(rate, dtype="float32", always_2d=True)
            yield block, rate, channels
            if len(block) < rate:
                return


def _by_av(data: bytes, container: str) -> Blocks:
    with av.open(io.BytesIO(data), format=container) as opened:
        if not opened.streams.audio:
            raise Refused("refused.sound_none")
        stream = opened.streams.audio[0]
        rate, channels = int(stream.rate or 0), int(stream.channels or 0)
        _check(rate, channels)
        to_float = av.AudioResampler(format="fltp", rate=rate)
        for frame in opened.decode(stream):
            for part in to_float.resample(frame):
                yield part.to_ndarray().T, rate, channels


def _blocks(data: bytes) -> Blocks:
    """By what the bytes are, not by what they are called."""
    if data[4:8] == b"ftyp":
        return _by_av(data, "mp4")
    if data[:4] == b"\x1aE\xdf\xa3":
        return _by_av(data, "matroska")
    return _by_soundfile(data)


def decoded(data: bytes) -> tuple[Float[np.ndarray, "sample"], int, int, bool, int]:
    """Samples of a file, mono, at their own rate.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    wave : Float[np.ndarray, "sample"]
        At most ``MAX_SECONDS``.
    rate, channels : int
        Of the file.
    cut : bool
        Whether it went on.
    repaired : int
        Samples that were no finite number.

    Raises
    ------
    Refused
        If the file is empty, too large, no sound, too short, or breaks off before it begins.
    """
    if not data:
        raise Refused("refused.empty")
    if len(data) > MAX_UPLOAD_BYTES:
        raise Refused(
            "refused.large", size=f"{len(data) / 1e6:.1f}", limit=f"{MAX_UPLOAD_BYTES / 1e6:.1f}"
        )
    parts: list[np.ndarray] = []
    n, rate, channels, repaired = 0, 0, 0, 0
    try:
        for block, rate, channels in _blocks(data):  # noqa: B007 (both are wanted after the loop)
            fine = np.isfinite(block)
            repaired += int(block.size - fine.sum())
            whole = np.where(fine, np.clip(block, -LOUDEST, LOUDEST), 0.0)
            parts.append(whole.mean(1, dtype=np.float32))
            n += len(block)
            if n > MAX_SECONDS * rate:
                break
    except Refused:
        raise
    except soundfile.LibsndfileError as error:
        if not n:
            unknown = error.code == UNKNOWN
            raise Refused(f"refused.sound_{'format' if unknown else 'broken'}") from error
    except Exception as error:  # decoders raise what they like on broken bytes
        if not n:
            raise Refused("refused.sound_broken") from error
    if n < SHORTEST * max(rate, 1):
        raise Refused("refused.sound_short", limit=SHORTEST)
    wave = np.concatenate(parts)
    cut = len(wave) > MAX_SECONDS * rate
    return wave[: MAX_SECONDS * rate], rate, channels, cut, repaired


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
