"""The device switch in the sidebar."""

import streamlit as st

from pages.frame.i18n import t


def current() -> str:
    """The device that the learner chose, or the best there is."""
    from attn_core.checkpoints.device import available

    chosen = st.session_state.get("device")
    return chosen if chosen in available() else available()[0]


def switch() -> None:
    """A choice where there is one; a line that says so where there is none."""
    from attn_core.checkpoints.device import available

    options = available()
    st.selectbox(
        t("shell.device"),
        options,
        key="device",
        format_func=lambda name: t(f"device.{name}"),
        disabled=len(options) == 1,
        help=t("shell.device_only") if len(options) == 1 else None,
        persist_state="session",
    )
