"""A chart on a page."""

from typing import Any

import streamlit as st

from attn_core.plots.figure import Figure


def show(figure: Figure, key: str, **more: Any) -> Any:
    """Draw a figure; ``more`` goes to Streamlit (a selection, for one)."""
    return st.vega_lite_chart(figure.as_sent(), key=key, **more)
