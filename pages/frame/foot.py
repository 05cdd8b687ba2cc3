"""The foot of a lesson: what ran where and how long, this state as a link, a CSV, a notebook."""

import csv
import io
from typing import Any

import streamlit as st

from attn_core.contract import notebook
from attn_core.contract.registry import Lesson
from pages.frame import link as state
from pages.frame.i18n import t
from pages.frame.run import Run


def took(run: Run) -> None:
    """Device and milliseconds of the run on screen."""
    where = run.result.details.get("device", run.device)
    if run.milliseconds:
        words = [t(f"device.{where}"), t("foot.took", ms=f"{run.milliseconds:.0f}")]
        stages = run.result.details.get("stages", {})
        words += [t(f"foot.stage.{name}", ms=f"{ms:.0f}") for name, ms in stages.items()]
        st.caption(" · ".join(words))
    else:
        st.caption(f"{t(f'device.{where}')} · {t('foot.stored')}")


def keep(run: Run) -> None:
    """Hand the run on screen to the downloads, which are made when they are asked for."""
    kept = st.session_state.setdefault(f"{run.lesson.slug}.shown", {})
    kept |= {"run": run, "link": state.link(), "intro": t("foot.notebook_intro")}


def _csv(kept: dict[str, Any]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", "value"])
    writer.writerows(kept["run"].result.numbers.items())
    return out.getvalue().encode("utf-8-sig")


def _notebook(kept: dict[str, Any]) -> bytes:
    run = kept["run"]
    return notebook.build(
        run.lesson, run.config, run.changes, run.result.numbers, kept["intro"], kept["link"]
    )


def show(lesson: Lesson) -> None:
    """Draw the foot."""
    kept = st.session_state.setdefault(f"{lesson.slug}.shown", {})
    with st.container(key="foot", horizontal=True, vertical_alignment="center"):
        link = st.popover(
            t("foot.link"), icon=":material/link:", on_change="rerun", key="link-open"
        )
        if link.open:
            with link:
                st.caption(t("foot.link_help"))
                st.code(state.link(), language=None, wrap_lines=True)
        st.download_button(
            t("foot.numbers"),
            data=lambda: _csv(kept),
            file_name=f"{lesson.slug}.csv",
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
        st.download_button(
            t("foot.notebook"),
            data=lambda: _notebook(kept),
            file_name=f"{lesson.slug}.ipynb",
            mime="application/x-ipynb+json",
            icon=":material/code:",
            on_click="ignore",
        )
