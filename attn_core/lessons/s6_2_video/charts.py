"""Figures of lesson 6.2: attention along a clip, and along a hand's path."""

from collections.abc import Mapping, Sequence

import altair as alt

from attn_core.charts.common import CHANGED, HEIGHT, KEY, OUTPUT, QUERY, VALUE
from attn_core.charts.figure import Figure, drawn, rows, value
from attn_core.charts.words import titled


def timeline(
    weights: Sequence[float],
    alone: Sequence[float],
    moved: Sequence[bool],
    marked: int,
    labels: Mapping[str, str],
) -> Figure:
    """Attention over frames, beside what each frame says alone and where the motion really is."""
    most = max([*weights, 1e-9])
    frames = [
        {"frame": i + 1, "weight": w, "alone": a * most, "share": a, "open": i == marked}
        for i, (w, a) in enumerate(zip(weights, alone, strict=True))
    ]
    data = {"frames": frames}
    if any(moved):
        data["moved"] = [{"frame": i + 1, "top": most} for i, m in enumerate(moved) if m]
    words = tuple(labels[name] for name in ("title", "x", "weight", "alone", "moved"))
    return Figure(_timeline(any(moved), *words), data)


@drawn
def _timeline(
    moves: bool, title: str, across: str, weight: str, alone: str, moved: str
) -> alt.LayerChart:
    base = alt.Chart(rows("frames"), title=titled(title), description=title)
    x = alt.X("frame:O", title=across, axis=alt.Axis(labelAngle=0))
    tip = [
        alt.Tooltip("frame:O", title=across),
        alt.Tooltip("weight:Q", title=weight, format=".3f"),
        alt.Tooltip("share:Q", title=alone, format=".2f"),
    ]
    bars = base.mark_bar(color=KEY, stroke="#555").encode(
        x=x,
        y=alt.Y("weight:Q", title=weight),
        tooltip=tip,
        strokeWidth=alt.condition("datum.open", alt.value(2.5), alt.value(0.4)),
        stroke=alt.condition("datum.open", alt.value(QUERY), alt.value("#555555")),
    )
    line = base.mark_line(color=OUTPUT, point=True).encode(x=x, y="alone:Q", tooltip=tip)
    layers: list[alt.Chart] = []
    if moves:
        layers.append(
            alt.Chart(rows("moved"))
            .mark_bar(color=VALUE, opacity=0.22, width=alt.RelativeBandSize(1.1))
            .encode(x=x, y="top:Q", tooltip=alt.value(moved))
        )
    return alt.layer(*layers, bars, line).properties(height=HEIGHT - 80)


def walked(
    points: Sequence[Sequence[float]],
    weights: Sequence[float],
    marked: int,
    labels: Mapping[str, str],
) -> Figure:
    """A hand's path, its points as large and dark as attention makes them."""
    path = [
        {"x": x, "y": y, "weight": w, "point": i + 1, "open": i == marked, "start": i == 0}
        for i, ((x, y), w) in enumerate(zip(points, weights, strict=True))
    ]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    reach = max(max(xs) - min(xs), max(ys) - min(ys), 1e-3) * 0.58
    across, down = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return Figure(
        _walked(labels["title"], labels["point"], labels["weight"]),
        {"path": path},
        {
            "left": across - reach,
            "right": across + reach,
            "top": down - reach,
            "bottom": down + reach,
        },
    )


@drawn
def _walked(title: str, point: str, weight: str) -> alt.LayerChart:
    base = alt.Chart(rows("path"), title=titled(title), description=title)
    across, down = [value("left"), value("right")], [value("bottom"), value("top")]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=across, nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=down, nice=False))
    line = base.mark_line(color="#888888", strokeWidth=1.5).encode(x=x, y=y, order="point:Q")
    dots = base.mark_point(filled=True, opacity=1).encode(
        x=x,
        y=y,
        size=alt.Size("weight:Q", legend=None, scale=alt.Scale(range=[18, 420])),
        color=alt.Color("weight:Q", title=weight, scale=alt.Scale(scheme="oranges")),
        shape=alt.condition("datum.start", alt.value("square"), alt.value("circle")),
        stroke=alt.condition("datum.open", alt.value(CHANGED), alt.value("#555555")),
        strokeWidth=alt.condition("datum.open", alt.value(3), alt.value(0.5)),
        tooltip=[
            alt.Tooltip("point:Q", title=point),
            alt.Tooltip("weight:Q", title=weight, format=".3f"),
        ],
    )
    return alt.layer(line, dots).properties(height=HEIGHT + 100)
