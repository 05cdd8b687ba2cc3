"""What the browser decodes is what the tensors say: bytes by Python, read by the real unpack.js."""

import dataclasses
import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_core.attention import masks
from attn_core.attention.functional import normalise
from attn_core.attention.interventions import Cell, Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh
from attn_core.contract.registry import LESSONS
from attn_core.contract.result import LessonResult, load_default
from attn_core.contract.selection import Selection
from attn_core.wire import fine
from attn_core.wire.body import MAX_VECTOR
from attn_core.wire.labels import Labels
from attn_core.wire.pooling import max_pool
from attn_core.wire.travel import travelling
from attn_core.wire.view import MAX_SIDE, pack, unpack_header

SCRIPT = Path(__file__).with_name("wire.mjs")
WORDS = Labels("after", "look", "summary", {}, {})
BEFORE = dataclasses.replace(WORDS, title="before")
node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")


def read_back(views, tmp_path):
    """What ``unpack.js`` says of each view."""
    path = tmp_path / "views.bin"
    sent = [travelling(v) for v in views]
    path.write_bytes(b"".join(struct.pack("<I", len(v)) + v for v in sent))
    out = subprocess.run(
        ["node", str(SCRIPT), str(path)], capture_output=True, text=True, check=False
    )
    assert out.returncode == 0, out.stderr[-2000:]
    return [json.loads(line) for line in out.stdout.splitlines()]


def test_a_small_map_tells_its_vectors_and_a_large_one_waits_for_a_click():
    def sent(n, width):
        scores = torch.zeros(1, 1, n, n)
        rows = torch.randn(1, 1, n, width)
        trace = dataclasses.replace(trace_of(scores), query=rows, key=rows)
        names = tuple("a" * n)
        result = LessonResult({"s": trace}, names, names, {}, {})
        return unpack_header(pack("v", result, Selection("s"), WORDS))["map"]["vectors"]

    assert sent(20, 32) is not None
    assert sent(64, 32) is not None
    assert sent(64, 33) is None


def numbers(found):
    return np.array([np.nan if v == "NaN" else v for v in found], dtype=np.float64)


def changed(trace, site, changes):
    """The trace with a learner's changes, made by the one function that makes them."""
    scores, weights, mask, _ = weigh(
        trace.scores, trace.mask, site=site, intervention=changes, normaliser=trace.normaliser
    )
    return dataclasses.replace(trace, scores=scores, weights=weights, mask=mask)


def changes_of(site, trace):
    heads, n_query, n_key = trace.weights.shape[1:]
    return Intervention(
        temperature=4.0,
        weights=(Cell(site, heads - 1, 0, n_key - 1, 0.9),),
        scores=(Cell(site, heads - 1, n_query - 1, 0, 3.0),),
        tokens=((site, n_key // 2),) if n_key > 2 else (),
    )


def pooled(trace, head):
    """The map as ``pack`` shows it: by largest where it is large, masked cells as 0."""
    weights = trace.weights[0, head].float()
    if weights.numel() > fine.MOST:
        weights = max_pool(weights.nan_to_num(), MAX_SIDE, MAX_SIDE)
    return weights.numpy().astype(np.float64)


@node
@pytest.mark.parametrize("slug", [lesson.slug for lesson in LESSONS])
def test_now_before_and_difference_are_the_tensors(slug, tmp_path):
    default = load_default(slug)
    views, cases = [], []
    for site, trace in default.traces.items():
        if trace.normaliser not in ("softmax", "sigmoid"):
            continue  # shares of a maximum, which nothing weighs anew
        head = trace.weights.shape[1] - 1
        after = changed(trace, site, changes_of(site, trace))
        now = dataclasses.replace(default, traces={site: after})
        was = dataclasses.replace(default, traces={site: trace})
        query = trace.weights.shape[2] - 1
        changes = changes_of(site, trace)
        views.append(pack("v", now, Selection(site, head, query), WORDS, changes, was, BEFORE))
        cases.append((site, head, query, after, trace))
    for said, (site, head, query, after, trace) in zip(
        read_back(views, tmp_path), cases, strict=True
    ):
        new, old = pooled(after, head), pooled(trace, head)
        atol = fine.TOLERANCE if said["fine"] else 0.51 * max(new.max(), old.max(), 1e-9) / 254
        assert said["fine"] == (after.weights[0, 0].numel() <= fine.MOST)
        for name, tensor in (("now", new), ("before", old)):
            got = numbers(said[name]).reshape(tensor.shape)
            np.testing.assert_allclose(got, tensor, rtol=0, atol=atol, err_msg=f"{site} {name}")
        difference = numbers(said["now"]) - numbers(said["before"])
        np.testing.assert_allclose(difference.reshape(new.shape), new - old, rtol=0, atol=2 * atol)
        assert (said["title"], said["titleBefore"]) == ("after", "before")
        assert said["marks"][0] == 0
        # The open row is exact, before and after and between.
        if after.weights.shape[-1] <= MAX_SIDE:
            a, b = (t.weights[0, head, query].double().numpy() for t in (after, trace))
            for name, row in (("after", a), ("before", b), ("difference", a - b)):
                np.testing.assert_allclose(numbers(said["rows"][name]), row, rtol=0, atol=1e-7)
            facts = said["facts"]
            assert facts["difference"] == pytest.approx(facts["after"] - facts["before"], abs=1e-7)
        if "vectors" in said:
            for got, of in zip(said["vectors"], (after.query, after.key), strict=True):
                want = of[0, min(head, of.shape[1] - 1), -1, :MAX_VECTOR].float().numpy()
                step = np.abs(want).max(initial=0) / 127
                np.testing.assert_allclose(numbers(got), want, rtol=0, atol=0.51 * step + 1e-9)


def trace_of(scores, mask=None, normaliser="softmax", dtype=torch.float32):
    weights = normalise(scores, mask, normaliser)
    q = torch.zeros(1, scores.shape[1], scores.shape[2], 2)
    k = torch.zeros(1, scores.shape[1], scores.shape[3], 2)
    return AttentionTrace(
        q,
        k,
        k,
        scores.to(dtype),
        mask,
        weights.to(dtype),
        normaliser,
        torch.zeros(1, scores.shape[2], 2),
    )


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 2**31),
    st.floats(0.01, 300),
    st.sampled_from(["softmax", "sigmoid"]),
    st.booleans(),
    st.sampled_from([torch.float32, torch.float16]),
)
@settings(deadline=None, max_examples=150)
def test_any_map_comes_back_within_the_tolerance(n, m, seed, spread, kind, causal, dtype):
    scores = torch.randn(1, 1, n, m, generator=torch.Generator().manual_seed(seed)) * spread
    mask = masks.causal(n, m)[None, None] if causal else None
    trace = trace_of(scores, mask, kind, dtype)
    found = fine.encode(trace, 0)
    error = np.abs(fine.decode(found) - trace.weights[0, 0].float().numpy())
    assert error.max() <= (fine.EXACT if n * m <= fine.SMALL else fine.TOLERANCE)
    if dtype == torch.float32:
        assert not len(found.exact)  # nothing needed to be sent beside


@node
def test_javascript_decodes_as_python_does(tmp_path):
    """Overflow, rows without a key, cut heads and set weights included."""
    scores = torch.randn(1, 2, 9, 11, generator=torch.Generator().manual_seed(3)) * 8
    scores[0, 0, 1, 2] = torch.inf
    scores[0, 1, 2] = -torch.inf
    mask = torch.rand(1, 2, 9, 11, generator=torch.Generator().manual_seed(4)) > 0.3
    mask[0, 1, 4] = False
    cut = changed(trace_of(scores, mask), "s", Intervention(heads=(("s", 0),)))
    set_ = changed(trace_of(scores, mask), "s", Intervention(weights=(Cell("s", 1, 0, 3, 0.7),)))
    traces = [
        trace_of(scores, mask),
        cut,
        set_,
        trace_of(scores, mask, "sigmoid"),
        trace_of(scores, mask, dtype=torch.float16),
    ]
    names = tuple("abcdefghi"), tuple("abcdefghijk")
    views, want = [], []
    for trace in traces:
        for head in (0, 1):
            result = LessonResult({"s": trace}, *names, {}, {})
            views.append(pack("v", result, Selection("s", head, 0), WORDS))
            want.append((trace, head))
    for said, (trace, head) in zip(read_back(views, tmp_path), want, strict=True):
        weights = trace.weights[0, head].float().numpy()
        got = numbers(said["now"]).reshape(weights.shape)
        np.testing.assert_allclose(got, weights, rtol=0, atol=fine.EXACT, equal_nan=True)
        allowed = trace.mask[0, head].numpy() & ~np.isnan(weights)
        assert (np.array(said["masked"]).reshape(weights.shape) == ~allowed).all()


@node
def test_before_keeps_a_peak_that_is_gone(tmp_path):
    """Lesson 3.2 at temperature 16: the map before has a peak of 0.99, the one after has none."""
    scores = torch.zeros(1, 1, 10, 10)
    scores[0, 0].fill_diagonal_(7.0)
    was = trace_of(scores)
    now = changed(was, "s", Intervention(temperature=16.0))
    names = tuple("abcdefghij"), tuple("abcdefghij")
    after, before = (LessonResult({"s": t}, *names, {}, {}) for t in (now, was))
    said = read_back(
        [pack("v", after, Selection("s", 0, 3), WORDS, Intervention(), before)], tmp_path
    )[0]
    peak, left = float(was.weights[0, 0, 0, 0]), float(now.weights[0, 0, 0, 0])
    assert peak > 0.99
    assert said["before"][0] == pytest.approx(peak, abs=fine.TOLERANCE)
    assert said["now"][0] == pytest.approx(left, abs=fine.TOLERANCE)
    assert said["rows"]["difference"][3] == pytest.approx(left - peak, abs=1e-6)
