"""Heads by layers, and by roles."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts.common import CHANGED, HEIGHT, KEY, OUTPUT, VALUE, chart_of


def heat(
    values: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    labels: Mapping[str, str],
    *,
    signed: bool = True,
) -> alt.Chart:
    """A small matrix as a picture; what is not finite stays empty.

    Parameters
    ----------
    values : sequence of sequence of float
        At most some hundreds of cells.
    rows, columns : sequence of str
        Names, each different.
    labels : mapping
        "title" and "value".
    signed : bool
        Diverging around 0; ``False`` for amounts, where what is below 0 counts as 0.

    Returns
    -------
    altair.Chart
        The figure.
    """
    cells = [
        {"row": rows[i], "column": columns[j], "value": value}
        for i, line in enumerate(values)
        for j, value in enumerate(line)
        if abs(value) < float("inf")
    ]
    finite = [abs(v) for line in values for v in line if abs(v) < float("inf")]
    most = max(finite, default=0.0) or 1.0
    colour = (
        alt.Scale(scheme="purpleorange", domain=[-most, most], domainMid=0)
        if signed
        else alt.Scale(scheme="purples", domain=[0, most], clamp=True)
    )
    return (
        chart_of(cells, labels)
        .mark_rect()
        .encode(
            x=alt.X(
                "column:N", sort=None, title=None, axis=alt.Axis(labelAngle=-60, labelOverlap=False)
            ),
            y=alt.Y("row:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False)),
            color=alt.Color("value:Q", title=labels["value"], scale=colour),
            tooltip=["row:N", "column:N", alt.Tooltip("value:Q", format=".4f")],
        )
        .properties(height=max(HEIGHT + 100, 22 * len(rows) + 90))
    )


def roles(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], labels: Mapping[str, str]
) -> alt.LayerChart:
    """Layers by heads, each cell the role that its head has, with its share written in it.

    Parameters
    ----------
    rows : sequence of mapping
        "layer", "head", "role", "best", "share", "null", "confidence".
    names : sequence of str
        All roles, so that each has the same colour in every such chart; at most seven.
    labels : mapping
        "title", "x", "y", "series", "none" (the role of a head that has none), and the names of
        "best", "share", "null" and "confidence" for the tooltip.

    Returns
    -------
    altair.LayerChart
        The figure.
    """
    palette = [KEY, "#56B4E9", OUTPUT, VALUE, "#F0E442", CHANGED, "#8DA0CB"][: len(names)]
    here = [name for name in names if any(r["role"] == name for r in rows)]
    tips = [alt.Tooltip("best:N", title=labels["best"])]
    tips += [
        alt.Tooltip(f"{name}:Q", title=labels[name], format=".3f")
        for name in ("share", "null", "confidence")
    ]
    base = chart_of(rows, labels).encode(
        x=alt.X("head:O", title=labels["x"], axis=alt.Axis(labelAngle=0)),
        y=alt.Y("layer:O", title=labels["y"]),
    )
    cells = base.mark_rect(stroke="#888", strokeWidth=0.5).encode(
        color=alt.Color(
            "role:N",
            title=labels["series"],
            scale=alt.Scale(domain=[*names, labels["none"]], range=[*palette, "#00000011"]),
            legend=alt.Legend(
                orient="bottom", columns=2, labelLimit=200, values=[*here, labels["none"]]
            ),
        ),
        tooltip=tips,
    )
    shown = base.transform_filter(alt.datum.role != labels["none"])
    text = shown.mark_text(fontSize=10, color="#111").encode(text=alt.Text("share:Q", format=".1f"))
    return (cells + text).properties(height=alt.Step(28))
