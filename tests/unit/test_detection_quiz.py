"""Lesson 4.2's questions are made and graded from the run."""

import dataclasses

import pytest

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s4_2_detection import config as entry
from attn_core.lessons.s4_2_detection import experiment, quiz, views


@pytest.fixture(scope="module", params=entry.SAMPLES)
def run(request):
    config = experiment.Config(request.param)
    return config, experiment.run(config)


def test_answers_are_what_the_run_says(run):
    config, result = run
    found = {q.key: q for q in quiz.questions(config, result)}
    owner = found["s4_2.quiz.owner"]
    pairs = {place: query for query, place in views.matching(result)["pairs"]}
    place = owner.values["place"] - 1
    assert int(owner.options[owner.answer]) == pairs[place]
    assert owner.values["label"] == result.details["truth"][place]["label"]
    share = int(found["s4_2.quiz.in_box"].values["share"])
    low, high = (25 * (found["s4_2.quiz.in_box"].answer + k) for k in (0, 1))
    assert low <= share <= high
    lost = found["s4_2.quiz.without"]
    assert (lost.values["heir"] == "–") == (lost.answer == 1)


def test_the_moved_picture_decides(run):
    config, result = run
    found = quiz.reveal(config, "cpu")
    assert found["query"] == experiment.default_row(result)
    written = {str(item["label"]) for item in result.details["truth"]}
    assert {found["label"], found["other"]} <= written
    assert found["label"] != found["other"]
    assert quiz.truth(found) == "region"
    assert found["now"] == found["other"]  # the query takes what lies there
    assert found["heir"] not in ("–", str(found["query"]))


def test_a_picture_with_nothing_else_on_it_moves_by_half():
    found = quiz.reveal(experiment.Config("draw:"), "cpu")
    assert (found["other"], found["heir"]) == ("–", "–")
    assert quiz.truth(found) == "silent"


def test_a_moved_box_goes_around_the_edge():
    centre, cut = quiz._moved([0.5, 0.2, 0.7, 0.4], [0.45, 0.1])
    assert centre == pytest.approx([0.05, 0.4])
    assert cut
    centre, cut = quiz._moved([0.5, 0.2, 0.7, 0.4], [-0.6, 0.0])
    assert centre == pytest.approx([0.0, 0.3])
    assert cut
    assert quiz._moved([0.5, 0.2, 0.7, 0.4], [-0.4, 0.5])[1] is False


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        ({"followed": True, "answers": True}, "class"),
        ({"followed": False, "answers": True}, "region"),
        ({"followed": False, "answers": False}, "silent"),
    ],
)
def test_each_guess_can_be_right(found, answer):
    assert quiz.truth(found) == answer


def test_temperature_alone_reaches_the_goal(run):
    config, _ = run
    hot = Intervention(temperature=32.0)
    done = quiz.challenge(config, hot, experiment.run(config, hot))
    assert done.reached
    assert done.progress == 1
    start = quiz.challenge(config, Intervention(), experiment.run(config))
    assert not start.reached
    other = dataclasses.replace(config, threshold=0.95)
    cheated = experiment.run(other, hot)
    assert quiz.challenge(other, hot, cheated).values["before"] <= len(cheated.details["queries"])


def test_another_change_does_not_count(run):
    config, result = run
    query = result.details["found"][0]
    cut = Intervention(tokens=tuple((f"decoder.{i}.self", query) for i in experiment.LAYERS))
    assert not quiz.challenge(config, cut, experiment.run(config, cut)).reached


def test_an_empty_sheet_asks_only_what_it_can():
    config = experiment.Config("draw:")
    found = [q.key for q in quiz.questions(config, experiment.run(config))]
    assert found == ["s4_2.quiz.in_box"]
