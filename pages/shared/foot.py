"""The foot of a lesson: what ran where and how long, this state as a link, a CSV, a notebook."""

import csv
import io
from typing import TYPE_CHECKING

import streamlit as st

from attn_core import notebooks
from pages.shared import state
from pages.shared.i18n import t

if TYPE_CHECKING:
    from pages.shared.frame import Run


def _csv(run: "Run") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", "value"])
    writer.writerows(run.result.numbers.items())
    return out.getvalue().encode("utf-8-sig")


def _notebook(run: "Run") -> bytes:
    return notebooks.build(
        run.lesson,
        run.config,
        run.changes,
        run.result.numbers,
        t("foot.notebook_intro"),
        state.link(),
    )


def show(run: "Run") -> None:
    """Draw the foot."""
    with st.container(key="foot", horizontal=True, vertical_alignment="center"):
        where = run.result.details.get("device", run.device)
        took = (
            t("foot.took", ms=f"{run.milliseconds:.0f}") if run.milliseconds else t("foot.stored")
        )
        st.caption(f"{t(f'device.{where}')} · {took}")
        with st.popover(t("foot.link"), icon=":material/link:"):
            st.caption(t("foot.link_help"))
            st.code(state.link(), language=None, wrap_lines=True)
        st.download_button(
            t("foot.numbers"), data=lambda: _csv(run), file_name=f"{run.lesson.slug}.csv",
            mime="text/csv", icon=":material/table:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            t("foot.notebook"), data=lambda: _notebook(run), file_name=f"{run.lesson.slug}.ipynb",
            mime="application/x-ipynb+json", icon=":material/code:", on_click="ignore",
        )  # fmt: skip
