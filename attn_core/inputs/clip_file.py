"""Bytes from a stranger to a few small frames: format by content, sizes before frames.

mp4, mov, webm and gif are decoded by FFmpeg (PyAV). A header's claims are not believed: frames are
decoded until the clip, ``MAX_CLIP_SECONDS`` or ``MAX_CLIP_PIXELS`` end. ``PACE`` frames of each
second are kept, small and square.
"""

import io
import math
from dataclasses import dataclass, field

import av
import numpy as np
from jaxtyping import UInt8

from attn_core.inputs.limits import (
    MAX_CLIP_FRAME_PIXELS,
    MAX_CLIP_PIXELS,
    MAX_CLIP_SECONDS,
    MAX_UPLOAD_BYTES,
)
from attn_core.inputs.refused import Refused

PACE = 8
"""Frames a second that are kept: sixteen of them are two seconds."""
SHOWN_SIDE = 144
"""Pixels of a kept frame's side."""
FEWEST = 2
"""Frames that a clip must have."""


def _container(data: bytes) -> str:
    """By what the bytes are, not by what they are called."""
    if data[:4] == b"GIF8":
        return "gif"
    if data[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mp4"
    raise Refused("refused.clip_format")


def _check(width: int, height: int) -> None:
    if not 1 <= width * height <= MAX_CLIP_FRAME_PIXELS or min(width, height) < 1:
        raise Refused("refused.clip_size", width=width, height=height)


def _small(frame: av.VideoFrame) -> UInt8[np.ndarray, "row column 3"]:
    """The middle square of a frame, upright."""
    factor = SHOWN_SIDE / min(frame.width, frame.height)
    width = max(SHOWN_SIDE, round(frame.width * factor))
    height = max(SHOWN_SIDE, round(frame.height * factor))
    if max(width, height) > 64 * SHOWN_SIDE:
        raise Refused("refused.clip_size", width=frame.width, height=frame.height)
    small = frame.reformat(width, height, "rgb24", interpolation="AREA").to_ndarray()
    top, left = (height - SHOWN_SIDE) // 2, (width - SHOWN_SIDE) // 2
    square = small[top : top + SHOWN_SIDE, left : left + SHOWN_SIDE]
    return np.ascontiguousarray(np.rot90(square, int(frame.rotation or 0) // 90))


@dataclass(slots=True)
class Reading:
    """What has been decoded of a clip.

    Parameters
    ----------
    frames : list of np.ndarray
        ``PACE`` a second, squares of ``SHOWN_SIDE``, red, green and blue.
    n, pixels : int
        Frames decoded, and pixels of all of them.
    seconds : float
        When the last one ends.
    width, height : int
        Of a frame, upright.
    cut : bool
        Whether the clip went on.
    """

    frames: list[np.ndarray] = field(default_factory=list)
    n: int = 0
    pixels: int = 0
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    cut: bool = False

    def take(self, frame: av.VideoFrame, at: float) -> bool:
        """Keep what the frame shows until the next; ``False`` ends the reading."""
        _check(frame.width, frame.height)
        self.n += 1
        self.pixels += frame.width * frame.height
        if at >= MAX_CLIP_SECONDS or self.pixels > MAX_CLIP_PIXELS:
            self.cut = True
            return False
        due = int(at * PACE) + 1 - len(self.frames)  # of the moments up to now, those not filled
        if due > 0:
            turned = int(frame.rotation or 0) % 180 != 0
            self.width, self.height = (
                (frame.height, frame.width) if turned else (frame.width, frame.height)
            )
            before = self.frames[-1:] * (due - 1)  # nothing came for a while: the picture rested
            self.frames += [*before, _small(frame)]
        self.seconds = at
        return True

    def rest(self, seconds: float) -> None:
        """Let the last picture stand as long as the file says that it is shown."""
        self.seconds = min(self.seconds + seconds, float(MAX_CLIP_SECONDS))
        self.frames += self.frames[-1:] * (math.ceil(self.seconds * PACE) - len(self.frames))


def _decode(data: bytes, container: str, reading: Reading) -> None:
    with av.open(io.BytesIO(data), format=container) as opened:
        if not opened.streams.video:
            raise Refused("refused.clip_none")
        stream = opened.streams.video[0]
        _check(int(stream.width or 0), int(stream.height or 0))
        rate = float(stream.average_rate or PACE)
        first: float | None = None
        shown = 0.0
        for i, frame in enumerate(opened.decode(stream)):
            at = frame.time if frame.time is not None else i / max(rate, 0.1)
            first = at if first is None else first
            if not reading.take(frame, max(0.0, at - first, reading.seconds)):
                return
            shown = float((getattr(frame, "duration", 0) or 0) * (frame.time_base or 0))
        reading.rest(shown)


def decoded(data: bytes) -> Reading:
    """The frames of a file.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    Reading
        At least ``FEWEST`` frames of it.

    Raises
    ------
    Refused
        If the file is empty, too large, no clip, has frames that are too large, shows but one
        picture, or breaks off before its second.
    """
    if not data:
        raise Refused("refused.empty")
    if len(data) > MAX_UPLOAD_BYTES:
        raise Refused(
            "refused.large", size=f"{len(data) / 1e6:.1f}", limit=f"{MAX_UPLOAD_BYTES / 1e6:.1f}"
        )
    reading = Reading()
    try:
        _decode(data, _container(data), reading)
    except Refused:
        raise
    except Exception as error:  # decoders raise what they like on broken bytes
        if reading.n < FEWEST:
            raise Refused("refused.clip_broken") from error
    if reading.n < FEWEST:
        raise Refused("refused.clip_one")
    return reading
