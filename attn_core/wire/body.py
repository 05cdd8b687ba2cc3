"""The bytes behind a view's header, and the vectors among them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attn_core.attention.trace import AttentionTrace

MAX_VECTOR = 64
"""Most numbers of a query or key that are shown."""


MAX_VECTORS = 4096
"""Numbers, a byte each, of a head's queries and keys; of more, only those of a cell asked for."""


@dataclass
class Body:
    """The body as it grows; ``add`` answers the offset."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, array: np.ndarray) -> int:
        """Append an array's bytes.

        Parameters
        ----------
        array : np.ndarray
            Of the type that the browser reads.

        Returns
        -------
        int
            Where they begin.
        """
        blob = np.ascontiguousarray(array).tobytes()
        offset = self.size
        self.parts.append(blob)
        self.size += len(blob)
        return offset


def vectors_of(trace: AttentionTrace, head: int, body: Body) -> list[dict[str, Any]] | None:
    """Queries and keys for the panel's bars, 8 bits a number.

    Parameters
    ----------
    trace : AttentionTrace
        Of the open site.
    head : int
        The open head.
    body : Body
        What they are added to.

    Returns
    -------
    list of dict or None
        "width", and where the rows' largest numbers ("top") and their 127ths of it ("at") begin;
        ``None`` where they are too many, or where each query meets keys of its own.
    """
    if trace.location is not None:  # each query meets keys of its own
        return None
    both = [of[0, min(head, of.shape[1] - 1), :, :MAX_VECTOR] for of in (trace.query, trace.key)]
    if sum(of.numel() for of in both) > MAX_VECTORS:
        return None
    found = []
    for of in both:
        array = of.float().nan_to_num().cpu().numpy()
        top = np.maximum(np.abs(array).max(-1, keepdims=True, initial=0), 1e-12)
        found.append(
            {
                "width": array.shape[1],
                "top": body.add(top.astype("<f4")),
                "at": body.add(np.rint(127 * (array / top)).astype(np.int8)),
            }
        )
    return found


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers.

    Parameters
    ----------
    one, other : Tensor
        Of any shapes.

    Returns
    -------
    bool
        False where the shapes differ.
    """
    return one is other or (one.shape == other.shape and torch.equal(one, other))
