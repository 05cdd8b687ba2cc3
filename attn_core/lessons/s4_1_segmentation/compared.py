"""Lesson 4.1: the attention U-Net against its twin without attention, now and as recorded."""

import statistics
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.inputs.photo import STEP, find, for_model
from attn_core.jobs.line import Report
from attn_core.lessons.photographs import patches
from attn_core.lessons.s4_1_segmentation import experiment

CHECKPOINT = experiment.CHECKPOINT
CHECKPOINT_TWINS = "segmenter_twins"
SHOWN, ADDED = "attention-whole", "added-whole"
HALF, ADDED_HALF = "attention-half", "added-half"
TWINS = (SHOWN, ADDED, HALF, ADDED_HALF)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
DRAWS = 3
THRESHOLD = 0.5


def card() -> dict[str, Any]:
    """What is known of the model that is shown, from its manifest.

    "iou" and "n" of the test pictures, "parameters" in millions, "trained" on so many with people,
    "empty" ones without, and the "baseline" that calls every pixel a person.
    """
    manifest = read_manifest(CHECKPOINT)
    metric = manifest.metrics["iou"]
    return {
        "iou": metric.value,
        "n": metric.n,
        "baseline": metric.baseline or 0.0,
        "parameters": manifest.raw["parameters"] / 1e6,
        "trained": manifest.raw["data"][0]["split"]["train"],
        "empty": manifest.raw["data"][2]["split"]["train"],
    }


def kinds() -> tuple[str, ...]:
    """The models of the recorded comparison.

    Of ``TWINS``.
    """
    by_seed = read_manifest(CHECKPOINT_TWINS).raw["by_seed"]
    return tuple(kind for kind in TWINS if kind in by_seed)


def seeds() -> list[dict[str, Any]]:
    """Recorded IoU of every run.

    "model", "seed", "iou".
    """
    by_seed = read_manifest(CHECKPOINT_TWINS).raw["by_seed"]
    return [
        {"model": kind, "seed": seed, "iou": value}
        for kind in kinds()
        for seed, value in enumerate(by_seed[kind]["iou"])
    ]


def table() -> list[dict[str, Any]]:
    """Accuracy and cost of the models side by side, as recorded.

    "model", mean "iou" over seeds and its "spread", "parameters", "multiply_adds" and median
    "milliseconds" of a picture of a camera's shape.
    """
    raw = read_manifest(CHECKPOINT_TWINS).raw
    out = []
    for kind in kinds():
        values = raw["by_seed"][kind]["iou"]
        out.append(
            {
                "model": kind,
                "iou": statistics.mean(values),
                "spread": statistics.stdev(values) if len(values) > 1 else 0.0,
                "parameters": raw["parameters"][kind],
                "multiply_adds": raw["cost"]["multiply_adds"][kind],
                "milliseconds": statistics.median(raw["cost"]["milliseconds"][kind]),
            }
        )
    return out


def by_picture() -> list[float]:
    """How much higher attention's IoU is than its twin's on each test picture, mean over seeds."""
    by_seed = read_manifest(CHECKPOINT_TWINS).raw["by_seed"]
    one, other = (by_seed[kind]["each"] for kind in (SHOWN, ADDED))
    pairs = zip(zip(*one, strict=True), zip(*other, strict=True), strict=True)
    return sorted(statistics.mean(a) - statistics.mean(b) for a, b in pairs)


@lru_cache(maxsize=8)
def as_read(picture: str) -> bytes:
    """A picture at the size that the models read, for a job."""
    pixels = for_model(find(picture).pixels, patches.SIDE)[0]
    levels = (255 * pixels).round().to(torch.uint8).permute(1, 2, 0).numpy()
    out = BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    return out.getvalue()


@torch.inference_mode()
def hide_and_compare(
    report: Report, should_stop: Callable[[], bool], *, picture: bytes, seed: int = 0
) -> list[dict[str, Any]]:
    """Hide more and more of a picture and see how far each twin's mask leaves its own first one.

    "model", "share" of the patches painted grey, "iou" with the mask of the whole picture, mean of
    ``DRAWS`` draws, which are the same for both models.
    """
    twins = zoo.get(CHECKPOINT_TWINS)
    levels = np.array(Image.open(BytesIO(picture)))
    pixels = torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 255
    n = (pixels.shape[-2] // STEP) * (pixels.shape[-1] // STEP)
    maker = torch.Generator().manual_seed(seed)
    draws = [torch.randperm(n, generator=maker).tolist() for _ in range(DRAWS)]
    whole: dict[str, torch.Tensor] = {}
    rows: list[dict[str, Any]] = []
    for i, share in enumerate(SHARES):
        for kind in (SHOWN, ADDED):
            each = []
            for chosen in draws[: DRAWS if share else 1]:
                if should_stop():
                    return rows
                seen = patches.greyed(pixels, chosen[: round(share * n)])
                mask = twins.module[kind](seen)[0][0].sigmoid() >= THRESHOLD
                each.append(patches.iou(mask, whole.setdefault(kind, mask)))
            rows.append({"model": kind, "share": share, "iou": statistics.mean(each)})
        report((i + 1) / len(SHARES), "s4_1.live.running", list(rows))
    return rows
