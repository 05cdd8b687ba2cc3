"""Bytes from a stranger to a short clip: format by content, sizes before frames.

mp4, mov, webm and gif are decoded by FFmpeg (PyAV). A header's claims are not believed: frames are
decoded until the clip, ``MAX_CLIP_SECONDS`` or ``MAX_CLIP_PIXELS`` end. ``PACE`` frames of each
second are kept, small and square.

A config holds a short text: 64 hexadecimal digits are a clip that somebody sent and that is kept
for a while; ``"made:astronaut~pan_left~5~11~1.0"`` is a camera motion over a sample photograph.
"""

import hashlib
import io
import random
import time
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from attn_core.inputs import photo
from attn_core.inputs.kept import Kept
from attn_core.inputs.limits import (
    MAX_CLIP_FRAME_PIXELS,
    MAX_CLIP_PIXELS,
    MAX_CLIP_SECONDS,
    MAX_KEPT_CLIP_BYTES,
    MAX_UPLOAD_BYTES,
)
from attn_core.inputs.motion import N_FRAMES, SHAKE, SIDE, Motion, as_read, grey, look, path
from attn_core.inputs.refused import Refused

PACE = 8
"""Frames a second that are kept: sixteen of them are two seconds."""
SHOWN_SIDE = 144
"""Pixels of a kept frame's side."""
MADE = "made:"
WINDOW = 0.62
"""Share of a photograph's shorter side that the camera of a made clip sees."""
FEWEST = 2
"""Frames that a clip must have."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A short clip, square and small.

    Parameters
    ----------
    name : str
        As a config holds it.
    frames : UInt8[np.ndarray, "frame 144 144 3"]
        ``PACE`` a second, at least ``N_FRAMES``: a shorter clip rests on its last frame.
    seconds : float
        Of what was read.
    width, height, n_decoded : int
        Of the file, upright; frames that were decoded.
    cut : bool
        Whether it went on.
    truth : Motion or None
        What the camera does, where that is known.
    decode_ms : float
        Milliseconds from the file to frames.
    """

    name: str
    frames: UInt8[np.ndarray, "frame row column 3"]
    seconds: float
    width: int
    height: int
    n_decoded: int
    cut: bool
    truth: Motion | None
    decode_ms: float

    @property
    def n_bytes(self) -> int:
        """What keeping it costs."""
        return self.frames.nbytes


KEPT: Kept[Clip] = Kept(MAX_KEPT_CLIP_BYTES)


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
class _Reading:
    """What has been decoded so far."""

    frames: list[np.ndarray]
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


def _decode(data: bytes, container: str, reading: _Reading) -> None:
    with av.open(io.BytesIO(data), format=container) as opened:
        if not opened.streams.video:
            raise Refused("refused.clip_none")
        stream = opened.streams.video[0]
        _check(int(stream.width or 0), int(stream.height or 0))
        rate = float(stream.average_rate or PACE)
        first: float | None = None
        for i, frame in enumerate(opened.decode(stream)):
            at = frame.time if frame.time is not None else i / max(rate, 0.1)
            first = at if first is None else first
            if not reading.take(frame, max(0.0, at - first, reading.seconds)):
                return


def decoded(name: str, data: bytes) -> Clip:
    """A file as a clip.

    Parameters
    ----------
    name : str
        What a config will call it.
    data : bytes
        The file.

    Returns
    -------
    Clip
        Not kept.

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
    began = time.perf_counter()
    reading = _Reading([])
    try:
        _decode(data, _container(data), reading)
    except Refused:
        raise
    except Exception as error:  # decoders raise what they like on broken bytes
        if reading.n < FEWEST:
            raise Refused("refused.clip_broken") from error
    if reading.n < FEWEST:
        raise Refused("refused.clip_one")
    kept = reading.frames + reading.frames[-1:] * (N_FRAMES - len(reading.frames))
    return Clip(
        name, np.stack(kept), reading.seconds, reading.width, reading.height, reading.n,
        reading.cut, None, 1000 * (time.perf_counter() - began),
    )  # fmt: skip


def read_clip(data: bytes) -> Clip:
    """The clip in an uploaded file, kept under its digest.

    Parameters
    ----------
    data : bytes
        mp4, mov, webm or gif; its name and declared type are not looked at.

    Returns
    -------
    Clip
        ``find`` knows it from now on.

    Raises
    ------
    Refused
        As ``decoded``.
    """
    name = hashlib.sha256(data).hexdigest()
    clip = KEPT.get(name)
    if clip is None:
        clip = decoded(name, data)
        KEPT.put(clip)
    return clip


def made_name(picture: str, motion: Motion) -> str:
    """A made clip as a config holds it.

    Parameters
    ----------
    picture : str
        A sample photograph.
    motion : Motion
        What the camera does.

    Returns
    -------
    str
        The inverse of ``find``.

    Examples
    --------
    >>> made_name("coffee", Motion("zoom_in", 3, 9))
    'made:coffee~zoom_in~3~9~1.0'
    """
    return f"{MADE}{picture}~{motion.kind}~{motion.first}~{motion.last}~{motion.speed}"


@lru_cache(maxsize=32)
def _made(name: str) -> Clip:
    began = time.perf_counter()
    try:
        picture, kind, first, last, speed = name.removeprefix(MADE).split("~")
        motion = Motion(kind, int(first), int(last), float(speed))
        if not picture.isidentifier():
            raise ValueError(f"picture is {picture!r}; it must be a sample's name")
        source = photo.find(picture)
    except ValueError as error:  # a spoilt link
        raise Refused("refused.clip_gone") from error
    pixels = torch.from_numpy(source.pixels.copy()).permute(2, 0, 1).float()
    rng = random.Random(name)
    shake = torch.tensor([[rng.gauss(0, SHAKE / 2) for _ in range(4)] for _ in range(N_FRAMES)])
    side = 2 * SHOWN_SIDE  # twice as fine, then halved: no jagged edges
    frames = look(pixels, path(motion, shake), WINDOW, side=side)
    small = nn.functional.avg_pool2d(frames, 2).clamp(0, 255).round().byte()
    spent = 1000 * (time.perf_counter() - began)
    return Clip(
        name, small.permute(0, 2, 3, 1).numpy(), N_FRAMES / PACE, SHOWN_SIDE, SHOWN_SIDE, N_FRAMES,
        False, motion, spent,
    )  # fmt: skip


def find(name: str) -> Clip:
    """The clip that a config names.

    Parameters
    ----------
    name : str
        A digest, or a made clip.

    Returns
    -------
    Clip
        Shared; never changed.

    Raises
    ------
    Refused
        If it is no longer, or was never, on this machine; or if the made clip is none.

    Examples
    --------
    >>> find("made:coffee~zoom_in~3~9~1.0").frames.shape
    (16, 144, 144, 3)
    """
    if name.startswith(MADE):
        return _made(name[:120])
    clip = KEPT.get(name)
    if clip is None:
        raise Refused("refused.clip_gone")
    return clip


def last_start(clip: Clip) -> int:
    """The last frame at which sixteen frames can begin.

    Parameters
    ----------
    clip : Clip
        Any.

    Returns
    -------
    int
        0 for a clip of two seconds or less.
    """
    return len(clip.frames) - N_FRAMES


def window(
    clip: Clip, start: int, frozen: tuple[int, ...] = ()
) -> UInt8[np.ndarray, "frame row column 3"]:
    """Sixteen frames of a clip, some of them standing still.

    Parameters
    ----------
    clip : Clip
        Any.
    start : int
        Its first frame; beyond the end counts as ``last_start``.
    frozen : tuple of int
        Frames that show what the frame before them showed.

    Returns
    -------
    UInt8[np.ndarray, "frame row column 3"]
        A copy.
    """
    start = min(max(start, 0), last_start(clip))
    frames = clip.frames[start : start + N_FRAMES].copy()
    for i in sorted(frozen):
        if 0 < i < N_FRAMES:
            frames[i] = frames[i - 1]
    return frames


def for_model(
    frames: UInt8[np.ndarray, "frame row column 3"],
) -> Float[Tensor, "1 frame 48 48"]:
    """Frames as the classifier reads them: grey, small, of mean 0 and deviation 1.

    Parameters
    ----------
    frames : UInt8[np.ndarray, "frame row column 3"]
        From ``window``.

    Returns
    -------
    Float[Tensor, "1 frame 48 48"]
        One clip.
    """
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    small = nn.functional.interpolate(
        grey(pixels)[:, None], size=(SIDE, SIDE), mode="bilinear", antialias=True,
        align_corners=False,
    )  # fmt: skip
    return as_read(small[:, 0])[None]


def sheet(frames: UInt8[np.ndarray, "frame row column 3"], across: int = 4) -> photo.Photo:
    """All frames side by side as one picture, in rows.

    Parameters
    ----------
    frames : UInt8[np.ndarray, "frame row column 3"]
        From ``window``.
    across : int
        Frames in a row; it divides their number.

    Returns
    -------
    Photo
        ``photo.find`` knows it from now on.
    """
    rows = [np.concatenate(list(row), 1) for row in np.split(frames, len(frames) // across)]
    pixels = np.concatenate(rows, 0)
    name = hashlib.sha256(pixels.tobytes()).hexdigest()
    made = photo.KEPT.get(name)
    if made is None:
        made = photo.Photo(name, pixels, pixels.shape[1], pixels.shape[0], b"")
        photo.KEPT.put(made)
    return made


def as_webm(frames: UInt8[np.ndarray, "frame row column 3"], side: int = 288) -> bytes:
    """Frames as a file that browsers play, made anew: nothing of the learner's own file is in it.

    Parameters
    ----------
    frames : UInt8[np.ndarray, "frame row column 3"]
        From ``window``.
    side : int
        Pixels; even.

    Returns
    -------
    bytes
        webm, VP8, ``PACE`` frames a second.
    """
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as opened:
        stream = opened.add_stream(
            "libvpx", rate=PACE, options={"deadline": "realtime", "cpu-used": "8"}
        )
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            big = np.array(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
            for packet in stream.encode(av.VideoFrame.from_ndarray(big, format="rgb24")):
                opened.mux(packet)
        for packet in stream.encode():
            opened.mux(packet)
    return out.getvalue()
