"""Pictures of lesson 3.1: costs on log–log axes, cells of a mask, bits by window."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import plotly.graph_objects as go

from attn_core.charts.common import CHANGED, HEIGHT, KEY, OUTPUT, QUERY, VALUE
from attn_core.charts.words import titled

PALETTE = {
    "full": CHANGED, "blockwise": QUERY, "window": VALUE, "cached": OUTPUT, "fused": KEY,
    "uncached": CHANGED,
}  # fmt: skip
"""One colour for each way of computing attention, the same in every chart."""
STATES = ("#00000000", "#9AA0A6", "#A6CEE3", QUERY)
"""Never computed, computed in vain, computed later, computed: in the order of the states."""


def costs(
    rows: Sequence[Mapping[str, Any]],
    slopes: Sequence[Mapping[str, Any]],
    what: str,
    labels: Mapping[str, str],
    unit: float = 1.0,
) -> alt.LayerChart:
    """A cost by length on two logarithmic axes, with lines of the slopes that theory expects."""
    kept = [
        {"n": r["n"], "value": r[what] / unit, "key": r["method"], "name": labels[r["method"]]}
        for r in rows
        if r[what] > 0
    ]
    lines = []
    for found in slopes:
        here = sorted((r for r in kept if r["key"] == found["method"]), key=lambda r: r["n"])
        if found["what"] != what or len(here) < 2:
            continue
        last = here[-1]
        for n in (here[0]["n"], last["n"]):
            value = last["value"] * (n / last["n"]) ** found["theory"]
            lines.append({"n": n, "value": value, "name": last["name"]})
    methods = list(dict.fromkeys(r["key"] for r in kept))
    names = [labels[m] for m in methods]
    colour = alt.Color(
        "name:N",
        title=labels["series"],
        scale=alt.Scale(domain=names, range=[PALETTE[m] for m in methods]),
        legend=alt.Legend(orient="bottom", columns=1, labelLimit=320),
    )
    values = [r["value"] for r in kept]
    # The dashes of a slope may run far below what was measured; the axis stays with the points.
    bounds = [min(values) / 2, max(values) * 2] if values else [1, 10]
    ticks = sorted({r["n"] for r in kept})
    x = alt.X(
        "n:Q",
        title=labels["x"],
        axis=alt.Axis(values=ticks, labelOverlap=True),
        scale=alt.Scale(type="log", base=2, nice=False),
    )
    y = alt.Y(
        "value:Q",
        title=labels["y"],
        scale=alt.Scale(type="log", domain=bounds, clamp=False),
        axis=alt.Axis(format="~g", values=[10.0**k for k in range(-4, 7)]),
    )
    points = (
        alt.Chart(alt.Data(values=kept))
        .mark_line(point=alt.OverlayMarkDef(size=55), strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=alt.Shape("name:N", legend=None, scale=alt.Scale(domain=names)),
            tooltip=["name:N", "n:Q", alt.Tooltip("value:Q", format=".3~g")],
        )
    )
    dashes = (
        alt.Chart(alt.Data(values=lines))
        .mark_line(strokeDash=[3, 4], strokeWidth=1.2, opacity=0.8, clip=True)
        .encode(x=x, y=y, color=colour)
    )
    return (dashes + points).properties(
        title=titled(labels["title"]), height=HEIGHT + 260, description=labels["title"]
    )


def cells(
    states: Sequence[Sequence[int]],
    outline: tuple[int, int, int, int] | None,
    labels: Mapping[str, str],
    names: Sequence[str] = (),
) -> go.Figure:
    """The cells of a map of scores by what became of them."""
    found = np.asarray(states, dtype=np.uint8)
    scale = [[i / 4 + d, c] for i, c in enumerate(STATES) for d in (0, 0.25)]
    says = [labels[str(i)] for i in range(4)]
    figure = go.Figure(
        go.Heatmap(
            z=found,
            zmin=0,
            zmax=4,
            colorscale=scale,
            showscale=False,
            xgap=0.5 if max(found.shape) <= 64 else 0,
            ygap=0.5 if max(found.shape) <= 64 else 0,
            x=list(range(1, found.shape[1] + 1)),
            y=list(range(1, found.shape[0] + 1)),
            hovertemplate=f"{labels['y']} %{{y}}<br>{labels['x']} %{{x}}<extra></extra>",
        )
    )
    for state in sorted(set(found.flatten().tolist())):
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=says[state],
            marker={
                "size": 12,
                "symbol": "square",
                "color": STATES[state],
                "line": {"width": 1, "color": "#888"},
            },
        )
    if outline is not None:
        q0, q1, k0, k1 = outline
        figure.add_shape(
            type="rect",
            x0=k0 + 0.5,
            x1=k1 + 0.5,
            y0=q0 + 0.5,
            y1=q1 + 0.5,
            line={"color": CHANGED, "width": 3},
        )
    figure.update_xaxes(
        title=labels["x"],
        constrain="domain",
        showgrid=False,
        zeroline=False,
        range=[0.5, found.shape[1] + 0.5],
    )
    figure.update_yaxes(
        title=labels["y"],
        range=[found.shape[0] + 0.5, 0.5],
        scaleanchor="x",
        constrain="domain",
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(
        title={"text": labels["title"], "font": {"size": 15}, "x": 0},
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        height=460,
        legend={"orientation": "h", "y": -0.2, "yanchor": "top"},
    )
    return figure


def bits(rows: Sequence[Mapping[str, Any]], whole: float, labels: Mapping[str, str]) -> Any:
    """Bits per character by window, and a rule where all before may be seen."""
    names = list(dict.fromkeys(r["name"] for r in rows))
    y = alt.Y("bits:Q", title=None, scale=alt.Scale(zero=False))
    line = (
        alt.Chart(alt.Data(values=[dict(r) for r in rows]))
        .mark_line(point=alt.OverlayMarkDef(size=50))
        .encode(
            x=alt.X(
                "window:Q",
                title=labels["x"],
                scale=alt.Scale(type="log", base=2),
                axis=alt.Axis(values=[r["window"] for r in rows]),
            ),
            y=y,
            color=alt.Color(
                "name:N",
                title=labels["series"],
                scale=alt.Scale(domain=names, range=[VALUE, OUTPUT]),
                legend=alt.Legend(orient="bottom", labelLimit=260),
            ),
            shape=alt.Shape("name:N", title=labels["series"], scale=alt.Scale(domain=names)),
            tooltip=["name:N", "window:Q", alt.Tooltip("bits:Q", format=".3f")],
        )
    )
    base = alt.Chart(alt.Data(values=[{"bits": whole, "says": labels["whole"]}]))
    rule = base.mark_rule(strokeDash=[5, 4], color=CHANGED, strokeWidth=2).encode(
        y=y, tooltip=["says:N", alt.Tooltip("bits:Q", format=".3f")]
    )
    text = base.mark_text(align="left", x=6, dy=-8, fontSize=12, color="#a5673a").encode(
        y=y, text="says:N"
    )
    return (rule + text + line).properties(
        title=titled(labels["title"]), height=HEIGHT + 80, description=labels["title"]
    )
