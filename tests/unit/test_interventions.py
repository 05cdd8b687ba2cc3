"""Changes do what they say, survive a link, and never leak to another caller."""

import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_core.attention.interventions import Cell, Intervention
from attn_core.attention.weigh import weigh
from attn_core.layers.multi_head import MultiHeadAttention

HERE = "here"


def weights_of(changes: Intervention, scores=None, mask=None):
    scores = torch.zeros(1, 2, 3, 4) if scores is None else scores
    return weigh(scores, mask, site=HERE, intervention=changes)


def test_nothing_changes_nothing():
    scores = torch.randn(1, 2, 3, 4)
    assert torch.equal(weights_of(Intervention(), scores)[1], torch.softmax(scores, -1))
    other = Intervention(tokens=(("elsewhere", 1),))
    assert torch.equal(weights_of(other, scores)[1], torch.softmax(scores, -1))


def test_knocked_out_token_is_masked_as_a_key():
    _, weights, mask, _ = weights_of(Intervention(tokens=((HERE, 2),)))
    assert (weights[..., 2] == 0).all()
    assert torch.allclose(weights.sum(-1), torch.ones(1, 2, 3))
    assert not mask[..., 2].any()


def test_all_tokens_out_gives_zeros_not_nan():
    changes = Intervention(tokens=tuple((HERE, i) for i in range(4)))
    assert (weights_of(changes)[1] == 0).all()


def test_head_knocked_out_to_zero_or_to_the_mean():
    zero = weights_of(Intervention(heads=((HERE, 1),)), torch.randn(1, 2, 3, 4))[1]
    assert (zero[:, 1] == 0).all()
    assert torch.allclose(zero[:, 0].sum(-1), torch.ones(1, 3))
    mean = weights_of(Intervention(heads=((HERE, 1),), head_fill="mean"), torch.randn(1, 2, 3, 4))[
        1
    ]
    assert torch.allclose(mean[:, 1], torch.full((1, 3, 4), 0.25))


def test_set_score_and_mask_cell():
    scores, weights, _, _ = weights_of(Intervention(scores=(Cell(HERE, 0, 1, 2, 50.0),)))
    assert scores[0, 0, 1, 2] == 50
    assert weights[0, 0, 1, 2] > 0.999
    assert torch.allclose(weights[0, 1], torch.full((3, 4), 0.25))
    _, weights, mask, _ = weights_of(Intervention(mask_cells=(Cell(HERE, 0, 1, 2, 0.0),)))
    assert weights[0, 0, 1, 2] == 0
    assert weights[0, 0, 0, 2] == 0.25
    assert not mask[0, 0, 1, 2]


def test_weight_edit_renormalises_the_rest_unless_told_not_to():
    changes = Intervention(weights=(Cell(HERE, 0, 1, 2, 0.7),))
    row = weights_of(changes)[1][0, 0, 1]
    assert torch.allclose(row, torch.tensor([0.1, 0.1, 0.7, 0.1]))
    loose = Intervention(weights=changes.weights, renormalise=False)
    assert weights_of(loose)[1][0, 0, 1].sum() == pytest.approx(1.45)


def test_weight_edit_with_nothing_left_to_take_from_keeps_the_sum():
    scores = torch.full((1, 1, 1, 2), 0.0)
    scores[..., 0] = 200.0
    changes = Intervention(weights=(Cell(HERE, 0, 0, 0, 0.4),))
    assert weigh(scores, site=HERE, intervention=changes)[1].sum() == pytest.approx(1.0)


def test_temperature_divides_scores():
    scores = torch.randn(1, 1, 2, 5)
    found = weights_of(Intervention(temperature=2.0), scores)[1]
    assert torch.allclose(found, torch.softmax(scores / 2, -1))


cells = st.builds(
    Cell,
    st.sampled_from(("a", "b.c", "层")),
    st.integers(0, 99),
    st.integers(0, 999),
    st.integers(0, 999),
    st.floats(0, 1),
)


interventions = st.builds(
    Intervention,
    heads=st.lists(st.tuples(st.just("a"), st.integers(0, 9)), max_size=3).map(tuple),
    head_fill=st.sampled_from(("zero", "mean")),
    tokens=st.lists(st.tuples(st.just("a"), st.integers(0, 9)), max_size=3).map(tuple),
    scores=st.lists(cells, max_size=4).map(tuple),
    weights=st.lists(cells, max_size=4).map(tuple),
    mask_cells=st.lists(cells, max_size=4).map(tuple),
    renormalise=st.booleans(),
    temperature=st.floats(0.01, 100),
    scale=st.none() | st.floats(0, 10),
    normaliser=st.sampled_from(("", "softmax", "sigmoid")),
)


@given(interventions)
@settings(deadline=None)
def test_json_round_trip(changes):
    assert Intervention.from_json(changes.to_json()) == changes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"heads":3}',
        '{"unknown":1}',
        '{"temperature":0}',
        '{"temperature":1e999}',
        '{"weights":[["a",0,0,0,2]]}',
        '{"scores":[["a",0,0,-1,2]]}',
        '{"scores":[["a",0,0,0]]}',
        '{"scores":[["a",0,0,0,NaN]]}',
        "[" * 10_000,
        '{"temperature":"' + "9" * 40_000 + '"}',
        '{"tokens":[' + ",".join(['["a",1]'] * 300) + "]}",
        '{"tokens":[["a",Infinity]]}',
        '{"heads":[["a",1e400]]}',
        '{"heads":[["\\ud800",0]]}',
        '{"tokens":[["a",' + "9" * 5000 + "]]}",
    ],
)
def test_hostile_links_are_refused_with_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 (any message: the page shows its own)
        Intervention.from_json(text)


@pytest.mark.slow
def test_eight_threads_never_see_each_others_weights():
    """One shared model, eight callers, each with its own input and change."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(32, 4).eval()
    inputs = [torch.randn(1, 12, 32) for _ in range(8)]
    edits = [Intervention(tokens=(("s", i),)) for i in range(8)]

    def call(i: int) -> torch.Tensor:
        with torch.inference_mode():
            x = inputs[i]
            return layer(x, x, x, site="s", intervention=edits[i])[1].weights

    expected = [call(i).clone() for i in range(8)]
    assert len({float(e.sum(-2).flatten()[0]) for e in expected}) == 8
    wrong: list[int] = []

    def many(i: int) -> None:
        wrong.extend(i for _ in range(200) if not torch.equal(call(i), expected[i]))

    threads = [threading.Thread(target=many, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("renormalise", [True, False])
def test_a_gradient_passes_through_set_weights(renormalise):
    """Lesson 3.2 takes one through the very attention that a learner changed."""
    scores = torch.randn(1, 1, 3, 4, requires_grad=True)
    cells = (Cell(HERE, 0, 1, 0, 0.5), Cell(HERE, 0, 1, 2, 0.25), Cell(HERE, 0, 2, 3, 1.0))
    weights = weights_of(Intervention(weights=cells, renormalise=renormalise), scores)[1]
    weights.square().sum().backward()
    assert scores.grad.isfinite().all()
    assert scores.grad[0, 0, 0].any()  # a row that was left alone
