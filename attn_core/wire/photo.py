"""A photograph with what a model saw in it, as bytes for the browser's photo view.

The picture itself travels once, when it is chosen (``pack_source``); what lies on it travels with
each run (``pack``): maps in 8 bits at the model's resolution, boxes, marks. The browser scales and
thresholds. Layout as in ``view``: length of the header, header (JSON), body.
"""

import base64
import json
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from attn_core.inputs.photo import Photo
from attn_core.inputs.strokes import Stroke

QUALITY = 85
KINDS = ("heat", "mask", "cutout")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One map that lies on the picture.

    Parameters
    ----------
    levels : np.ndarray
        Two dimensions, in [0, 1]; stretched over the picture.
    kind : str
        "heat": a spotlight, dark where the value is 0, tinted where it is 1; "mask": where it
        reaches ``threshold`` the colour is laid on, with an outline; "cutout": where it does not,
        ``behind`` of the view shows instead.
    colour : str
        "#rrggbb" of heat and mask.
    threshold : float
        Of mask and cutout, in [0, 1].
    opacity : float
        In [0, 1].
    smooth : bool
        Whether values between cells are interpolated, or cells stay visible.
    """

    levels: np.ndarray
    kind: str = "heat"
    colour: str = "#E69F00"
    threshold: float = 0.5
    opacity: float = 0.9
    smooth: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {KINDS}")


@dataclass(frozen=True, slots=True)
class Box:
    """One box on the picture; the learner can pick it.

    Parameters
    ----------
    key : int
        What a pick answers.
    corners : tuple of float
        Left, top, right, bottom as fractions of the picture.
    label : str
        Stands on it.
    colour : str
        "#rrggbb" of its outline.
    faint, dashed : bool
        How it is drawn.
    """

    key: int
    corners: tuple[float, float, float, float]
    label: str
    colour: str = "#CC79A7"
    faint: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PhotoView:
    """What the photo view shows.

    Parameters
    ----------
    source : str
        Name of the photo, as ``pack_source`` sent it.
    width, height : int
        Of the picture, for its shape.
    title, look, summary : str
        What the figure shows, what to look for, and its text alternative.
    layers : tuple of Layer
        From below upwards.
    boxes : tuple of Box
        On top.
    grid : tuple of int or None
        Rows and columns of patches that can be picked with pointer or arrow keys.
    marked : int or None
        The patch that is picked: outlined in the query's blue.
    cut : tuple of int
        Patches knocked out: hatched.
    picked : int or None
        Key of the picked box.
    behind : str
        Background of a cutout: "#rrggbb", "checker" or "blur".
    draw : bool
        Whether the learner draws on it; then ``strokes`` lie on a white canvas.
    strokes : tuple of Stroke
        What has been drawn.
    strings : dict of str to str
        The view's own words.
    """

    source: str
    width: int
    height: int
    title: str
    look: str
    summary: str
    layers: tuple[Layer, ...] = ()
    boxes: tuple[Box, ...] = ()
    grid: tuple[int, int] | None = None
    marked: int | None = None
    cut: tuple[int, ...] = ()
    picked: int | None = None
    behind: str = "checker"
    draw: bool = False
    strokes: tuple[Stroke, ...] = ()
    strings: dict[str, str] = field(default_factory=dict)


def quantised(levels: Float[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """Values in [0, 1] in 8 bits; what is no number is 0.

    Parameters
    ----------
    levels : np.ndarray
        Of any shape.

    Returns
    -------
    np.ndarray
        0 to 255.
    """
    return np.round(255 * np.clip(np.nan_to_num(levels.astype(np.float32)), 0, 1)).astype(np.uint8)


def joined_bytes(header: dict[str, Any], body: bytes) -> bytes:
    """Length of the header (4 bytes, little-endian), header as JSON, body.

    Parameters
    ----------
    header : dict
        Of plain values.
    body : bytes
        What the header's offsets count in.

    Returns
    -------
    bytes
        As the browser's modules take them apart.
    """
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + body


def pack_source(photo: Photo) -> bytes:
    """The picture as JPEG, under its name.

    Parameters
    ----------
    photo : Photo
        What was chosen.

    Returns
    -------
    bytes
        Header and JPEG.
    """
    out = BytesIO()
    Image.fromarray(photo.pixels).save(out, "JPEG", quality=QUALITY)
    return joined_bytes({"source": photo.name, "type": "image/jpeg"}, out.getvalue())


def pack(name: str, view: PhotoView) -> bytes:
    """Everything that lies on the picture.

    Parameters
    ----------
    name : str
        Id of the view.
    view : PhotoView
        What is shown.

    Returns
    -------
    bytes
        Header and maps.
    """
    body = b""
    layers = []
    for layer in view.layers:
        levels = quantised(layer.levels)
        layers.append(
            {
                "offset": len(body),
                "rows": levels.shape[0],
                "cols": levels.shape[1],
                "kind": layer.kind,
                "colour": layer.colour,
                "threshold": layer.threshold,
                "opacity": layer.opacity,
                "smooth": layer.smooth,
            }
        )
        body += levels.tobytes()
    header = {
        "id": name,
        "source": view.source,
        "width": view.width,
        "height": view.height,
        "layers": layers,
        "boxes": [
            {
                "key": b.key,
                "corners": [round(v, 4) for v in b.corners],
                "label": b.label,
                "colour": b.colour,
                "faint": b.faint,
                "dashed": b.dashed,
            }
            for b in view.boxes
        ],
        "grid": view.grid,
        "marked": view.marked,
        "cut": view.cut,
        "picked": view.picked,
        "behind": view.behind,
        "draw": view.draw,
        "strokes": [[[round(x, 4), round(y, 4)] for x, y in line] for line in view.strokes],
        "title": view.title,
        "look": view.look,
        "summary": view.summary,
        "strings": view.strings,
    }
    return joined_bytes(header, body)


def thumbnails(photo: Photo, rows: int, columns: int, side: int = 16) -> tuple[str, ...]:
    """Each patch of a picture as a data URL, in rows: tokens for the attention viewer.

    Parameters
    ----------
    photo : Photo
        The picture.
    rows, columns : int
        The grid.
    side : int
        Pixels of a thumbnail.

    Returns
    -------
    tuple of str
        WebP, about 200 bytes each.
    """
    small = Image.fromarray(photo.pixels).resize((columns * side, rows * side))
    out = []
    for row in range(rows):
        for column in range(columns):
            patch = small.crop((column * side, row * side, (column + 1) * side, (row + 1) * side))
            blob = BytesIO()
            patch.save(blob, "WEBP", quality=55)
            out.append("data:image/webp;base64," + base64.b64encode(blob.getvalue()).decode())
    return tuple(out)
