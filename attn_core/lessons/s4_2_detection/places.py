"""Lesson 4.2's boxes and maps on the grid of patches."""

import numpy as np
from jaxtyping import Float

from attn_core.attention.functional import mean_of_heads
from attn_core.contract.result import LessonResult


def inside(box: list[float], rows: int, columns: int) -> Float[np.ndarray, "patch"]:
    """How much of each patch a box covers.

    Examples
    --------
    >>> inside([0.0, 0.0, 0.5, 0.25], 2, 2).tolist()
    [0.5, 0.0, 0.0, 0.0]
    """
    left, top, right, bottom = box
    x, y = np.arange(columns), np.arange(rows)
    across = np.clip(np.minimum(x + 1, right * columns) - np.maximum(x, left * columns), 0, 1)
    down = np.clip(np.minimum(y + 1, bottom * rows) - np.maximum(y, top * rows), 0, 1)
    return np.outer(down, across).flatten()


def middle(result: LessonResult, query: int) -> int:
    """The patch in the middle of a query's box."""
    rows, columns = result.details["grid"]
    left, top, right, bottom = result.details["queries"][query]["box"]
    row = min(rows - 1, max(0, int((top + bottom) / 2 * rows)))
    return row * columns + min(columns - 1, max(0, int((left + right) / 2 * columns)))


def looks(result: LessonResult, site: str, head: int | None, row: int) -> np.ndarray:
    """Where a query or a patch looks, as a map over the picture."""
    weights = result.traces[site].weights[0].float()
    chosen = mean_of_heads(weights) if head is None else weights[min(head, weights.shape[0] - 1)]
    levels = chosen[min(row, chosen.shape[0] - 1)]
    return (levels / (float(levels.max()) or 1.0)).view(*result.details["grid"]).numpy()
