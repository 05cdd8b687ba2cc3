"""Scenes of handwritten digits on photographic clutter and on paper, made on the fly.

Digits: MNIST's test files (LeCun et al. 1998; GitHub patrick-kidger/equinox, commit 9336d820; CC
BY-SA 3.0), split in blocks of consecutive digits, since neighbours share a writer. Photographs:
what the packages scikit-image and scikit-learn carry, some kept for testing alone. A share of the
training digits is drawn from strokes (``attn_core.inputs.strokes``), as a mouse draws them; the
test scenes hold MNIST's alone.
"""

import gzip
import hashlib
import math
import random
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from attn_core.datasets.clutter import background, clutter, ink_colour, light, overlap
from attn_core.inputs.strokes import digit_strokes, draw_strokes

SHAPES = ((192, 256), (256, 192), (256, 256), (144, 256), (256, 144), (176, 256))
"""Rows and columns of scenes: 4:3, upright, square, 16:9, upright, 3:2."""
MAX_DIGITS = 8


def shapes(side: int) -> list[tuple[int, int]]:
    """``SHAPES`` with another longer side, in whole patches.

    Parameters
    ----------
    side : int
        Pixels; 16 divides it.

    Returns
    -------
    list of tuple of int
        Rows and columns.
    """
    return [(16 * round(r * side / 4096), 16 * round(c * side / 4096)) for r, c in SHAPES]


BLOCK = 96
"""Consecutive MNIST digits that stay on one side."""
PARTS = {"train": 0.75, "validation": 0.08, "test": 0.17}
TRAIN_PHOTOS = (
    "astronaut", "brick", "coffee", "grass", "gravel", "hubble_deep_field", "immunohistochemistry",
    "rocket", "stereo_motorcycle", "china.jpg",
)  # fmt: skip
TEST_PHOTOS = ("chelsea", "retina", "coins", "camera", "flower.jpg")
STROKE_SHARE = 0.25
"""Of the training digits, drawn from strokes."""


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """MNIST's digits of one side of the split.

    Parameters
    ----------
    images : UInt8[np.ndarray, "digit 28 28"]
        Ink is 255.
    labels : UInt8[np.ndarray, "digit"]
        0 to 9.
    """

    images: UInt8[np.ndarray, "digit 28 28"]
    labels: UInt8[np.ndarray, "digit"]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture and what is on it.

    Parameters
    ----------
    pixels : UInt8[np.ndarray, "row column 3"]
        Red, green and blue.
    boxes : Float[np.ndarray, "digit 4"]
        Left, top, right, bottom in pixels.
    labels : list of int
        0 to 9.
    """

    pixels: UInt8[np.ndarray, "row column 3"]
    boxes: Float[np.ndarray, "digit 4"]
    labels: list[int]


def read_digits(data: Path) -> dict[str, Digits]:
    """The digits, split in blocks.

    Parameters
    ----------
    data : Path
        Folder that holds ``mnist_t10k``.

    Returns
    -------
    dict of Digits
        "train", "validation" and "test".
    """
    folder = data / "mnist_t10k"
    raw = gzip.decompress((folder / "images-idx3-ubyte.gz").read_bytes())
    _, n, rows, columns = struct.unpack(">4I", raw[:16])
    images = np.frombuffer(raw[16:], np.uint8).reshape(n, rows, columns)
    labels = np.frombuffer(
        gzip.decompress((folder / "labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8
    )
    blocks = list(range(-(-n // BLOCK)))
    random.Random(11).shuffle(blocks)
    out, at = {}, 0
    for name, share in PARTS.items():
        stop = len(blocks) if name == "test" else at + round(share * len(blocks))
        chosen = np.concatenate(
            [np.arange(b * BLOCK, min(n, (b + 1) * BLOCK)) for b in sorted(blocks[at:stop])]
        )
        out[name], at = Digits(images[chosen], labels[chosen]), stop
    return out


def read_photos(names: tuple[str, ...]) -> list[Image.Image]:
    """Photographs of the two packages, in colour.

    Parameters
    ----------
    names : tuple of str
        Of ``skimage.data``, or with a suffix of ``sklearn.datasets``.

    Returns
    -------
    list of Image.Image
        RGB.
    """
    from skimage import data as pictures
    from sklearn.datasets import load_sample_image

    out = []
    for name in names:
        found = load_sample_image(name) if "." in name else getattr(pictures, name)()
        array = found[0] if isinstance(found, tuple) else found
        out.append(Image.fromarray(np.ascontiguousarray(array)).convert("RGB"))
    return out


def provenance(data: Path, digits: dict[str, Digits]) -> list[dict[str, Any]]:
    """Source, licence, digest and split sizes, as a manifest holds them."""
    blob = b"".join(p.read_bytes() for p in sorted((data / "mnist_t10k").glob("*.gz")))
    return [
        {
            "source": "MNIST test files, from patrick-kidger/equinox, commit 9336d820",
            "licence": "CC BY-SA 3.0",
            "sha256": hashlib.sha256(blob).hexdigest(),
            "split": {name: len(part.labels) for name, part in digits.items()},
            "synthetic": 1.0,
        },
        {
            "source": "sample photographs of scikit-image 0.26.0 and scikit-learn 1.9.1",
            "licence": "public domain, CC0 and CC BY, as each package lists",
            "sha256": hashlib.sha256(" ".join(TRAIN_PHOTOS + TEST_PHOTOS).encode()).hexdigest(),
            "split": {"train": len(TRAIN_PHOTOS), "test": len(TEST_PHOTOS)},
            "synthetic": 0.0,
        },
    ]


def mnist_ink(image: UInt8[np.ndarray, "28 28"], height: int, rng: random.Random) -> np.ndarray:
    """One digit's ink in [0, 1]: enlarged, turned, slanted, with a thin or a thick pen, cropped."""
    picture = Image.fromarray(image)
    left, top, right, bottom = picture.getbbox() or (0, 0, 28, 28)
    picture = picture.crop((left - 3, top - 3, right + 3, bottom + 3))
    scale = height / (bottom - top)
    wide = math.exp(rng.gauss(0, 0.1))
    size = max(4, round(picture.width * scale * wide)), max(4, round(picture.height * scale))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    slant = rng.gauss(0, 0.12)
    picture = picture.transform(
        size,
        Image.Transform.AFFINE,
        (1, slant, -slant * size[1] / 2, 0, 1, 0),
        resample=Image.Resampling.BILINEAR,
    )
    picture = picture.rotate(rng.gauss(0, 8), Image.Resampling.BILINEAR, expand=True)
    level = rng.uniform(0.25, 0.6)
    soft = rng.uniform(0.12, 0.4) / max(1.0, scale / 2)
    return np.clip((np.array(picture, np.float32) / 255 - level) / soft + 0.5, 0, 1)


def cropped(ink: np.ndarray) -> np.ndarray:
    """The ink without its empty margin."""
    ys, xs = np.where(ink > 0.3)
    if not len(ys):
        return ink[:0, :0]
    return ink[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]


def scene(
    digits: Digits,
    photos: list[Image.Image],
    shape: tuple[int, int],
    rng: random.Random,
    stroke_share: float = 0.0,
) -> Scene:
    """One scene.

    Parameters
    ----------
    digits : Digits
        To choose from.
    photos : list of Image.Image
        Grounds.
    shape : tuple of int
        Rows and columns.
    rng : random.Random
        Source of every choice.
    stroke_share : float
        Share of digits drawn from strokes.

    Returns
    -------
    Scene
        With 0 to ``MAX_DIGITS`` digits, which may overlap by a fifth; they are 16 to 120 pixels
        high where the longer side is 256, and in proportion elsewhere.
    """
    rows, columns = shape
    ground = background(shape, photos, rng)
    clutter(ground, rng)
    pixels = np.array(ground, np.float32)
    boxes: list[tuple[float, ...]] = []
    labels: list[int] = []
    count = 0 if rng.random() < 0.03 else rng.randint(1, MAX_DIGITS)
    unit = max(shape) / 256
    common = math.exp(rng.uniform(math.log(18), math.log(110)))
    one_pen = rng.random() < 0.5
    for _ in range(count):
        spread = math.exp(rng.gauss(0, 0.15 if one_pen else 0.5))
        height = int(min(120, max(16, common * spread)) * unit)
        if rng.random() < stroke_share:
            label = rng.randrange(10)
            ink = draw_strokes(digit_strokes(label, rng), height, rng.uniform(0.05, 0.16))
        else:
            index = rng.randrange(len(digits.labels))
            label = int(digits.labels[index])
            ink = mnist_ink(digits.images[index], height, rng)
        ink = cropped(ink)
        h, w = ink.shape
        if h < 8 or w < 2 or h >= rows or w >= columns:
            continue
        limit = 0.2 if rng.random() < 0.3 else 0.0
        for _ in range(12):
            x, y = rng.randrange(columns - w), rng.randrange(rows - h)
            box = (float(x), float(y), float(x + w), float(y + h))
            if overlap(box, boxes) <= limit:
                break
        else:
            continue
        under = pixels[y : y + h, x : x + w]
        alpha = ink[..., None] * rng.uniform(0.75, 1.0)
        under[:] = under * (1 - alpha) + ink_colour(under, rng) * alpha
        boxes.append(box)
        labels.append(label)
    out = np.array(boxes, np.float32).reshape(-1, 4)
    return Scene(light(pixels, rng), out, labels)
