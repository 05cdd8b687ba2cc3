"""Lesson 6.2: frames and patches by name, stretches of frames, one trace of many."""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attn_core.attention.trace import AttentionTrace
from attn_core.inputs.motion import MOTIONS, N_FRAMES, SIDE
from attn_core.models.video import PATCH

ACROSS = SIDE // PATCH
"""Patches of a frame's row, and of its column."""
N_PATCHES = ACROSS * ACROSS


def frame_names() -> tuple[str, ...]:
    """Names of a clip's frames: their numbers from 1.

    Sixteen.
    """
    return tuple(str(i + 1) for i in range(N_FRAMES))


def patch_names() -> tuple[str, ...]:
    """Names of a frame's patches, as on a chessboard.

    Examples
    --------
    >>> patch_names()[7]
    'B2'

    "A1" at the top left to "F6".
    """
    return tuple(f"{chr(65 + i % ACROSS)}{i // ACROSS + 1}" for i in range(N_PATCHES))


def one_of(trace: AttentionTrace, row: int) -> AttentionTrace:
    """One entry of a batch of traces."""
    mask = trace.mask
    if mask is not None and len(mask) > 1:
        mask = mask[row : row + 1]
    here = slice(row, row + 1)
    return replace(
        trace,
        mask=mask,
        query=trace.query[here],
        key=trace.key[here],
        value=trace.value[here],
        scores=trace.scores[here],
        weights=trace.weights[here],
        context=trace.context[here],
        location=None if trace.location is None else trace.location[here],
    )


def slopes(
    model: nn.Module,
    frames: Float[Tensor, "clip frame row column"],
    seen: Bool[Tensor, "clip frame"] | None = None,
) -> Float[Tensor, "clip frame"]:
    """How strongly the largest logit depends on each frame's pixels."""
    frames = frames.clone().requires_grad_(True)
    logits = model(frames, seen, traced=False).logits
    (slope,) = torch.autograd.grad(logits.amax(1).sum(), frames)
    return slope.abs().sum((2, 3))


def runs_of(flags: list[bool]) -> tuple[tuple[int, int], ...]:
    """Stretches of frames for which something is so.

    Examples
    --------
    >>> runs_of([False, True, True, False, True])
    ((1, 2), (4, 4))

    First and last frame of each stretch.
    """
    out: list[tuple[int, int]] = []
    for i, flag in enumerate(flags):
        if flag and out and out[-1][1] == i - 1:
            out[-1] = (out[-1][0], i)
        elif flag:
            out.append((i, i))
    return tuple(out)


def says_moving(by_frame: Float[Tensor, "frame motion"]) -> list[bool]:
    """Which frames say, each alone, that the camera moves."""
    return [bool(p < 0.5) for p in by_frame.softmax(-1)[:, MOTIONS.index("still")]]
