"""A chart on a page."""

from typing import Any

import altair as alt
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attn_core.charts.figure import Figure, whole


def show(
    figure: Figure | alt.TopLevelMixin,
    key: str,
    where: DeltaGenerator | None = None,
    **more: Any,
) -> Any:
    """Draw a figure; ``more`` goes to Streamlit (a selection, for one)."""
    spec = figure.as_sent() if isinstance(figure, Figure) else whole(figure)
    return (where or st).vega_lite_chart(spec, key=key, **more)
