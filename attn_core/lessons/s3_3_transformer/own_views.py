"""What a learner's training left, made ready to be drawn: maps, letters, two runs compared."""

from typing import Any

import numpy as np

from attn_core.lessons.s3_3_transformer.own_settings import Own, parameters

END = "⏎"
"""Stands for the end of an answer."""


def weights(moment: dict[str, Any], kind: str, layer: int, head: int | None) -> list[list[float]]:
    """One map of attention."""
    maps = moment[kind].astype(np.float64)
    found = maps[min(layer, len(maps) - 1)]
    picked = found.mean(0) if head is None else found[min(head, len(found) - 1)]
    return [[round(float(x), 4) for x in row] for row in picked]


def letters(moment: dict[str, Any], kind: str) -> tuple[list[str], list[str]]:
    """Names of a map's rows and columns.

    Examples
    --------
    >>> letters({"source": "ab", "written": "ba"}, "cross")
    (['b', 'a', '⏎'], ['a', 'b'])

    A row of the decoder is named by the character that it writes, a column of its self-attention by
    the one that stands there already; before the first stands "▷".
    """
    source, written = list(moment["source"]), list(moment["written"])
    if kind == "encoder":
        return source, source
    return [*written, END], source if kind == "cross" else ["▷", *written]


def on_same(moment: dict[str, Any], layer: int, head: int | None) -> tuple[float, float] | None:
    """How much cross-attention lies on input characters equal to the one being written.

    The share, and what equal weights would give, over those written characters that the input has;
    ``None`` if it has none of them.
    """
    shares, even = [], []
    rows = weights(moment, "cross", layer, head)
    for letter, row in zip(moment["written"], rows, strict=False):
        same = [letter == other for other in moment["source"]]
        if any(same):
            shares.append(sum(w for w, here in zip(row, same, strict=True) if here))
            even.append(sum(same) / len(same))
    if not shares:
        return None
    return sum(shares) / len(shares), sum(even) / len(even)


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a run to compare the next one with.

    "settings", both curves, "steps", "seconds", "n_test", "parameters".
    """
    kept = ("settings", "loss", "accuracy", "steps", "seconds", "n_test")
    out = {name: found[name] for name in kept}
    return out | {"parameters": parameters(Own(**found["settings"]))}


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Settings in which two runs differ."""
    return [name for name, value in one["settings"].items() if other["settings"][name] != value]
