"""Questions are graded from the tensors on screen, and challenges by what was really done."""

import dataclasses

import pytest

from attn_core.attention.interventions import Intervention
from attn_core.contract import notebook
from attn_core.contract.question import Question
from attn_core.contract.registry import lesson
from attn_core.lessons.s1_additive import experiment
from attn_core.lessons.s1_additive import quiz as quiz1
from attn_core.lessons.s3_2_scaled_dot_product import experiment as s3_2_scaled_dot_product
from attn_core.lessons.s3_2_scaled_dot_product import quiz as quiz32


def test_answers_come_from_the_run():
    config = experiment.Config("kindness")
    result = experiment.run(config)
    where, spread, _ = quiz1.questions(config, result)
    step = len(result.queries) // 2
    weights = result.traces[experiment.SITE].weights[0, 0]
    assert where.options[where.answer].endswith(result.keys[int(weights[step].argmax())])
    assert spread.options[spread.answer].endswith(result.queries[spread.answer])


def test_questions_for_one_letter_and_one_token():
    config = experiment.Config("a")
    assert quiz1.questions(config, experiment.run(config))
    tiny = s3_2_scaled_dot_product.Config(source="random", n=4, d_k=4)
    assert quiz32.questions(tiny, s3_2_scaled_dot_product.run(tiny))


def test_challenge_1_needs_exactly_one_hidden_letter_that_matters():
    config = experiment.Config("knifed")
    plain = experiment.run(config)
    assert not quiz1.challenge(config, Intervention(), plain).reached
    reached = []
    for letter in range(6):
        cut = Intervention(tokens=((experiment.SITE, letter),))
        result = experiment.run(config, cut)
        found = quiz1.challenge(config, cut, result)
        assert found.reached == (result.queries != plain.queries)
        reached.append(found.reached)
    two = Intervention(tokens=((experiment.SITE, 0), (experiment.SITE, 1)))
    assert not quiz1.challenge(config, two, experiment.run(config, two)).reached


def test_challenge_32_is_reached_by_temperature_and_not_by_the_scale():
    off = s3_2_scaled_dot_product.Config(source="random", d_k=256, scaled=False)
    cold = s3_2_scaled_dot_product.run(off)
    assert not quiz32.challenge(off, Intervention(), cold).reached
    warm = Intervention(temperature=16.0)
    assert quiz32.challenge(off, warm, s3_2_scaled_dot_product.run(off, warm)).reached
    on = dataclasses.replace(off, scaled=True)
    assert not quiz32.challenge(on, Intervention(), s3_2_scaled_dot_product.run(on)).reached


def test_predictions_are_settled_by_measuring():
    found = quiz32.reveal(s3_2_scaled_dot_product.Config(), "cpu")
    assert found["non_finite"] == 0
    assert quiz32.truth(found) == "saturation"
    measured = quiz1.reveal(experiment.Config(), "cpu")
    assert 0 <= measured["agree"] <= measured["steps"]
    assert quiz1.truth(measured) in quiz1.GUESSES
    assert quiz1.truth({"agree": 3, "steps": 3}) == "always"
    assert quiz1.truth({"agree": 0, "steps": 3}) == "never"


def test_question_checks_itself():
    with pytest.raises(ValueError, match="different"):
        Question("k", {}, ("a", "a"), 0)
    with pytest.raises(ValueError, match="answer"):
        Question("k", {}, ("a", "b"), 2)


def test_notebook_fails_when_a_number_is_not_the_one_shown():
    config = experiment.Config("cat")
    numbers = experiment.run(config).numbers
    spoilt = numbers | {"probability": numbers["probability"] + 0.1}
    for shown, ends in ((numbers, True), (spoilt, False)):
        built = notebook.build(lesson("1"), config, Intervention(), shown, "intro", "link")
        import json

        cells = [c for c in json.loads(built)["cells"] if c["cell_type"] == "code"]
        scope: dict = {}
        exec("".join(cells[0]["source"]), scope)
        if ends:
            exec("".join(cells[2]["source"]), scope)
        else:
            with pytest.raises(AssertionError):
                exec("".join(cells[2]["source"]), scope)
