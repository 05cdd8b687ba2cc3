"""A part that fails costs itself alone: a sentence for the learner, a traceback for us."""

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import APP, opened, title, warm  # noqa: F401 (a fixture)

from attn_core import zoo
from attn_core.checkpoints import manifests
from attn_core.checkpoints.files import WeightsMissing
from attn_core.contract.registry import LESSONS
from attn_core.jobs.cache import Keep
from attn_core.lessons.every import EVERY
from pages.frame import below, i18n, lesson_page, predict, results

PARTS = ("apart", "claim", "check")  # the others show text and shapes


@pytest.fixture
def bare(monkeypatch):
    """A machine without any weights: only the stored examples are here."""

    def missing(*_args, **_kwargs):
        raise WeightsMissing("not on this machine")

    for name in ("weights_path", "load_weights"):
        monkeypatch.setattr(manifests, name, missing)
    monkeypatch.setattr(zoo, "get", missing)
    monkeypatch.setattr(results, "RESULTS", Keep("results", results.MAX_BYTES))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_every_part_answers_without_weights(lesson, part, bare):
    at = opened(lesson.slug, part=part)
    assert not at.exception
    assert at.title


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_predict_first_answers_without_weights(lesson, bare):
    at = opened(lesson.slug)
    at.session_state[f"{lesson.slug}.acted"] = "anything"
    at.run()
    assert not at.exception


@pytest.mark.parametrize(
    ("where", "name", "part"),
    [
        (below, "check", "check"),
        (below, "claims", "claim"),
        (below, "read", "read"),
        (below, "printed_code", "code"),
        (predict, "show", "read"),
        (lesson_page.viewer, "show", "read"),
    ],
)
def test_a_fault_in_a_part_is_a_sentence_and_is_logged(where, name, part, monkeypatch, faults):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(where, name, broken)
    at = opened("s3_2_scaled_dot_product", part=part)
    assert not at.exception
    assert title("en", "shell.part_failed") in [w.value for w in at.warning]
    assert any("planted" in record for record in faults)
    faults.clear()


def test_a_page_that_is_no_lesson_is_guarded_too(monkeypatch, faults):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(i18n, "prose", broken)
    at = AppTest.from_file(APP, default_timeout=60).run()
    assert not at.exception
    assert title("en", "shell.part_failed") in [w.value for w in at.warning]
    assert any("planted" in record for record in faults)
    faults.clear()


def test_a_model_that_breaks_leaves_the_last_good_picture(monkeypatch, faults):
    at = opened("s2_1_self_attention")
    assert not at.warning

    def broken(*_args, **_kwargs):
        raise RuntimeError("planted")

    lesson = next(x for x in LESSONS if x.number == "2.1")
    monkeypatch.setattr(EVERY[lesson.slug].experiment, "run", broken)
    field = (at.text_area or at.text_input)[0]
    field.set_value("Something else.").run()
    assert not at.exception
    assert any(title("en", "shell.part_failed") in w.value for w in at.warning)
    assert faults
    faults.clear()
