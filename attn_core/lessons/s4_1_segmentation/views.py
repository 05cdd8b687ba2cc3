"""Lesson 4.1 taken apart: shapes and costs of the parts, what the mask loses without them."""

import threading
from dataclasses import replace
from functools import lru_cache, partial
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from attn_core import zoo
from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Intervention
from attn_core.inputs.image import decoded
from attn_core.inputs.limits import MAX_IMAGE_PIXELS
from attn_core.inputs.photo import STEP, Photo, find, for_model
from attn_core.inputs.refused import Refused
from attn_core.lessons.photographs import patches
from attn_core.lessons.s4_1_segmentation import experiment
from attn_core.measures.cost import multiply_adds
from attn_core.models.attention_unet import GATES, SKIPS, AttentionUNet

PARTS = ("encoder", "bottleneck", "gates", "decoder")
WAYS = ("pixels", "keys")
COUNTS = (1, 4, 16, 48)
DRAWS = 3
EDGE = 20
"""Of 255: how soft the rim of a cut-out is, as in the browser."""
_one = threading.Lock()
"""Held while a large picture is in memory: one at a time."""


def _count(parameters: Any) -> int:
    return sum(p.numel() for p in parameters)


@lru_cache(maxsize=8)
def parts(rows: int, columns: int, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The way from pixels to the mask, part by part: shapes, parameters, multiply-adds.

    "part" (one of ``PARTS``), "name", "shape", "parameters", "multiply_adds", in the order of the
    computation. What has no matrix product counts 0.
    """
    loaded = zoo.get(experiment.CHECKPOINT, device)
    model: AttentionUNet = loaded.module
    pixels = torch.zeros(1, 3, rows * STEP, columns * STEP, device=loaded.device)
    out: list[dict[str, Any]] = []

    def note(part: str, name: str, result: Tensor, counted: int, parameters: int) -> None:
        out.append(
            {
                "part": part,
                "name": name,
                "shape": tuple(result.shape[1:]),
                "multiply_adds": counted,
                "parameters": parameters,
            }
        )

    with torch.inference_mode():
        features = model.encoder(pixels)
        counted = multiply_adds(lambda: model.encoder(pixels))
        note("encoder", "encoder", features[STEP], counted, _count(model.encoder.parameters()))
        grid = features[STEP]
        entered = model.enter(grid)
        x, _ = model._bottleneck(entered, None)
        counted = multiply_adds(lambda: model._bottleneck(model.enter(grid), None))
        inside = (model.enter, model.norm_attention, model.attention, model.norm_ff, model.ff)
        note("bottleneck", "bottleneck", x, counted, sum(_count(m.parameters()) for m in inside))
        for stride, gate, join in zip(SKIPS, model.skips, model.joins, strict=True):
            skip = features[stride]
            signal = nn.functional.interpolate(
                x, size=skip.shape[-2:], mode="bilinear", align_corners=False
            )
            kept, _ = gate(skip, signal)
            counted = multiply_adds(partial(gate, skip, signal))
            note("gates", f"gate.{stride}", kept, counted, _count(gate.parameters()))
            both = torch.cat([signal, kept], 1)
            x = join(both)
            counted = multiply_adds(partial(join, both))
            note("decoder", f"join.{stride}", x, counted, _count(join.parameters()))
        last = x
        counted = multiply_adds(lambda: model.head(last))
        note("decoder", "head", model.head(last), counted, _count(model.head.parameters()))
    return tuple(out)


def by_part(rows: int, columns: int, device: str = "cpu") -> dict[str, int]:
    """Multiply-adds of each of ``PARTS``.

    Their sum is the whole model's.
    """
    found = parts(rows, columns, device)
    return {part: sum(r["multiply_adds"] for r in found if r["part"] == part) for part in PARTS}


def _mask(
    config: experiment.Config, intervention: Intervention | None, device: str
) -> torch.Tensor:
    loaded = zoo.get(experiment.CHECKPOINT, device)
    pixels = for_model(find(config.picture).pixels, patches.SIDE)
    seen = patches.greyed(pixels, config.hidden).to(loaded.device)
    with torch.inference_mode():
        logits, _ = loaded.module(seen, intervention=intervention)
    return logits[0].sigmoid().cpu() >= config.threshold


@lru_cache(maxsize=32)
def without(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The mask with one attention cut off at a time, against the whole model's.

    "part": "heads" (no patch looks at another) or a gate (its skip gives nothing), and "iou".
    """
    n_heads = zoo.get(experiment.CHECKPOINT, device).module.config.n_heads
    whole = _mask(config, None, device)
    cuts = {"heads": tuple((experiment.SITE, head) for head in range(n_heads))}
    cuts |= {site: ((site, 0),) for site in GATES}
    return tuple(
        {"part": name, "iou": patches.iou(_mask(config, Intervention(heads=cut), device), whole)}
        for name, cut in cuts.items()
    )


def ranked(weights: Tensor, person: Tensor) -> list[int]:
    """Patches by the weight that the person's patches give them, most first.

    Examples
    --------
    >>> ranked(torch.tensor([[[0.2, 0.8], [1.0, 0.0]]]), torch.tensor([True, False]))
    [1, 0]
    """
    asking = person if bool(person.any()) else torch.ones_like(person)
    given = mean_of_heads(weights.float())[asking].mean(0)
    return [int(i) for i in given.argsort(descending=True)]


@lru_cache(maxsize=16)
def deletion(picture: str, way: str, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """How the mask changes where patches are hidden: those attended most, and random ones.

    "n" patches hidden, "which" ("attended" or "random"), how far the mask "moved": 1 less its IoU
    with the whole picture's, over the patches that are not hidden; of random ones the mean of
    ``DRAWS``.
    """
    config = experiment.Config(picture)
    result = experiment.run(config, None, device)
    rows, columns = result.details["grid"]
    whole = torch.from_numpy(patches.unpacked(result.details["maps"]["mask"]).copy()) >= 128
    person = torch.tensor(result.details["person"]) >= 0.5
    order = ranked(result.traces[experiment.SITE].weights[0], person)
    maker = torch.Generator().manual_seed(0)
    draws = [torch.randperm(rows * columns, generator=maker).tolist() for _ in range(DRAWS)]
    out: list[dict[str, Any]] = []
    for n in (k for k in COUNTS if k < rows * columns):
        for which, lists in (("attended", [order]), ("random", draws)):
            each = []
            for chosen in lists:
                cut = tuple(chosen[:n])
                if way == "pixels":
                    mask = _mask(replace(config, hidden=cut), None, device)
                else:
                    keys = Intervention(tokens=tuple((experiment.SITE, k) for k in cut))
                    mask = _mask(config, keys, device)
                seen = patches.visible(rows, columns, cut)
                each.append(patches.iou(mask & seen, whole & seen))
            out.append({"n": n, "which": which, "moved": 1 - sum(each) / len(each)})
    return tuple(out)


def cutout(
    config: experiment.Config, intervention: Intervention | None = None, device: str = "cpu"
) -> bytes:
    """The person at the picture's own resolution, everything else transparent."""
    photo = find(config.picture)
    if photo.width * photo.height > MAX_IMAGE_PIXELS:
        size = f"{photo.width} × {photo.height}"
        raise Refused("refused.image_pixels", size=size, limit=MAX_IMAGE_PIXELS // 1_000_000)
    result = experiment.run(config, intervention, device)
    with _one:
        return _cut(photo, result.details["maps"]["mask"], config.threshold)


def _cut(photo: Photo, mask: dict[str, Any], threshold: float) -> bytes:
    """The photograph decoded once more, at its own resolution, with the mask as its alpha."""
    side = max(photo.width, photo.height)
    own = decoded(photo.source, side).pixels if photo.source else photo.pixels
    picture = Image.fromarray(own)
    levels = Image.fromarray(patches.unpacked(mask))
    levels = levels.resize(picture.size, Image.Resampling.BILINEAR)
    low = 255 * threshold - EDGE
    ramp = np.clip((np.arange(256) - low) * 255 / (2 * EDGE), 0, 255).astype(np.uint8)
    picture.putalpha(levels.point(ramp.tolist()))
    out = BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()
