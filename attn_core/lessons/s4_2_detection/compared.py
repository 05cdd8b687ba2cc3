"""Lesson 4.2's twins side by side: noise on the learner's picture, and their recorded costs."""

from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.inputs.photo import find, for_model
from attn_core.jobs.line import Report
from attn_core.lessons.s4_2_detection.config import LAYERS, SIDES
from attn_core.lessons.s4_2_detection.queries import SAME
from attn_core.measures.boxes import corners, overlap

NOISES = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4)
"""Standard deviation of noise on pixels in [0, 1]."""
DRAWS = 4


@lru_cache(maxsize=8)
def as_read(picture: str, model: str) -> bytes:
    """A picture at the size that the model reads, for a job: another process has no uploads."""
    pixels = for_model(find(picture).pixels, SIDES[model])[0]
    levels = (255 * pixels).round().to(torch.uint8).permute(1, 2, 0).numpy()
    out = BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    return out.getvalue()


@torch.inference_mode()
def noise_and_compare(
    report: Report,
    should_stop: Callable[[], bool],
    *,
    picture: bytes,
    threshold: float = 0.3,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Add more and more noise, and see what each twin still finds of what it found without.

    "model", "noise", "kept": share of the objects found without noise that are found with the same
    class and an overlap of ``SAME``, mean of ``DRAWS`` draws. Empty for a twin that found nothing.
    """
    twins = zoo.get("detector_twins").module
    levels = np.array(Image.open(BytesIO(picture)).convert("RGB"))
    clean = torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 255
    rows: list[dict[str, Any]] = []
    total = len(NOISES) * 2

    def answers(name: str, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found, _ = twins[name](pixels)
        scores, labels = found.logits[-1, 0].sigmoid().max(-1)
        yes = scores >= threshold
        return labels[yes], corners(found.boxes[-1, 0])[yes]

    for name in ("attention", "added"):
        labels, boxes = answers(name, clean)
        for noise in NOISES:
            if should_stop():
                return rows
            kept = []
            for draw in range(DRAWS):
                generator = torch.Generator().manual_seed(1000 * seed + draw)
                extra = torch.randn(clean.shape, generator=generator) * noise
                new, places = answers(name, (clean + extra).clamp(0, 1))
                same = (overlap(boxes, places)[0] >= SAME) & (labels[:, None] == new[None])
                kept.append(float(same.any(1).float().mean()) if len(labels) else float("nan"))
            if len(labels):
                rows.append({"model": name, "noise": noise, "kept": float(np.mean(kept))})
            step = NOISES.index(noise) + 1 + len(NOISES) * (name == "added")
            report(step / total, "s4_2.live.running", list(rows))
    return rows


def twins_table() -> list[dict[str, Any]]:
    """Recorded accuracy and cost of the twins.

    "model", "ap" and "ap50" by seed, "parameters", "multiply_adds", "milliseconds".
    """
    raw = read_manifest("detector_twins").raw
    return [
        {
            "model": name,
            **raw["by_seed"][name],
            "parameters": raw["parameters"][name],
            "multiply_adds": raw["cost"]["multiply_adds"][f"{name}-{len(LAYERS)}"],
            "milliseconds": float(np.median(raw["cost"]["milliseconds"][f"{name}-{len(LAYERS)}"])),
        }
        for name in ("attention", "added")
    ]
