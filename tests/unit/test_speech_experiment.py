"""Lesson 5.1's experiment on a new model: what it reads, hides, windows and reports."""

import math
from types import SimpleNamespace

import pytest
import torch

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound import find
from attn_core.lessons.s5_1_speech import experiment
from attn_core.models.recogniser import BLANK, Recogniser, RecogniserConfig


@pytest.fixture(autouse=True)
def new_model(monkeypatch):
    torch.manual_seed(0)
    loaded = SimpleNamespace(module=Recogniser(RecogniserConfig()).eval(), device="cpu")
    monkeypatch.setattr(zoo, "get", lambda *_: loaded)
    return loaded.module


def test_the_run_is_the_model_s_own_answer(new_model):
    result = experiment.run(experiment.Config())
    features = experiment.speech.features_of(find("pi").wave)
    with torch.inference_mode():
        states, _, traces = new_model.encode(features)
        log_p = new_model.ctc(states)[0]
    assert list(result.traces) == list(traces)
    assert result.details["labels"] == log_p.argmax(-1).tolist()
    assert len(result.queries) == result.details["tokens"] == states.shape[1]
    assert [w["digit"] for w in result.details["words"]] == result.details["digits"]
    assert set(result.details["labels"]) <= set(range(BLANK + 1))


def test_a_window_and_a_silenced_span_change_the_answer_and_plain_undoes_them():
    whole = experiment.run(experiment.Config())
    narrow = experiment.run(experiment.Config(window=1))
    assert narrow.numbers["reach"] < whole.numbers["reach"]
    assert narrow.numbers["reach"] <= experiment.speech.TOKEN_SECONDS
    config = experiment.Config(hidden=((10, 30), (25, 40), (700, 720)), window=4)
    hidden = experiment.run(config)
    assert hidden.details["hidden"] == [[10, 40]]
    assert not any(hidden.details["speech"][10:41])
    assert experiment.before(config) == experiment.Config()


def test_cut_heads_and_tokens_arrive():
    heads = tuple(("encoder.3", h) for h in range(4))
    cut = experiment.run(experiment.Config(), Intervention(heads=heads))
    assert not cut.traces["encoder.3"].weights.any()
    one = experiment.run(experiment.Config(), Intervention(tokens=(("encoder.0", 7),)))
    assert not one.traces["encoder.0"].weights[..., 7].any()


def test_what_is_opened_and_said_of_it():
    result = experiment.run(experiment.Config("double"))
    opened = experiment.opened(result)
    row = experiment.default_row(result)
    assert 0 <= row < result.details["tokens"]
    found = experiment.reading(result, opened.site, opened.head, row)
    weights = result.traces[opened.site].weights[0, opened.head, row].float()
    assert found["weight"] == pytest.approx(float(weights.max()), abs=1e-3)
    assert 0 <= found["to_speech"] <= 1.001
    assert found["at"] == result.queries[row]
    assert experiment.reading(result, opened.site, 99, 9_999)["at"] == result.queries[-1]


def test_shares_on_speech():
    weights = torch.tensor([[[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.2, 0.2, 0.6]]])
    loud = torch.tensor([True, True, False])
    speech_rows, silent_rows = experiment.on_speech(weights, loud)
    assert speech_rows == pytest.approx(1.0)
    assert silent_rows == pytest.approx(0.4)
    nothing = experiment.on_speech(weights, torch.zeros(3, dtype=torch.bool))
    assert math.isnan(nothing[0])
    assert nothing[1] == 0


@pytest.mark.parametrize(
    "values",
    [
        {"window": 3},
        {"hidden": ((3, 2),)},
        {"hidden": ((-1, 2),)},
        {"hidden": ((0, 10**6),)},
        {"hidden": tuple((i, i) for i in range(17))},
    ],
)
def test_values_out_of_bounds_are_named(values):
    with pytest.raises(ValueError, match="must be|at most"):
        experiment.Config(**values)


def test_a_sound_that_is_gone_is_refused():
    with pytest.raises(Refused):
        experiment.run(experiment.Config("0" * 64))


def test_text_and_table_round_the_same_number():
    """72 % in the sentence and 73 % in the table: one was single, one double precision."""
    found = experiment.run(experiment.Config())
    assert experiment.reading(found, "encoder.3", 0, 0)["null"] == found.numbers["speech_share"]
