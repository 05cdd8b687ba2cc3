"""Clips by name: camera motions over sample photographs, and what learners sent.

A config holds a short text: 64 hexadecimal digits are a clip that somebody sent and that is kept
for a while; ``"made:astronaut~pan_left~5~11~1.0"`` is a camera motion over a sample photograph.
"""

import hashlib
import random
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from attn_core.inputs import clip_file, photo
from attn_core.inputs.clip_file import PACE, SHOWN_SIDE
from attn_core.inputs.limits import MAX_KEPT_CLIP_BYTES
from attn_core.inputs.motion import N_FRAMES, SHAKE, SIDE, Motion, as_read, grey, look, path
from attn_core.inputs.refused import Refused
from attn_core.inputs.store import Kept

MADE = "made:"
WINDOW = 0.62
"""Share of a photograph's shorter side that the camera of a made clip sees."""


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
        As ``clip_file.decoded``.
    """
    began = time.perf_counter()
    found = clip_file.decoded(data)
    frames = found.frames + found.frames[-1:] * (N_FRAMES - len(found.frames))
    return Clip(
        name,
        np.stack(frames),
        found.seconds,
        found.width,
        found.height,
        found.n,
        found.cut,
        None,
        1000 * (time.perf_counter() - began),
    )


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
        name,
        small.permute(0, 2, 3, 1).numpy(),
        N_FRAMES / PACE,
        SHOWN_SIDE,
        SHOWN_SIDE,
        N_FRAMES,
        False,
        motion,
        spent,
    )


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
        grey(pixels)[:, None],
        size=(SIDE, SIDE),
        mode="bilinear",
        antialias=True,
        align_corners=False,
    )
    return as_read(small[:, 0])[None]
