"""Long work as a page shows it: progress, what there is so far, stops, failures, a full line."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from attn_core.jobs import line
from pages.frame import i18n


def script():
    import streamlit as st
    import work_samples

    from pages.frame import long_work as work

    chosen = getattr(work_samples, st.session_state.get("work", "answer"))
    arguments = st.session_state.get("arguments", {})
    found = work.job("try", chosen, draw=lambda so_far: st.write(f"so far {so_far}"), **arguments)
    st.write(f"found {found}")


def said(at: AppTest) -> str:
    return " ".join(e.value for e in [*at.markdown, *at.warning, *at.caption])


def sentence(key: str) -> str:
    return i18n.catalogue("en").gettext(key)


def until(at: AppTest, condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, said(at)
        time.sleep(0.05)
        at.run()
        assert not at.exception


def keys(at: AppTest) -> set[str]:
    return {b.key for b in at.button}


@pytest.fixture
def at():
    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["lang"] = "en"
    app.session_state["_page"] = "5.1"
    yield app
    if "job-5.1-try" in app.session_state:
        app.session_state["job-5.1-try"].stop()
        app.session_state["job-5.1-try"].wait(60)


def start(at: AppTest, work: str, **arguments) -> None:
    at.session_state["work"], at.session_state["arguments"] = work, arguments
    at.run()
    assert "found None" in said(at)
    at.button(key="start-try").click().run()
    assert not at.exception


def test_a_result_and_what_it_was_asked_with(at):
    start(at, "answer", value=7)
    until(at, lambda: "found 7" in said(at))
    assert at.button(key="start-try").label == sentence("work.again")
    assert sentence("work.other") not in said(at)
    at.session_state["arguments"] = {"value": 8}
    at.run()
    assert "found 7" in said(at)
    assert sentence("work.other") in said(at)


def test_what_there_is_so_far_is_drawn_and_a_stop_ends_it(at):
    start(at, "until_stopped")
    until(at, lambda: "so far ['so far']" in said(at))
    assert at.button(key="start-try").disabled
    at.button(key="stop-try").click().run()
    until(at, lambda: "found so far" in said(at))
    assert "stop-try" not in keys(at)


def test_what_a_killed_run_left_is_kept(at, monkeypatch):
    monkeypatch.setattr(line, "PATIENCE", 0.1)
    start(at, "deaf")
    until(at, lambda: "so far ['partial']" in said(at))
    at.button(key="stop-try").click().run()
    until(at, lambda: "stop-try" not in keys(at))
    assert "so far ['partial']" in said(at)
    assert "found None" in said(at)


@pytest.mark.parametrize("work", ["bad", "crash"])
def test_a_failure_gets_a_sentence_and_no_traceback(at, work):
    start(at, work)
    until(at, lambda: at.warning)
    assert at.warning[0].value == sentence("work.failed")
    assert "Error" not in said(at)
    at.session_state["work"] = "answer"
    at.run()
    at.button(key="start-try").click().run()
    until(at, lambda: "found 42" in said(at))


def test_a_full_line_says_so(at, monkeypatch):
    monkeypatch.setattr(line, "MAX_WAITING", 0)
    start(at, "answer")
    assert at.warning[0].value == sentence("work.full")
    assert not at.button(key="start-try").disabled


def test_a_page_shows_its_own_runs(at):
    start(at, "answer", value=7)
    until(at, lambda: "found 7" in said(at))
    at.session_state["_page"] = "5.2"
    at.run()
    assert "found None" in said(at)
    assert at.button(key="start-try").label == sentence("work.start")
    at.session_state["_page"] = "5.1"
    at.run()
    assert "found 7" in said(at)
