"""Figures of the lessons of speech: the lattice of CTC, and how far errors reach."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts.common import CHANGED, HEIGHT, QUERY
from attn_core.charts.words import titled


def lattice(
    cells: Sequence[Mapping[str, Any]], labels: Mapping[str, str], *, logs: bool, marked: float
) -> alt.LayerChart:
    """The lattice as a picture: time to the right, labels and blanks downwards."""
    low = min((c["value"] for c in cells), default=0.0) if logs else 0.0
    scale = alt.Scale(scheme="greys", domain=[low, 0.0] if logs else [0.0, 1.0])
    order = [name for _, name in sorted({(c["row"], c["name"]) for c in cells})]
    rows = [dict(c) for c in cells]
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelOverlap=False))
    tip = ["name:N", alt.Tooltip("start:Q", format=".2f"), alt.Tooltip("value:Q", format=".4g")]
    base = alt.Chart(
        alt.Data(values=rows), title=titled(labels["title"]), description=labels["title"]
    )
    x = alt.X("start:Q", title=labels["x"], scale=alt.Scale(zero=False, nice=False))
    tiles = base.mark_rect().encode(
        x=x,
        x2="end:Q",
        y=y,
        tooltip=tip,
        color=alt.Color("value:Q", title=labels["value"], scale=scale),
    )
    path = (
        base.transform_filter("datum.on")
        .transform_calculate(middle="(datum.start + datum.end) / 2")
        .mark_point(size=28, filled=True, color=CHANGED, opacity=1)
        .encode(x="middle:Q", y=y, tooltip=tip)
    )
    now = (
        alt.Chart(alt.Data(values=[{"at": marked}]))
        .mark_rule(color=QUERY, strokeWidth=2)
        .encode(x="at:Q")
    )
    return alt.layer(tiles, path, now).properties(height=max(HEIGHT, 26 * len(order)) + 80)
