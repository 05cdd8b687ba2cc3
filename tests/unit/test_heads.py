"""Lesson 2.3: roles against made-up attention, cut heads against an oracle, trainings repeat."""

import copy

import pytest
import torch

from attn_core import zoo
from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.refused import Refused
from attn_core.inputs.tokens import tokenize
from attn_core.lessons.s2_3_multi_head import experiment, heads, quiz, roles

WORDS = ["the", "cat", "and", "the", "dog", "met", "on", "a", "mat", ",", "yes", "."]
TOKENS = ("[CLS]", *WORDS, "[SEP]")


@pytest.mark.parametrize("role", roles.ROLES)
def test_made_up_heads_get_their_role(role):
    cells = roles.targets(TOKENS)[role].float()
    some = cells.sum(-1, keepdim=True)
    n = len(TOKENS)
    weights = torch.where(some > 0, 0.8 * cells / some.clamp_min(1) + 0.2 / n, torch.tensor(1 / n))
    (found,) = roles.judge(roles.shares(weights[None], TOKENS), 1)
    assert found.role == role
    assert found.share == pytest.approx(0.8 + 0.2 / n * float(some[some > 0].mean()), abs=1e-3)
    assert found.confidence >= roles.LEAST_CONFIDENCE


def test_an_even_head_has_no_role():
    n = len(TOKENS)
    (found,) = roles.judge(roles.shares(torch.full((1, n, n), 1 / n), TOKENS), 1)
    assert found.role == ""
    assert found.share == pytest.approx(found.null, abs=1e-4)


def test_random_heads_seldom_get_a_role():
    generator = torch.Generator().manual_seed(0)
    n = len(TOKENS)
    weights = torch.randn(200, n, n, generator=generator).mul(2).softmax(-1)
    found = roles.judge(roles.shares(weights, TOKENS), 1)
    assert sum(bool(r.role) for r in found) <= 20


def test_cut_heads_are_heads_whose_output_is_left_out():
    """The oracle: the same model with those columns of the output projection set to zero."""
    tokens = tokenize(experiment.Config().text)
    cut = Intervention(heads=(("encoder.1", 3), ("encoder.4", 0)))
    found, _ = experiment.embed(tokens, cut, "cpu")
    module = copy.deepcopy(zoo.get("minilm").module)
    with torch.no_grad():
        for layer, head in ((1, 3), (4, 0)):
            weight = module.layers[layer].attention.output_projection.weight
            weight[:, 32 * head : 32 * head + 32] = 0.0
        states, _ = module(tokens.ids)
    wanted = torch.nn.functional.normalize(states[0].mean(0), dim=0)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_a_layer_off_is_its_twelve_heads():
    config = experiment.Config(layer_off=2)
    by_hand = Intervention(heads=tuple(("encoder.1", h) for h in range(12)))
    off, hand = experiment.run(config), experiment.run(experiment.Config(), by_hand)
    assert off.numbers == hand.numbers
    assert off.numbers["heads_cut"] == 12
    plain = experiment.run(experiment.before(config))
    assert plain.numbers["similarity"] != off.numbers["similarity"]
    assert plain.numbers["positive"] != off.numbers["positive"]
    with pytest.raises(ValueError, match="layer_off"):
        experiment.Config(layer_off=7)


def test_a_sentence_is_most_like_itself():
    config = experiment.Config("The same words.", "The same words.")
    assert experiment.run(config).numbers["similarity"] == pytest.approx(1, abs=1e-5)


def test_every_head_sees_all_tokens():
    found = experiment.reach(experiment.Config())
    assert found["seen"] == found["tokens"]
    assert found["moved"] == found["heads"] == 12
    assert quiz.truth(found) == "all"
    assert quiz.truth(found | {"seen": 1}) == "own"
    assert quiz.truth(found | {"seen": 3}) == "piece"


@pytest.mark.parametrize("text", ["a", "😀", "# <b>x</b>", "你好 world", "word " * 20_000])
def test_odd_texts(text):
    result = experiment.run(experiment.Config(text, text))
    assert result.numbers["similarity"] == pytest.approx(1, abs=1e-4)
    assert len(result.details["roles"]) == 72
    assert quiz.questions(experiment.Config(text), result)
    with pytest.raises(Refused):
        experiment.run(experiment.Config(text, " "))


def test_numbers_of_heads_have_equal_parameters_and_curves_repeat():
    sizes = {sum(p.numel() for p in heads.TwoLookups(h).parameters()) for h in heads.HEADS}
    assert len(sizes) == 1
    before = torch.get_rng_state()
    first, again = (list(heads.training(2, 0, 40)) for _ in range(2))
    assert first == again
    assert torch.equal(before, torch.get_rng_state())
    assert list(heads.training(2, 1, 40)) != first


@pytest.mark.slow
def test_four_heads_learn_two_look_ups_and_one_does_not():
    one, four = (list(heads.training(h, 0))[-1][1] for h in (1, 4))
    assert four > 0.95
    assert one < 0.5


def test_the_job_reports_and_stops():
    told = []
    rows = heads.train_side_by_side(lambda *a: told.append(a), lambda: len(told) >= 2)
    assert len(told) == 2
    assert rows[-1]["heads"] == "1"


def test_the_challenge_counts_heads_and_nothing_else():
    config = experiment.Config()
    plain = experiment.run(config)
    assert not quiz.challenge(config, Intervention(), plain).reached
    found = []
    for layer in range(6):
        six = Intervention(heads=tuple((f"encoder.{layer}", h) for h in range(6)))
        result = experiment.run(config, six)
        found.append(quiz.challenge(config, six, result).reached)
        moved = abs(result.numbers["similarity"] - plain.numbers["similarity"])
        assert found[-1] == (moved >= quiz.MOVE)
    seven = Intervention(heads=tuple(("encoder.5", h) for h in range(7)))
    assert not quiz.challenge(config, seven, experiment.run(config, seven)).reached
    edited = Intervention(heads=(("encoder.5", 0),), scores=(Cell("encoder.5", 1, 1, 1, 9.0),))
    assert not quiz.challenge(config, edited, experiment.run(config, edited)).reached
