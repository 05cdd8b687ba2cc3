"""Lesson 2.2 taken apart: a position code as numbers, similarities, waves, hands and matrices."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.layers.positional.alibi import slopes
from attn_core.layers.positional.plane import plane
from attn_core.layers.positional.relative import bucket
from attn_core.layers.positional.rotary import rotate
from attn_core.layers.positional.sinusoidal import frequencies, shift_matrix, sinusoidal
from attn_core.lessons.s2_2_positional_encoding.minilm import first_layer

LENGTHS = (8, 16, 32, 64, 128)
WIDTHS = (8, 16, 32, 64, 128, 256, 384)
MAX_HANDS = 8
SCORE_DISTANCE = 32


@dataclass(frozen=True, slots=True)
class View:
    """What the pictures of a bare code are drawn from.

    Parameters
    ----------
    table : str
        "learned" (MiniLM's) or "sinusoidal".
    length, d_model : int
        Places and channels; MiniLM's table always has its own 384.
    base : float
        Of the sinusoidal code.
    shift : int
        The first place.
    """

    table: str = "sinusoidal"
    length: int = 64
    d_model: int = 64
    base: float = 10_000.0
    shift: int = 0


def code(view: View, device: str = "cpu") -> Float[Tensor, "position channel"]:
    """The code itself, one row a place."""
    places = torch.arange(view.shift, view.shift + view.length)
    if view.table == "learned":
        return first_layer(device).model.positions.weight[places].double().cpu()
    return sinusoidal(places, view.d_model, view.base)


def similarity(codes: Float[Tensor, "position channel"]) -> Float[Tensor, "position position"]:
    """Dot products of all pairs, divided by both lengths.

    Examples
    --------
    >>> similarity(torch.tensor([[2.0, 0.0], [0.0, 1.0]])).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    unit = codes / codes.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return unit @ unit.T


def nearest(cosines: Float[Tensor, "position position"]) -> dict[str, float]:
    """Whether near places have near codes.

    Mean over neighbours ("near"), over pairs half the length apart ("half"), and the spread of
    neighbours' similarities ("spread"; 0 where distance alone decides).
    """
    near = cosines.diagonal(1)
    half = cosines.diagonal(len(cosines) // 2)
    return {
        "near": float(near.mean()),
        "half": float(half.mean()),
        "spread": float(near.max() - near.min()),
    }


def waves(view: View, channels: list[int], device: str = "cpu") -> list[dict[str, Any]]:
    """Single channels along the places.

    "place", "channel", "value".
    """
    table = code(view, device)
    return [
        {"place": view.shift + p, "channel": str(c), "value": float(table[p, c])}
        for c in channels
        if 0 <= c < table.shape[1]
        for p in range(len(table))
    ]


def wavelength(channel: int, d_model: int, base: float) -> float:
    """Places until a channel of the sinusoidal code repeats.

    Examples
    --------
    >>> round(wavelength(0, 64, 10_000.0), 2)
    6.28
    """
    return float(2 * math.pi / frequencies(d_model, base)[channel // 2])


def hands(place: int, key_place: int, d_model: int, base: float) -> list[dict[str, Any]]:
    """Rotary positions as clocks: the hand of a pair at two places, and the angle between them.

    "pair", "who" ("query", "key"), "x", "y" (the hand's end, a turn counted from twelve o'clock),
    "degrees" and "between" (key's minus query's, in −180 … 180).
    """
    n = d_model // 2
    last = max(1, min(n, MAX_HANDS) - 1)  # more of the fast ones, where something is to be seen
    shown = sorted({round((n - 1) * (i / last) ** 1.5) for i in range(last + 1)})
    start = torch.tensor([[0.0, 1.0]], dtype=torch.float64).repeat(1, n)  # every hand at twelve
    out = []
    for pair in shown:
        omega = float(frequencies(d_model, base)[pair])
        between = math.degrees(omega * (key_place - place))
        for who, at in (("query", place), ("key", key_place)):
            turned = rotate(start, torch.tensor([-at]), base)[0, 2 * pair : 2 * pair + 2]
            out.append(
                {
                    "pair": pair + 1,
                    "who": who,
                    "x": float(turned[0]),
                    "y": float(turned[1]),
                    "degrees": math.degrees(omega * at) % 360,
                    "between": (between + 180) % 360 - 180,
                }
            )
    return out


@dataclass(frozen=True, slots=True)
class ShiftCheck:
    """Whether one matrix shifts every place, measured now.

    Parameters
    ----------
    matrix : Float[Tensor, "d_model d_model"]
        M_k.
    error, error_float32 : float
        Largest |M_k · PE(p) − PE(p + k)| over all places, in float64 and in float32.
    learned_error : float
        The same share of the code's own size for the best matrix on MiniLM's learned positions,
        fitted on one half of the places and tested on the other.
    """

    matrix: Float[Tensor, "d_model d_model"]
    error: float
    error_float32: float
    learned_error: float


def shift_check(view: View, steps: int, device: str = "cpu") -> ShiftCheck:
    """Shift all places by one matrix, and hold the result against the code."""
    places = torch.arange(view.shift, view.shift + view.length)
    here = sinusoidal(places, view.d_model, view.base)
    there = sinusoidal(places + steps, view.d_model, view.base)
    matrix = shift_matrix(steps, view.d_model, view.base)
    single = (here.float() @ matrix.float().T - there.float()).abs().max()
    return ShiftCheck(
        matrix,
        float((here @ matrix.T - there).abs().max()),
        float(single),
        learned_shift_error(steps, device),
    )


@lru_cache(maxsize=128)
def learned_shift_error(steps: int, device: str = "cpu") -> float:
    """How badly the best linear map shifts MiniLM's learned positions."""
    table = first_layer(device).model.positions.weight[1:].double().cpu()
    here, there = table[: len(table) - steps or None], table[steps:]
    fit, test = slice(0, None, 2), slice(1, None, 2)
    mean = here[fit].mean(0)
    # A ridge, so that few rows can't fit 384 × 384 numbers by heart.
    x, y = here[fit] - mean, there[fit] - mean
    ridge = 1e-2 * x.square().sum() / x.shape[1] * torch.eye(x.shape[1], dtype=x.dtype)
    found = torch.linalg.solve(x.T @ x + ridge, x.T @ y)
    wrong = (here[test] - mean) @ found - (there[test] - mean)
    return float(wrong.norm() / (there[test] - there[test].mean(0)).norm())


def by_distance(head: int, device: str = "cpu") -> list[dict[str, Any]]:
    """What ALiBi, the relative bias and rotary positions add to a score, by distance.

    "distance" (key minus query), "kind" ("alibi", "relative"), "value".
    """
    layer = first_layer(device)
    slope = float(slopes(layer.model.config.n_heads)[head])
    distance = torch.arange(-SCORE_DISTANCE, SCORE_DISTANCE + 1)
    table = layer.bias[bucket(distance), head].cpu()
    return [
        row
        for d, value in zip(distance.tolist(), table.tolist(), strict=True)
        for row in (
            {"distance": d, "kind": "alibi", "value": -slope * abs(d)},
            {"distance": d, "kind": "relative", "value": value},
        )
    ]


def bias_matrix(kind: str, head: int, length: int, device: str = "cpu") -> Tensor:
    """The bias of every pair of places."""
    layer = first_layer(device)
    places = torch.arange(length)
    distance = places[None, :] - places[:, None]
    if kind == "alibi":
        return -slopes(layer.model.config.n_heads)[head] * distance.abs()
    return layer.bias.cpu()[bucket(distance), head]


def patch_similarity(
    rows: int, columns: int, d_model: int, base: float, row: int, column: int
) -> Float[Tensor, "row column"]:
    """How like the code of one patch the codes of all patches are."""
    codes = plane(rows, columns, d_model, base)
    picked = codes[min(row, rows - 1), min(column, columns - 1)]
    return (codes @ picked) / picked.square().sum()


def grid_of(width: int, height: int, patches: int) -> tuple[int, int]:
    """Rows and columns of nearly square patches over a picture.

    Examples
    --------
    >>> grid_of(640, 320, 8)
    (4, 8)

    Both at least 1.
    """
    longest = max(width, height)
    return max(1, round(patches * height / longest)), max(1, round(patches * width / longest))
