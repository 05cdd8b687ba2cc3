"""What the browser asks for after a view has been drawn: exact numbers of a cell, or of all."""

import base64
import math
import zlib
from typing import Any

import numpy as np
from torch import Tensor

from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.wire import fine
from attn_core.wire.body import MAX_VECTOR
from attn_core.wire.looked_at import comparable, opened, region_of

MAX_EXACT = 2**18
"""Most cells whose exact weights are sent for a file."""


def stamp(
    result: LessonResult, before: LessonResult | None, site: str, head: int, query: int | None
) -> int:
    """A number for what a head computed, by which an answer finds the picture it belongs to.

    Parameters
    ----------
    result, before : LessonResult
        The run that is shown, and the run without the changes.
    site : str
        Trace key.
    head : int
        The open head.
    query : int or None
        The open row.

    Returns
    -------
    int
        The same for the same numbers; of a large map only the open row and the vectors count.
    """
    found = 0
    for trace in (result.traces[site], comparable(result, before, site, head)):
        if trace is None:
            continue
        scores, weights = trace.scores[0, head], trace.weights[0, head]
        if weights.numel() > fine.MOST:
            row = slice(query or 0, (query or 0) + 1)
            scores, weights = scores[row], weights[row]
        for tensor in (scores, weights, trace.query[0], trace.key[0]):
            array = np.ascontiguousarray(tensor.detach().float().cpu().numpy())
            found = zlib.crc32(array.tobytes(), found)
    return found


def strongest(
    result: LessonResult, selection: Selection, before: LessonResult | None = None
) -> dict[str, Any] | None:
    """The exact numbers of the open row's strongest cell, before anything was asked for.

    Parameters
    ----------
    result : LessonResult
        The run.
    selection : Selection
        What is open.
    before : LessonResult, optional
        The run without the learner's changes.

    Returns
    -------
    dict or None
        As ``probe``; ``None`` where no row is open.
    """
    site, trace, head = opened(result, selection)
    if selection.query is None or not 0 <= selection.query < trace.weights.shape[2]:
        return None
    row = trace.weights[0, head, selection.query].float().nan_to_num()
    old = comparable(result, before, site, head)
    if old is not None and not row.any():  # where it looked until its head was cut
        row = old.weights[0, head, selection.query].float().nan_to_num()
    return probe(result, site, head, selection.query, int(row.argmax()), before)


def exact(
    result: LessonResult, selection: Selection, before: LessonResult | None = None
) -> dict[str, Any] | None:
    """All weights of the open region, for a file.

    Parameters
    ----------
    result : LessonResult
        The run.
    selection : Selection
        What is open.
    before : LessonResult, optional
        The run without the learner's changes.

    Returns
    -------
    dict or None
        ``region`` and the float32 weights of its cells, row by row, as base64 (``weights``, and
        ``before`` or ``None``); ``None`` for more than ``MAX_EXACT`` cells.
    """
    site, trace, head = opened(result, selection)
    q0, q1, k0, k1 = region_of(selection, *trace.weights.shape[2:])
    if (q1 - q0) * (k1 - k0) > MAX_EXACT:
        return None

    def coded(of: AttentionTrace | None) -> str | None:
        if of is None:
            return None
        part = of.weights[0, head, q0:q1, k0:k1].float().cpu().numpy().astype("<f4")
        return base64.b64encode(part.tobytes()).decode()

    return {
        "region": [q0, q1, k0, k1],
        "weights": coded(trace),
        "before": coded(comparable(result, before, site, head)),
    }


def _cell(trace: AttentionTrace, head: int, query: int, key: int) -> dict[str, Any]:
    """One cell's numbers; what overflowed is ``None``."""

    def vector(of: Tensor, place: int) -> list[float]:
        row = of[0, min(head, of.shape[1] - 1), place, :MAX_VECTOR]
        return [round(x, 4) for x in row.float().nan_to_num().tolist()]

    _, heads, n_query, n_key = trace.weights.shape
    score = float(trace.scores[0, head, query, key])
    weight = float(trace.weights[0, head, query, key])
    allowed = True
    if trace.mask is not None:
        allowed = bool(trace.mask.expand(-1, heads, n_query, n_key)[0, head, query, key])
    return {
        "allowed": allowed,
        "score": score if math.isfinite(score) else None,
        "weight": weight if math.isfinite(weight) else None,
        "query_vector": vector(trace.query, query),
        "key_vector": vector(trace.keys_of(query), key),
    }


def probe(
    result: LessonResult,
    site: str,
    head: int,
    query: int,
    key: int,
    before: LessonResult | None = None,
) -> dict[str, Any] | None:
    """The exact numbers of one cell, as the browser asks for them.

    Parameters
    ----------
    result : LessonResult
        The run.
    site : str
        Trace key.
    head, query, key : int
        The cell.
    before : LessonResult, optional
        The run without the learner's changes.

    Returns
    -------
    dict or None
        Score, weight, whether the mask allows it, and the first ``MAX_VECTOR`` numbers of query
        and key; ``before``: the same of the run without changes, or ``None``. ``None`` where there
        is no such cell. Non-finite scores are ``None``.
    """
    trace = result.traces.get(site)
    if trace is None:
        return None
    _, heads, n_query, n_key = trace.weights.shape
    if not (0 <= head < heads and 0 <= query < n_query and 0 <= key < n_key):
        return None
    old = comparable(result, before, site, head)
    return {
        "site": site,
        "head": head,
        "query": query,
        "key": key,
        **_cell(trace, head, query, key),
        "before": None if old is None else _cell(old, head, query, key),
    }
