"""A slider through the steps of decoding, tied to the viewer's open row."""

import dataclasses
import time

import streamlit as st

from pages.frame import link
from pages.frame.run import Run


def _moved(key: str) -> None:
    query = int(st.session_state[key]) - 1
    at, was, when = st.session_state[f"{key}-at"]
    if query == at:  # an echo of what we set ourselves
        return
    if query == was and time.monotonic() - when < link.SETTLED:  # sent before it was drawn
        return
    st.session_state[f"{key}-at"] = (query, query, 0.0)
    link.set_selection(dataclasses.replace(link.selection(), query=query))


def scrub(run: Run, label: str) -> None:
    """Walk through decoding; the viewer's row follows, and the slider follows the viewer."""
    last = len(run.result.queries)
    if last < 2:
        return
    key = f"scrub-{last}"  # another length is another slider
    at = min(last - 1, run.selection.query or 0)
    before = st.session_state.get(f"{key}-at", (at, at, 0.0))
    if before[0] != at:
        st.session_state[f"{key}-at"] = (at, before[0], time.monotonic())
    else:
        st.session_state[f"{key}-at"] = before
    st.session_state[key] = at + 1
    st.slider(label, 1, last, key=key, on_change=_moved, args=(key,))
