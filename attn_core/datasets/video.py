"""Clips for lesson 6.2: a camera's motions over photographs, rendered as they are needed.

Photographs: those of ``datasets.segmentation`` (GitHub VikramShenoy97/Human-Segmentation-Dataset,
commit fe4efc56; no licence stated, none is shown), split by picture as there, and sample
photographs of scikit-image and scikit-learn. None of the page's own sample photographs is used.
"""

import hashlib
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from PIL import Image
from torch import Tensor

from attn_core.datasets import segmentation
from attn_core.datasets.detection import read_photos
from attn_core.inputs.motion import (
    LONGEST,
    MOTIONS,
    N_FRAMES,
    SHAKE,
    SHORTEST,
    SIDE,
    Motion,
    look,
    path,
)

PACKAGES = {
    "train": (
        "brick", "grass", "gravel", "hubble_deep_field", "stereo_motorcycle", "coins",
        "china.jpg",
    ),
    "validation": ("retina",),
    "test": ("flower.jpg", "immunohistochemistry", "moon"),
}  # fmt: skip
WINDOWS = (0.35, 0.8)
"""Share of a photograph's shorter side that the camera sees."""
LEVELS = (70, 100, 140)
"""Pixels of the shorter side at which photographs are kept: a window is always about 50 pixels."""
PASSING = 0.4
"""Share of the clips that something crosses: a piece of another photograph."""

Levels = list[Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Clips and what is true of them.

    Parameters
    ----------
    frames : Float[Tensor, "clip frame row column"]
        Luminance, about [0, 1].
    motions : Int[Tensor, "clip"]
        Index into ``MOTIONS``.
    moving : Bool[Tensor, "clip frame"]
        Which frames the motion changes.
    passing : Float[Tensor, "clip frame row column"]
        1 where the thing is that crosses.
    """

    frames: Float[Tensor, "clip frame row column"]
    motions: Int[Tensor, "clip"]
    moving: Bool[Tensor, "clip frame"]
    passing: Float[Tensor, "clip frame row column"]


def levels(picture: Image.Image) -> Levels:
    """A photograph in grey at several sizes."""
    out = []
    for short in LEVELS:
        factor = short / min(picture.size)
        size = (
            max(short, round(picture.width * factor)),
            max(short, round(picture.height * factor)),
        )
        small = picture.convert("L").resize(size, Image.Resampling.BOX)
        out.append(torch.from_numpy(np.array(small)).float()[None] / 255)
    return out


def read(data: Path) -> dict[str, list[Levels]]:
    """All photographs by part.

    Parameters
    ----------
    data : Path
        Folder that holds ``person_seg``.

    Returns
    -------
    dict of list
        "train", "validation", "test".
    """
    people = segmentation.split(segmentation.read(data))
    return {
        name: [levels(p.picture) for p in part] + [levels(p) for p in read_photos(PACKAGES[name])]
        for name, part in people.items()
    }


def provenance(data: Path, parts: dict[str, list[Levels]]) -> list[dict[str, Any]]:
    """Source, licence, digest and split sizes, as a manifest holds them."""
    people = segmentation.provenance(data, segmentation.split(segmentation.read(data)))[0]
    names = " ".join(name for part in PACKAGES.values() for name in part)
    return [
        people | {"synthetic": 1.0, "made": "camera motions over the photographs"},
        {
            "source": "sample photographs of scikit-image 0.26.0 and scikit-learn 1.9.1",
            "licence": "public domain, CC0 and CC BY, as each package lists",
            "sha256": hashlib.sha256(names.encode()).hexdigest(),
            "split": {name: len(part) for name, part in PACKAGES.items()},
            "synthetic": 1.0,
            "made": "camera motions over the photographs",
        },
    ]


def drawn(rng: random.Random) -> Motion:
    """A motion, anywhere in the clip, at any speed."""
    length = rng.randint(SHORTEST, LONGEST)
    first = rng.randint(1, N_FRAMES - length)
    speed = math.exp(rng.uniform(math.log(0.45), math.log(2.2)))
    return Motion(rng.choice(MOTIONS), first, first + length - 1, speed)


def _shake(rng: random.Random) -> Float[Tensor, "frame 4"]:
    """A hand that is never quite still: a walk that is pulled back."""
    strength = SHAKE * rng.uniform(0, 1.5)
    out, now = [], [0.0] * 4
    for _ in range(N_FRAMES):
        now = [0.8 * v + rng.gauss(0, strength) for v in now]
        out.append(now)
    return torch.tensor(out)


def _thing(
    frames: Float[Tensor, "frame row column"], other: Levels, rng: random.Random
) -> Float[Tensor, "frame row column"]:
    """Let a piece of another photograph cross the clip; where it is."""
    side = rng.randint(8, 18)
    piece = other[0][0]
    top, left = (rng.randrange(n - side) for n in piece.shape)
    piece = piece[top : top + side, left : left + side]
    at = [rng.uniform(-4, SIDE - side + 4) for _ in range(2)]
    pace = [rng.gauss(0, 1.2) for _ in range(2)]
    where = torch.zeros_like(frames)
    for k in range(N_FRAMES):
        y, x = (round(a + k * v) for a, v in zip(at, pace, strict=True))
        y0, x0, y1, x1 = max(y, 0), max(x, 0), min(y + side, SIDE), min(x + side, SIDE)
        if y0 < y1 and x0 < x1:
            frames[k, y0:y1, x0:x1] = piece[y0 - y : y1 - y, x0 - x : x1 - x]
            where[k, y0:y1, x0:x1] = 1
    return where


def clips(photos: list[Levels], n: int, rng: random.Random) -> Batch:
    """So many clips.

    Parameters
    ----------
    photos : list
        Of one part.
    n : int
        How many.
    rng : random.Random
        Decides everything.

    Returns
    -------
    Batch
        Photographs, motions, light, noise and things that cross, each at random.
    """
    frames, motions, moving, passing = [], [], [], []
    for _ in range(n):
        photo, motion = rng.choice(photos), drawn(rng)
        window = rng.uniform(*WINDOWS)
        picture = min(photo, key=lambda p: abs(window * min(p.shape[1:]) - 52))
        if rng.random() < 0.5:
            picture = picture.flip(2)
        centre = (rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7))
        clip = look(picture, path(motion, _shake(rng)), window, centre)[:, 0]
        where = torch.zeros_like(clip)
        if rng.random() < PASSING:
            where = _thing(clip, rng.choice(photos), rng)
        light = 1 + rng.uniform(-0.08, 0.08) * torch.linspace(-1, 1, N_FRAMES)
        noise = torch.from_numpy(
            np.random.default_rng(rng.getrandbits(32)).standard_normal(clip.shape, np.float32)
        )
        clip = clip * light[:, None, None] + rng.uniform(0, 0.03) * noise
        frames.append(clip * rng.uniform(0.5, 1.2) + rng.uniform(-0.1, 0.1))
        motions.append(MOTIONS.index(motion.kind))
        moving.append(motion.moving)
        passing.append(where)
    return Batch(
        torch.stack(frames), torch.tensor(motions), torch.stack(moving), torch.stack(passing)
    )


def held_out(photos: list[Levels], n: int, seed: int) -> Batch:
    """Clips that are the same each time.

    Parameters
    ----------
    photos : list
        Of one part.
    n, seed : int
        How many, and which.

    Returns
    -------
    Batch
        Never trained on.
    """
    return clips(photos, n, random.Random(seed))
