"""Patches of a picture and maps over it: as text in a link, hidden, packed, compared."""

import base64
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from attn_core.inputs.photo import STEP

SIDE = 256
"""Longer side of what the model reads, in pixels."""
MAX_PATCHES = (SIDE // STEP) ** 2
GREY = 0.5
"""What the pixels of a hidden patch become."""


def as_text(patches: Iterable[int]) -> str:
    """Patches as a link holds them.

    Examples
    --------
    >>> as_text([7, 3, 4, 5])
    '3-5.7'
    """
    runs: list[list[int]] = []
    for patch in sorted(set(patches)):
        if runs and patch == runs[-1][1] + 1:
            runs[-1][1] = patch
        else:
            runs.append([patch, patch])
    return ".".join(f"{a}-{b}" if b > a else str(a) for a, b in runs)


def from_text(text: str) -> tuple[int, ...]:
    """The inverse of ``as_text``.

    Examples
    --------
    >>> from_text("3-5.7"), from_text("5-3"), from_text("1-99999999")
    ((3, 4, 5, 7), (), ())

    Sorted; empty where the text is no such list.
    """
    if not re.fullmatch(r"\d{1,3}(-\d{1,3})?(\.\d{1,3}(-\d{1,3})?)*", text[:2000]):
        return ()
    out: set[int] = set()
    for run in text[:2000].split("."):
        first, _, last = run.partition("-")
        out |= set(range(int(first), int(last or first) + 1))
    return tuple(sorted(out)) if all(patch < MAX_PATCHES for patch in out) else ()


def greyed(
    pixels: Float[Tensor, "1 3 row column"], hidden: Iterable[int]
) -> Float[Tensor, "1 3 row column"]:
    """The picture with some patches painted grey.

    Examples
    --------
    >>> greyed(torch.zeros(1, 3, 32, 32), [3, 99]).sum().item()
    384.0
    """
    out = pixels.clone()
    columns = pixels.shape[-1] // STEP
    n = columns * (pixels.shape[-2] // STEP)
    for patch in hidden:
        if patch < n:
            row, column = STEP * (patch // columns), STEP * (patch % columns)
            out[..., row : row + STEP, column : column + STEP] = GREY
    return out


def visible(rows: int, columns: int, hidden: Iterable[int]) -> Bool[Tensor, "row column"]:
    """The pixels of the patches that are not hidden.

    Examples
    --------
    >>> visible(1, 2, [0]).sum().item()
    256
    """
    seen = torch.ones(rows * columns, dtype=torch.bool)
    seen[list(hidden)] = False
    return seen.view(rows, columns).repeat_interleave(STEP, 0).repeat_interleave(STEP, 1)


def packed(levels: Float[Tensor, "row column"]) -> dict[str, Any]:
    """A map of values in [0, 1] in 8 bits, as JSON.

    For ``unpacked``.
    """
    data = (255 * levels.float().cpu().clamp(0, 1)).round().to(torch.uint8).numpy()
    return {
        "rows": data.shape[0],
        "columns": data.shape[1],
        "levels": base64.b64encode(data.tobytes()).decode(),
    }


def unpacked(kept: dict[str, Any]) -> UInt8[np.ndarray, "row column"]:
    """The inverse of ``packed``.

    Examples
    --------
    >>> unpacked(packed(torch.tensor([[0.0, 1.0]]))).tolist()
    [[0, 255]]
    """
    data = base64.b64decode(kept["levels"])
    return np.frombuffer(data, np.uint8).reshape(kept["rows"], kept["columns"])


def halved(
    levels: Float[np.ndarray, "row column"],
) -> Float[np.ndarray, "half_row half_column"]:
    """A mask at the resolution that the model answers with; it draws the pixels between them.

    Examples
    --------
    >>> halved(np.array([[0.0, 1.0], [1.0, 0.0]])).tolist()
    [[0.5]]
    """
    rows, columns = levels.shape
    return levels.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3))


def iou(one: Tensor, other: Tensor) -> float:
    """Intersection over union of two masks.

    Examples
    --------
    >>> iou(torch.tensor([True, True]), torch.tensor([True, False]))
    0.5
    """
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 1.0


def names_of(rows: int, columns: int) -> tuple[str, ...]:
    """Each patch by row and column, from 1.

    Examples
    --------
    >>> names_of(1, 2)
    ('1·1', '1·2')

    In rows.
    """
    return tuple(f"{r + 1}·{c + 1}" for r in range(rows) for c in range(columns))
