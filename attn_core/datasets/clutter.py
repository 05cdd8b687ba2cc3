"""What lies behind and over the digits of a scene."""

import math
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def paper(size: tuple[int, int], rng: random.Random) -> Image.Image:
    """A sheet, plain, lined or squared, with a shadow over it."""
    width, height = size
    level = rng.uniform(190, 255)
    tint = [level * rng.uniform(0.88, 1.0) for _ in range(3)]
    if rng.random() < 0.12:  # a dark board
        tint = [rng.uniform(10, 70) for _ in range(3)]
    sheet = Image.new("RGB", size, tuple(int(v) for v in tint))
    kind = rng.random()
    if kind < 0.45:
        draw = ImageDraw.Draw(sheet)
        step, line = rng.randrange(9, 40), tuple(int(v * rng.uniform(0.6, 0.95)) for v in tint)
        for y in range(rng.randrange(step), height, step):
            draw.line((0, y, width, y), fill=line)
        if kind < 0.2:
            for x in range(rng.randrange(step), width, step):
                draw.line((x, 0, x, height), fill=line)
    return sheet


def background(
    shape: tuple[int, int], photos: list[Image.Image], rng: random.Random
) -> Image.Image:
    """A crop of a photograph, a sheet of paper lying on one, or a plain ground."""
    rows, columns = shape
    kind = rng.random()
    if kind < 0.12:
        shade = rng.choice(((255, 255, 255), (255, 255, 255), (20, 22, 28), (0, 0, 0)))
        return Image.new("RGB", (columns, rows), shade)
    photo = photos[rng.randrange(len(photos))]
    most = min(photo.width / columns, photo.height / rows)
    scale = most * rng.uniform(0.35, 1.0)
    w, h = columns * scale, rows * scale
    x, y = rng.uniform(0, photo.width - w), rng.uniform(0, photo.height - h)
    ground = photo.resize((columns, rows), Image.Resampling.BILINEAR, (x, y, x + w, y + h))
    if rng.random() < 0.5:
        ground = ground.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if kind < 0.6:
        size = (int(columns * rng.uniform(0.6, 1.3)), int(rows * rng.uniform(0.6, 1.3)))
        sheet = paper(size, rng)
        angle = rng.gauss(0, 6)
        cover = Image.new("L", size, 255).rotate(angle, Image.Resampling.BILINEAR, expand=True)
        sheet = sheet.rotate(angle, Image.Resampling.BILINEAR, expand=True)
        at = (
            (columns - sheet.width) // 2 + rng.randint(-columns // 8, columns // 8),
            (rows - sheet.height) // 2 + rng.randint(-rows // 8, rows // 8),
        )
        ground.paste(sheet, at, cover)
    return ground


def clutter(ground: Image.Image, rng: random.Random) -> None:
    """Long lines, dots and edges that are no digits."""
    draw = ImageDraw.Draw(ground)
    columns, rows = ground.size
    for _ in range(rng.randrange(4) if rng.random() < 0.4 else 0):
        shade = tuple(rng.randrange(256) for _ in range(3))
        x, y = rng.randrange(columns), rng.randrange(rows)
        if rng.random() < 0.5:
            angle, length = rng.uniform(0, 2 * math.pi), rng.uniform(0.5, 1.2) * columns
            end = (x + length * math.cos(angle), y + length * math.sin(angle))
            draw.line((x, y, *end), fill=shade, width=rng.randrange(1, 5))
        else:
            size = rng.randrange(1, 5)
            draw.ellipse((x, y, x + size, y + size), fill=shade)


def overlap(box: tuple[float, ...], others: list[tuple[float, ...]]) -> float:
    """Largest share of the smaller box that two boxes share."""
    most = 0.0
    for other in others:
        w = min(box[2], other[2]) - max(box[0], other[0])
        h = min(box[3], other[3]) - max(box[1], other[1])
        if w > 0 and h > 0:
            areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
            most = max(most, w * h / min(areas))
    return most


def ink_colour(under: np.ndarray, rng: random.Random) -> np.ndarray:
    """A colour that stands out from what it is written on."""
    mean = under.reshape(-1, 3).mean(0)
    dark = mean.mean() > 128 if rng.random() < 0.9 else mean.mean() > 90
    base = rng.uniform(0, 70) if dark else rng.uniform(190, 255)
    colour = np.array([base + rng.gauss(0, 25) for _ in range(3)])
    if rng.random() < 0.3:  # a coloured pen
        colour[rng.randrange(3)] += 110 if dark else -110
    return np.clip(colour, 0, 255)


def light(pixels: np.ndarray, rng: random.Random) -> np.ndarray:
    """Uneven light, contrast, blur and noise of a hand-held camera."""
    rows, columns, _ = pixels.shape
    if rng.random() < 0.5:
        angle, depth = rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 0.5)
        ys, xs = np.mgrid[0:rows, 0:columns]
        ramp = (xs / columns - 0.5) * math.cos(angle) + (ys / rows - 0.5) * math.sin(angle)
        pixels = pixels * (1 - depth * (ramp[..., None] + 0.5))
    mean = pixels.mean()
    pixels = mean + (pixels - mean) * rng.uniform(0.6, 1.2) + rng.uniform(-20, 20)
    if rng.random() < 0.35:
        blur = ImageFilter.GaussianBlur(rng.uniform(0.3, 1.1))
        pixels = np.array(
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).filter(blur), np.float32
        )
    if rng.random() < 0.4:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 1, pixels.shape)
        pixels = pixels + noise * rng.uniform(1, 12)
    return np.clip(pixels, 0, 255).astype(np.uint8)
