"""Lesson 3.3's experiment: what is shown is what the model did, and choices are obeyed."""

import pytest
import torch

from attn_core.attention.interventions import Cell, Intervention
from attn_core.checkpoints.manifests import read_manifest
from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_3_transformer import choice, quiz
from attn_core.lessons.s3_3_transformer import compared as c
from attn_core.lessons.s3_3_transformer import experiment as e
from attn_core.models.transformer_layers import END


@pytest.fixture(scope="module", params=e.DIRECTIONS)
def result(request):
    return e.run(e.Config(direction=request.param))


def test_every_attention_has_labels_of_its_own(result):
    for site, trace in result.traces.items():
        queries, keys = result.names(site)
        assert trace.weights.shape[-2:] == (len(queries), len(keys))
        sums = trace.weights.sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-5, rtol=0)
    kinds = {r["kind"]: r for r in e.shapes(result)}
    n, m = len(result.keys), len(result.queries)
    assert (kinds["encoder"]["queries"], kinds["encoder"]["keys"]) == (n, n)
    assert (kinds["self"]["queries"], kinds["self"]["keys"]) == (m, m)
    assert (kinds["cross"]["queries"], kinds["cross"]["keys"]) == (m, n)
    assert kinds["self"]["masked"] == pytest.approx(100 * (m - 1) / (2 * m), abs=1e-3)
    assert kinds["cross"]["masked"] == 0


def test_step_probabilities_multiply_to_the_sentences(result):
    total = torch.tensor(result.details["step_probability"]).log().sum().item()
    assert total == pytest.approx(result.numbers["log_probability"], abs=1e-3)
    for row, p, label in zip(
        result.details["choices"], result.details["step_probability"], result.queries, strict=True
    ):
        assert [c["probability"] for c in row] == sorted(c["probability"] for c in row)[::-1]
        assert all(c["probability"] == pytest.approx(p) for c in row if c["label"] == label)


def test_the_models_translate():
    """Sentences of daily words: what is asked for must be in them."""
    for config, wanted in (
        (e.Config("She is my mother."), "妈"),
        (e.Config("I like dogs."), "狗"),
        (e.Config("我喜欢狗。", "zh-en"), "dog"),
        (e.Config("她是我的妈妈。", "zh-en"), "mother"),
    ):
        found = [h["text"] for h in e.run(config).details["hypotheses"]]
        assert any(wanted in text or "母" in text for text in found), found


def test_another_next_token_is_written_and_decoding_goes_on():
    config = e.Config()
    before = e.run(config)
    other = before.details["choices"][1][1]["id"]
    ids = (before.details["ids"][0], other)
    after = e.run(e.Config(prefix=ids))
    assert tuple(after.details["ids"][:2]) == ids
    assert after.details["ids"] != before.details["ids"]
    assert after.queries[0] == before.queries[0]
    assert after.details["hypotheses"][0]["finished"]
    held = choice.prefix_text(config.text, config.direction, ids)
    assert choice.prefix_ids(config.text, config.direction, held) == ids
    assert choice.prefix_ids("Another text.", config.direction, held) == ()


@pytest.mark.parametrize("held", ["", "-", "1.2", "9.x-0000", "١.٢-0000", "9" * 500, "..-", "1-"])
def test_a_spoilt_choice_is_none(held):
    assert choice.prefix_ids("", "en-zh", held) == ()


def test_hiding_the_source_changes_the_translation():
    plain = e.run(e.Config())
    cut = [(s, k) for s in plain.traces if e.kind_of(s) == "cross" for k in range(5)]
    found = e.run(e.Config(), Intervention(tokens=tuple(cut)))
    assert found.details["ids"] != plain.details["ids"]
    assert found.traces[e.cross_of(found)].weights[..., :5].abs().max() == 0


def test_a_weight_that_is_set_is_the_one_that_is_shown():
    plain = e.run(e.Config())
    site = e.cross_of(plain)
    found = e.run(e.Config(), Intervention(weights=(Cell(site, 2, 1, 0, 0.75),)))
    assert found.traces[site].weights[0, 2, 1, 0].item() == pytest.approx(0.75, abs=1e-6)
    # nothing that was written before the step moved
    assert found.details["ids"][:1] == plain.details["ids"][:1]


def test_a_beam_is_sorted_and_greedy_is_one():
    assert len(e.run(e.Config(beam=1)).details["hypotheses"]) == 1
    found = [h["score"] for h in e.run(e.Config(beam=8)).details["hypotheses"]]
    assert found == sorted(found, reverse=True)


def test_a_cache_changes_no_translation():
    with_, without = c.cache_or_not(e.Config())
    assert with_["text"] == without["text"]
    assert with_["score"] == pytest.approx(without["score"], abs=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"beam": 9}, "beam is 9"),
        ({"alpha": 0.55}, "alpha is 0.55"),
        ({"direction": "en-fr"}, "fr"),
        ({"prefix": (END,)}, "prefix"),
        ({"prefix": (5,) * 99}, "prefix"),
    ],
)
def test_values_out_of_bounds_are_named(change, says):
    with pytest.raises(ValueError, match=says):
        e.Config(**change)


def test_a_token_beyond_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match="vocabulary"):
        e.run(e.Config(prefix=(99_999,)))
    with pytest.raises(Refused):
        e.run(e.Config(" "))


def test_the_row_that_is_open_first_is_a_word(result):
    row = e.default_row(result)
    assert result.queries[row].strip("+").isalnum()
    facts = e.reading(result, row)
    assert 0 < facts["weight"] <= 1
    assert facts["token"] == result.queries[row]


def test_ablated_models_answer_and_are_of_equal_size():
    found = c.ablated(e.Config("She is my mother."))
    assert [r["model"] for r in found] == list(c.SMALL)
    sizes = read_manifest(c.TWINS).raw["parameters"]
    assert max(sizes.values()) <= 1.02 * min(sizes.values())


def test_the_shown_models_are_below_three_million_parameters():
    for checkpoint in e.MODELS.values():
        for end in ("", e.TWIN):
            assert 2.9e6 < read_manifest(checkpoint + end).raw["parameters"] <= 3e6


def test_the_quiz_is_graded_from_the_tensors(result):
    asked = {q.key: q for q in quiz.questions(e.Config(), result)}
    opened = e.opened(result)
    weights = result.traces[opened.site].weights[0, opened.head]
    assert asked["s3_3.quiz.where"].answer == int(weights[opened.query].argmax())
    question = asked["s3_3.quiz.vectors"]
    assert question.options[question.answer] == str(len(result.keys))
    question = asked["s3_3.quiz.masked"]
    assert question.options[question.answer] == str(question.values["step"])
    assert quiz.truth(quiz.reveal(e.Config(), "cpu")) == "token"


def test_the_challenge_can_be_met_by_hiding_source_tokens():
    config = e.Config()
    plain = e.run(config)
    assert not quiz.challenge(config, Intervention(), plain).reached
    sites = [s for s in plain.traces if e.kind_of(s) == "cross"]
    for key in range(len(plain.keys)):
        changes = Intervention(tokens=tuple((s, key) for s in sites[: quiz.MOST]))
        if quiz.challenge(config, changes, e.run(config, changes)).reached:
            return
    pytest.fail("no single source token is enough")
