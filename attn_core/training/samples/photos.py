"""Sample pictures of lessons 4.1 and 4.2: ``python -m attn_core.training.samples.photos``.

Photographs that scikit-image 0.26.0 carries, with the licences its ``skimage/data/README.txt``
names, and scenes with digits written on them by ``attn_core.inputs.strokes``: no digit of MNIST is
passed on. What is written where goes into ``assets/samples/photos.json``.
"""

import json
import random
import sys
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from attn_core.inputs.photo import SAMPLES
from attn_core.inputs.strokes import digit_strokes, draw_strokes

PHOTOS = {
    "astronaut": "Eileen Collins, by NASA; public domain",
    "coffee": "Pikolo Espresso Bar, by Rachel Michetti; CC0",
    "chelsea": "Chelsea the cat, by Stéfan van der Walt; CC0",
    "rocket": "launch of Falcon 9, by SpaceX; CC0",
}
SIZE = (640, 480)
Placed = tuple[int, int, int, int, tuple[int, int, int], float]
SCENES: dict[str, tuple[str, tuple[Placed, ...]]] = {
    "digits_paper": ("", (
        (3, 60, 70, 150, (28, 40, 110), 0.10), (1, 235, 90, 130, (28, 40, 110), 0.10),
        (4, 330, 60, 160, (28, 40, 110), 0.10), (7, 90, 290, 120, (150, 30, 40), 0.08),
        (8, 260, 300, 100, (30, 30, 30), 0.10), (5, 450, 270, 140, (28, 40, 110), 0.09),
    )),
    "digits_coffee": ("coffee", (
        (2, 60, 40, 120, (250, 250, 245), 0.11), (9, 480, 60, 90, (20, 20, 30), 0.12),
        (6, 270, 330, 110, (245, 240, 120), 0.11),
    )),
    "digits_cat": ("chelsea", (
        (0, 30, 40, 130, (250, 250, 250), 0.10), (5, 180, 300, 110, (20, 30, 90), 0.11),
        (3, 420, 330, 90, (250, 245, 230), 0.12), (8, 520, 50, 100, (30, 30, 30), 0.11),
    )),
}  # fmt: skip
"""Ground, and of each digit: which, left, top, height in pixels, ink, pen."""


def photograph(name: str) -> Image.Image:
    """A photograph of scikit-image."""
    from skimage import data

    return Image.fromarray(getattr(data, name)()).convert("RGB")


def paper(rng: random.Random) -> Image.Image:
    """A lined sheet in uneven light."""
    sheet = Image.new("RGB", SIZE, (244, 240, 230))
    draw = ImageDraw.Draw(sheet)
    for y in range(34, SIZE[1], 34):
        draw.line((0, y, SIZE[0], y + 3), fill=(196, 208, 224))
    draw.line((40, 0, 37, SIZE[1]), fill=(230, 170, 170), width=2)
    ys, xs = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    light = 1 - 0.22 * (xs / SIZE[0]) - 0.12 * (ys / SIZE[1])
    grain = np.random.default_rng(rng.getrandbits(32)).normal(0, 3, (*light.shape, 1))
    pixels = np.array(sheet, np.float32) * light[..., None] + grain
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def scene(name: str) -> tuple[Image.Image, dict[str, Any]]:
    """A scene and what is written on it, boxes as fractions of the picture."""
    ground, digits = SCENES[name]
    rng = random.Random(name)
    picture = photograph(ground).resize(SIZE) if ground else paper(rng)
    pixels = np.array(picture, np.float32)
    labels, boxes = [], []
    for digit, left, top, height, ink, pen in digits:
        alpha = draw_strokes(digit_strokes(digit, rng), height, pen)
        ys, xs = np.where(alpha > 0.3)
        h, w = alpha.shape
        under = pixels[top : top + h, left : left + w]
        under[:] = under * (1 - alpha[..., None]) + np.array(ink) * alpha[..., None]
        labels.append(digit)
        corner = (left + xs.min(), top + ys.min(), left + xs.max() + 1, top + ys.max() + 1)
        boxes.append([round(float(v) / s, 4) for v, s in zip(corner, SIZE * 2, strict=True)])
    return Image.fromarray(np.round(pixels).astype(np.uint8)), {
        "labels": labels,
        "boxes": boxes,
        "made_by": "attn_core.training.samples.photos",
        "licence": PHOTOS.get(ground, "ours"),
    }


def main() -> None:
    """Write the pictures and what is on them."""
    SAMPLES.mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {}
    for name, licence in PHOTOS.items():
        photograph(name).save(SAMPLES / f"{name}.jpg", quality=90)
        about[name] = {"licence": licence, "source": "scikit-image 0.26.0"}
    for name in SCENES:
        picture, about[name] = scene(name)
        picture.save(SAMPLES / f"{name}.jpg", quality=88)
    text = json.dumps(about, indent=1, ensure_ascii=False)
    SAMPLES.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(about)} pictures in {SAMPLES}\n")


if __name__ == "__main__":
    main()
