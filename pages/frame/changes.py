"""What the learner changed, each with its own way back."""

import dataclasses

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.frame import (
    below as parts,
)
from pages.frame import (
    controls,
    link,
)
from pages.frame.i18n import t
from pages.frame.run import Run


def notes(run: Run, note: DeltaGenerator) -> None:
    """What a link or an edit could not do, and where the run fell back to."""
    if st.session_state.pop("_bad_link", False):
        note.warning(t("shell.bad_link"))
    if st.session_state.pop("_dropped", False):
        note.info(t("shell.dropped"))
    if st.session_state.pop(f"viewer_{run.lesson.slug}.refused", False):
        note.warning(t("shell.bad_edit"))
    where = run.result.details.get("device", run.device)
    if run.milliseconds and where != run.device:
        note.info(t("shell.fell_back", wanted=run.device, device=where))


def changes_bar(run: Run, sites: dict[str, str]) -> None:
    """What the learner changed, each with its own reset, and one for all."""
    edits = link.changes()
    items = [
        (f"{kind}-{i}", t(f"changes.{kind}", **words), dataclasses.replace(edits, **without))
        for kind, i, words, without in parts.change_items(edits, run.result, sites)
    ]
    turned = controls.changed()
    if not items and not turned:
        return
    with st.container(horizontal=True, key="changes"):
        for name, value, default in turned:
            st.button(
                f":material/undo: {t(f'control.{name}')}: {controls.shown(name, value)}",
                key=f"undo-{name}",
                type="tertiary",
                on_click=controls.put,
                args=(name, default, default),
            )
        for key, label, rest in items[:8]:
            st.button(
                f":material/undo: {label}",
                key=f"undo-{key}",
                type="tertiary",
                on_click=link.set_changes,
                args=(rest,),
            )
        st.button(
            t("changes.reset_all"),
            key="undo-all",
            icon=":material/restart_alt:",
            on_click=controls.reset,
        )
