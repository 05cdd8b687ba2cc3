"""Every trace says all of its own making: scores from q and k, weights from scores and mask.

Traces are kept in float16 in the lessons on photographs, sound, films and sequences, in float32
in the others. With u the unit roundoff of the format (2⁻¹¹ or 2⁻²⁴), numbers on file are off by u
times their size; the tolerances below are what that alone does to a score or a weight (and, for a
sum of d products made in float32, d·2⁻²⁴ times the sum of their sizes). In float32 that is about
2e-6; in float16 0.01 for scores of size 10, and 2 % of a weight.
"""

import dataclasses
import importlib
import math

import pytest
import torch

from attn_core import zoo
from attn_core.attention.functional import additive_scores, dot_product_scores, normalise
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import concat_queries
from attn_core.contract.registry import LESSONS
from attn_core.contract.result import load_default
from attn_core.layers.location import LocationAwareAttention
from attn_core.layers.pooling import POOLINGS, Pooling
from attn_core.layers.positional.alibi import alibi_bias
from attn_core.layers.positional.attention import KINDS
from attn_core.layers.positional.relative import bucket
from attn_core.lessons.s2_2_positional_encoding import experiment as position
from attn_core.lessons.s2_2_positional_encoding.minilm import first_layer
from attn_core.wire.answers import probe

SLUGS = [lesson.slug for lesson in LESSONS]
SINGLE = torch.finfo(torch.float32).eps / 2


def close(found, trace, expected, tolerance):
    """Within the tolerance in every cell, or both infinite."""
    worst = ((found - expected).abs() - tolerance)[expected.isfinite()].max()
    assert worst <= 0, f"off by {float(worst):.2g} more than {trace.scores.dtype} explains"


def roundoff(trace):
    return torch.finfo(trace.scores.dtype).eps / 2


def dot_product(trace, scale):
    """Scores of Q Kᵀ · scale, and what the format of q and k does to them."""
    q, k = trace.query.double(), trace.key.double()
    size = dot_product_scores(q.abs(), k.abs(), scale)
    return dot_product_scores(q, k, scale), (2 * roundoff(trace) + q.shape[-1] * SINGLE) * size


def additive(trace, energy):
    """Scores of vᵀ tanh(q + k + location): tanh is nowhere steeper than 1."""
    energy = energy.double()
    u = roundoff(trace) + SINGLE * len(energy)
    rows, errors = [], []
    for i in range(trace.query.shape[2]):
        q, k = trace.query[:, :, i : i + 1].double(), trace.keys_of(i).double()
        rows.append(additive_scores(q, k, energy))
        sizes = trace.key.double().abs()
        if trace.location is not None:
            sizes = sizes + trace.location[:, :, i].double().abs()
        errors.append(u * ((q.abs() + sizes + 1) @ energy.abs())[:, :, None])
    return torch.cat(rows, 2), torch.cat(errors, 2)


def target(trace):
    """6.1's small network between a film seen and a candidate; it is nowhere steeper than 4."""
    module = zoo.get("recommender_target").module
    q, k = trace.query[:, 0].float(), trace.key[:, 0].float()
    return module.scores(k, q)[:, None].double(), torch.tensor(8 * roundoff(trace))


def from_vectors(slug, site, trace):
    """The scores before any temperature, from query and key and what the lesson's layer says."""
    if slug == "s1_additive":
        return additive(trace, zoo.get("speller").module.attention.energy)
    if slug == "s5_3_recogniser":
        return additive(trace, zoo.get("listener").module.attention.energy)
    if (slug, site) == ("s6_1_recommendation", "target"):
        return target(trace)
    if (slug, site) == ("s5_2_ctc", "labels"):
        return dot_product(trace, 1.0)  # a linear map: nothing is divided by √d
    return dot_product(trace, 1 / math.sqrt(trace.query.shape[-1]))


def check(slug, result, temperature=1.0):
    for site, trace in result.traces.items():
        raw, error = from_vectors(slug, site, trace)
        scores, u = trace.scores.double(), roundoff(trace)
        close(raw / temperature, trace, scores, error / temperature + u * scores.abs() + SINGLE)
        weights = normalise(scores, trace.mask, trace.normaliser)
        largest = scores.abs().amax(-1, keepdim=True)
        # Each score off by u·|score| moves the logarithm of a weight by twice that at most; the
        # last term is the smallest number the format holds.
        spread = torch.expm1(2 * u * largest) + 2 * u + 8 * SINGLE
        tiny = torch.finfo(trace.scores.dtype).smallest_normal
        close(weights, trace, trace.weights.double(), weights * spread + tiny * u * 2 + 1e-9)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_default(slug):
    check(slug, load_default(slug))


@pytest.mark.parametrize("slug", SLUGS)
def test_a_changed_run(slug):
    """Twice the temperature, a token cut everywhere, and the other normaliser."""
    experiment = importlib.import_module(f"attn_core.lessons.{slug}.experiment")
    sites = {site: trace.normaliser for site, trace in load_default(slug).traces.items()}
    cut = Intervention(temperature=2.0, tokens=tuple((site, 1) for site in sites))
    result = experiment.run(experiment.Config(), cut)
    check(slug, result, 2.0)
    for site, trace in result.traces.items():
        assert trace.normaliser == sites[site]
        assert not trace.mask[..., 1].any()
        assert not trace.weights[..., 1].any()
    other = "softmax" if "sigmoid" in sites.values() and len(sites) == 1 else "sigmoid"
    result = experiment.run(experiment.Config(), dataclasses.replace(cut, normaliser=other))
    check(slug, result, 2.0)
    assert {trace.normaliser for trace in result.traces.values()} == {other}


@pytest.mark.parametrize("kind", KINDS)
def test_position_codes(kind):
    """2.2: two of the codes are added to the scores and to nothing else."""
    head, start = 5, 4
    result = position.run(position.Config(kind=kind, head=head, shift=start))
    trace, layer = result.traces[position.SITE], first_layer()
    raw, error = dot_product(trace, 1 / math.sqrt(trace.query.shape[-1]))
    places = torch.arange(start, start + raw.shape[-1])
    if kind == "alibi":
        raw = raw + alibi_bias(places, places, layer.model.config.n_heads)[head]
    elif kind == "relative":
        raw = raw + layer.bias[bucket(places[None, :] - places[:, None])][..., head]
    scores = trace.scores.double()
    close(raw, trace, scores, error + 4 * SINGLE * (1 + scores.abs()))


def test_a_step_meets_its_own_keys():
    """5.3: where a step looked before changes the keys it compares; the panel shows those."""
    result = load_default("s5_3_recogniser")
    trace = result.traces["decoder.cross"]
    assert not torch.equal(trace.keys_of(0), trace.keys_of(1))
    shown = [probe(result, "decoder.cross", 0, step, 20)["key_vector"] for step in (0, 3)]
    assert shown[0] != shown[1]
    assert shown[1][:4] == pytest.approx(trace.keys_of(3)[0, 0, 20, :4].tolist(), abs=1e-3)


@torch.inference_mode()
def test_location_is_kept_for_each_step():
    torch.manual_seed(0)
    layer = LocationAwareAttention(5, 6, 7, n_filters=2, width=3)
    keys, last, steps = torch.randn(1, 9, 6), torch.zeros(1, 9), []
    for _ in range(3):
        _, trace = layer(torch.randn(1, 5), keys, last)
        last = trace.weights[:, 0, 0]
        steps.append(trace)
    joined = concat_queries(steps)
    scores, _ = additive(joined, layer.energy)
    assert torch.allclose(scores, joined.scores.double(), atol=1e-6)
    alone = LocationAwareAttention(5, 6, 7, n_filters=0)(torch.randn(1, 5), keys, last)[1]
    assert alone.location is None
    assert alone.keys_of(0) is alone.key


@pytest.mark.parametrize("kind", POOLINGS)
@pytest.mark.parametrize("normaliser", ["softmax", "sigmoid"])
@torch.inference_mode()
def test_pooling_says_what_it_used(kind, normaliser):
    """Mean, first and last carry made-up scores (0 and −1e4); a maximum obeys no normaliser."""
    layer = Pooling(8, kind).eval()
    mask = torch.tensor([[True, True, True, False]])
    change = Intervention(normaliser=normaliser)
    _, trace = layer(torch.randn(1, 4, 8), mask, intervention=change)
    assert trace.normaliser == ("share" if kind == "max" else normaliser)
    if kind != "max":
        again = normalise(trace.scores, trace.mask, trace.normaliser)
        assert torch.allclose(again, trace.weights, atol=1e-6)
