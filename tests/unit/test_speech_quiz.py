"""Lesson 5.1 on its trained model: questions, the challenge, and what is taken apart."""

import numpy as np
import pytest

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s5_1_speech import experiment, quiz, views
from attn_core.lessons.speech import compared
from attn_core.lessons.speech import tokens as speech


@pytest.mark.parametrize("sound", experiment.SAMPLES)
def test_answers_are_what_was_measured(sound):
    config = experiment.Config(sound)
    result = experiment.run(config)
    found = {q.key: q for q in quiz.questions(config, result)}
    assert len(found) == 3
    where = found["s5_1.quiz.where"]
    opened = experiment.opened(result)
    row = result.traces[opened.site].weights[0, opened.head, experiment.default_row(result)]
    assert where.options[where.answer] == result.keys[int(row.float().argmax())]
    window = found["s5_1.quiz.window"]
    same = {r["window"] for r in views.windows(config) if not r["moved"]}
    answer = window.options[window.answer].rpartition(".")[2]
    assert answer == "all" or int(answer) in same


def test_silence_costs_as_much_and_the_guess_is_counted():
    found = quiz.reveal(experiment.Config("double"), "cpu")
    assert found["speech"] == found["silence"]
    assert quiz.truth(found) == "equal"
    assert quiz.truth(found | {"silence": "1.0"}) == "fewer"


@pytest.mark.slow
def test_the_challenge_can_be_done_and_is_not_done_by_more():
    """On one of the samples some short silence makes one digit another."""
    reached = []
    for sound in experiment.SAMPLES[:2]:
        n = len(experiment.run(experiment.Config(sound)).queries)
        for first in range(0, n - quiz.MOST, 2):
            config = experiment.Config(sound, ((first, first + quiz.MOST - 1),))
            result = experiment.run(config)
            if quiz.challenge(config, Intervention(), result).reached:
                reached.append((sound, first))
    assert reached
    sound, first = reached[0]
    wide = experiment.Config(sound, ((first, first + quiz.MOST),))
    assert not quiz.challenge(wide, Intervention(), experiment.run(wide)).reached


def test_a_silenced_digit_hurts_itself():
    found = views.influence(experiment.Config("double"))
    effect = np.array(found["effect"])
    assert effect.shape == (5, 5)
    assert (effect.diagonal() > effect.max() / 2).all()
    attention = np.array(found["attention"])
    assert ((attention >= 0) & (attention <= 1)).all()
    assert (attention.sum(1) <= 1 + 1e-3).all()


def test_lean_and_reach_are_of_the_traces():
    result = experiment.run(experiment.Config("double"))
    found = views.by_head(result)
    loud = np.array(result.details["speech"], bool)
    weights = result.traces["encoder.2"].weights[0, 1].float().numpy()
    lean = weights[:, loud].sum(1).mean() - loud.mean()
    assert found["lean"][2][1] == pytest.approx(lean, abs=1e-4)
    places = np.arange(len(loud))
    far = (weights * np.abs(places[:, None] - places)).sum(1).mean() * speech.TOKEN_SECONDS
    assert found["reach"][2][1] == pytest.approx(far, abs=1e-3)


def test_the_samples_are_written_mostly_right():
    edits = [views.windows(experiment.Config(s))[-1]["moved"] for s in experiment.SAMPLES]
    assert edits == [0] * len(edits)
    for name in ("double", "pi"):
        truth = compared.true_digits(name)
        digits = experiment.run(experiment.Config(name)).details["digits"]
        assert compared.edit_distance(digits, truth) <= 2


def test_noise_on_the_learner_s_sound_is_counted_for_each_model():
    rows = compared.under_noise(
        lambda *_: None,
        lambda: False,
        wave=compared.as_sent("double"),
        said=compared.true_digits("double"),
        checkpoints=views.TWINS,
    )
    assert len(rows) == len(compared.SNRS) * len(views.TWINS)
    loudest = {r["model"]: r["error"] for r in rows if r["snr"] == -5}
    quiet = {r["model"]: r["error"] for r in rows if r["snr"] == 20}
    assert all(loudest[m] >= quiet[m] for m in views.TWINS)
    assert max(loudest.values()) > 0.2
