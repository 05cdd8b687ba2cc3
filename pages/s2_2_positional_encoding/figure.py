"""Lesson 2.2's figures: which table is shown, and how."""

from typing import Any

import streamlit as st

from attn_core.lessons.s2_2_positional_encoding import experiment, views
from pages.frame import controls
from pages.frame.i18n import t
from pages.frame.run import Run


def small(value: float) -> str:
    """Three decimals, or a power of ten."""
    return f"{value:.3f}" if value >= 1e-3 or value == 0 else f"{value:.0e}"


def bare(run: Run) -> views.View:
    """Controls of the code alone; where the picture above has one of them, its value counts."""
    which, length, width, speed = st.columns(4)
    with which:
        table = controls.choice(
            "table", ("sinusoidal", "learned"), "sinusoidal", lambda n: t(f"control.position.{n}")
        )
    with length:
        places = controls.stops("length", views.LENGTHS, 64)
    if table == "learned":
        width.caption(t("s2_2.apart.learned"))
        return views.View(table, places, shift=run.config.shift)
    with width:
        channels = controls.stops("width", views.WIDTHS, 64)
    base = run.config.base
    with speed:
        if run.config.kind in ("sinusoidal", "rotary"):
            st.caption(t("s2_2.apart.base", base=f"{base:,.0f}"))
        else:
            base = controls.choice("base", experiment.BASES, experiment.BASE, lambda x: f"{x:,.0f}")
    return views.View(table, places, channels, base, run.config.shift)


def chart_of(figure: Any, name: str, **more: Any) -> Any:
    """Show a Plotly figure without its tool bar."""
    return st.plotly_chart(figure, key=f"position-{name}", config={"displayModeBar": False}, **more)
