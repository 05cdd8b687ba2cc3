"""A slider through the steps of decoding, tied to the viewer's open row."""

import dataclasses

import streamlit as st

from pages.shared import state
from pages.shared.run import Run


def _moved(key: str) -> None:
    query = int(st.session_state[key]) - 1
    if query == st.session_state[f"{key}-at"]:  # an echo of what we set ourselves
        return
    state.set_selection(dataclasses.replace(state.selection(), query=query))


def scrub(run: Run, label: str) -> None:
    """Walk through decoding; the viewer's row follows, and the slider follows the viewer."""
    last = len(run.result.queries)
    if last < 2:
        return
    key = f"scrub-{last}"  # another length is another slider
    at = min(last - 1, run.selection.query or 0)
    st.session_state[f"{key}-at"] = at
    st.session_state[key] = at + 1
    st.slider(label, 1, last, key=key, on_change=_moved, args=(key,))
