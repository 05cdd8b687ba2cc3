"""Lesson 6.2: weight beside effect, what each frame says alone, and the clip cut into spans."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from attn_core import zoo
from attn_core.contract.result import LessonResult
from attn_core.inputs.clip import find, for_model, window
from attn_core.inputs.motion import MOTIONS, N_FRAMES
from attn_core.inputs.photo import Photo
from attn_core.jobs.cache import kept
from attn_core.lessons.s6_2_video import experiment
from attn_core.lessons.s6_2_video.frames import ACROSS, N_PATCHES, runs_of, slopes
from attn_core.wire.clip import sheet


@lru_cache(maxsize=64)
def leave_one_out(config: experiment.Config, device: str = "cpu") -> tuple[float, ...]:
    """What dropping each frame alone does to the answer.

    For each frame the probability that the named motion loses without it; 0 for those already
    dropped.
    """
    full = experiment.asked(config, device=device, traced=False).logits[0].softmax(-1)
    top = int(full.argmax())
    out = []
    for frame in range(N_FRAMES):
        dropped = {*config.dropped, frame}
        if frame in config.dropped or len(dropped) == N_FRAMES:
            out.append(0.0)
            continue
        without = replace(config, dropped=tuple(dropped))
        left = experiment.asked(without, device=device, traced=False).logits[0].softmax(-1)
        out.append(float(full[top] - left[top]))
    return tuple(out)


@lru_cache(maxsize=64)
def gradient(config: experiment.Config, device: str = "cpu") -> tuple[float, ...]:
    """How strongly the named motion's logit depends on each frame's pixels.

    Sum of |∂logit/∂pixel| over each frame, as a share of all frames' (Simonyan et al. 2014).
    """
    loaded = zoo.get(experiment.CHECKPOINTS[config.attention], device)
    frames, seen = (part.to(loaded.device) for part in experiment.given(config))
    found = slopes(loaded.module, frames, seen)[0]
    return tuple(float(v) for v in found / found.sum().clamp_min(1e-12))


def frame_change(config: experiment.Config) -> tuple[float, ...]:
    """How much each frame differs from the one before: what needs no model.

    Mean absolute difference in deviations of the clip; 0 for the first frame.
    """
    frames = for_model(window(find(config.clip), config.start, config.frozen))[0]
    return tuple(float(v) for v in torch.diff(frames, dim=0, prepend=frames[:1]).abs().mean((1, 2)))


def halved(values: Float[Tensor, "frame"]) -> Tensor:
    """Where values lie above the level that parts them best in two (Otsu 1979).

    Examples
    --------
    >>> halved(torch.tensor([0.1, 0.9, 0.8, 0.2])).tolist()
    [False, True, True, False]
    """
    order = values.sort().values
    best, level = 0.0, float(order[-1])
    n = len(order)
    for i in range(1, n):
        low, high = order[:i].mean(), order[i:].mean()
        between = float(i * (n - i) * (high - low) ** 2)
        if between > best + 1e-12:
            best, level = between, float(order[i - 1])
    return values > level


def longest(flags: list[bool]) -> tuple[int, int] | None:
    """The longest stretch for which something is so.

    Examples
    --------
    >>> longest([True, False, True, True])
    (2, 3)

    First and last frame; the earlier of two that are as long; ``None`` where it never is.
    """
    stretches = runs_of(flags)
    return max(stretches, key=lambda s: s[1] - s[0], default=None)


def spans(config: experiment.Config, result: LessonResult) -> list[dict[str, Any]]:
    """The clip's moving part, as three rules find it, and as it is.

    "how" ("alone": frames that say so each by themselves; "attention": weights parted in two;
    "change": differences of pixels parted in two; "truth", where it is known), "first" and "last"
    of the longest stretch (``None`` for no motion), "off": mean of how many frames both ends are
    off (``None`` where nothing can be compared).
    """
    found = {
        "alone": longest(result.details["says_moving"]),
        "attention": longest(halved(torch.tensor(result.details["frames"])).tolist()),
        "change": longest(halved(torch.tensor(frame_change(config))).tolist()),
    }
    truth = result.details["truth"]
    real = None
    if truth is not None and truth["motion"] != "still":
        real = (truth["first"], truth["last"])
    rows = [
        {
            "how": how,
            "first": span and span[0],
            "last": span and span[1],
            "off": None
            if span is None or real is None
            else (abs(span[0] - real[0]) + abs(span[1] - real[1])) / 2,
        }
        for how, span in found.items()
    ]
    if truth is not None:
        rows.append(
            {
                "how": "truth",
                "first": real and real[0],
                "last": real and real[1],
                "off": None,
            }
        )
    return rows


def alone(result: LessonResult) -> tuple[list[list[float]], tuple[str, ...]]:
    """What each frame says by itself, for a heat map.

    Probability by motion and frame. Names of the rows, as ``MOTIONS``.
    """
    return np.array(result.details["alone"]).T.tolist(), MOTIONS


def overlay(result: LessonResult, *, by_frame: bool = False) -> Float[np.ndarray, "row column"]:
    """Attention over every frame's patches, laid out as the sheet of frames is."""
    patches = np.array(result.details["patches"], np.float32)
    if by_frame:
        patches = patches * np.array(result.details["frames"], np.float32)[:, None]
    side = ACROSS
    tiles = patches.reshape(4, 4, side, side)  # (row, column, patch row, patch column)
    laid = tiles.transpose(0, 2, 1, 3).reshape(4 * side, 4 * side)
    return laid / max(float(laid.max()), 1e-9)


def place(index: int) -> tuple[int, int]:
    """Frame and patch of a cell of the sheet.

    Examples
    --------
    >>> place(0), place(6), place(24 * 6)
    ((0, 0), (1, 0), (4, 0))

    From 0.
    """
    side = ACROSS
    row, column = divmod(index, 4 * side)
    frame = row // side * 4 + column // side
    return frame, row % side * side + column % side


def cell(frame: int, patch: int) -> int:
    """The inverse of ``place``.

    Examples
    --------
    >>> cell(*place(333))
    333
    """
    side = ACROSS
    row = frame // 4 * side + patch // side
    return row * 4 * side + frame % 4 * side + patch % side


def pictures(config: experiment.Config) -> UInt8[np.ndarray, "frame row column 3"]:
    """The sixteen frames as they are read, in colour."""
    return _pictures(config.clip, config.start, config.frozen, config.dropped)


@kept(16 * 2**20)
def _pictures(
    clip: str, start: int, frozen: tuple[int, ...], dropped: tuple[int, ...]
) -> UInt8[np.ndarray, "frame row column 3"]:
    frames = window(find(clip), start, frozen)
    for i in dropped:
        frames[i] = (frames[i].mean(-1, keepdims=True) * 0.35 + 130).astype(np.uint8)
    frames.setflags(write=False)
    return frames


def as_photo(config: experiment.Config, frame: int | None = None) -> Photo:
    """The frames as one picture, in four rows, or one of them alone."""
    return _as_photo(config.clip, config.start, config.frozen, config.dropped, frame)


@kept(16 * 2**20)
def _as_photo(
    clip: str, start: int, frozen: tuple[int, ...], dropped: tuple[int, ...], frame: int | None
) -> Photo:
    frames = _pictures(clip, start, frozen, dropped)
    return sheet(frames) if frame is None else sheet(frames[frame][None], 1)


def under_freeze(config: experiment.Config) -> dict[str, Any] | None:
    """What the camera does where no frame is frozen, of a clip whose motion is known.

    "frames" that are frozen (from 1, with commas), "motion" and its "first" and "last" frame, from
    1; ``None`` where no frame is frozen or the motion is not known.
    """
    truth = find(config.clip).truth  # ``truth_in`` answers only where nothing is frozen
    if truth is None or not config.frozen:
        return None
    return {
        "frames": ", ".join(str(frame + 1) for frame in config.frozen),
        "motion": truth.kind,
        "first": truth.first + 1,
        "last": truth.last + 1,
    }


def moves(result: LessonResult) -> list[float]:
    """The probability that the camera moves, as each frame alone says it."""
    still = MOTIONS.index("still")
    return [1 - row[still] for row in result.details["alone"]]


def row_on_sheet(
    row: Float[np.ndarray, "key"], frame: int, patch: int, kind: str
) -> Float[np.ndarray, "row column"]:
    """A row of an attention map on the sheet of frames."""
    laid = np.zeros((N_FRAMES, N_PATCHES), np.float32)
    if kind == "time":
        laid[:, patch] = row
    elif kind == "pool.time":
        laid[:] = row[:, None]
    else:
        laid[frame] = row
    flat = np.zeros(N_FRAMES * N_PATCHES, np.float32)
    for f in range(N_FRAMES):
        for p in range(N_PATCHES):
            flat[cell(f, p)] = laid[f, p]
    side = 4 * ACROSS
    return flat.reshape(side, side) / max(float(flat.max()), 1e-9)
