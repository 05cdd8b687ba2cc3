"""Lesson 4.2's claims: which runs are compared with which, on manifests made by hand."""

import copy

import pytest

from attn_core.evidence.files import dump, parse
from attn_core.evidence.verdicts import verdict
from attn_core.lessons.s4_2_detection import claims

EXITS = [f"{kind}-{n}" for kind in ("attention", "added") for n in (1, 2, 3)]


def manifest(ap, cost):
    """Three seeds around each mean AP; three timings in proportion to the multiply-adds."""
    near = (-0.001, 0.0, 0.001)
    return {
        "n_scenes": 500,
        "by_exit": {
            name: {"ap": [v + d for d in near], "ap50": [v + 0.3 + d for d in near]}
            for name, v in zip(EXITS, ap, strict=True)
        },
        "cost": {
            "multiply_adds": {n: v * 10**6 for n, v in zip(EXITS, cost, strict=True)},
            "milliseconds": {
                n: [v / 10 + d for d in near] for n, v in zip(EXITS, cost, strict=True)
            },
        },
    }


DEARER = (335, 352, 368, 316, 333, 349)
CHEAPER = (200, 240, 280, 316, 333, 349)


def by_key(claim):
    return {r.key: r for r in verdict(claim).conditions}


def test_attention_that_is_better_everywhere_holds():
    claim = claims.accuracy_claim(manifest((0.40, 0.45, 0.50, 0.30, 0.35, 0.40), DEARER))
    assert verdict(claim).name == "holds"
    found = by_key(claim)
    assert found["ap"].effect == pytest.approx(0.10)
    assert found["equal_cost"].effect == pytest.approx(0.05)  # 352 is nearest to 349
    assert found["ap"].n == 500


def test_attention_that_is_worse_does_not_hold():
    claim = claims.accuracy_claim(manifest((0.30, 0.35, 0.40, 0.40, 0.45, 0.50), DEARER))
    assert verdict(claim).name == "does_not_hold"


def test_both_models_may_leave_out_layers_at_equal_accuracy():
    raw = manifest((0.395, 0.40, 0.40, 0.30, 0.395, 0.40), DEARER)
    assert claims.cheapest(raw, "attention") == "attention-1"
    assert claims.cheapest(raw, "added") == "added-2"
    condition = claims.cost_claim(raw).measure.conditions[2]
    assert condition.key == "equal_accuracy"
    assert {v for _, v in condition.values} == {335.0}
    assert {v for _, v in condition.baseline} == {333.0}


def test_savings_that_the_twin_has_as_well_are_not_attention_s():
    claim = claims.cost_claim(manifest((0.40,) * 6, DEARER))
    assert verdict(claim).name == "does_not_hold"


def test_fewer_multiply_adds_and_milliseconds_hold():
    claim = claims.cost_claim(manifest((0.40,) * 6, CHEAPER))
    assert verdict(claim).name == "holds"
    assert by_key(claim)["equal_parameters"].effect == pytest.approx(349 / 280)


def test_where_attention_never_gets_there_equal_accuracy_is_not_tested():
    raw = manifest((0.2, 0.2, 0.2, 0.3, 0.35, 0.4), DEARER)
    assert claims.cheapest(raw, "attention") == ""
    found = by_key(claims.cost_claim(raw))
    assert found["equal_accuracy"].verdict == "not_tested"
    assert found["equal_accuracy_time"].verdict == "not_tested"


def test_files_come_back_as_they_were():
    raw = manifest((0.40, 0.45, 0.50, 0.30, 0.35, 0.40), DEARER)
    before = copy.deepcopy(raw)
    for claim in (claims.accuracy_claim(raw), claims.cost_claim(raw)):
        assert parse(dump(claim)) == claim
    assert raw == before
