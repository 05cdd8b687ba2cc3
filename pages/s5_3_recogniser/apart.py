"""Lesson 5.3 taken apart and put to the test: steps, decoders, longer sounds, covered digits."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.lessons.s5_3_recogniser import compared as recorded
from attn_core.lessons.s5_3_recogniser import experiment, views
from attn_core.lessons.speech import compared
from pages.frame import controls, figures, i18n, long_work, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.speech import drawings as speech_parts


def apart(run: Run) -> None:
    """Step by step, three decoders side by side, and the same sound again and again."""
    steps, models = st.columns([0.5, 0.5])
    with steps:
        _steps(run)
    with models:
        _decoders(run)
        _longer(run)


def _steps(run: Run) -> None:
    """What each step was told and made of it."""
    st.markdown(f"##### {t('s5_3.apart.steps')}")
    rows = views.by_step(run.result, run.config.feed)
    tables.show(
        [
            {
                t("s5_3.apart.step"): row["step"],
                t("s5_3.apart.told"): row["told"],
                t("s5_1.apart.writes"): row["writes"] + " ✗" * row["wrong"],
                "p": f"{row['p']:.2f}",
                t("s5_3.apart.at"): f"{row['at']:.2f} s",
                t("s5_3.apart.near"): f"{100 * row['near']:.0f} %",
            }
            for row in rows
        ]
    )
    st.caption(t(f"s5_3.apart.steps_look.{run.config.feed}"))


def _decoders(run: Run) -> None:
    """The three decoders on this sound."""
    st.markdown(f"##### {t('s5_3.apart.decoders')}")
    with st.spinner(t("shell.working")):
        rows = views.decoders(run.config, run.device)
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"control.listener.{row['model']}"),
                t("s5_1.apart.writes"): speech_parts.transcript(row["digits"])
                + " …" * (not row["ended"]),
                t("s5_3.apart.edits"): "–" if row["edits"] is None else row["edits"],
                t("s5_3.apart.near"): f"{100 * row['near']:.0f} %",
                t("s5_3.apart.backwards"): row["backwards"],
                t("s5_2.apart.milliseconds"): f"{row['milliseconds']:.0f}",
            }
            for row in rows
        ]
    )
    st.caption(t("s5_3.apart.decoders_look"))


def _longer(run: Run) -> None:
    """The sound repeated, until it is longer than anything in training."""
    st.markdown(f"##### {t('s5_3.apart.longer')}")
    with st.spinner(t("shell.working")):
        rows = [
            r | {"model": t(f"control.listener.{r['model']}")}
            for r in views.longer(run.config, run.device)
        ]
    words = {
        "x": t("s5_3.apart.times"),
        "series": t("s4_1.live.model"),
        "title": t("s5_3.apart.share"),
    }
    figures.show(charts.curves(rows, "times", "share", "model", words), key="longer")
    st.caption(t("s5_3.apart.longer_look"))


def _covered(rows: list[dict[str, Any]]) -> None:
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"control.listener.{row['model']}"),
                t("s5_3.live.own"): f"{row['own']:.2f}",
                t("s5_3.live.others"): f"{row['others']:.2f}",
            }
            for row in rows
        ]
    )


def live() -> None:
    """Digits of the learner's sound covered one by one, and the recorded runs."""
    controls.tabs("live", {"s5_1.live.now": _now, "s4_1.live.recorded": _recorded})


def _now() -> None:
    kept = st.session_state.get("s5_3_recogniser.good", (experiment.Config(), None))[0]
    st.markdown(t("s5_3.live.now_what"))
    seed = controls.number("seed", 0, 0, 9999)
    found = long_work.job(
        "cover", views.cover_each, _covered, wave=compared.as_sent(kept.sound), seed=seed
    )
    if found:
        _covered(found)
        st.caption(t("s5_3.live.now_look"))
    elif found is not None:
        st.info(t("s5_3.live.nothing"))


def _recorded() -> None:
    """Errors clean, by length and with true digits before; and how far they reach."""
    st.markdown(t("s5_3.live.recorded_what"))
    feeding = {row["model"]: row for row in recorded.feeding()}
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"control.listener.{r['model']}"),
                t("speech.live.known"): i18n.percent(r["known"], r["known_spread"]),
                t("speech.live.unseen"): i18n.percent(r["unseen"], r["unseen_spread"]),
                t("s5_3.live.forced"): f"{100 * feeding[r['model']]['forced']:.1f} %"
                if r["model"] in feeding
                else "–",
                t("s5_2.live.runs"): r["seeds"],
                t("speech.live.steps"): r["steps"],
                t("s4_1.live.parameters"): f"{r['parameters']:,}",
            }
            for r in compared.clean(recorded.COMPARED)
        ]
    )
    st.caption(t("s5_3.live.table_look"))
    length, reach = st.columns(2)
    with length:
        rows = [r | {"model": t(f"control.listener.{r['model']}")} for r in recorded.lengths()]
        words = {
            "x": t("s5_3.live.digits"),
            "series": t("s4_1.live.model"),
            "title": t("s5_3.live.lengths"),
        }
        figures.show(charts.curves(rows, "digits", "error", "model", words), key="lengths")
        st.caption(t("s5_3.live.lengths_look"))
    with reach:
        rows = [
            r | {"model": t(f"control.listener.{r['model']}")}
            for r in compared.reach(recorded.COMPARED)
        ]
        words = {
            "x": t("s5_2.live.distance"),
            "series": t("s4_1.live.model"),
            "title": t("s5_2.live.reach"),
        }
        figures.show(charts.curves(rows, "distance", "added", "model", words), key="reach")
        st.caption(t("s5_2.live.reach_look"))
