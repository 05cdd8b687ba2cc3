"""Photographs by name: samples, what learners sent, drawings; and a picture as models read it.

A config holds a short text, so that it can be compared, linked and put into a notebook:
``"astronaut"`` is a sample, 64 hexadecimal digits are a picture that somebody sent and that is kept
for a while, ``"draw:…"`` is a drawing, strokes and all.
"""

import hashlib
import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from attn_core.inputs.image import decoded
from attn_core.inputs.limits import MAX_KEPT_PHOTO_BYTES, PHOTO_SIDE
from attn_core.inputs.refused import Refused
from attn_core.inputs.store import Kept
from attn_core.inputs.strokes import DRAWN, drawing
from attn_core.places import ASSETS

SAMPLES = ASSETS / "samples" / "photos"
STEP = 16
"""Pixels of a patch; it divides both sides of what a model reads."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture, upright and RGB.

    Parameters
    ----------
    name : str
        As a config holds it.
    pixels : UInt8[np.ndarray, "row column 3"]
        At most ``PHOTO_SIDE`` on a side; what was transparent is white.
    width, height : int
        At its own resolution, upright.
    source : bytes
        The file; empty for a drawing.
    decode_ms : float
        Milliseconds from the file to pixels.
    """

    name: str
    pixels: UInt8[np.ndarray, "row column 3"]
    width: int
    height: int
    source: bytes
    decode_ms: float = 0.0

    @property
    def n_bytes(self) -> int:
        """What keeping it costs."""
        return self.pixels.nbytes + len(self.source)


KEPT: Kept[Photo] = Kept(MAX_KEPT_PHOTO_BYTES)
_samples: dict[str, Photo] = {}


def read_photo(data: bytes) -> Photo:
    """The picture in an uploaded file, kept under its digest.

    Parameters
    ----------
    data : bytes
        See ``image.read_image``.

    Returns
    -------
    Photo
        ``find`` knows it from now on.

    Raises
    ------
    Refused
        As ``image.read_image``.
    """
    name = hashlib.sha256(data).hexdigest()
    photo = KEPT.get(name)
    if photo is None:
        began = time.perf_counter()
        picture = decoded(data, PHOTO_SIDE)
        spent = 1000 * (time.perf_counter() - began)
        photo = Photo(name, picture.pixels, picture.width, picture.height, data, spent)
        KEPT.put(photo)
    return photo


def find(name: str) -> Photo:
    """The picture that a config names.

    Parameters
    ----------
    name : str
        A sample's name, a digest, or a drawing.

    Returns
    -------
    Photo
        Shared; never changed.

    Raises
    ------
    Refused
        If it is no longer, or was never, on this machine; or if the drawing is none.

    Examples
    --------
    >>> find("astronaut").pixels.shape[2]
    3
    """
    if name.startswith(DRAWN):
        pixels = drawing(name)
        return Photo(name, pixels, pixels.shape[1], pixels.shape[0], b"")
    if name in _samples:
        return _samples[name]
    if name.isidentifier() and len(name) < 40 and (SAMPLES / f"{name}.jpg").is_file():
        data = (SAMPLES / f"{name}.jpg").read_bytes()
        began = time.perf_counter()
        picture = decoded(data, PHOTO_SIDE)
        spent = 1000 * (time.perf_counter() - began)
        _samples[name] = Photo(name, picture.pixels, picture.width, picture.height, data, spent)
        return _samples[name]
    photo = KEPT.get(name)
    if photo is None:
        raise Refused("refused.photo_gone")
    return photo


def grid_of(width: int, height: int, side: int) -> tuple[int, int]:
    """Patches down and across for a picture whose longer side becomes ``side``.

    Parameters
    ----------
    width, height : int
        Pixels of the picture, at least 1.
    side : int
        Pixels; 16 divides it.

    Returns
    -------
    rows, columns : int
        At least 2 each, so that a thread-like picture still has something to look at.

    Examples
    --------
    >>> grid_of(640, 480, 256)
    (12, 16)
    >>> grid_of(1, 60_000, 256)
    (16, 2)
    """
    longest = max(width, height)
    across = max(2, round(side * width / longest / STEP))
    down = max(2, round(side * height / longest / STEP))
    return down, across


def for_model(
    pixels: UInt8[np.ndarray, "row column 3"], side: int
) -> Float[Tensor, "1 3 model_row model_column"]:
    """Bring a picture to the size that a model reads.

    Parameters
    ----------
    pixels : UInt8[np.ndarray, "row column 3"]
        Red, green and blue.
    side : int
        Longer side in pixels; 16 divides it. The shorter one is rounded to a multiple of 16, so
        that the picture is stretched a little rather than cut.

    Returns
    -------
    Float[Tensor, "1 3 model_row model_column"]
        In [0, 1].
    """
    rows, columns = grid_of(pixels.shape[1], pixels.shape[0], side)
    x = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    size = (rows * STEP, columns * STEP)
    return nn.functional.interpolate(
        x, size=size, mode="bilinear", align_corners=False, antialias=True
    ).clamp(0, 1)
