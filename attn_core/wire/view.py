"""Attention maps as bytes for the viewer: small ones as scores, large ones as a pooled picture.

Layout: uint32 (little-endian) length of the header, the header (JSON, UTF-8), the body. Offsets in
the header count from the start of the body. A map of at most 128² cells is sent whole, as ``fine``
encodes it. A larger one is a picture of 8 bits a cell: 0–254 for 0–``unit`` and 255 where the mask
forbids; a cell that stands for several holds their maximum, so that no peak is lost. The open row
is exact in both. What was before the learner's changes is sent in the same way, with its own
largest weight, its own row and its own words; its picture as the bits in which it differs.
"""

import hashlib
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.wire import fine
from attn_core.wire.pooling import quantise

MAX_SIDE = 384
"""Most rows or columns of a map sent: 147 kB, more than the picture has pixels."""

THUMBNAIL = 16
MAX_LABELS = 2048
MAX_LINES = 300
MAX_VECTOR = 64
"""Most numbers of a query or key that are shown."""
MAX_VECTORS = 4096
"""Bytes that a head's queries and keys may take: more are sent for a cell that was asked for."""
LARGE = 250_000
"""Cells of a map from which on its pooled bytes are kept for the next view of it."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Words around the picture, in the learner's language.

    Parameters
    ----------
    title, look, summary : str
        What the figure shows, what to look for in it, and its text alternative.
    sites : dict of str to str
        Name of each site.
    strings : dict of str to str
        The viewer's own words.
    rows : dict of str to tuple of str
        Names of a site's queries where they are not the result's.
    query_images, key_images : tuple of str
        Data URLs of thumbnails or sound slices; empty where tokens are words.
    can_edit : tuple of str
        Some of "score", "mask", "weight".
    can_cut : tuple of str
        Some of "token", "head".
    whole : tuple of str
        Sites that are no head and that nothing may cut, an output for one.
    """

    title: str
    look: str
    summary: str
    sites: dict[str, str]
    strings: dict[str, str]
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    query_images: tuple[str, ...] = ()
    key_images: tuple[str, ...] = ()
    can_edit: tuple[str, ...] = ("score", "mask", "weight")
    can_cut: tuple[str, ...] = ("token", "head")
    whole: tuple[str, ...] = ()


@dataclass
class _Body:
    """The body as it grows; ``add`` answers the offset."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, array: np.ndarray) -> int:
        blob = np.ascontiguousarray(array).tobytes()
        offset = self.size
        self.parts.append(blob)
        self.size += len(blob)
        return offset


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


def _thumbnails(result: LessonResult, site: str, side: int) -> UInt8[np.ndarray, "head row column"]:
    """All heads of a site, small."""
    trace = result.traces[site]
    top = float(trace.weights.float().nan_to_num().max()) or 1.0
    allowed = None if trace.mask is None else trace.mask[0]
    return quantise(trace.weights[0], allowed, top, side, side)


# Pooling a large map takes longer than everything else; a probe or an echo must not repeat it.
_kept_levels = lru_cache(maxsize=4)(_levels)
_kept_thumbnails: WeakKeyDictionary[LessonResult, dict[str, UInt8[np.ndarray, "head row column"]]]
_kept_thumbnails = WeakKeyDictionary()


def _thumbnails_of(result: LessonResult) -> dict[str, UInt8[np.ndarray, "head row column"]]:
    """All heads of all sites, small; made once for each run, and gone with it."""
    found = _kept_thumbnails.get(result)
    if found is None:
        heads = sum(trace.weights.shape[1] for trace in result.traces.values())
        side = min(THUMBNAIL, 8) if heads > 200 else THUMBNAIL
        found = {site: _thumbnails(result, site, side) for site in result.traces}
        _kept_thumbnails[result] = found
    return found


def region_of(selection: Selection, n_query: int, n_key: int) -> tuple[int, int, int, int]:
    """The part of a map that is shown, whatever the selection asked for.

    Parameters
    ----------
    selection : Selection
        What was asked.
    n_query, n_key : int
        Size of the map.

    Returns
    -------
    tuple of int
        First query, end, first key, end: at least one cell, all within the map.
    """
    if selection.region is None:
        return 0, n_query, 0, n_key
    q0, q1, k0, k1 = selection.region
    q0, k0 = min(max(q0, 0), n_query - 1), min(max(k0, 0), n_key - 1)
    return q0, min(max(q1, q0 + 1), n_query), k0, min(max(k1, k0 + 1), n_key)


@lru_cache(maxsize=256)
def _digest(images: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(images).encode()).hexdigest()[:16]


def images_of(around: Sequence[Labels]) -> dict[str, tuple[str, ...]]:
    """The thumbnails that some labels name, for the browser to keep: a view names them alone.

    Parameters
    ----------
    around : sequence of Labels
        Of a view, now and before.

    Returns
    -------
    dict of str to tuple of str
        By the name that ``pack`` gives them; empty where tokens are words.
    """
    every = [images for a in around for images in (a.query_images, a.key_images)]
    return {_digest(images): images for images in every if images}


PACKED = b"\xff\xff\xff\xff"
"""Begins a view that travels deflated; no header is that long."""
WORTH_PACKING = 24_000


def travelling(view: bytes) -> bytes:
    """A view as it is sent: a large one deflated, for sparse maps are mostly alike.

    Parameters
    ----------
    view : bytes
        From ``pack``.

    Returns
    -------
    bytes
        The same, or ``PACKED`` and what zlib makes of it.
    """
    return PACKED + zlib.compress(view, 1) if len(view) > WORTH_PACKING else view


def arrived(data: bytes) -> bytes:
    """The inverse of ``travelling``.

    Parameters
    ----------
    data : bytes
        As sent.

    Returns
    -------
    bytes
        As ``pack`` made it.
    """
    return zlib.decompress(data[len(PACKED) :]) if data.startswith(PACKED) else data


def _labels(names: tuple[str, ...], start: int, end: int) -> list[dict[str, str]]:
    out = []
    for i in range(start, end):
        item = {"label": names[i][:40] if i < len(names) else str(i)}
        if i < len(names) and len(names[i]) > 40:
            item["title"] = names[i][:200]
        out.append(item)
    return out


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


def opened(result: LessonResult, selection: Selection) -> tuple[str, AttentionTrace, int]:
    """The site, its trace and the head that are open, whatever the selection asked for.

    Parameters
    ----------
    result : LessonResult
        The run.
    selection : Selection
        What was asked; out of range falls back to the first.

    Returns
    -------
    tuple
        Site, trace, head.
    """
    site = selection.site if selection.site in result.traces else next(iter(result.traces))
    trace = result.traces[site]
    head = selection.head if 0 <= selection.head < trace.weights.shape[1] else 0
    return site, trace, head


def silent(result: LessonResult, selection: Selection) -> bool:
    """Whether the open row has no weight at all: its head is cut, or every key is.

    Parameters
    ----------
    result : LessonResult
        The run.
    selection : Selection
        What is open; a row that does not exist is not silent.

    Returns
    -------
    bool
        True where nothing is left to look at.
    """
    _, trace, head = opened(result, selection)
    row = selection.query
    if row is None or not 0 <= row < trace.weights.shape[2]:
        return False
    return not bool(trace.weights[0, head, row].any())


def _maximum(result: LessonResult, site: str, head: int, selection: Selection) -> float:
    """The weight that the colours end with."""
    over = [result.traces[site].weights[0, head]]
    if selection.scale == "all":
        over = [t.weights for t in result.traces.values()]
    return max(float(w.float().nan_to_num().max()) for w in over) or 1.0


def _vectors(trace: AttentionTrace, head: int, body: _Body) -> list[dict[str, Any]] | None:
    """Queries and keys for the panel's bars, 8 bits a number; ``None`` where they are too many."""
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


def _same(one: Tensor, other: Tensor) -> bool:
    return one is other or (one.shape == other.shape and torch.equal(one, other))


def _map(
    result: LessonResult,
    site: str,
    head: int,
    selection: Selection,
    region: tuple[int, int, int, int],
    body: _Body,
    unit: float,
    sent: tuple[AttentionTrace, UInt8[np.ndarray, "row column"] | None] | None = None,
) -> tuple[dict[str, Any], UInt8[np.ndarray, "row column"] | None]:
    """One run's map of the open head: its numbers or its picture, its row, its strongest pairs.

    A picture's 254 stands for ``unit``. ``sent`` is the other run, which was sent already, and its
    picture. Vectors that are the same are left out, and of a picture it is told which bits differ:
    mostly none, which deflates well.
    """
    levels = None
    trace = result.traces[site]
    weights = trace.weights[0, head]
    n_query, n_key = weights.shape
    out: dict[str, Any] = {"max": _maximum(result, site, head, selection)}
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
    if sent is None or not (_same(sent[0].query, trace.query) and _same(sent[0].key, trace.key)):
        out["vectors"] = _vectors(trace, head, body)
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


def comparable(
    result: LessonResult, before: LessonResult | None, site: str, head: int
) -> AttentionTrace | None:
    """The open site before the learner's changes, where its cells are those of now.

    Parameters
    ----------
    result, before : LessonResult
        The run that is shown, and the run without the changes.
    site : str
        Trace key.
    head : int
        The open head.

    Returns
    -------
    AttentionTrace or None
        ``None`` where there is none, or one of another shape.
    """
    if before is None or before is result:
        return None
    old = before.traces.get(site)
    shape = result.traces[site].weights.shape
    if old is None or head >= old.weights.shape[1] or old.weights.shape[2:] != shape[2:]:
        return None
    return old


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
    body = _Body()
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
            "queries": _labels(rows, first[0], ends[0]),
            "keys": _labels(keys, first[1], ends[1]),
            "images": [_digest(i) if i else "" for i in (around.query_images, around.key_images)],
            "title": around.title,
            "look": around.look,
            "summary": around.summary,
        }

    changed = before is not None and before is not result
    # There is a picture from before the changes, but of other rows or columns.
    apart = changed and comparable(result, before, site, head) is None
    unit = _maximum(result, site, head, selection)
    if before is not None and changed and not apart:  # one unit: what is alike has the same bytes
        unit = max(unit, _maximum(before, site, head, selection))
    now_map, levels = _map(result, site, head, selection, region, body, unit)
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
        old, _ = _map(before, site, head, selection, region, body, unit, (trace, levels))
        header["before"] = old | {key: value for key, value in then.items() if value != now[key]}
    header["sites"] = []
    for key, small in _thumbnails_of(result).items():
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
