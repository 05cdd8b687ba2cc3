"""Lesson 5.3's experiment: free and forced writing, moved looks, longer sounds, refusals."""

import numpy as np
import pytest
import torch

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound import SAMPLES, again, find, read_sound
from attn_core.lessons.s5_3_recogniser import experiment, quiz, views
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.compared import as_sent, true_digits
from attn_core.models.recogniser import END, START
from attn_core.training.speech.train import greedy

MODELS = tuple(experiment.CHECKPOINTS)


@pytest.mark.parametrize("model", MODELS)
def test_free_writing_is_what_training_measured(model):
    """Against the loop over batches by which the recorded errors were counted."""
    module = zoo.get(experiment.CHECKPOINTS[model]).module
    waves = [find(name).wave for name in experiment.SAMPLES[:3]]
    theirs = greedy(module, waves, "attention")
    for name, digits in zip(experiment.SAMPLES, theirs, strict=False):
        result = experiment.run(experiment.Config(name, model=model))
        assert tuple(result.details["digits"]) == digits


@pytest.mark.parametrize("model", MODELS)
def test_teacher_forcing_equals_one_pass_over_the_true_digits(model):
    result = experiment.run(experiment.Config("pi", model=model, feed="true"))
    module = zoo.get(experiment.CHECKPOINTS[model]).module
    truth = true_digits("pi")
    target = torch.tensor([[START, *truth]])
    with torch.inference_mode():
        features = speech.features_of(find("pi").wave)
        if model == "attention":
            states, real, _ = module.encode(features)
            logits = module.decode(target, module.remember(states, real))[0]
        else:
            logits = module(features, None, target)
    p = logits[0].index_fill(-1, torch.tensor([START]), -torch.inf).softmax(-1)
    steps = result.details["steps"]
    assert [s["p"] for s in steps] == pytest.approx(p.amax(-1).tolist(), abs=2e-4)
    wrong = p.argmax(-1) != torch.tensor([*truth, END])
    assert [s["wrong"] for s in steps] == wrong.tolist()
    assert [row["told"] for row in views.by_step(result, "true")][1:] == list(map(str, truth))


@pytest.mark.parametrize("model", MODELS)
def test_the_alignment_has_a_row_for_each_step(model):
    result = experiment.run(experiment.Config("double", model=model))
    weights = result.traces[result.details["cross"]].weights[0].float()
    assert weights.shape[1] == len(result.queries) == len(result.details["steps"])
    assert weights.shape[2] == result.details["tokens"] == len(result.keys)
    assert torch.allclose(weights.sum(-1), torch.ones(()), atol=5e-3)
    tops = weights.mean(0).argmax(-1).tolist()
    assert [s["token"] for s in result.details["steps"]] == tops


def test_a_moved_look_changes_what_follows_and_nothing_before():
    config = experiment.Config("double")
    whole = experiment.run(config)
    there = whole.details["steps"][3]["token"]
    moved = experiment.run(config, Intervention(weights=experiment.moved(whole, 1, there)))
    assert moved.details["digits"][0] == whole.details["digits"][0]
    assert moved.details["steps"][1]["token"] == there
    assert moved.details["digits"] != whole.details["digits"]
    before, after = (r.traces["decoder.cross"].weights[0, 0] for r in (whole, moved))
    assert torch.equal(before[0], after[0])


def test_a_sound_again_is_as_long_and_findable():
    once = find("double")
    thrice = again(once, 3)
    assert thrice is find(thrice.name)
    assert np.array_equal(
        thrice.wave[: len(once.wave)], thrice.wave[len(once.wave) :][: len(once.wave)]
    )
    assert again(once, 1) is once
    assert again(find("long"), 4).seconds < 30
    result = experiment.run(experiment.Config("double", times=3))
    assert result.details["seconds"] == pytest.approx(3 * once.seconds)
    assert len(result.details["truth"]) == 15


def test_own_sound_needs_its_digits_to_be_told():
    own = read_sound((SAMPLES / "pi.flac").read_bytes())
    with pytest.raises(Refused, match="no_truth"):
        experiment.run(experiment.Config(own.name, feed="true"))
    told = experiment.run(experiment.Config(own.name, feed="true", labels=(3, 1, 4)))
    assert len(told.details["steps"]) == 4
    assert experiment.run(experiment.Config(own.name)).details["truth"] is None


def test_silence_is_read_to_its_end():
    n = len(experiment.run(experiment.Config("double")).keys)
    result = experiment.run(experiment.Config("double", hidden=((0, n - 1),)))
    assert result.details["tokens"] == n
    assert result.queries


def test_longer_sounds_and_covered_digits():
    rows = views.longer(experiment.Config("double"))
    once = [row for row in rows if row["times"] == 1]
    assert {row["share"] for row in once} == {1.0}
    assert {row["model"] for row in rows} == {*MODELS, *views.CTC}
    seen = []
    found = views.cover_each(
        lambda share, _, partial: seen.append((share, len(partial))),
        lambda: False,
        wave=as_sent("double"),
    )
    assert seen[-1][0] == 1.0
    assert all(row["own"] >= 0 and row["others"] >= 0 for row in found)
    assert max(row["own"] for row in found) > 0.5
    stopped = views.cover_each(lambda *_: None, lambda: True, wave=as_sent("double"))
    assert stopped == []


@pytest.mark.parametrize(
    "wrong",
    [{"model": "x"}, {"feed": "x"}, {"times": 9}, {"labels": (11,)}],
)
def test_what_is_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        experiment.Config(**wrong)


@pytest.mark.parametrize("sound", experiment.SAMPLES)
def test_questions_have_answers_and_the_guess_is_measured(sound):
    config = experiment.Config(sound)
    result = experiment.run(config)
    for question in quiz.questions(config, result):
        assert 0 <= question.answer < len(question.options)
    assert quiz.truth(quiz.reveal(config, "cpu")) in quiz.GUESSES


def test_the_challenge_can_be_done_by_one_look():
    config = experiment.Config("pi")
    whole = experiment.run(config)
    reached = []
    for step in range(len(whole.queries) - 3):
        there = whole.details["steps"][-2]["token"]
        changes = Intervention(weights=experiment.moved(whole, step, there))
        reached.append(quiz.challenge(config, changes, experiment.run(config, changes)).reached)
    assert any(reached)
    assert not quiz.challenge(config, Intervention(), whole).reached
