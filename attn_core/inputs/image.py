"""Bytes from a stranger to a small picture: format by content, size before pixels."""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from pi_heif import register_heif_opener
from PIL import Image, ImageOps

from attn_core.inputs.limits import MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE, MAX_UPLOAD_BYTES
from attn_core.inputs.refused import Refused

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "HEIF")
CLEAR = ("RGBA", "LA", "PA", "La", "RGBa")
"""Modes with transparency."""
ORIENTATION = 0x0112
register_heif_opener(thumbnails=False)

SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations whose width is the upright picture's height."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that is upright, RGB and small.

    Parameters
    ----------
    pixels : UInt8[np.ndarray, "row column 3"]
        At most ``MAX_IMAGE_SIDE`` on a side; what was transparent is white.
    width, height : int
        As it was sent, upright.
    """

    pixels: UInt8[np.ndarray, "row column 3"]
    width: int
    height: int


def read_image(data: bytes) -> Picture:
    """The picture in an uploaded file, small.

    Parameters
    ----------
    data : bytes
        PNG, JPEG, WebP, GIF, BMP or HEIC; its name and declared type are not looked at. Of an
        animation the first picture is taken.

    Returns
    -------
    Picture
        Turned as its EXIF orientation says, and brought down to ``MAX_IMAGE_SIDE``.

    Raises
    ------
    Refused
        If the file is empty, too large, none of ``FORMATS``, has too many pixels, or breaks off.
    """
    return decoded(data, MAX_IMAGE_SIDE)


def decoded(data: bytes, side: int) -> Picture:
    """As ``read_image``, with a bound of one's own.

    Parameters
    ----------
    data : bytes
        The file.
    side : int
        Pixels of the longer side at most.

    Returns
    -------
    Picture
        Upright, RGB, of at most ``side``.

    Raises
    ------
    Refused
        As ``read_image``.
    """
    if not data:
        raise Refused("refused.empty")
    if len(data) > MAX_UPLOAD_BYTES:
        raise Refused(
            "refused.large", size=f"{len(data) / 1e6:.1f}", limit=f"{MAX_UPLOAD_BYTES / 1e6:.1f}"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of sizes that we bound ourselves
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                return _decode(opened, side)
    except Refused:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many() from error
    except Image.UnidentifiedImageError as error:
        raise Refused("refused.image_format") from error
    except Exception as error:  # decoders raise what they like on broken bytes
        raise Refused("refused.image_broken") from error


def _too_many(width: int = 0, height: int = 0) -> Refused:
    size = f"{width} × {height}" if width else f"> {2 * MAX_IMAGE_PIXELS // 1_000_000} M"
    return Refused("refused.image_pixels", size=size, limit=MAX_IMAGE_PIXELS // 1_000_000)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A 16-bit grey picture in 8 bits: Pillow would clip it to white."""
    if not picture.mode.startswith("I"):
        return picture
    values = np.asarray(picture, np.float32)
    deep = values.max(initial=0) > 255
    return Image.fromarray(np.clip(values / 257 if deep else values, 0, 255).astype(np.uint8))


def _decode(opened: Image.Image, side: int) -> Picture:
    """Only the header has been read so far."""
    width, height = opened.size
    if width * height > MAX_IMAGE_PIXELS:
        raise _too_many(width, height)
    if min(width, height) < 1:
        raise Refused("refused.image_broken")
    opened.draft("RGB", (side, side))  # a JPEG need not be decoded in full
    if opened.getexif().get(ORIENTATION, 1) in SIDEWAYS and opened.format != "HEIF":
        width, height = height, width  # a HEIC file comes upright from its decoder
    picture = _eight_bits(opened)
    if picture.mode in ("P", "PA", "1"):  # colours between two of a palette's are none of it
        picture = picture.convert("RGBA")
    picture.thumbnail((side, side))
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in CLEAR or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        upright = Image.alpha_composite(white, seen)
    return Picture(np.array(upright.convert("RGB")), width, height)
