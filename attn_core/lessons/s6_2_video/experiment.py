"""Lesson 6.2: what a clip's camera does, which frames say so, and which sign a path draws."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace, in_half
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.clip import PACE, find, for_model, last_start, made_name, window
from attn_core.inputs.motion import MOTIONS, N_FRAMES, Motion
from attn_core.jobs.cache import kept
from attn_core.lessons.s6_2_video import signs
from attn_core.lessons.s6_2_video.frames import (
    N_PATCHES,
    frame_names,
    one_of,
    patch_names,
    says_moving,
)
from attn_core.models.video import Seen

CHECKPOINTS = {"divided": "video", "space": "video_apart"}
"""Classifiers of clips: frames attend to each other, or are kept apart until they are summed."""
MODELS = ("clip", "sign")
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
"""Sample photographs over which a camera can move; no model was trained on them."""
CLIP = made_name("astronaut", Motion("pan_right", 6, 11))
FRAMES_SITE, PATCHES_SITE = "pool.time", "pool.space"


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    model : str
        One of ``MODELS``.
    clip : str
        As ``attn_core.inputs.clip.find`` knows it.
    start : int
        First of the sixteen frames that are read.
    dropped, frozen : tuple of int
        Frames that nobody may attend to; frames that show what the one before them showed.
        Sorted; one frame at least is left.
    frame, patch : int
        Which frame's patches, and which patch's frames, the attention map shows.
    path : str
        The sign's path, as ``signs.points`` knows it.
    attention : str
        Key of ``CHECKPOINTS``.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    model: str = "clip"
    clip: str = CLIP
    start: int = 0
    dropped: tuple[int, ...] = ()
    frozen: tuple[int, ...] = ()
    frame: int = 8
    patch: int = 14
    path: str = signs.PATH
    attention: str = "divided"

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"model is {self.model!r}; it must be one of {MODELS}")
        if self.attention not in CHECKPOINTS:
            raise ValueError(
                f"attention is {self.attention!r}; it must be one of {tuple(CHECKPOINTS)}"
            )
        if self.start < 0:
            raise ValueError(f"start is {self.start}; it must be at least 0")
        for name in ("dropped", "frozen"):
            frames = tuple(sorted(set(getattr(self, name))))
            if any(not 0 <= f < N_FRAMES for f in frames) or len(frames) == N_FRAMES:
                raise ValueError(f"{name} is {frames}; frames are 0 to 15, and one must be left")
            object.__setattr__(self, name, frames)
        if not (0 <= self.frame < N_FRAMES and 0 <= self.patch < N_PATCHES):
            raise ValueError(f"frame {self.frame}, patch {self.patch}: at most 15 and 35")


def given(
    config: Config,
) -> tuple[Float[Tensor, "1 frame row column"], Bool[Tensor, "1 frame"]]:
    """What a classifier gets of a clip.

    As ``attn_core.inputs.clip.for_model`` answers them. ``False`` on those that are dropped.
    """
    frames = _read(config.clip, config.start, config.frozen).clone()
    seen = torch.ones(1, N_FRAMES, dtype=torch.bool)
    seen[0, list(config.dropped)] = False
    return frames, seen


@kept(4 * 2**20)
def _read(clip: str, start: int, frozen: tuple[int, ...]) -> Tensor:
    return for_model(window(find(clip), start, frozen))


def asked(
    config: Config,
    intervention: Intervention | None = None,
    device: str = "cpu",
    *,
    traced: bool = True,
) -> Seen:
    """The classifier's answer to a clip."""
    loaded = zoo.get(CHECKPOINTS[config.attention], device)
    frames, seen = given(config)
    with torch.inference_mode():
        return loaded.module(
            frames.to(loaded.device),
            seen.to(loaded.device),
            traced=traced,
            intervention=intervention,
        )


def truth_in(config: Config) -> Motion | None:
    """What the camera really does in the sixteen frames that are read, where that is known."""
    return None if config.frozen else find(config.clip).truth


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Name the camera's motion, or the sign.

    Of a clip: frames by frames at "0.time", … (of the open patch; not where frames are kept apart),
    patches by patches at "0.space", … (of the open frame), one row at "pool.space" and "pool.time".
    ``details`` holds probabilities, attention over "frames" and "patches", what each frame says
    alone, the "truth" where it is known, and milliseconds by stage. Of a sign: see ``signs.run``.
    """
    if config.model == "sign":
        return signs.run(config.path, intervention, device)
    began = time.perf_counter()
    seen = asked(config, intervention, device)
    answered = time.perf_counter()
    traces: dict[str, AttentionTrace] = {}
    names: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    frames, patches = frame_names(), patch_names()
    for site, trace in seen.traces.items():
        if site.endswith(".time") and site != FRAMES_SITE:
            traces[site], names[site] = one_of(trace, config.patch), (frames, frames)
        elif site == PATCHES_SITE:
            traces[site] = one_of(trace, config.frame)
            names[site] = ((frames[config.frame],), patches)
        elif site == FRAMES_SITE:
            traces[site], names[site] = trace, (("▸",), frames)
        else:
            traces[site], names[site] = one_of(trace, config.frame), (patches, patches)
    return _result(config, seen, traces, names, 1000 * (answered - began), device)


def _result(
    config: Config,
    seen: Seen,
    traces: dict[str, AttentionTrace],
    names: dict[str, tuple[tuple[str, ...], tuple[str, ...]]],
    milliseconds: float,
    device: str,
) -> LessonResult:
    chances = seen.logits[0].softmax(-1).cpu()
    by_frame = seen.by_frame[0].cpu()
    weights = seen.frames[0].cpu()
    order = chances.argsort(descending=True)
    top, clip = int(order[0]), find(config.clip)
    truth = truth_in(config)
    moving = None if truth is None else truth.moving
    known = moving is not None and bool(moving.any())
    says = says_moving(by_frame)
    numbers = {
        "probability": float(chances[top]),
        "second": float(chances[int(order[1])]),
        "top_weight": float(weights.max()),
        "says_moving": float(sum(says)),
        "effective": float(np.exp(-(weights * weights.clamp_min(1e-12).log()).sum())),
    }
    if known and moving is not None:
        numbers |= {
            "in_span": float(weights[moving].sum()),
            "span_share": float(moving.float().mean()),
        }
    contributions = (weights[:, None] * by_frame)[:, top]
    details: dict[str, Any] = {
        "model": "clip",
        "attention": config.attention,
        "names": names,
        "motion": MOTIONS[top],
        "probabilities": {m: round(float(p), 4) for m, p in zip(MOTIONS, chances, strict=True)},
        "frames": [round(float(w), 5) for w in weights],
        "alone": [[round(float(p), 3) for p in row] for row in by_frame.softmax(-1)],
        "says_moving": says,
        "contributions": [round(float(c), 4) for c in contributions],
        "patches": [[round(float(w), 4) for w in row] for row in seen.patches[0].cpu()],
        "truth": None
        if truth is None
        else {"motion": truth.kind, "first": truth.first, "last": truth.last},
        "moved": [] if moving is None else [bool(v) for v in moving],
        "start": min(config.start, last_start(clip)),
        "last_start": last_start(clip),
        "dropped": list(config.dropped),
        "frozen": list(config.frozen),
        "open_frame": config.frame,
        "stages": {"decode": clip.decode_ms, "model": milliseconds},
        "seconds": N_FRAMES / PACE,
        "device": zoo.get(CHECKPOINTS[config.attention], device).device,
    }
    return LessonResult(
        {site: in_half(trace) for site, trace in traces.items()},
        frame_names(),
        frame_names(),
        numbers,
        details,
    )


def before(config: Config) -> Config:
    """What "before" means: every frame as it was taken, all of them seen."""
    return replace(config, dropped=(), frozen=())


def default_row(result: LessonResult) -> int:
    """Of a clip the frame that is open; of a path the point with the largest weight."""
    if result.details["model"] == "clip":
        return int(result.details.get("open_frame", Config().frame))
    return int(np.argmax(result.details["frames"]))


def _head(result: LessonResult) -> Selection:
    """The last attention over time: where frames look at frames, or the sum over them."""
    last = max(
        (site for site in result.traces if site != FRAMES_SITE and site.endswith(".time")),
        default=FRAMES_SITE,
    )
    site = last if result.details["model"] == "clip" else signs.LAST
    spread = result.traces[site].weights[0].float().std(1, correction=0).mean(-1)
    return Selection(site, int(spread.argmax()))


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, site: str, head: int, query: int) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    "row", the "key" it looks at most and its "weight", the "head" from 1, and how many keys there
    are ("n").
    """
    weights = result.traces[site].weights[0].float().nan_to_num()
    rows, keys = result.names(site)
    query = min(max(query, 0), weights.shape[1] - 1)
    head = min(max(head, 0), weights.shape[0] - 1)
    row = weights[head, query]
    top = int(row.argmax())
    return {
        "row": rows[query],
        "key": keys[top],
        "weight": float(row[top]),
        "head": head + 1,
        "n": len(keys),
    }
