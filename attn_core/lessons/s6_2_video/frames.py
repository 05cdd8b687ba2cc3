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

    Returns
    -------
    tuple of str
        Sixteen.
    """
    return tuple(str(i + 1) for i in range(N_FRAMES))


def patch_names() -> tuple[str, ...]:
    """Names of a frame's patches, as on a chessboard.

    Returns
    -------
    tuple of str
        "A1" at the top left to "F6".

    Examples
    --------
    >>> patch_names()[7]
    'B2'
    """
    return tuple(f"{chr(65 + i % ACROSS)}{i // ACROSS + 1}" for i in range(N_PATCHES))


def one_of(trace: AttentionTrace, row: int) -> AttentionTrace:
    """One entry of a batch of traces.

    Parameters
    ----------
    trace : AttentionTrace
        Of a batch.
    row : int
        Which.

    Returns
    -------
    AttentionTrace
        A batch of one.
    """
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
    """How strongly the largest logit depends on each frame's pixels.

    Parameters
    ----------
    model : nn.Module
        A ``VideoClassifier``.
    frames : Float[Tensor, "clip frame row column"]
        As it reads them.
    seen : Bool[Tensor, "clip frame"], optional
        ``False`` on frames that are dropped.

    Returns
    -------
    Float[Tensor, "clip frame"]
        Sums of |∂logit/∂pixel| over each frame (Simonyan et al. 2014).
    """
    frames = frames.clone().requires_grad_(True)
    logits = model(frames, seen, traced=False).logits
    (slope,) = torch.autograd.grad(logits.amax(1).sum(), frames)
    return slope.abs().sum((2, 3))


def runs_of(flags: list[bool]) -> tuple[tuple[int, int], ...]:
    """Stretches of frames for which something is so.

    Parameters
    ----------
    flags : list of bool
        One a frame.

    Returns
    -------
    tuple of (int, int)
        First and last frame of each stretch.

    Examples
    --------
    >>> runs_of([False, True, True, False, True])
    ((1, 2), (4, 4))
    """
    out: list[tuple[int, int]] = []
    for i, flag in enumerate(flags):
        if flag and out and out[-1][1] == i - 1:
            out[-1] = (out[-1][0], i)
        elif flag:
            out.append((i, i))
    return tuple(out)


def says_moving(by_frame: Float[Tensor, "frame motion"]) -> list[bool]:
    """Which frames say, each alone, that the camera moves.

    Parameters
    ----------
    by_frame : Float[Tensor, "frame motion"]
        Logits of each frame.

    Returns
    -------
    list of bool
        ``True`` where "still" has less than half of the probability.
    """
    return [bool(p < 0.5) for p in by_frame.softmax(-1)[:, MOTIONS.index("still")]]
