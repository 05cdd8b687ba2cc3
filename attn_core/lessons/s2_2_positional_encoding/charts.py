"""Pictures of position codes: numbers and labels in, Plotly and Altair figures out."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import plotly.graph_objects as go
from jaxtyping import UInt8
from PIL import Image

from attn_core.charts.common import CHANGED, HEIGHT, KEY, QUERY, whole
from attn_core.charts.words import titled

DIVERGING = [[0.0, "#542788"], [0.25, "#998EC3"], [0.5, "#F7F7F7"], [0.75, "#F1A340"],
             [1.0, "#B35806"]]  # fmt: skip
"""Purple below 0, white at 0, orange above: the app's ramp for signed numbers."""


def _layout(figure: go.Figure, labels: Mapping[str, str], height: int) -> go.Figure:
    figure.update_layout(
        title={"text": labels["title"], "font": {"size": 15}, "x": 0},
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        height=height,
    )
    return figure


def matrix(
    values: Sequence[Sequence[float]],
    labels: Mapping[str, str],
    *,
    first: tuple[int, int] = (0, 0),
    square: bool = False,
    most: float | None = None,
) -> go.Figure:
    """A matrix of signed numbers; 0 is white."""
    found = np.asarray(values, dtype=float)
    top = most or float(np.abs(found).max(initial=0.0)) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=np.round(found, 4),
            x=list(range(first[1], first[1] + found.shape[1])),
            y=list(range(first[0], first[0] + found.shape[0])),
            zmin=-top,
            zmax=top,
            colorscale=DIVERGING,
            colorbar={"title": {"text": labels["value"], "side": "right"}, "thickness": 12},
            hovertemplate=f"{labels['y']} %{{y}}<br>{labels['x']} %{{x}}"
            f"<br>{labels['value']} %{{z:.3f}}<extra></extra>",
        )
    )
    figure.update_xaxes(title=labels["x"], constrain="domain")
    figure.update_yaxes(title=labels["y"], autorange="reversed", constrain="domain")
    if square:
        figure.update_yaxes(scaleanchor="x")
    return _layout(figure, labels, 460)


def spiral(points: Sequence[Sequence[float]], first: int, labels: Mapping[str, str]) -> go.Figure:
    """Places as a path through three channels."""
    found = np.round(np.asarray(points, dtype=float), 4)
    places = list(range(first, first + len(found)))
    figure = go.Figure(
        go.Scatter3d(
            x=found[:, 0],
            y=found[:, 1],
            z=found[:, 2],
            mode="lines+markers",
            text=places,
            marker={
                "size": 4,
                "color": places,
                "colorscale": "Cividis",
                "colorbar": {"title": {"text": labels["place"]}, "thickness": 12},
            },
            line={"color": "#888", "width": 3},
            hovertemplate=f"{labels['place']} %{{text}}<extra></extra>",
        )
    )
    figure.update_layout(
        scene={
            axis: {"title": {"text": labels[name]}}
            for axis, name in (("xaxis", "x"), ("yaxis", "y"), ("zaxis", "z"))
        }
    )
    return _layout(figure, labels, 520)


def clocks(hands: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> go.Figure:
    """One clock for each pair of channels, with the hands of two places, four in a row."""
    figure = go.Figure()
    centres = {
        p: (2.5 * (i % 4), -3.0 * (i // 4)) for i, p in enumerate({h["pair"]: 0 for h in hands})
    }
    for pair, (x, y) in centres.items():
        figure.add_shape(
            type="circle",
            x0=x - 1,
            x1=x + 1,
            y0=y - 1,
            y1=y + 1,
            line={"color": "#888", "width": 1},
        )
        between = next(h["between"] for h in hands if h["pair"] == pair)
        figure.add_annotation(
            x=x,
            y=y - 1.28,
            text=f"{labels['pair']} {pair}: {between:.0f}°",
            showarrow=False,
            font={"size": 12},
        )
    for who, colour, dash in (("query", QUERY, "solid"), ("key", KEY, "6px,3px")):
        xs: list[float | None] = []
        ys: list[float | None] = []
        turned: list[float] = []
        for hand in (h for h in hands if h["who"] == who):
            x, y = centres[hand["pair"]]
            xs += [x, x + 0.95 * hand["x"], None]
            ys += [y, y + 0.95 * hand["y"], None]
            turned += [hand["degrees"]] * 3
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            name=labels[who],
            customdata=turned,
            line={"color": colour, "width": 4, "dash": dash},
            hovertemplate=f"{labels['degrees']}: %{{customdata:.1f}}°",
        )
    bare = {"visible": False, "fixedrange": True}
    figure.update_xaxes(range=[-1.2, 8.7], constrain="domain", **bare)
    figure.update_yaxes(
        scaleanchor="x",
        range=[-3.0 * ((len(centres) - 1) // 4) - 1.6, 1.2],
        constrain="domain",
        **bare,
    )
    figure.update_layout(legend={"orientation": "h", "y": -0.02})
    return _layout(figure, labels, 420)


def lines(
    rows: Sequence[Mapping[str, Any]], x: str, series: str, labels: Mapping[str, str]
) -> alt.Chart:
    """Curves without points, for many places."""
    ticks = alt.Axis(tickMinStep=whole([r[x] for r in rows]))
    return (
        alt.Chart(
            alt.Data(values=[dict(r) for r in rows]),
            title=titled(labels["title"]),
            description=labels["title"],
        )
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(f"{x}:Q", title=labels["x"], axis=ticks),
            y=alt.Y("value:Q", title=None),
            color=alt.Color(
                f"{series}:N",
                title=labels["series"],
                sort=None,
                scale=alt.Scale(range=[QUERY, CHANGED, "#009E73", "#CC79A7", KEY]),
                legend=alt.Legend(orient="bottom"),
            ),
            strokeDash=alt.StrokeDash(f"{series}:N", title=labels["series"], sort=None),
            tooltip=[f"{series}:N", f"{x}:Q", alt.Tooltip("value:Q", format=".3f")],
        )
        .properties(height=HEIGHT + 100)
    )


def over_picture(
    values: Sequence[Sequence[float]],
    picked: tuple[int, int],
    pixels: UInt8[np.ndarray, "row column 3"] | None,
    labels: Mapping[str, str],
) -> go.Figure:
    """A number for each patch over the picture that the patches are of."""
    found = np.round(np.asarray(values, dtype=float), 4)
    rows, columns = found.shape
    ratio = 1.0
    figure = go.Figure()
    if pixels is not None:
        held = io.BytesIO()
        Image.fromarray(pixels).save(held, "WEBP", quality=80)
        source = "data:image/webp;base64," + base64.b64encode(held.getvalue()).decode()
        figure.add_layout_image(
            source=source,
            xref="x",
            yref="y",
            x=-0.5,
            y=-0.5,
            sizex=columns,
            sizey=rows,
            sizing="stretch",
            layer="below",
        )
        ratio = (pixels.shape[0] / rows) / (pixels.shape[1] / columns)
    figure.add_heatmap(
        z=found,
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
        opacity=0.5 if pixels is not None else 1,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        colorbar={"title": {"text": labels["value"], "side": "right"}, "thickness": 12},
    )
    spots = [(r, c) for r in range(rows) for c in range(columns)]
    figure.add_scatter(
        x=[c for _, c in spots],
        y=[r for r, _ in spots],
        mode="markers",
        marker={
            "size": max(14, 320 // max(rows, columns)),
            "opacity": 0.01,
            "color": "#888",
            "symbol": "square",
        },
        unselected={"marker": {"opacity": 0.01}},
        selected={"marker": {"opacity": 0.01}},
        showlegend=False,
        customdata=found.flatten(),
        hovertemplate=f"{labels['row']} %{{y}}<br>{labels['column']} %{{x}}"
        f"<br>{labels['value']} %{{customdata:.3f}}<extra></extra>",
    )
    row, column = min(picked[0], rows - 1), min(picked[1], columns - 1)
    figure.add_shape(
        type="rect",
        x0=column - 0.5,
        x1=column + 0.5,
        y0=row - 0.5,
        y1=row + 0.5,
        line={"color": CHANGED, "width": 3},
    )
    bare = {"showgrid": False, "zeroline": False, "constrain": "domain"}
    figure.update_xaxes(title=labels["column"], range=[-0.5, columns - 0.5], **bare)
    figure.update_yaxes(
        title=labels["row"], range=[rows - 0.5, -0.5], scaleanchor="x", scaleratio=ratio, **bare
    )
    return _layout(figure, labels, 480)
