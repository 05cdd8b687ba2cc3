"""Lesson 4.1: the person in a photograph, and what attention did at four scales to find it."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core import zoo
from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace, in_half
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.photo import STEP, find, for_model
from attn_core.jobs.cache import kept
from attn_core.lessons.photographs.common import THRESHOLDS
from attn_core.lessons.photographs.patches import (
    MAX_PATCHES,
    SIDE,
    greyed,
    iou,
    names_of,
    packed,
    visible,
)
from attn_core.models.attention_unet import BOTTLENECK, GATES

CHECKPOINT = "segmenter"
SITE = BOTTLENECK
PICTURE = "astronaut"
NOBODY = ("coffee", "chelsea", "rocket")
"""Samples without a person."""
SAMPLES = (PICTURE, *NOBODY)


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    picture : str
        As ``attn_core.inputs.photo.find`` knows it.
    hidden : sequence of int
        Patches, counted in rows, that are painted grey before the model sees the picture; those
        that this picture has not are left out. Kept sorted, as a tuple.
    threshold : float
        A pixel counts as person from this probability on; one of ``THRESHOLDS``.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    picture: str = PICTURE
    hidden: Sequence[int] = ()
    threshold: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(sorted(set(self.hidden))))  # a notebook has lists
        if self.hidden and not 0 <= self.hidden[0] <= self.hidden[-1] < MAX_PATCHES:
            raise ValueError(f"hidden is {self.hidden}; patches are in [0, {MAX_PATCHES - 1}]")
        if self.threshold not in THRESHOLDS:
            raise ValueError(f"threshold is {self.threshold}; it must be one of {THRESHOLDS}")


def _mean(values: Tensor) -> float:
    return float(values.mean()) if values.numel() else math.nan


def _share_in(mask: Tensor, stride: int) -> Float[Tensor, "row column"]:
    """How much of each cell of ``stride`` pixels the mask covers."""
    return nn.functional.avg_pool2d(mask[None, None].float(), stride)[0, 0]


def _numbers(
    mask: Tensor, before: Tensor, seen: Tensor, weights: Tensor, gates: dict[str, Tensor]
) -> dict[str, float]:
    """What the page shows of a run; NaN where there is nothing to take a mean of."""
    patches = _share_in(mask, STEP).flatten() >= 0.5
    to_person = mean_of_heads(weights)[:, patches].sum(-1)
    numbers = {
        "person_share": float(mask.float().mean()),
        "mask_iou": iou(mask, before),
        "iou_elsewhere": iou(mask & seen, before & seen),
        "changed_share": float((mask != before).float().mean()),
        "person_patches": float(patches.float().mean()),
        "person_to_person": _mean(to_person[patches]),
        "rest_to_person": _mean(to_person[~patches]),
    }
    for site, gate in gates.items():
        stride = mask.shape[0] // gate.shape[0]
        inside = _share_in(mask, stride) >= 0.5
        numbers[f"{site.replace('.', '_')}_on"] = _mean(gate[inside])
        numbers[f"{site.replace('.', '_')}_off"] = _mean(gate[~inside])
    return numbers


@kept(8 * 2**20)
def _pixels(picture: str) -> Tensor:
    """A photograph as the model reads it."""
    return for_model(find(picture).pixels, SIDE)


@kept(20 * 2**20)
@torch.inference_mode()
def _features(picture: str, hidden: tuple[int, ...], device: str) -> dict[int, Tensor]:
    """What lies before the first attention: it depends on the picture alone."""
    loaded = zoo.get(CHECKPOINT, device)
    seen = greyed(_pixels(picture), hidden).to(loaded.device)
    found: dict[int, Tensor] = loaded.module.encoder(seen)
    return found


@kept(20 * 2**20)
@torch.inference_mode()
def _answered(
    picture: str, hidden: tuple[int, ...], intervention: Intervention, device: str
) -> tuple[Tensor, dict[str, AttentionTrace]]:
    """Each pixel's probability, and the traces; no threshold is in them."""
    loaded = zoo.get(CHECKPOINT, device)
    seen = greyed(_pixels(picture), hidden).to(loaded.device)
    logits, traces = loaded.module(
        seen, intervention=intervention or None, features=_features(picture, hidden, device)
    )
    return logits[0].sigmoid().cpu(), traces


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Find the person and keep what attention did.

    One site, patches by patches, in half precision. ``details["maps"]`` holds the person's
    probability and the gates' coefficients in 8 bits, ``details["person"]`` how much of each patch
    is person, ``details["stages"]`` milliseconds by stage.
    """
    loaded = zoo.get(CHECKPOINT, device)
    photo = find(config.picture)
    began = time.perf_counter()
    pixels = _pixels(config.picture)
    resized = time.perf_counter()
    rows, columns = pixels.shape[-2] // STEP, pixels.shape[-1] // STEP
    hidden = tuple(patch for patch in config.hidden if patch < rows * columns)
    probability, traces = _answered(config.picture, hidden, intervention or Intervention(), device)
    answered = time.perf_counter()
    mask = probability >= config.threshold
    before = mask
    if hidden or intervention:
        plainly, _ = _answered(config.picture, (), Intervention(), device)
        before = plainly >= config.threshold
    gates = {
        site: traces[site].weights.view(rows * STEP // int(site[5:]), -1).cpu() for site in GATES
    }
    began_maps = time.perf_counter()
    maps = {"mask": packed(probability)} | {site: packed(gate) for site, gate in gates.items()}
    drawn = time.perf_counter()
    kept = visible(rows, columns, hidden)
    numbers = _numbers(mask, before, kept, traces[SITE].weights[0].float().cpu(), gates)
    names = names_of(rows, columns)
    return LessonResult(
        {SITE: in_half(traces[SITE])},
        names,
        names,
        numbers,
        {
            "grid": [rows, columns],
            "hidden": list(hidden),
            "maps": maps,
            "person": [round(v, 3) for v in _share_in(mask, STEP).flatten().tolist()],
            "stages": {
                "decode": photo.decode_ms,
                "resize": 1000 * (resized - began),
                "model": 1000 * (answered - resized),
                "maps": 1000 * (drawn - began_maps),
            },
            "device": loaded.device,
        },
    )


def before(config: Config) -> Config:
    """What "before" means: the same picture and threshold with nothing hidden."""
    return Config(config.picture, (), config.threshold)


def default_row(result: LessonResult) -> int:
    """The patch on the person that is nearest to the person's middle; else the picture's middle."""
    rows, columns = result.details["grid"]
    share = torch.tensor(result.details["person"]).view(rows, columns)
    at = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), -1)
    if not bool((share >= 0.5).any()):
        return (rows // 2) * columns + columns // 2
    middle = (at * share[..., None]).sum((0, 1)) / share.sum()
    far = (at - middle).square().sum(-1)
    return int(torch.where(share >= 0.5, far, torch.inf).flatten().argmin())


def _head(result: LessonResult) -> Selection:
    """The head that tells person and rest apart best.

    That is where the person's patches look at the person most, and the rest's least.
    """
    weights = result.traces[SITE].weights[0].float()
    person = torch.tensor(result.details["person"]) >= 0.5
    if bool(person.all()) or not bool(person.any()):
        return Selection(SITE, 0)
    to_person = weights[:, :, person].sum(-1)
    apart = to_person[:, person].mean(-1) - to_person[:, ~person].mean(-1)
    return Selection(SITE, int(apart.argmax()))


def looks(result: LessonResult, query: int, head: int) -> np.ndarray:
    """Where a patch looks, as a map over the picture."""
    weights = result.traces[SITE].weights[0].float()
    row = weights[min(max(head, 0), weights.shape[0] - 1), min(query, weights.shape[1] - 1)]
    top = float(row.max()) or 1.0
    return (row / top).view(*result.details["grid"]).numpy()


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, query: int, head: int = 0) -> dict[str, Any]:
    """What stands out in one patch's row, as the values that the page's sentences name.

    "patch", whether it is "on" the person, the "key" it looks at most with its "weight", the share
    of its weight "to_person" and that of the patches ("null"), over how many patches it is spread
    ("over": two to the power of its entropy).
    """
    weights = result.traces[SITE].weights[0].float()
    query = min(max(query, 0), weights.shape[1] - 1)
    row = weights[min(max(head, 0), weights.shape[0] - 1), query]
    person = torch.tensor(result.details["person"]) >= 0.5
    top = int(row.argmax())
    entropy = -float((row * row.clamp_min(1e-12).log2()).sum())
    return {
        "patch": result.queries[query],
        "on": bool(person[query]),
        "head": head + 1,
        "key": result.keys[top],
        "key_on": bool(person[top]),
        "weight": float(row[top]),
        "to_person": float(row[person].sum()),
        "null": float(person.float().mean()),
        "over": 2**entropy,
    }
