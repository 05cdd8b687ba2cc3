"""Boxes, their overlap, and the matching of a set of guesses to a set of objects."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

COST_CLASS, COST_DISTANCE, COST_OVERLAP = 2.0, 5.0, 2.0
"""Weights of the three parts of a matching cost (Zhu et al. 2021, appendix A.4)."""
ALPHA, GAMMA = 0.25, 2.0
"""Of the focal loss (Lin et al. 2017)."""


def corners(boxes: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch 4"]:
    """Centre and size to left, top, right and bottom.

    Parameters
    ----------
    boxes : Float[Tensor, "*batch 4"]
        Centre's column and row, width, height.

    Returns
    -------
    Float[Tensor, "*batch 4"]
        Left, top, right, bottom.

    Examples
    --------
    >>> corners(torch.tensor([2.0, 2.0, 2.0, 4.0])).tolist()
    [1.0, 0.0, 3.0, 4.0]
    """
    x, y, w, h = boxes.unbind(-1)
    return torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], -1)


def centred(boxes: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch 4"]:
    """Left, top, right and bottom to centre and size: the inverse of ``corners``.

    Parameters
    ----------
    boxes : Float[Tensor, "*batch 4"]
        Left, top, right, bottom.

    Returns
    -------
    Float[Tensor, "*batch 4"]
        Centre's column and row, width, height.

    Examples
    --------
    >>> centred(torch.tensor([1.0, 0.0, 3.0, 4.0])).tolist()
    [2.0, 2.0, 2.0, 4.0]
    """
    a, b, c, d = boxes.unbind(-1)
    return torch.stack([(a + c) / 2, (b + d) / 2, c - a, d - b], -1)


def overlap(
    one: Float[Tensor, "n 4"], two: Float[Tensor, "m 4"]
) -> tuple[Float[Tensor, "n m"], Float[Tensor, "n m"]]:
    """Intersection over union of every pair, and its generalised form.

    Parameters
    ----------
    one, two : Float[Tensor, "n 4"]
        Corners.

    Returns
    -------
    iou : Float[Tensor, "n m"]
        In [0, 1].
    giou : Float[Tensor, "n m"]
        In [−1, 1] (Rezatofighi et al. 2019, algorithm 1).

    Examples
    --------
    >>> unit = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    >>> [float(v) for v in overlap(unit, unit + 1)]
    [0.0, -0.5]
    """
    low = torch.maximum(one[:, None, :2], two[None, :, :2])
    high = torch.minimum(one[:, None, 2:], two[None, :, 2:])
    both = (high - low).clamp_min(0).prod(-1)
    areas = [(b[:, 2:] - b[:, :2]).clamp_min(0).prod(-1) for b in (one, two)]
    union = (areas[0][:, None] + areas[1][None] - both).clamp_min(1e-9)
    low = torch.minimum(one[:, None, :2], two[None, :, :2])
    high = torch.maximum(one[:, None, 2:], two[None, :, 2:])
    hull = (high - low).prod(-1).clamp_min(1e-9)
    iou = both / union
    return iou, iou - (hull - union) / hull


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """What it would cost to match every guess to every object.

    Parameters
    ----------
    cost : Float[Tensor, "query object"]
        Weighted sum of the three parts.
    classes, distance, giou_cost : Float[Tensor, "query object"]
        The parts, unweighted: focal cost of the class, L1 distance of the boxes, 1 − GIoU less 1.
    """

    cost: Float[Tensor, "query object"]
    classes: Float[Tensor, "query object"]
    distance: Float[Tensor, "query object"]
    giou_cost: Float[Tensor, "query object"]


def matching_cost(
    logits: Float[Tensor, "query class"],
    boxes: Float[Tensor, "query 4"],
    labels: Int[Tensor, "object"],
    true: Float[Tensor, "object 4"],
) -> Matching:
    """The matching cost of DETR with the focal class cost of Deformable DETR.

    Parameters
    ----------
    logits : Float[Tensor, "query class"]
        Before the sigmoid.
    boxes : Float[Tensor, "query 4"]
        Centre and size, as fractions of the picture.
    labels : Int[Tensor, "object"]
        True classes.
    true : Float[Tensor, "object 4"]
        True boxes, likewise.

    Returns
    -------
    Matching
        Carion et al. 2020, equation 1 and section 3.1; Zhu et al. 2021, appendix A.4.
    """
    p = logits.sigmoid()
    yes = ALPHA * (1 - p) ** GAMMA * -(p + 1e-8).log()
    no = (1 - ALPHA) * p**GAMMA * -(1 - p + 1e-8).log()
    classes = (yes - no)[:, labels]
    distance = torch.cdist(boxes, true, p=1)
    _, giou = overlap(corners(boxes), corners(true))
    cost = COST_CLASS * classes + COST_DISTANCE * distance - COST_OVERLAP * giou
    return Matching(cost, classes, distance, -giou)


def assign(cost: Float[Tensor, "query object"]) -> tuple[list[int], list[int]]:
    """The cheapest one-to-one assignment (Kuhn 1955; Crouse 2016's algorithm, by SciPy).

    Parameters
    ----------
    cost : Float[Tensor, "query object"]
        Finite.

    Returns
    -------
    queries, objects : list of int
        Matched pairs in order of the queries; the smaller side is matched whole.

    Examples
    --------
    >>> assign(torch.tensor([[1.0, 9.0], [9.0, 1.0], [5.0, 5.0]]))
    ([0, 1], [0, 1])
    """
    from scipy.optimize import linear_sum_assignment  # 40 MB: only once something is matched

    queries, objects = linear_sum_assignment(cost.detach().cpu().numpy())
    return queries.tolist(), objects.tolist()
