"""The order task: same seed same curve, stops when told, and what each code can and can't learn."""

import pickle

import pytest
import torch

from attn_core.evidence import files
from attn_core.evidence.verdicts import verdict
from attn_core.layers.positional.attention import KINDS
from attn_core.lessons.s2_2_positional_encoding import claims, order_task
from attn_core.models.order import OrderConfig, OrderModel


def quietly(fraction, key, partial=None):
    assert 0 <= fraction <= 1


def train(**more):
    settings = {"steps": 3, "length": 6, "measure_every": 1} | more
    return order_task.train_side_by_side(quietly, lambda: False, **settings)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_curves_whatever_else_draws_numbers():
    one = train()
    torch.rand(7)
    assert train() == one
    assert train(seed=1)["curve"] != one["curve"]


def test_kinds_do_not_disturb_each_other():
    together = [r for r in train()["curve"] if r["kind"] == "alibi"]
    assert train(kinds=("alibi",))["curve"] == together


def test_it_stops_when_told_and_answers_what_there_is():
    asked = iter([False, True])
    found = order_task.train_side_by_side(
        quietly, lambda: next(asked), steps=100, length=6, measure_every=1
    )
    assert found["steps"] == 1
    assert {r["length"] for r in found["lengths"]} == {6, 12, 18, 24}
    assert {r["kind"] for r in found["lengths"]} == set(KINDS)


def test_it_goes_to_another_process_and_back():
    assert pickle.loads(pickle.dumps(order_task.train_side_by_side)) is not None
    assert pickle.loads(pickle.dumps(train())) == train()


@pytest.mark.parametrize("bad", [{"back": 0}, {"back": 6}, {"steps": 0}, {"measure_every": 0}])
def test_numbers_out_of_bounds(bad):
    with pytest.raises(ValueError, match="must be|at least"):
        train(**bad)


@pytest.mark.slow
def test_a_code_learns_what_no_code_can_not():
    found = order_task.train_side_by_side(
        quietly, lambda: False, kinds=("none", "rotary"), steps=120, length=8, measure_every=120
    )
    end = {r["kind"]: r["accuracy"] for r in found["curve"] if r["step"] == 120}
    assert end["rotary"] > 0.95
    assert end["none"] < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_without_a_code_alone_is_equivariant(kind):
    torch.manual_seed(0)
    model = OrderModel(OrderConfig(kind, max_length=16)).eval()
    if kind == "relative":
        torch.nn.init.normal_(model.relative.table)
    tokens, order = torch.randint(10, (1, 12)), torch.randperm(12)
    with torch.no_grad():
        there, traces = model(tokens)
        moved, _ = model(tokens[:, order])
    same = bool(((there[:, order] - moved).abs() < 1e-5).all())
    assert same == (kind == "none")
    assert set(traces) == {"encoder.0", "encoder.1"}


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="'fourier'"):
        OrderConfig("fourier")


def test_the_claim_on_file_is_made_of_the_recorded_runs():
    recorded = order_task.recorded()
    claim = files.load("2.2.a")
    again = claims.accuracy_claim(recorded["rows"])
    shown = {c.key: c for c in claim.measure.conditions if c.key != "shuffle"}
    assert shown == {c.key: c for c in again.measure.conditions if c.key != "shuffle"}
    assert {r["length"] for r in recorded["rows"]} == {16, 32, 48, 64}
    assert verdict(claim).name in ("holds", "holds_when")


def test_means_lie_between_their_seeds():
    for row in order_task.recorded_means():
        assert row["low"] <= row["accuracy"] <= row["high"]
    facts = order_task.recorded_facts()
    assert facts["none_short"] == pytest.approx(facts["frequent"], abs=3)
    assert facts["coin"] == pytest.approx(55)
    assert facts["none_short"] < facts["alibi_short"] < facts["rotary_short"]
