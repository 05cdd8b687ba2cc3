"""The samples in a sound file, bounded before they are decoded."""

import io
from collections.abc import Iterator

import av
import numpy as np
import soundfile
from jaxtyping import Float

from attn_core.inputs.limits import (
    MAX_CHANNELS,
    MAX_RATE,
    MAX_SECONDS,
    MAX_UPLOAD_BYTES,
    MIN_RATE,
)
from attn_core.inputs.refused import Refused

FORMATS = ("WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "MPEG", "AIFF")


SHORTEST = 0.1
"""Seconds."""


UNKNOWN = 1
"""libsndfile's code for a format that it does not know."""


LOUDEST = 4.0
"""Times full scale; a float file's larger samples are cut to it before channels are mixed."""


Blocks = Iterator[tuple[np.ndarray, int, int]]
"""Samples by channel, their rate, and how many channels there are."""


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
