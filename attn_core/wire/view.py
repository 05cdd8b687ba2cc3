"""Attention maps as bytes for the viewer: small ones as scores, large ones as a pooled picture.

Layout: uint32 (little-endian) length of the header, the header (JSON, UTF-8), the body. Offsets in
the header count from the start of the body. A map of at most 128² cells is sent whole, as ``fine``
encodes it. A larger one is a picture of 8 bits a cell: 0–254 for 0–``unit`` and 255 where the mask
forbids; a cell that stands for several holds their maximum, so that no peak is lost. The open row
is exact in both. What was before the learner's changes is sent in the same way, with its own
largest weight, its own row and its own words; its picture as the bits in which it differs.
"""

import json
import struct
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.wire import fine
from attn_core.wire.body import Body, same, vectors_of
from attn_core.wire.labels import Labels, digest_of, named
from attn_core.wire.looked_at import comparable, opened, region_of
from attn_core.wire.pooling import quantise
from attn_core.wire.thumbnails import thumbnails_of

MAX_SIDE = 384
"""Most rows or columns of a map sent: 147 kB, more than the picture has pixels."""

MAX_LABELS = 2048
MAX_LINES = 300
NEAR = 1.5
"""Largest ratio of two maps' largest weights up to which their pictures have one unit."""
LARGE = 250_000
"""Cells of a map from which on its pooled bytes are kept for the next view of it."""


def _levels(
    result: LessonResult, site: str, head: int, region: tuple[int, int, int, int], maximum: float
) -> UInt8[np.ndarray, "row column"]:
    """A region of one head's map as bytes."""
    trace = result.traces[site]
    n_query, n_key = trace.weights.shape[-2:]
    q0, q1, k0, k1 = region
    mask = None
    if trace.mask is not None:
        heads = trace.mask.expand(1, trace.weights.shape[1], n_query, n_key)
        mask = heads[0, head, q0:q1, k0:k1]
    return quantise(trace.weights[0, head, q0:q1, k0:k1], mask, maximum, MAX_SIDE, MAX_SIDE)


# Pooling a large map takes longer than everything else; a probe or an echo must not repeat it.
_kept_levels = lru_cache(maxsize=4)(_levels)


def _lines(weights: Float[Tensor, "query key"]) -> list[list[float]]:
    """The strongest pairs of a map, for lines."""
    n = min(MAX_LINES, weights.numel())
    values, places = torch.nan_to_num(weights.float()).flatten().topk(n)
    width = weights.shape[-1]
    return [
        [place // width, place % width, round(value, 4)]
        for place, value in zip(places.tolist(), values.tolist(), strict=True)
        if value > 0
    ]


def _changed(changes: Intervention, site: str, head: int) -> dict[str, Any]:
    kinds = (("score", changes.scores), ("mask", changes.mask_cells), ("weight", changes.weights))
    return {
        "cells": [
            [c.query, c.key, what]
            for what, cells in kinds
            for c in cells
            if c.site == site and c.head == head
        ],
        "tokens": [key for s, key in changes.tokens if s == site],
        "heads": [list(pair) for pair in changes.heads],
    }


def _maximum(result: LessonResult, site: str, head: int, selection: Selection) -> float:
    """The weight that the colours end with."""
    over = [result.traces[site].weights[0, head]]
    if selection.scale == "all":
        over = [t.weights for t in result.traces.values()]
    return max(float(w.float().nan_to_num().max()) for w in over) or 1.0


def _map(
    result: LessonResult,
    site: str,
    head: int,
    selection: Selection,
    region: tuple[int, int, int, int],
    body: Body,
    maximum: float,
    unit: float,
    sent: tuple[AttentionTrace, UInt8[np.ndarray, "row column"] | None] | None = None,
) -> tuple[dict[str, Any], UInt8[np.ndarray, "row column"] | None]:
    """One run's map of the open head: its numbers or its picture, its row, its strongest pairs.

    Colours end with ``maximum``; a picture's 254 stands for ``unit``. ``sent`` is the other run,
    which was sent already, and its picture. Vectors that are the same are left out, and of a
    picture it is told which bits differ: mostly none, which deflates well.
    """
    levels = None
    trace = result.traces[site]
    weights = trace.weights[0, head]
    n_query, n_key = weights.shape
    out: dict[str, Any] = {"max": maximum}
    if weights.numel() <= fine.MOST:
        found = fine.encode(trace, head)
        out["fine"] = {
            "bits": 8 * found.relative.itemsize,
            "plain": found.plain,
            "scores": body.add(found.relative),
            "allowed": None if found.allowed.all() else body.add(np.packbits(found.allowed)),
            "top": body.add(found.top.astype("<f4")),
            "total": body.add(found.total.astype("<f4")),
            "sigmoid": found.sigmoid,
            "exact": [
                len(found.exact),
                body.add(found.exact_at.astype("<u4")),
                body.add(found.exact.astype("<f4")),
            ],
        }
    else:
        levels = (_kept_levels if weights.numel() > LARGE else _levels)(
            result, site, head, region, unit
        )
        other = None if sent is None else sent[1]
        differs = other is not None and other.shape == levels.shape
        told = levels ^ other if differs else levels
        out |= {"offset": body.add(told), "rows": levels.shape[0], "cols": levels.shape[1]}
        out |= {"differs": differs, "unit": unit}
        out["lines"] = _lines(weights) if max(n_query, n_key) <= 256 else []
    if sent is None or not (same(sent[0].query, trace.query) and same(sent[0].key, trace.key)):
        out["vectors"] = vectors_of(trace, head, body)
    query = selection.query
    out["row"] = None
    if query is not None and 0 <= query < n_query:
        row = slice(query, query + 1)
        out["row"] = {
            "query": query,
            "scores": body.add(trace.scores[0, head, row].float().cpu().numpy().astype("<f4")),
            "weights": body.add(weights[row].float().cpu().numpy().astype("<f4")),
        }
    return out, levels


def pack(
    name: str,
    result: LessonResult,
    selection: Selection,
    labels: Labels,
    changes: Intervention | None = None,
    before: LessonResult | None = None,
    labels_before: Labels | None = None,
    turned: int = 0,
    stamp: int = 0,
) -> bytes:
    """Everything the viewer needs for one view.

    Parameters
    ----------
    name : str
        Id of the view.
    result : LessonResult
        The run that is shown.
    selection : Selection
        What is open.
    labels : Labels
        Words and thumbnails.
    changes : Intervention, optional
        What the learner changed, to be marked.
    before : LessonResult, optional
        The run without the changes, to stand beside.
    labels_before : Labels, optional
        The words around that run's picture; as ``labels`` where left out.
    turned : int
        How many controls stand otherwise than at first; "reset all" undoes them as well.
    stamp : int
        From ``answers.stamp``: answers that carry another belong to another picture.

    Returns
    -------
    bytes
        Header and body.
    """
    changes = changes or Intervention()
    body = Body()
    site, trace, head = opened(result, selection)
    n_query, n_key = trace.weights.shape[2:]
    region = region_of(selection, n_query, n_key)
    q0, q1, k0, k1 = region
    query = selection.query
    if query is not None and not 0 <= query < n_query:
        query = None
    few = max(n_query, n_key) <= MAX_LABELS
    first = (0, 0) if few else (q0, k0)
    ends = (n_query, n_key) if few else (min(q1, q0 + MAX_LABELS), min(k1, k0 + MAX_LABELS))

    def words(of: LessonResult, around: Labels) -> dict[str, Any]:
        queries, keys = of.names(site)
        rows = around.rows.get(site, queries)
        return {
            "queries": named(rows, first[0], ends[0]),
            "keys": named(keys, first[1], ends[1]),
            "images": [digest_of(i) if i else "" for i in (around.query_images, around.key_images)],
            "title": around.title,
            "look": around.look,
            "summary": around.summary,
        }

    changed = before is not None and before is not result
    # There is a picture from before the changes, but of other rows or columns.
    apart = changed and comparable(result, before, site, head) is None
    top = top_before = _maximum(result, site, head, selection)
    if before is not None and changed and not apart:
        top_before = _maximum(before, site, head, selection)
    both = max(top, top_before)
    # In one unit, what did not change has the same bytes.
    alike = both <= NEAR * min(top, top_before)
    unit, unit_before = (both, both) if alike else (top, top_before)
    now_map, levels = _map(result, site, head, selection, region, body, top, unit)
    header: dict[str, Any] = {
        "id": name,
        "stamp": stamp,
        "open": {"site": site, "head": head, "query": query},
        "n": [n_query, n_key],
        "region": list(region),
        "scale": selection.scale,
        "map": now_map,
        "before": None,
    }
    now = words(result, labels)
    header["apart"] = apart
    if before is not None and changed and not apart:
        then = words(before, labels_before or labels)
        sent = trace, levels if alike else None
        old, _ = _map(before, site, head, selection, region, body, top_before, unit_before, sent)
        header["before"] = old | {key: value for key, value in then.items() if value != now[key]}
    header["sites"] = []
    for key, small in thumbnails_of(result).items():
        header["sites"].append(
            {
                "key": key,
                "label": labels.sites.get(key, key),
                "heads": small.shape[0],
                "offset": body.add(small),
                "rows": small.shape[1],
                "cols": small.shape[2],
                "cut": "head" in labels.can_cut and key not in labels.whole,
            }
        )
    header |= now
    header |= {
        "first": list(first),
        "changed": _changed(changes, site, head),
        "turned": turned,
        "can": {
            "edit": list(labels.can_edit),
            "cut_token": "token" in labels.can_cut,
            "cut_head": "head" in labels.can_cut and site not in labels.whole,
        },
        "strings": labels.strings,
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + b"".join(body.parts)


def unpack_header(data: bytes) -> dict[str, Any]:
    """The header of packed bytes, for tests.

    Parameters
    ----------
    data : bytes
        From ``pack``.

    Returns
    -------
    dict
        The header.
    """
    (length,) = struct.unpack_from("<I", data)
    return dict(json.loads(data[4 : 4 + length]))
