"""Lesson 3.2's experiments against torch's own attention, autograd and closed forms."""

import dataclasses
import inspect
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_core.attention import masks
from attn_core.attention.interventions import Cell, Intervention
from attn_core.evidence.verdicts import verdict
from attn_core.lessons.s3_2_scaled_dot_product import claims, inputs
from attn_core.lessons.s3_2_scaled_dot_product.backends import (
    MASKS,
    backend_names,
    backends_equality,
)
from attn_core.lessons.s3_2_scaled_dot_product.overflow import (
    ORDERS,
    OverflowConfig,
    overflow_sweep,
    scores_in_order,
)
from attn_core.lessons.s3_2_scaled_dot_product.statistics import (
    dk_sweep,
    entropy_bits,
    gradient_norm,
    jacobian_norm,
    statistics,
)
from attn_core.lessons.s3_2_scaled_dot_product.steps import (
    DTYPES,
    SITE,
    StepConfig,
    random_qkv,
    run,
)
from attn_core.lessons.s3_2_scaled_dot_product.timing import METHODS, methods, timing

# |ours − F.sdpa| at unit variance; outputs lie within ±4, so 16 units in the last place or so.
EQUAL = {"float64": 1e-12, "float32": 2e-6, "float16": 4e-3, "bfloat16": 3e-2}

# As a page calls it: in tests alone a checker of shapes would refuse before ``run`` does.
unchecked = inspect.unwrap(run)
sizes = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 24))


def draw_mask(seed: int, n_query: int, n_key: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n_query, n_key, generator=generator) > 0.4


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(0, 99), st.sampled_from(sorted(DTYPES)), st.booleans(), st.booleans())
def test_steps_equal_torchs_attention(size, seed: int, dtype: str, scaled: bool, masked: bool):
    n_query, n_key, d_k = size
    query, key, value = random_qkv(seed, n_query, n_key, d_k, dtype=dtype)
    mask = draw_mask(seed, n_query, n_key) if masked else None
    found = run(StepConfig(dtype, scaled), query, key, value, mask)
    theirs = F.scaled_dot_product_attention(
        *(t[None, None] for t in (query, key, value)), mask, scale=None if scaled else 1.0
    )[0, 0]
    # Without the scale scores are √d_k times as large, and so are their rounding errors.
    tolerance = EQUAL[dtype] * (1 if scaled else math.sqrt(d_k))
    assert torch.allclose(found.output.double(), theirs.double(), rtol=0, atol=2 * tolerance)
    in_64 = F.scaled_dot_product_attention(
        *(t.double()[None, None] for t in (query, key, value)),
        mask,
        scale=None if scaled else 1.0,
    )[0, 0]
    assert torch.allclose(found.reference_output, in_64, rtol=0, atol=1e-12)
    assert {t.dtype for t in (found.raw, found.scaled, found.weights, found.output)} == {
        DTYPES[dtype]
    }
    assert all(count == 0 for _, count in found.non_finite)


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(0, 99), st.floats(0.1, 10))
def test_steps_follow_from_each_other(size, seed: int, temperature: float) -> None:
    query, key, value = random_qkv(seed, *size, dtype="float64")
    mask = draw_mask(seed, *size[:2])
    found = run(StepConfig("float64", True, temperature), query, key, value, mask)
    assert torch.allclose(found.raw, torch.einsum("qd,kd->qk", query, key), atol=1e-12)
    assert torch.allclose(found.scaled, found.raw / math.sqrt(size[2]), atol=1e-12)
    assert torch.allclose(found.tempered, found.scaled / temperature, atol=1e-12)
    assert torch.equal(found.masked.isneginf(), ~mask)
    rows = mask.any(-1)
    softmax = torch.softmax(found.masked[rows], -1)
    assert torch.allclose(found.weights[rows], softmax, atol=1e-12)
    assert found.weights[~rows].eq(0).all()
    assert found.output[~rows].eq(0).all()


def test_what_is_shown_is_what_was_changed() -> None:
    query, key, value = random_qkv(0, 4, 5, 8)
    edit = Intervention(tokens=((SITE, 2),), scores=(Cell(SITE, 0, 1, 3, 9.0),), scale=0.5)
    found = run(StepConfig(), query, key, value, None, edit)
    assert found.weights[:, 2].eq(0).all()
    assert found.masked[:, 2].isneginf().all()
    assert found.tempered[1, 3] == 9.0
    assert torch.allclose(found.scaled, (query @ key.T) * 0.5)
    assert found.scale == 0.5


def test_non_finite_steps_are_counted_where_they_arise() -> None:
    query, key, value = random_qkv(0, 32, 32, 4096, std=32.0, dtype="float16")
    counts = dict(run(StepConfig("float16"), query, key, value).non_finite)
    overflow = int(((query.double() @ key.double().T).abs() >= 65520).sum())
    assert counts["raw"] == pytest.approx(overflow, abs=3)
    assert 0 < counts["raw"] == counts["scaled"] == counts["masked"]
    assert counts["weights"] > 0
    hidden = dict(run(StepConfig("float16"), query, key, value, masks.causal(32, 32)).non_finite)
    below = int((query @ key.T).isinf().tril().sum())
    assert hidden["masked"] == below < hidden["raw"]  # what the mask forbids does not count
    # torch's own function scales before the product or adds up in float32: nothing overflows there.
    theirs = F.scaled_dot_product_attention(*(t[None, None] for t in (query, key, value)))
    assert theirs.isfinite().all()
    calm = run(StepConfig("bfloat16"), query, key, value).non_finite
    assert sum(count for _, count in calm) == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: StepConfig("float8"), "'float8'"),
        (lambda: StepConfig(temperature=0.0), "0.0"),
        (lambda: random_qkv(0, 0, 4, 4), "n_query is 0"),
        (lambda: random_qkv(0, 4, 4097, 4), "4097"),
        (lambda: random_qkv(0, 4, 4, 5000), "5000"),
        (lambda: random_qkv(0, 4, 4, 4, std=float("nan")), "nan"),
        (lambda: random_qkv(0, 4, 4, 4, dtype="int8"), "'int8'"),
        (lambda: random_qkv(0, 4096, 4096, 64), "bytes"),
        (lambda: unchecked(StepConfig(), *(torch.ones(2, n) for n in (3, 4, 4))), "shapes"),
        (lambda: unchecked(StepConfig(), *random_qkv(0, 2, 3, 4), masks.full(3, 2)), "mask is"),
        (lambda: OverflowConfig(n=1000), "n is 1000"),
        (lambda: OverflowConfig(stds=(1e9,)), "std"),
        (lambda: scores_in_order(torch.ones(1, 1), torch.ones(1, 1), "x"), "'x'"),
        (lambda: backends_equality(n=1000), "1000"),
        (lambda: timing(lambda f, k: None, lambda: False, (2048,), 4096), "2048"),
        (lambda: timing(lambda f, k: None, lambda: False, repeats=0), "repeats is 0"),
    ],
)
def test_bad_values_are_named(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_memory_is_estimated_from_above() -> None:
    """All tensors that a result keeps fit into the estimate."""
    found = run(StepConfig("float32"), *random_qkv(0, 64, 48, 16), masks.full(64, 48))
    kept = {
        t.data_ptr(): t.element_size() * t.nelement()
        for t in vars_of(found)
        if isinstance(t, torch.Tensor)
    }
    assert sum(kept.values()) <= inputs.memory_estimate(64, 48, 16, 16, "float32")


def vars_of(result) -> list:
    return [getattr(result, field.name) for field in dataclasses.fields(result)]


@given(st.integers(1, 6), st.lists(st.floats(-30, 30), min_size=1, max_size=9))
def test_jacobian_norm_is_autograds(rows: int, scores: list[float]) -> None:
    logits = torch.tensor(scores, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda s: torch.softmax(s, -1), logits)
    ours = jacobian_norm(torch.softmax(logits, -1).expand(rows, -1))
    assert ours.shape == (rows,)
    # Autograd subtracts p² from p: it has no digits left below 1e-15 of the entries.
    assert torch.allclose(ours, jacobian.norm().expand(rows), rtol=1e-9, atol=1e-14)


def test_jacobian_norm_keeps_its_digits_when_saturated() -> None:
    """Two keys 40 apart: p q = e⁻⁴⁰ to first order, and the norm is 2 p q."""
    weights = torch.softmax(torch.tensor([40.0, 0.0], dtype=torch.float64), -1)
    assert float(jacobian_norm(weights)) == pytest.approx(2 * math.exp(-40), rel=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=16).filter(lambda w: sum(w) > 1e-3))
def test_entropy_is_between_none_and_log_n(drawn: list[float]) -> None:
    weights = torch.tensor(drawn, dtype=torch.float64)
    weights = weights / weights.sum()
    found = float(entropy_bits(weights))
    by_hand = -math.fsum(p * math.log2(p) for p in weights.tolist() if p > 0)
    assert found == pytest.approx(by_hand, abs=1e-12)
    assert -1e-12 <= found <= math.log2(len(drawn)) + 1e-12


def test_gradient_is_that_of_torchs_attention() -> None:
    query, key, value = random_qkv(3, 6, 7, 16, dtype="float64")
    mask = masks.causal(6, 7)
    with torch.inference_mode():  # as a page runs it
        ours = gradient_norm(run(StepConfig("float64"), query, key, value, mask))
    q = query.clone().requires_grad_()
    output = F.scaled_dot_product_attention(q[None], key[None], value[None], mask)
    (output.square().sum() / 2).backward()
    assert torch.allclose(ours, q.grad.norm(dim=-1), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("d_k", [4, 64, 1024])
def test_score_spread_is_root_d_k(d_k: int) -> None:
    found = statistics(run(StepConfig("float64"), *random_qkv(0, 200, 200, d_k, dtype="float64")))
    # 200 vectors of each kind: the spread is known to some 7 per cent (1/√200) or better.
    assert found.raw_std == pytest.approx(math.sqrt(d_k), rel=0.1)
    assert found.raw_std == pytest.approx(found.raw_theory, rel=0.1)
    assert found.scaled_std == pytest.approx(1, rel=0.1)
    assert found.scaled_std == pytest.approx(found.raw_std / math.sqrt(d_k), rel=1e-12)
    assert abs(found.raw_mean) < 0.1 * math.sqrt(d_k)


def test_sweep_shows_saturation_without_the_scale_only() -> None:
    scaled, unscaled = (dk_sweep(0, on, d_ks=(4, 64, 4096)) for on in (True, False))
    assert max(r.score_std for r in scaled) / min(r.score_std for r in scaled) < 1.1
    assert unscaled[-1].score_std / unscaled[0].score_std == pytest.approx(32, rel=0.1)
    assert scaled[-1].entropy_bits > 4.5
    assert unscaled[-1].entropy_bits < 0.5
    assert unscaled[-1].jacobian_norm < 1e-3 * scaled[-1].jacobian_norm
    hot = dk_sweep(0, False, temperature=64.0, d_ks=(4096,))[0]
    assert hot.entropy_bits == pytest.approx(scaled[-1].entropy_bits, abs=1e-3)


def test_unit_variance_never_overflows_and_saturates_first() -> None:
    rows = overflow_sweep(OverflowConfig(stds=(1.0,), d_ks=(64, 1024, 4096)))
    assert max(r.non_finite for r in rows) == 0
    assert next(r for r in rows if (r.d_k, r.order) == (4096, "unscaled")).saturated > 0.5
    assert all(r.saturated < 0.01 for r in rows if r.order != "unscaled")


def test_only_scaling_before_the_product_avoids_its_overflow() -> None:
    rows = overflow_sweep(OverflowConfig(stds=(32.0,), d_ks=(4096,)))
    half = {r.order: r.non_finite for r in rows if r.dtype == "float16"}
    assert half["unscaled"] == half["after"] > 0.2
    # P(|z| > 65520 / (32² √4096)) for a normal z, to the 2 per cent that 64 × 64 scores allow.
    assert half["unscaled"] == pytest.approx(math.erfc(65520 / 65536 / math.sqrt(2)), abs=0.04)
    assert half["before"] == 0
    assert max(r.non_finite for r in rows if r.dtype != "float16") == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 50), st.sampled_from([4, 64, 256]), st.floats(0.01, 5))
def test_orders_agree_where_nothing_overflows(seed: int, d_k: int, std: float) -> None:
    query, key, _ = random_qkv(seed, 5, 6, d_k, std, "float64")
    plain, after, before = (scores_in_order(query, key, order) for order in ORDERS)
    assert torch.allclose(after, before, rtol=1e-10, atol=1e-12)
    assert torch.allclose(plain, after * math.sqrt(d_k), rtol=1e-10, atol=1e-12)


def test_every_backend_on_this_machine_is_equal_or_says_why_not() -> None:
    rows = backends_equality()
    assert len(rows) == len(backend_names()) * len(DTYPES) * len(MASKS)
    assert any(row.backend == "MATH" and row.available for row in rows)
    for row in rows:
        assert row.available == (row.reason == "")
        assert row.equal == row.available, row
        assert row.tolerance == EQUAL[row.dtype]


def test_timed_methods_compute_what_they_say() -> None:
    query, key, value = random_qkv(0, 9, 9, 16)
    out = {name: call() for name, call in methods(query, key, value).items()}
    oracle = F.scaled_dot_product_attention(query[None], key[None], value[None])[0]
    for name in ("bilinear", "dot_product", "fused", "loop"):  # W = I / √d_k
        assert torch.allclose(out[name], oracle, atol=2e-6), name
    plain = F.scaled_dot_product_attention(query[None], key[None], value[None], scale=1.0)[0]
    assert torch.allclose(out["dot_product_unscaled"], plain, atol=1e-5)
    pairs = torch.tanh(query[:, None] + key[None]).sum(-1) / 4
    assert torch.allclose(out["additive"], torch.softmax(pairs, -1) @ value, atol=1e-5)


def test_timing_reports_and_stops() -> None:
    seen: list[float] = []
    full = timing(lambda done, key: seen.append(done), lambda: False, (8, 16), 4, 2)
    assert [(r.n, r.method) for r in full.rows] == [(n, m) for n in (8, 16) for m in METHODS]
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert all(r.milliseconds > 0 for r in full.rows)
    assert [r.ratio for r in full.rows if r.method == "dot_product"] == [1.0, 1.0]
    calls = iter([False] * 4 + [True] * 9)
    part = timing(lambda done, key: None, lambda: next(calls), (8, 16), 4, 2)
    assert part.stopped
    assert {r.n for r in part.rows} == {8}


def test_recorded_overflow_verdict_repeats() -> None:
    """Another set of seeds gives the verdict on file, condition by condition."""
    found = verdict(claims.overflow_claim(seeds=(11, 12, 13)))
    assert found.name == "holds_when"
    assert found.holds_when == ("large_scaled_before", "naive_exponential")
    right = {r.key: r.verdict for r in found.right}
    assert right.pop("saturation_64") == "does_not_hold"
    assert set(right.values()) == {"holds"}


def test_timing_claims_pair_runs() -> None:
    runs = {i: timing(lambda f, k: None, lambda: False, (32,), 8, 2, seed=i) for i in range(2)}
    b, c = claims.timing_claims(runs, 32)
    assert [len(x.values) for x in b.measure.conditions] == [2, 2, 2]
    assert dict(c.measure.conditions[0].values) == dict(b.measure.conditions[0].values)
