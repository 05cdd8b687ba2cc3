"""What the viewer is sent: bytes that say what the tensors say, bounded, for any shape."""

import base64
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_core.attention import masks
from attn_core.attention.interventions import Cell, Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.wire.answers import exact, probe, stamp
from attn_core.wire.labels import Labels, images_of
from attn_core.wire.pooling import MASKED, max_pool, quantise
from attn_core.wire.travel import PACKED, arrived, travelling
from attn_core.wire.view import MAX_SIDE, pack, unpack_header

WORDS = Labels("title", "look", "summary", {"s": "site"}, {"key": "Key"})


def result_of(n_query, n_key, heads=1, mask=None, sites=("s",), seed=0):
    generator = torch.Generator().manual_seed(seed)
    traces = {}
    for site in sites:
        q = torch.randn(1, heads, n_query, 4, generator=generator)
        k = torch.randn(1, heads, n_key, 4, generator=generator)
        scores = q @ k.transpose(-2, -1)
        filled = scores if mask is None else scores.masked_fill(~mask, -torch.inf)
        weights = torch.softmax(filled, -1)
        traces[site] = AttentionTrace(q, k, k, scores, mask, weights, "softmax", q[:, 0])
    names = tuple(f"q{i}" for i in range(n_query)), tuple(f"k{i}" for i in range(n_key))
    return LessonResult(traces, *names, {}, {})


def body(data):
    (length,) = struct.unpack_from("<I", data)
    return data[4 + length :]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
@settings(deadline=None)
def test_max_pool_keeps_every_peak_where_it_belongs(n_query, n_key, rows, columns):
    x = torch.rand(n_query, n_key, generator=torch.Generator().manual_seed(n_query * 41 + n_key))
    pooled = max_pool(x, rows, columns)
    rows, columns = min(rows, n_query), min(columns, n_key)
    assert pooled.shape == (rows, columns)
    for i in range(rows):
        for j in range(columns):
            block = x[
                i * n_query // rows : (i + 1) * n_query // rows,
                j * n_key // columns : (j + 1) * n_key // columns,
            ]
            assert pooled[i, j] == block.max()


@pytest.mark.parametrize(("n_query", "n_key"), [(129, 130), (2, 9000), (400, 380)])
def test_bytes_of_a_large_map_are_the_weights_to_half_a_level(n_query, n_key):
    result = result_of(n_query, n_key)
    weights = result.traces["s"].weights[0, 0]
    data = pack("v", result, Selection(query=0), WORDS)
    m = unpack_header(data)["map"]
    levels = np.frombuffer(body(data), np.uint8, m["rows"] * m["cols"], m["offset"])
    back = levels.reshape(m["rows"], m["cols"]) / 254 * m["max"]
    shown = max_pool(weights, MAX_SIDE, MAX_SIDE).numpy()
    assert np.abs(back - shown).max() <= m["max"] / 254 / 2 + 1e-6
    row = np.frombuffer(body(data), "<f4", n_key, m["row"]["weights"])
    assert np.array_equal(row, weights[0].numpy())


def test_masked_cells_are_marked_and_pooled_only_where_all_is_masked():
    mask = masks.causal(8, 8)[None, None]
    result = result_of(8, 8, mask=mask)
    full = quantise(result.traces["s"].weights[0], mask[0], 1.0, 8, 8)[0]
    assert ((full == MASKED) == ~mask[0, 0].numpy()).all()
    pooled = quantise(result.traces["s"].weights[0], mask[0], 1.0, 4, 4)[0]
    assert pooled[0, 0] != MASKED
    assert pooled[0, 1] == MASKED


def test_4096_tokens_fit_into_300_kb_and_zoom_shows_single_cells():
    mask = masks.causal(4096, 4096)[None, None]
    result = result_of(4096, 4096, mask=mask)
    data = pack("v", result, Selection(query=7), WORDS)
    assert len(data) < 300_000
    assert unpack_header(data)["map"]["rows"] == MAX_SIDE
    zoomed = unpack_header(pack("v", result, Selection(region=(100, 140, 60, 100)), WORDS))
    assert zoomed["map"]["rows"] == 40
    assert zoomed["keys"][0]["label"] == "k60"


def test_72_heads_are_all_there_in_a_few_kb():
    sites = tuple(f"encoder.{i}" for i in range(6))
    data = pack("v", result_of(64, 64, heads=12, sites=sites), Selection("encoder.3", 5), WORDS)
    header = unpack_header(data)
    assert [s["heads"] for s in header["sites"]] == [12] * 6
    assert header["open"] == {"site": "encoder.3", "head": 5, "query": None}
    assert len(data) < 40_000


def test_same_view_same_bytes():
    result = result_of(9, 9)
    assert pack("v", result, Selection(query=1), WORDS) == pack(
        "v", result, Selection(query=1), WORDS
    )


def test_changes_are_named_for_the_open_head_alone():
    changes = Intervention(
        tokens=(("s", 2),),
        heads=(("s", 0),),
        scores=(Cell("s", 0, 1, 2, 3.0), Cell("t", 0, 1, 2, 3.0)),
    )
    before = result_of(4, 4, seed=1)
    header = unpack_header(pack("v", result_of(4, 4), Selection(), WORDS, changes, before))
    assert header["changed"] == {"cells": [[1, 2, "score"]], "tokens": [2], "heads": [["s", 0]]}
    assert header["before"]["max"] == float(before.traces["s"].weights.max())


def test_before_of_another_shape_is_not_compared():
    header = unpack_header(pack("v", result_of(4, 4), Selection(), WORDS, None, result_of(4, 5)))
    assert header["before"] is None


def test_a_stamp_tells_pictures_apart():
    one, other = result_of(6, 6), result_of(6, 6, seed=1)
    assert stamp(one, None, "s", 0, 0) == stamp(result_of(6, 6), None, "s", 0, 3)
    assert stamp(one, None, "s", 0, 0) != stamp(other, None, "s", 0, 0)
    assert stamp(one, other, "s", 0, 0) != stamp(one, None, "s", 0, 0)


def test_exact_weights_are_those_of_the_region():
    result, before = result_of(6, 7), result_of(6, 7, seed=1)
    found = exact(result, Selection(region=(1, 4, 2, 7)), before)
    for name, of in (("weights", result), ("before", before)):
        got = np.frombuffer(base64.b64decode(found[name]), "<f4").reshape(3, 5)
        assert np.array_equal(got, of.traces["s"].weights[0, 0, 1:4, 2:7].numpy())
    large = result_of(600, 600)
    assert exact(large, Selection(), None) is None
    assert exact(large, Selection(region=(0, 9, 0, 600)), None)["region"] == [0, 9, 0, 600]


@pytest.mark.parametrize(
    "selection",
    [
        Selection("nowhere", 99, 99),
        Selection(query=-1),
        Selection(region=(-5, 10**9, 3, 2)),
        Selection(region=(9, 9, 9, 9)),
    ],
)
def test_any_selection_from_a_link_is_drawn(selection):
    header = unpack_header(pack("v", result_of(5, 6), selection, WORDS))
    q0, q1, k0, k1 = header["region"]
    assert 0 <= q0 < q1 <= 5
    assert 0 <= k0 < k1 <= 6


def test_probe_is_exact_and_bounded():
    result = result_of(5, 6)
    trace = result.traces["s"]
    found = probe(result, "s", 0, 2, 3)
    assert found["score"] == float(trace.scores[0, 0, 2, 3])
    assert found["weight"] == float(trace.weights[0, 0, 2, 3])
    assert found["query_vector"] == pytest.approx(trace.query[0, 0, 2].tolist(), abs=1e-4)
    assert found["before"] is None
    other = result_of(5, 6, seed=1)
    both = probe(result, "s", 0, 2, 3, other)
    assert both["before"]["weight"] == float(other.traces["s"].weights[0, 0, 2, 3])
    for bad in (("t", 0, 0, 0), ("s", 1, 0, 0), ("s", 0, 5, 0), ("s", 0, 0, -1)):
        assert probe(result, *bad) is None


def test_overflowed_numbers_are_drawn_as_nothing_not_as_garbage():
    result = result_of(3, 3)
    result.traces["s"].weights[0, 0, 1] = float("nan")
    result.traces["s"].scores[0, 0, 1] = float("inf")
    header = unpack_header(pack("v", result, Selection(query=1), WORDS))
    assert np.isfinite(header["map"]["max"])
    assert probe(result, "s", 0, 1, 1)["score"] is None


def test_a_large_view_travels_deflated_and_arrives_as_it_was():
    small, large = b"\x10\x00\x00\x00" + bytes(100), b"\x10\x00\x00\x00" + bytes(100_000)
    assert travelling(small) == small == arrived(small)
    assert travelling(large).startswith(PACKED)
    assert len(travelling(large)) < 2000
    assert arrived(travelling(large)) == large


def test_thumbnails_are_named_once_and_travel_apart():
    pictures = ("data:image/png;base64,AAAA", "data:image/png;base64,BBBB")
    labels = Labels("t", "", "", {}, {}, query_images=pictures, key_images=pictures)
    found = images_of((labels, labels))
    assert list(found.values()) == [pictures]
    assert images_of((Labels("t", "", "", {}, {}),)) == {}
