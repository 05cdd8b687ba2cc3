"""Lesson 3.3's "Train your own" through ``app.py``: tasks, limits, runs, the slider."""

import re
import time

import pytest
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.lessons.s3_3_transformer import own_settings, toy_tasks
from pages.frame import i18n

PAGE = "s3_3_transformer"
TINY = {"part": "claim", "own_task": "copy", "own_layers": "1", "own_steps": "50",
        "own_heads": "2", "own_d_model": "16", "own_d_ff": "16", "own_batch": "8",
        "own_length": "3"}  # fmt: skip


def start(at):
    at.button(key="start-own").click().run()
    end = time.monotonic() + 120
    while at.session_state["job-3.3-own"].active:
        assert time.monotonic() < end
        time.sleep(0.1)
    at.run()
    assert not at.exception
    return at


def moment(at):
    return next(s for s in at.select_slider if str(s.key).startswith("own-moment"))


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("task", toy_tasks.TASKS)
def test_every_task_says_what_it_needs_before_it_starts(task, language):
    at = opened(PAGE, language, part="claim", own_task=task)
    assert not at.warning
    usual = own_settings.defaults(task)
    assert f"**{own_settings.parameters(usual):,}**" in words(at)
    assert not at.button(key="start-own").disabled
    assert at.selectbox(key="3.3:own_steps").value == usual.steps


def test_another_task_brings_its_own_settings():
    at = opened(PAGE, part="claim", own_d_model="96")
    at.selectbox(key="3.3:own_task").set_value("add").run()
    usual = own_settings.defaults("add")
    assert at.selectbox(key="3.3:own_batch").value == usual.batch
    assert at.selectbox(key="3.3:own_d_model").value == usual.d_model
    assert at.selectbox(key="3.3:own_length").options == ["2", "3", "4"]
    at.selectbox(key="3.3:own_task").set_value("dates").run()
    assert not at.exception
    assert "own_length" not in {s.key for s in at.selectbox}


@pytest.mark.parametrize(
    ("more", "numbers"),
    [
        ({"own_layers": "4", "own_d_model": "128"}, r"[\d,]+ parameters .* 1,000,000"),
        ({"own_layers": "4", "own_batch": "128", "own_length": "24", "own_d_ff": "512"}, "128 MB"),
    ],
)
def test_too_much_is_refused_with_its_limit_and_can_not_be_started(more, numbers):
    at = opened(PAGE, part="claim", **more)
    assert any(re.search(numbers, w.value.replace("\\", "")) for w in at.warning)
    assert at.button(key="start-own").disabled
    at.selectbox(key="3.3:own_layers").set_value(1).run()
    assert not at.button(key="start-own").disabled


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("own_task", "swap"),
        ("own_layers", "99"),
        ("own_rate", "nan"),
        ("own_seed", "-3"),
        ("own_length", "1000"),
        ("own_map", "x"),
        ("own_map_layer", "7"),
        ("own_norm", "?"),
    ],
)
def test_values_out_of_bounds_in_a_link_are_ignored(key, value):
    at = opened(PAGE, **{"part": "claim", key: value})
    assert not at.exception
    assert not at.warning


# In English alone: AppTest names a selectbox's choice outside of the page, so not in its language.
def test_a_run_its_moments_and_a_second_one():
    language = "en"
    at = start(opened(PAGE, language, **TINY))
    assert at.session_state["job-3.3-own"].state == "done"
    assert title(language, "s3_3.own.compare_none") in words(at)
    slider = moment(at)
    assert slider.value == 50
    slider.set_value(0).run()
    assert f"**{0}**" in words(at)
    for kind in ("encoder", "self", "cross"):
        at.session_state["3.3:own_map"] = kind
        at.run()
        assert not at.exception
    at.number_input(key="3.3:own_seed").set_value(4).run()
    assert title(language, "work.other") in words(at)
    start(at)
    found = [d.value for d in at.table if title(language, "s3_3.own.this") in d.value.columns]
    assert len(found) == 1
    row = found[0].iloc[0].tolist()
    assert row == [title(language, "control.own_seed"), "4", "0"]


def test_a_learners_own_input_is_answered_or_refused():
    at = start(opened(PAGE, **TINY))
    box = at.text_input(key="own-text-copy")
    for text, says in (
        ("abc", "It writes"),
        ("abcd", "longer than any of its training"),
        ("a" * 40, "too many"),
        ("1", "does not occur"),
        ("  ", title("en", "s3_3.own.refused.none")),
        ("<b>", "does not occur"),
    ):
        box.set_value(text).run()
        assert not at.exception
        assert says in words(at).replace("\\", ""), text
        box = at.text_input(key="own-text-copy")
