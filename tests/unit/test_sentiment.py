"""Lesson 2.1: poolings against torch, padding, evidence against direct measurement, odd texts."""

import dataclasses

import pytest
import torch
from torch.nn import functional as F

from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.refused import Refused
from attn_core.layers.pooling import POOLINGS, Pooling
from attn_core.lessons.s2_1_self_attention import evidence, experiment, quiz, summary
from attn_core.models.sentiment import POOL, CharacterSentiment, SentimentConfig

REVIEWS = {
    "en": ("A wonderful, moving film that I loved.", "Dull, badly acted and far too long."),
    "zh": ("非常好吃，送餐也很快，下次还会再点", "太难吃了，等了两个小时，再也不会点了"),
}


@pytest.fixture
def batch():
    torch.manual_seed(0)
    states = torch.randn(3, 7, 8)
    mask = torch.arange(7) < torch.tensor([7, 4, 1])[:, None]
    return states, mask


def test_poolings_are_what_their_names_say(batch):
    states, mask = batch
    lengths = mask.sum(1)
    means = torch.stack([s[:n].mean(0) for s, n in zip(states, lengths, strict=True)])
    tops = torch.stack([s[:n].amax(0) for s, n in zip(states, lengths, strict=True)])
    lasts = torch.stack([s[n - 1] for s, n in zip(states, lengths, strict=True)])
    for kind, wanted in (("mean", means), ("max", tops), ("first", states[:, 0]), ("last", lasts)):
        found, trace = Pooling(8, kind)(states, mask)
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)
        torch.testing.assert_close(trace.weights.sum(-1), torch.ones(3, 1, 1))
        assert not trace.weights[:, 0, 0][~mask].any()


def test_attention_pooling_is_torchs_attention_with_one_query(batch):
    states, mask = batch
    pool = Pooling(8)
    found, trace = pool(states, mask)
    key = torch.tanh(pool.key_projection(states))[:, None]
    wanted = F.scaled_dot_product_attention(
        pool.query.expand(3, 1, 1, -1), key, states[:, None], mask[:, None, None]
    )
    torch.testing.assert_close(found, wanted[:, 0, 0], atol=1e-6, rtol=0)
    assert trace.weights.shape == (3, 1, 1, 7)


def test_poolings_have_equal_parameters_and_refuse_other_names():
    sizes = {sum(p.numel() for p in Pooling(8, kind).parameters()) for kind in POOLINGS}
    assert len(sizes) == 1
    with pytest.raises(ValueError, match="median"):
        Pooling(8, "median")


@pytest.mark.parametrize("kind", POOLINGS)
def test_a_review_is_read_alike_alone_and_in_a_padded_batch(kind):
    torch.manual_seed(1)
    config = SentimentConfig(
        kind, d_model=16, d_ff=16, n_heads=2, n_layers=2, characters="abc", width=3
    )
    model = CharacterSentiment(config).eval()
    ids = model.ids(["abcab", "ab"])
    together = model(model.embed(ids), ids != 0)[0]
    for i, text in enumerate(("abcab", "ab")):
        alone = model.ids([text])
        found = model(model.embed(alone), alone != 0)[0][0]
        torch.testing.assert_close(found, together[i], atol=1e-5, rtol=0)


@pytest.mark.parametrize("language", experiment.LANGUAGES)
@pytest.mark.parametrize("model", experiment.MODELS)
def test_plain_praise_and_plain_blame(language, model):
    good, bad = (
        experiment.run(experiment.Config(text, language, model)).numbers["positive"]
        for text in REVIEWS[language]
    )
    assert good > bad
    if model == experiment.SHOWN:
        assert good > 0.5 > bad


def test_a_pooling_edit_moves_the_verdict():
    config = experiment.Config(REVIEWS["en"][0])
    plain = experiment.run(config)
    cell = Intervention(weights=(Cell(POOL, 0, 0, 1, 1.0),))
    edited = experiment.run(config, cell)
    assert edited.traces[POOL].weights[0, 0, 0, 1] == pytest.approx(1.0)
    assert edited.numbers["positive"] != plain.numbers["positive"]
    torch.testing.assert_close(
        edited.traces["encoder.0"].weights, plain.traces["encoder.0"].weights
    )


@pytest.mark.parametrize("language", experiment.LANGUAGES)
def test_occlusion_is_the_fall_when_read_again(language):
    config = experiment.Config(REVIEWS[language][1], language)
    reader = experiment.read(config)
    found, target = evidence.scores(reader)
    place = reader.places[2]
    ids = reader.ids.clone()
    ids[0, place] = reader.hidden
    with torch.inference_mode():
        whole = reader.logits(reader.embed(reader.ids))[0].softmax(-1)[0, target]
        cut = reader.logits(reader.embed(ids))[0].softmax(-1)[0, target]
    assert found["occlusion"][place] == pytest.approx(float(whole - cut), abs=1e-4)


def test_gradient_times_input_is_a_directional_derivative():
    reader = experiment.read(experiment.Config(REVIEWS["en"][0]))
    found, target = evidence.scores(reader)
    embedded = reader.embed(reader.ids).double().float()
    step = 1e-2
    for place in (1, 3):
        values = []
        for sign in (1, -1):
            moved = embedded.clone()
            moved[0, place] *= 1 + sign * step
            with torch.inference_mode():
                logits = reader.logits(moved)[0][0]
            values.append(float(logits[target] - logits[1 - target]))
        slope = (values[0] - values[1]) / (2 * step)
        assert found["gradient"][place] == pytest.approx(slope, abs=0.02)


def test_curves_start_and_end_where_they_must():
    reader = experiment.read(experiment.Config(REVIEWS["zh"][0], "zh"))
    found = evidence.curves(reader)
    with torch.inference_mode():
        whole = reader.logits(reader.embed(reader.ids))[0].softmax(-1)[0, found["target"]]
    for method in evidence.METHODS:
        deletion, insertion = found["deletion"][method], found["insertion"][method]
        assert len(deletion) == len(insertion) == evidence.N_POINTS
        assert deletion[0] == pytest.approx(float(whole), abs=1e-4)
        assert insertion[-1] == pytest.approx(deletion[0], abs=1e-4)
        assert insertion[0] == pytest.approx(deletion[-1], abs=1e-4)
    again = evidence.curves(reader)
    assert again["deletion"]["random"] == found["deletion"]["random"]


def test_the_job_answers_rows_and_stops():
    told = []
    rows = evidence.compare(
        lambda *a: told.append(a), lambda: False, REVIEWS["en"][0], "en", "shown"
    )
    assert len(rows) == 2 * len(evidence.METHODS) * evidence.N_POINTS
    assert told
    assert evidence.compare(lambda *a: None, lambda: True, "x", "en", "shown") == []


ODD = {
    "one": "a", "emoji": "😀👍🏽", "marks": "e\u0301\u0302\u0323 z\u0335", "rtl": "פיקניק رائع",
    "mixed": "这个 hotel 真不错 ok", "control": "a\x00b\x07c", "html": "<script>alert(1)</script>",
    "markdown": "# **x** [a](http://b) $y$",
}  # fmt: skip


@pytest.mark.parametrize("language", experiment.LANGUAGES)
@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_texts_are_read(text, language):
    result = experiment.run(experiment.Config(text, language))
    assert 0 <= result.numbers["positive"] <= 1
    assert len(result.keys) == result.traces[POOL].weights.shape[-1]
    found = quiz.questions(experiment.Config(text, language), result)
    assert bool(found) == (len(result.keys) > 1)


@pytest.mark.parametrize("language", experiment.LANGUAGES)
def test_empty_and_endless_texts(language):
    with pytest.raises(Refused, match="empty_text"):
        experiment.run(experiment.Config("  \n", language))
    result = experiment.run(experiment.Config("很好 good " * 12_500, language))
    assert len(result.keys) == 128
    assert result.details["n_left"] > 0


def test_config_names_its_bounds():
    with pytest.raises(ValueError, match="klingon"):
        experiment.Config(language="klingon")
    with pytest.raises(ValueError, match="median"):
        experiment.Config(model="median")


def test_summary_weighs_sentences_and_needs_two():
    text = "The cat sat. The cat was happy because the cat had fish! Trains run on rails."
    found = summary.summarise(text)
    assert len(found.sentences) == 3
    assert sum(found.centrality) == pytest.approx(1, abs=1e-5)
    assert found.best(1)[0] == max(range(3), key=lambda i: found.centrality[i])
    with pytest.raises(Refused, match="two_sentences"):
        summary.summarise("Only one.")
    long = summary.summarise("A sentence of some words stands here again. " * 60)
    assert long.n_left == 60 - len(long.sentences)


def test_the_predictions_truth_is_measured():
    found = quiz.reveal(experiment.Config(), "cpu")
    assert quiz.truth(found) in quiz.GUESSES
    assert 1 <= found["rank"] <= found["n"]
    assert quiz.truth(found | {"fall": 0.0}) == "nothing"
    assert quiz.truth(found | {"fall": 0.5, "rank": 1}) == "most"
    assert quiz.truth(found | {"fall": 0.5, "rank": 2}) == "less"


def test_the_challenge_is_one_single_cut():
    config = experiment.Config()
    plain = experiment.run(config)
    assert not quiz.challenge(config, Intervention(), plain).reached
    but = plain.keys.index("but")
    for cut in (
        Intervention(tokens=(("encoder.3", but),)),
        Intervention(heads=(("encoder.3", 0),)),
    ):
        assert quiz.challenge(config, cut, experiment.run(config, cut)).reached
        for spoilt in (
            dataclasses.replace(cut, temperature=1.5),
            dataclasses.replace(cut, tokens=(*cut.tokens, (POOL, 1))),
        ):
            assert not quiz.challenge(config, spoilt, experiment.run(config, spoilt)).reached
    weak = Intervention(tokens=((POOL, but),))
    found = quiz.challenge(config, weak, experiment.run(config, weak))
    assert not found.reached
    assert found.progress < 1
