"""Strokes of a pen: a learner's canvas as text and as pixels, and digits written by rule.

A drawing is text, so that a link holds it: ``draw:`` and, in URL-safe base64, for each stroke its
number of points and two bytes for each point, x and y in 255ths of the canvas.
"""

import base64
import binascii
import math
import random

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from attn_core.inputs.refused import Refused

Stroke = list[tuple[float, float]]
"""Points (x, y) of one line of the pen; y grows downwards."""

SHAPES: tuple[tuple[Stroke, ...], ...] = (
    ([(0.5, 0), (0.15, 0.2), (0.05, 0.55), (0.2, 0.9), (0.5, 1), (0.8, 0.88), (0.95, 0.5),
      (0.82, 0.15), (0.5, 0)],),
    ([(0.3, 0.2), (0.55, 0), (0.55, 0.5), (0.53, 1)],),
    ([(0.1, 0.25), (0.3, 0.03), (0.65, 0), (0.85, 0.22), (0.7, 0.5), (0.35, 0.78), (0.05, 1),
      (0.5, 0.97), (0.95, 0.98)],),
    ([(0.1, 0.1), (0.5, 0), (0.85, 0.15), (0.75, 0.38), (0.4, 0.47), (0.8, 0.56), (0.92, 0.78),
      (0.6, 1), (0.2, 0.97), (0.05, 0.85)],),
    ([(0.55, 0), (0.3, 0.35), (0.05, 0.65), (0.5, 0.64), (0.95, 0.62)],
     [(0.72, 0.3), (0.7, 0.65), (0.68, 1)]),
    ([(0.85, 0.02), (0.25, 0.02), (0.18, 0.42), (0.5, 0.36), (0.85, 0.5), (0.88, 0.78), (0.6, 0.98),
      (0.3, 1), (0.08, 0.88)],),
    ([(0.75, 0), (0.35, 0.25), (0.1, 0.6), (0.2, 0.92), (0.5, 1), (0.82, 0.88), (0.85, 0.65),
      (0.6, 0.5), (0.3, 0.56), (0.12, 0.75)],),
    ([(0.05, 0.05), (0.5, 0.03), (0.92, 0.02), (0.7, 0.4), (0.5, 0.7), (0.4, 1)],),
    ([(0.75, 0.12), (0.45, 0), (0.18, 0.15), (0.3, 0.38), (0.6, 0.52), (0.85, 0.75), (0.65, 0.98),
      (0.3, 0.98), (0.12, 0.78), (0.35, 0.53), (0.7, 0.35), (0.75, 0.12)],),
    ([(0.85, 0.2), (0.55, 0), (0.2, 0.15), (0.18, 0.4), (0.5, 0.5), (0.82, 0.3), (0.85, 0.2),
      (0.8, 0.6), (0.65, 1)],),
)  # fmt: skip
"""One way to write each digit, in a unit square."""
SEVEN_BAR: Stroke = [(0.35, 0.52), (0.6, 0.5), (0.8, 0.5)]
FLAG_FOOT: tuple[Stroke, ...] = ([(0.2, 1.0), (0.55, 1.0), (0.85, 1.0)],)
SUBDIVIDE = 8

DRAWN = "draw:"
CANVAS = (640, 480)
"""Columns and rows of a canvas."""
PEN = 11
"""Pixels of its pen."""
PAPER, INK = (255, 255, 255), (24, 28, 40)
MAX_STROKES, MAX_POINTS = 64, 3000
"""Of one drawing."""


def as_text(strokes: list[Stroke]) -> str:
    """A drawing as text.

    Parameters
    ----------
    strokes : list of Stroke
        Points in [0, 1] of the canvas; what lies outside is brought to its edge.

    Returns
    -------
    str
        Begins with ``DRAWN``; "draw:" alone for an empty canvas.

    Raises
    ------
    Refused
        If there are more than ``MAX_STROKES`` strokes or ``MAX_POINTS`` points.

    Examples
    --------
    >>> from_text(as_text([[(0.0, 0.2), (1.0, 0.4)]]))
    [[(0.0, 0.2), (1.0, 0.4)]]
    """
    strokes = [line for line in strokes if line]
    if len(strokes) > MAX_STROKES or sum(map(len, strokes)) > MAX_POINTS:
        raise Refused("refused.drawing", strokes=MAX_STROKES, points=MAX_POINTS)
    blob = b""
    for line in strokes:
        places = [round(min(1.0, max(0.0, v)) * 255) for point in line for v in point]
        for at in range(0, len(places), 510):  # a count is one byte
            part = bytes(places[max(0, at - 2) : at + 508])
            blob += bytes([len(part) // 2]) + part
    return DRAWN + base64.urlsafe_b64encode(blob).decode().rstrip("=")


def from_text(text: str) -> list[Stroke]:
    """The inverse of ``as_text``; what comes from a link is checked as from a stranger.

    Parameters
    ----------
    text : str
        Begins with ``DRAWN``.

    Returns
    -------
    list of Stroke
        Points in [0, 1].

    Raises
    ------
    Refused
        If the text is no drawing, or too long for one.
    """
    code = text.removeprefix(DRAWN)
    if len(code) > 4 * (2 * MAX_POINTS + 2 * MAX_STROKES) // 3 + 4:
        raise Refused("refused.drawing", strokes=MAX_STROKES, points=MAX_POINTS)
    try:
        blob = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("refused.drawing_text") from error
    strokes, at = [], 0
    while at < len(blob):
        end = at + 1 + 2 * blob[at]
        if end > len(blob) or end == at + 1:
            raise Refused("refused.drawing_text")
        xs, ys = blob[at + 1 : end : 2], blob[at + 2 : end : 2]
        strokes.append([(x / 255, y / 255) for x, y in zip(xs, ys, strict=True)])
        at = end
    return strokes


def drawing(text: str) -> UInt8[np.ndarray, "row column 3"]:
    """The pixels of a drawing: dark ink on white paper.

    Parameters
    ----------
    text : str
        From ``as_text``.

    Returns
    -------
    UInt8[np.ndarray, "row column 3"]
        ``CANVAS`` in size.

    Raises
    ------
    Refused
        As ``from_text``.
    """
    over = 2  # drawn larger, then shrunk: smooth edges
    width, height = CANVAS[0] * over, CANVAS[1] * over
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)
    r = PEN * over / 2
    for line in from_text(text):
        placed = [(x * width, y * height) for x, y in line]
        draw.line(placed, fill=INK, width=PEN * over, joint="curve")
        for x, y in (placed[0], placed[-1]):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=INK)
    return np.array(picture.resize(CANVAS, Image.Resampling.BOX))


def smooth(points: Stroke) -> Stroke:
    """A curve through the points (Catmull and Rom 1974).

    Parameters
    ----------
    points : Stroke
        At least one.

    Returns
    -------
    Stroke
        ``SUBDIVIDE`` pieces to each gap.
    """
    padded = [points[0], *points, points[-1]]
    out: Stroke = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(SUBDIVIDE):
            t = step / SUBDIVIDE
            x, y = (
                0.5
                * (
                    2 * b[i]
                    + (c[i] - a[i]) * t
                    + (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t * t
                    + (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t**3
                )
                for i in (0, 1)
            )
            out.append((x, y))
    return [*out, points[-1]]


def digit_strokes(digit: int, rng: random.Random) -> list[Stroke]:
    """A digit as somebody might write it.

    Parameters
    ----------
    digit : int
        0 to 9.
    rng : random.Random
        Source of the hand's variation.

    Returns
    -------
    list of Stroke
        Smooth lines; about one unit high and 0.6 wide, not exactly.

    Raises
    ------
    ValueError
        If the digit is none.
    """
    if not 0 <= digit <= 9:
        raise ValueError(f"digit is {digit}; it must be in [0, 9]")
    lines = [list(line) for line in SHAPES[digit]]
    if digit == 7 and rng.random() < 0.35:
        lines.append(list(SEVEN_BAR))
    if digit == 1:
        style = rng.random()
        if style < 0.5:
            lines[0] = lines[0][1:]
        elif style < 0.62:
            lines += [list(line) for line in FLAG_FOOT]
    wide, slant = rng.uniform(0.45, 0.8), rng.gauss(0, 0.12)
    angle, shake = math.radians(rng.gauss(0, 6)), rng.uniform(0.0, 0.045)
    cos, sin = math.cos(angle), math.sin(angle)
    out = []
    for line in lines:
        moved = []
        for x, y in line:
            x, y = x + rng.gauss(0, shake), y + rng.gauss(0, shake)
            x = (x - 0.5) * wide - slant * (y - 0.5)
            y -= 0.5
            moved.append((x * cos - y * sin, x * sin + y * cos))
        out.append(smooth(moved))
    return out


def draw_strokes(strokes: list[Stroke], height: int, pen: float) -> Float[np.ndarray, "row column"]:
    """Strokes as ink.

    Parameters
    ----------
    strokes : list of Stroke
        At least one point.
    height : int
        Of the drawing without the pen's width, in pixels.
    pen : float
        Width of the pen as a share of the height.

    Returns
    -------
    Float[np.ndarray, "row column"]
        In [0, 1]; the drawing with a margin of the pen's width.
    """
    over = 3  # drawn larger, then shrunk: smooth edges
    xs = [x for line in strokes for x, _ in line]
    ys = [y for line in strokes for _, y in line]
    scale = height * over / max(max(ys) - min(ys), 1e-6)
    width = max(1.6, pen * height) * over
    size = (
        math.ceil((max(xs) - min(xs)) * scale + 2 * width),
        math.ceil((max(ys) - min(ys)) * scale + 2 * width),
    )
    picture = Image.new("L", size, 0)
    draw = ImageDraw.Draw(picture)
    for line in strokes:
        placed = [((x - min(xs)) * scale + width, (y - min(ys)) * scale + width) for x, y in line]
        draw.line(placed, fill=255, width=round(width), joint="curve")
        for x, y in (placed[0], placed[-1]):
            r = width / 2
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    small = max(1, size[0] // over), max(1, size[1] // over)
    return np.array(picture.resize(small, Image.Resampling.BOX), np.float32) / 255
