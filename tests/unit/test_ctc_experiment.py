"""Lesson 5.2's experiment: labels as an attention, the lattice, the search, refusals."""

import math

import numpy as np
import pytest
import torch

from attn_core import zoo
from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound import find
from attn_core.lessons.s5_2_ctc import experiment, quiz, views
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.said import MAX_SAID, said
from attn_core.measures.ctc import best_path, collapse, lattice
from attn_core.models.recogniser import BLANK
from attn_core.models.recogniser_search import joint_search

MODELS = tuple(experiment.CHECKPOINTS)


@pytest.mark.parametrize("model", MODELS)
def test_labels_as_an_attention_are_the_model_s_own(model):
    result = experiment.run(experiment.Config("pi", model=model))
    module = zoo.get(experiment.CHECKPOINTS[model]).module
    with torch.inference_mode():
        states, _, _ = module.encode(speech.features_of(find("pi").wave))
        log_p = module.ctc(states)[0]
    found = result.traces[experiment.LABELS].weights[0, 0].float()
    assert torch.allclose(found, log_p.exp(), atol=2e-3)  # half precision
    path = best_path(log_p.numpy())
    assert result.details["path"] == list(path)
    assert tuple(result.details["digits"]) == collapse(path, BLANK)
    loss = torch.nn.functional.ctc_loss(
        log_p[:, None],
        torch.tensor([result.details["labels"]]),
        torch.tensor([len(log_p)]),
        torch.tensor([len(result.details["labels"])]),
        blank=BLANK,
        reduction="sum",
    )
    assert result.numbers["log_likelihood"] == pytest.approx(-float(loss), abs=1e-3)
    assert result.numbers["best_path"] <= result.numbers["log_likelihood"] + 1e-6


def test_the_posterior_sums_to_one_and_is_drawn_where_the_word_is():
    result = experiment.run(experiment.Config("pi"))
    rows = np.array(result.details["posterior"])
    total = rows.sum(0) + np.array(result.details["blank"])
    assert np.allclose(total, 1, atol=2e-3)
    for row, word in zip(rows, result.details["words"], strict=True):
        assert word["first"] <= row.argmax() <= word["last"]
    cells = views.lattice_cells(result, "posterior", experiment.default_row(result))
    assert {c["on"] for c in cells} == {True, False}
    assert max(c["value"] for c in cells) <= 1 + 1e-6
    assert max(c["value"] for c in views.lattice_cells(result, "alpha", 40)) == 0.0


def test_number_of_paths_is_a_binomial_without_doubles():
    result = experiment.run(experiment.Config("pi", labels=(1, 2, 3)))
    n = result.details["tokens"]
    assert result.numbers["paths_log10"] == pytest.approx(math.log10(math.comb(n + 3, 6)), rel=1e-6)


def test_an_edited_label_is_written():
    result = experiment.run(experiment.Config("double"))
    token = next(i for i, v in enumerate(result.details["path"]) if v == BLANK and i > 5)
    edit = Intervention(weights=(Cell(experiment.LABELS, 0, token, 7, 1.0),))
    edited = experiment.run(experiment.Config("double"), edit)
    assert 7 in edited.details["digits"]
    assert len(edited.details["digits"]) == len(result.details["digits"]) + 1


def test_the_joint_model_s_search_is_the_search():
    config = experiment.Config("double", model="joint", way="beam", weight=0.3, width=4)
    result = experiment.run(config)
    module = zoo.get("recogniser_joint").module
    with torch.inference_mode():
        states, real, _ = module.encode(speech.features_of(find("double").wave))
        found = joint_search(module, states, real, 0.3, width=4)
    assert tuple(result.details["digits"]) == found[0].digits
    assert result.details["found"][0]["score"] == pytest.approx(found[0].score, abs=1e-3)
    rows = result.traces[experiment.CROSS].weights.shape[2]
    assert rows == len(result.names(experiment.CROSS)[0]) == len(found[0].digits) + 1


def test_noise_and_silence_are_undone_by_plain():
    config = experiment.Config("pi", ((0, 5),), "convolution", 0.0, "beam", 4)
    bare = experiment.before(config)
    assert (bare.sound, bare.model, bare.snr, bare.hidden) == ("pi", "convolution", None, ())
    noisy, clean = experiment.run(config), experiment.run(bare)
    assert noisy.numbers["log_likelihood"] != clean.numbers["log_likelihood"]
    assert list(clean.traces) == [experiment.LABELS]  # convolutions attend to nothing


def test_noise_has_its_level():
    wave = find("pi").wave
    noise = speech.noisy(wave, 10.0) - wave
    loud = np.repeat(speech.speech(wave), speech.TOKEN)[: len(wave)]
    ratio = 10 * np.log10(np.square(wave[: len(loud)][loud]).mean() / np.square(noise).mean())
    assert ratio == pytest.approx(10, abs=0.2)
    assert speech.noisy(wave, None) is wave


@pytest.mark.parametrize("text", ["3a", "1½", "12 x", "²x"])
def test_what_is_no_digit_is_named_with_its_place(text):
    with pytest.raises(Refused) as refused:
        said(text)
    assert refused.value.key == "refused.digit"
    assert text[refused.value.values["place"] - 1] == refused.value.values["character"]


def test_digits_of_other_scripts_and_too_many():
    assert said("３ ١ 4") == (3, 1, 4)
    assert said("") is None
    with pytest.raises(Refused, match="digits"):
        said("1" * (MAX_SAID + 1))


def test_labels_that_do_not_fit_the_time_are_refused():
    with pytest.raises(Refused, match="digits_fit"):
        experiment.run(experiment.Config("double", labels=(5,) * 60))


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "x"},
        {"snr": 3.0},
        {"way": "x"},
        {"width": 3},
        {"weight": 0.2},
        {"labels": (10,)},
        {"hidden": ((5, 2),)},
    ],
)
def test_what_is_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)) if "hidden" not in wrong else "span"):
        experiment.Config(**wrong)


def test_the_beam_s_shares_and_the_ways():
    result = experiment.run(experiment.Config("noisy", snr=0.0))
    held = views.beam_at(result, 8, result.details["tokens"] - 1)
    assert sum(row["blank"] + row["label"] for row in held) <= 1 + 1e-9
    rows = views.ways(result)
    assert [row["way"] for row in rows] == ["greedy", *experiment.WIDTHS]
    best = max(row["log_p"] for row in rows)
    assert rows[-1]["log_p"] == pytest.approx(best, abs=0.7)
    whole = lattice(views.log_p(result), tuple(rows[-1]["digits"]), BLANK)
    assert rows[-1]["log_p"] == whole.log_likelihood


def test_three_models_side_by_side_are_the_models():
    config = experiment.Config("double")
    for row in views.side_by_side(config):
        way = "beam" if row["model"] == "joint" else "greedy"
        result = experiment.run(experiment.Config("double", model=row["model"], way=way))
        assert row["digits"] == result.details["digits"]
    sizes = [row["parameters"] for row in views.side_by_side(config)]
    assert max(sizes) / min(sizes) < 1.03
    ends = {row["weight"]: row for row in views.by_weight(config)}
    assert ends[1.0]["ctc"] >= ends[0.0]["ctc"] - 1e-6
    assert ends[0.0]["attention"] >= ends[1.0]["attention"] - 1e-6


def test_the_quiz_is_made_from_the_run():
    config = experiment.Config("double")
    result = experiment.run(config)
    found = {q.key: q for q in quiz.questions(config, result)}
    rule = found["s5_2.quiz.collapse"]
    path = [experiment.NAMES.index(c) for c in rule.values["path"]]
    assert rule.options[rule.answer] == " ".join(map(str, collapse(path, BLANK)))
    assert quiz.truth(quiz.reveal(config, "cpu")) == "fewer"
    assert quiz.blanks_first([5, BLANK, 5, 8]) == [5, 8]


@pytest.mark.slow
def test_the_challenge_wants_a_beam_that_disagrees():
    found = []
    for sound in experiment.SAMPLES:
        for snr in experiment.SNRS:
            config = experiment.Config(sound, snr=snr, way="beam", width=16)
            result = experiment.run(config)
            got = quiz.challenge(config, Intervention(), result)
            assert got.reached == (
                list(collapse(best_path(views.log_p(result)), BLANK)) != result.details["digits"]
            )
            found.append(got.reached)
    assert any(found)
    greedy = experiment.Config("noisy")
    assert not quiz.challenge(greedy, Intervention(), experiment.run(greedy)).reached


def test_the_output_is_no_head_that_could_be_cut():
    with pytest.raises(ValueError, match="no head"):
        experiment.run(experiment.Config("pi"), Intervention(heads=((experiment.LABELS, 0),)))
