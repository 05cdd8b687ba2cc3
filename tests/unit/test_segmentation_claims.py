"""Lesson 4.1's claims: which runs are compared with which, on manifests made by hand."""

import pytest

from attn_core.evidence.files import dump, parse
from attn_core.evidence.verdicts import verdict
from attn_core.lessons.s4_1_segmentation import claims
from attn_core.lessons.s4_1_segmentation.compared import TWINS

COST = {"attention-whole": 755, "added-whole": 746, "attention-half": 442, "added-half": 433}


def manifest(iou):
    """Three seeds around each mean IoU; timings in proportion to the multiply-adds."""
    near = (-0.001, 0.0, 0.001)
    return {
        "metrics": {"iou": {"n": 48}},
        "by_seed": {
            name: {"iou": [v + d for d in near], "pooled": [v + 0.02 + d for d in near]}
            for name, v in zip(TWINS, iou, strict=True)
        },
        "cost": {
            "multiply_adds": {n: v * 10**6 for n, v in COST.items()},
            "milliseconds": {n: [v / 20 + d for d in near] for n, v in COST.items()},
        },
    }


def by_key(claim):
    return {r.key: r for r in verdict(claim).conditions}


def test_attention_that_is_better_at_both_widths_holds():
    claim = claims.accuracy_claim(manifest((0.88, 0.86, 0.87, 0.84)))
    assert verdict(claim).name == "holds"
    assert by_key(claim)["narrow"].effect == pytest.approx(0.03)
    assert by_key(claim)["held_out"].n == 48


def test_a_narrow_twin_that_keeps_up_takes_the_saving_away():
    raw = manifest((0.86, 0.86, 0.855, 0.855))
    assert claims.as_accurate(raw, "attention") == "attention-half"
    assert claims.as_accurate(raw, "added") == "added-half"
    claim = claims.cost_claim(raw)
    assert verdict(claim).name == "does_not_hold"
    found = by_key(claim)
    assert found["equal_accuracy"].effect == pytest.approx(433 / 442)


def test_attention_saves_where_only_its_narrow_model_keeps_up():
    raw = manifest((0.86, 0.86, 0.855, 0.82))
    assert claims.as_accurate(raw, "added") == "added-whole"
    found = by_key(claims.cost_claim(raw))
    assert found["equal_accuracy"].effect == pytest.approx(746 / 442)
    assert found["equal_parameters"].effect == pytest.approx(746 / 755)


def test_none_as_accurate_is_no_saving():
    raw = manifest((0.80, 0.86, 0.79, 0.84))
    assert claims.as_accurate(raw, "attention") == ""
    assert verdict(claims.cost_claim(raw)).name != "holds"


def test_claims_are_written_and_read_back():
    for make in (claims.accuracy_claim, claims.cost_claim):
        claim = make(manifest((0.87, 0.86, 0.86, 0.84)))
        assert parse(dump(claim)) == claim
