"""The recommenders against torch, closed forms, and themselves."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from attn_core.attention.functional import masked_softmax
from attn_core.attention.interventions import Cell, Intervention
from attn_core.datasets.films import Histories, in_order
from attn_core.models.film_table import FilmTable, features_of
from attn_core.models.recommender import Recommender, RecommenderConfig
from attn_core.models.target_recommender import TargetConfig, TargetRecommender
from attn_core.training.recommender import train as training

N, F = 30, 6


def table(module):
    generator = torch.Generator().manual_seed(1)
    module.films.has.copy_(torch.rand(N, F, generator=generator) < 0.4)
    module.films.has[0] = False
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) / 3
    return module.eval()


def recommender(**more):
    return table(Recommender(RecommenderConfig(N, F, d_model=8, length=12, **more)))


def target(**more):
    return table(TargetRecommender(TargetConfig(N, F, d_model=8, d_unit=5, **more)))


SEEN = torch.tensor([[3, 9, 27, 1, 0, 14]])


@torch.no_grad()
def test_a_block_is_torchs_attention():
    model = recommender()
    block, x = model.blocks[0], torch.randn(2, 5, 8)
    peer = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    ours = block.attention
    projections = (ours.query_projection, ours.key_projection, ours.value_projection)
    peer.in_proj_weight.copy_(torch.cat([p.weight for p in projections]))
    peer.in_proj_bias.copy_(torch.cat([p.bias for p in projections]))
    peer.out_proj.load_state_dict(ours.output_projection.state_dict())
    normed = block.attention_norm(x)
    later = torch.ones(5, 5, dtype=torch.bool).triu(1)
    wanted, weights = peer(normed, normed, normed, attn_mask=later, average_attn_weights=False)
    found, trace = block(x, "self.0", None)
    torch.testing.assert_close(trace.weights, weights, atol=1e-6, rtol=1e-5)
    middle = x + wanted
    torch.testing.assert_close(found, middle + block.forward_layers(block.forward_norm(middle)))


@torch.no_grad()
def test_what_comes_later_changes_nothing_before():
    model = recommender()
    whole = model(SEEN)[0]
    part = model(SEEN[:, :3])[0]
    torch.testing.assert_close(whole[:, :3], part)


@torch.no_grad()
def test_the_mean_twin_takes_the_mean_and_has_as_many_parameters():
    twin = recommender(mixing="mean")
    weights = twin(SEEN)[1]["self.1"].weights
    n = SEEN.shape[1]
    wanted = torch.ones(n, n).tril() / torch.arange(1, n + 1)[:, None]
    torch.testing.assert_close(weights[0, 0], wanted)
    count = [sum(p.numel() for p in m.parameters()) for m in (twin, recommender())]
    assert count[0] == count[1]


@torch.no_grad()
def test_order_is_told_by_positions():
    last_two = torch.tensor([[3, 9, 27, 1, 14, 0], [9, 27, 3, 1, 14, 0]])
    kept, moved = recommender()(last_two)[0][:, -1]
    assert (kept - moved).abs().max() > 1e-4
    one_layer = recommender(positions=False, n_layers=1)(last_two)[0][:, -1]
    torch.testing.assert_close(one_layer[0], one_layer[1])  # a set, but for the last film


@torch.no_grad()
def test_a_film_attends_to_what_it_has_alone():
    films = recommender().films
    vectors, trace = films(torch.arange(N))
    assert trace.weights[0, 0][~films.has].abs().max() == 0
    sums = trace.weights[0, 0].sum(-1)
    torch.testing.assert_close(sums, films.has.any(-1).float())
    attention = films.attention
    scores = (
        attention.query_projection(films.own.weight)
        @ attention.key_projection(films.features.weight).T
        / 8**0.5
    )
    weights = masked_softmax(scores, films.has)
    read = attention.output_projection(weights @ attention.value_projection(films.features.weight))
    torch.testing.assert_close(vectors, films.own.weight + read)


@torch.no_grad()
def test_features_as_their_mean_or_not_at_all():
    mean = FilmTable(N, F, 8, "mean")
    mean.has.fill_(True)
    torch.testing.assert_close(mean(torch.arange(3))[1].weights[0, 0], torch.full((3, F), 1 / F))
    none = FilmTable(N, F, 8, "none")
    torch.testing.assert_close(none.every(), none.own.weight)
    assert none(torch.arange(3))[1] is None


def test_features_of_a_film():
    has = features_of([[0], []], [1949, 2016], (1900, 1950, 2010), 2)
    assert has.int().tolist() == [[1, 0, 1, 0, 0], [0, 0, 0, 0, 1]]


@torch.no_grad()
def test_target_attention_is_its_formula():
    model = target()
    candidates = torch.tensor([5, 6])
    scores, trace = model(SEEN, candidates)
    vectors = model.films.every()
    for i, c in enumerate(candidates):
        total = model.bias[c].clone()
        for j, film in enumerate(SEEN[0]):
            key, query = vectors[film], vectors[c]
            hidden = torch.relu(
                model.key_unit(key) + model.query_unit(query) + model.both_unit(key * query)
            )
            weight = torch.sigmoid(model.energy(hidden))[0]
            torch.testing.assert_close(trace.weights[0, 0, i, j], weight)
            total += weight * (model.value_projection(key) @ query) / 8**0.5
        torch.testing.assert_close(scores[0, i], total)


@torch.no_grad()
def test_target_attention_heeds_no_order_and_the_last_films_alone():
    model, candidates = target(length=4), torch.arange(N)
    scores = model(SEEN, candidates)[0]
    torch.testing.assert_close(scores, model(SEEN[:, -4:], candidates)[0])
    torch.testing.assert_close(scores, model(SEEN[:, [1, 0, 5, 4, 3, 2]], candidates)[0])
    assert model(SEEN, candidates)[1].weights[0, 0, :, :2].abs().max() == 0


@torch.no_grad()
def test_running_sums_are_the_same_scores():
    model, candidates = target(length=3), torch.tensor([5, 6, 7])
    found = model.in_order(SEEN, candidates)[0]
    for i in range(SEEN.shape[1]):
        torch.testing.assert_close(found[i], model(SEEN[:, : i + 1], candidates)[0][0])


@torch.no_grad()
def test_a_learners_changes_reach_the_scores():
    model = recommender()
    whole = model(SEEN)[0][:, -1]
    for changes in (
        Intervention(tokens=(("self.0", 1),)),
        Intervention(heads=(("self.1", 0),)),
        Intervention(weights=(Cell("features", 0, 1, 2, 1.0),)),
        Intervention(temperature=4.0),
    ):
        changed, traces = model(SEEN, changes)
        assert (changed[:, -1] - whole).abs().max() > 1e-6, changes
        assert set(traces) == {"features", "self.0", "self.1"}
    cut = target()(SEEN, torch.arange(N), Intervention(tokens=(("target", 0),)))[0]
    torch.testing.assert_close(cut, target()(SEEN[:, 1:], torch.arange(N))[0])


@torch.no_grad()
@pytest.mark.parametrize(("mixing", "alike"), [("pooled", True), ("mean", False)])
def test_pooled_knows_the_films_and_not_which_was_last(mixing, alike):
    """Without places, one layer's answer to a set of films: the shortcut alone tells the last."""
    twin = recommender(mixing=mixing, positions=False, n_layers=1)
    last = [twin(seen)[0][0, -1] for seen in (SEEN, SEEN.flip(1))]
    assert torch.allclose(*last, atol=1e-5) == alike


@pytest.mark.parametrize("bad", [{"mixing": "max"}, {"d_model": 0}, {"dropout": 1.0}])
def test_bad_sizes_are_named(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        dataclasses.replace(RecommenderConfig(N, F), **bad)


def test_measures_of_known_ranks():
    scores = np.arange(N, dtype=float)[None].repeat(4, 0)
    found = training.ranks(scores, [N - 1, N - 2, N - 10, N - 11])
    assert found.tolist() == [1, 2, 10, 11]
    measures = training.measured(found)
    assert measures["hit_rate_at_10"] == 3 / 4
    gains = [1, 1 / np.log2(3), 1 / np.log2(11), 0]
    assert measures["ndcg_at_10"] == pytest.approx(np.mean(gains))
    assert training.ranks(np.zeros((1, N)), [3]).tolist() == [N]  # ties count against it


def test_ties_in_time_are_shuffled_and_the_rest_is_not():
    rows = [(1, second, 10 * second + k) for second in range(40) for k in range(2)]
    found = in_order(rows)[1]
    assert [film // 10 for film in found] == [second for second in range(40) for _ in range(2)]
    assert found != sorted(found)
    assert found == in_order(rows)[1]


def test_the_last_film_is_the_test_and_never_trained_on():
    data = Histories(tuple(range(N)), (tuple(range(20)), tuple(range(5, 12))), "")
    rows = training.windows(data, 64, 8, np.random.default_rng(0))
    assert rows.shape == (64, 9)
    assert not set(rows.flatten().tolist()) & {18, 19}
    before, targets = training.split(data, 1)
    assert targets == [19, 11]
    assert before[0][-1] == 18
    shares = training.shares(data)
    assert shares[18] == shares[29]  # counts as half a time: not trained on
