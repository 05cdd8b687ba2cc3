"""Blood cells under the microscope, with boxes.

Source: GitHub Shenggan/BCCD_Dataset, commit d272fb14 (MIT); VOC boxes of red and white blood cells
and platelets. Its own split by picture is kept.
"""

import hashlib
import random
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from attn_core.datasets.detection import Scene

CLASSES = ("RBC", "WBC", "Platelets")
ZOOM = (0.45, 1.0)
"""Share of a picture's width and height that a training crop keeps."""
BATCH = 8


def read(data: Path, part: str) -> list[tuple[Image.Image, np.ndarray, list[int]]]:
    """Pictures, corners of boxes in their pixels, and classes of one part of the split."""
    folder = data / "bccd" / "BCCD"
    out = []
    for name in (folder / "ImageSets" / "Main" / f"{part}.txt").read_text().split():
        if not (folder / "Annotations" / f"{name}.xml").exists():
            continue
        boxes, labels = [], []
        for found in ET.parse(folder / "Annotations" / f"{name}.xml").getroot().iter("object"):
            place = found.find("bndbox")
            if place is None:
                continue
            box = [float(place.findtext(k, "0")) for k in ("xmin", "ymin", "xmax", "ymax")]
            if box[2] - box[0] > 2 and box[3] - box[1] > 2:
                boxes.append(box)
                labels.append(CLASSES.index(found.findtext("name", "")))
        picture = Image.open(folder / "JPEGImages" / f"{name}.jpg").convert("RGB")
        out.append((picture, np.array(boxes, np.float32).reshape(-1, 4), labels))
    return out


def whole(
    picture: Image.Image, boxes: np.ndarray, labels: list[int], size: tuple[int, int]
) -> Scene:
    """A picture at the model's size, columns and rows."""
    scale = np.array([size[0] / picture.width, size[1] / picture.height] * 2, np.float32)
    small = picture.resize(size, Image.Resampling.BILINEAR)
    return Scene(np.array(small), boxes * scale, labels)


def augmented(
    picture: Image.Image,
    boxes: np.ndarray,
    labels: list[int],
    size: tuple[int, int],
    rng: random.Random,
) -> Scene:
    """A random crop, mirrored and tinted; a box that keeps less than 40 % of itself is dropped."""
    share = rng.uniform(*ZOOM)
    w, h = picture.width * share, picture.height * share
    x, y = rng.uniform(0, picture.width - w), rng.uniform(0, picture.height - h)
    small = picture.resize(size, Image.Resampling.BILINEAR, (x, y, x + w, y + h))
    scale = np.array([size[0] / w, size[1] / h] * 2, np.float32)
    moved = (boxes - np.array([x, y, x, y], np.float32)) * scale
    whole_area = (moved[:, 2] - moved[:, 0]) * (moved[:, 3] - moved[:, 1])
    limit = np.array(size * 2, np.float32)
    cut = np.clip(moved, 0, limit)
    area = (cut[:, 2] - cut[:, 0]) * (cut[:, 3] - cut[:, 1])
    keep = area > 0.4 * whole_area
    cut, kept = cut[keep], [label for label, k in zip(labels, keep, strict=True) if k]
    pixels = np.array(small, np.float32)
    if rng.random() < 0.5:
        pixels, cut = pixels[:, ::-1], cut.copy()
        cut[:, [0, 2]] = size[0] - cut[:, [2, 0]]
    if rng.random() < 0.5:
        pixels, cut = pixels[::-1], cut.copy()
        cut[:, [1, 3]] = size[1] - cut[:, [3, 1]]
    mean = pixels.mean()
    pixels = mean + (pixels - mean) * rng.uniform(0.75, 1.3) + rng.uniform(-20, 20)
    pixels = pixels * np.array([rng.uniform(0.92, 1.08) for _ in range(3)], np.float32)
    return Scene(np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8)), cut, kept)


def cell_scenes(
    data: Path, side: int = 320
) -> tuple[Callable[[random.Random], list[Scene]], list[Scene], list[Scene], list[dict[str, Any]]]:
    """A maker of training batches, validation and test pictures, and where they are from."""
    size = (side, side * 3 // 4)  # every picture is 640 × 480
    parts = {name: read(data, name) for name in ("train", "val", "test")}
    # of the validation part two thirds are trained on: the set is small
    held = parts["val"][: len(parts["val"]) // 3]
    seen = parts["train"] + parts["val"][len(parts["val"]) // 3 :]

    def make(rng: random.Random) -> list[Scene]:
        return [augmented(*seen[rng.randrange(len(seen))], size, rng) for _ in range(BATCH)]

    files = sorted((data / "bccd" / "BCCD" / "Annotations").glob("*.xml"))
    digest = hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()
    about = [
        {
            "source": "Shenggan/BCCD_Dataset, commit d272fb14 (sha256 of its annotations)",
            "licence": "MIT",
            "sha256": digest,
            "synthetic": 0.0,
            "split": {"train": len(seen), "validation": len(held), "test": len(parts["test"])},
        }
    ]
    return make, [whole(*p, size) for p in held], [whole(*p, size) for p in parts["test"]], about


def count_by_class(scenes: list[Scene]) -> torch.Tensor:
    """How many objects of each class."""
    return torch.bincount(
        torch.tensor([label for s in scenes for label in s.labels], dtype=torch.long),
        minlength=len(CLASSES),
    )
