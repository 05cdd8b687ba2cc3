"""Charts of lesson 4.2: the matching as a matrix, and what each query has answered."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts.common import CHANGED, HEIGHT, OUTPUT, QUERY
from attn_core.charts.words import titled


def _chart(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> alt.Chart:
    data = alt.Data(values=[dict(row) for row in rows])
    return alt.Chart(data, title=titled(labels["title"]), description=labels["title"])


def matching(
    cost: Sequence[Sequence[float]],
    pairs: Sequence[tuple[int, int]],
    queries: Sequence[str],
    objects: Sequence[str],
    labels: Mapping[str, str],
) -> alt.LayerChart:
    """Costs as a matrix, the assignment outlined."""
    matched = set(pairs)
    cells = [
        {"query": queries[i], "object": objects[j], "value": value, "matched": (i, j) in matched}
        for i, row in enumerate(cost)
        for j, value in enumerate(row)
    ]
    base = _chart(cells, labels).encode(
        x=alt.X("query:N", sort=None, title=labels["query"], axis=alt.Axis(labelAngle=-60)),
        y=alt.Y("object:N", sort=None, title=labels["object"], axis=alt.Axis(labelOverlap=False)),
        tooltip=["query:N", "object:N", alt.Tooltip("value:Q", format=".3f")],
    )
    fill = base.mark_rect().encode(
        color=alt.Color(
            "value:Q", title=labels["value"], scale=alt.Scale(scheme="viridis", reverse=True)
        )
    )
    outline = (
        base.transform_filter("datum.matched")
        .mark_rect(fillOpacity=0, stroke=CHANGED, strokeWidth=3)
        .encode()
    )
    return (fill + outline).properties(height=HEIGHT)


def path(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> alt.LayerChart:
    """A query's box step by step, from its anchor, in the picture's frame."""
    order = [row["step"] for row in rows]
    spots = [
        {"step": row["step"], "start": i == 0}
        | dict(zip(("x", "y", "x2", "y2"), row["box"], strict=True))
        for i, row in enumerate(rows)
    ]
    base = _chart(spots, labels).encode(
        x=alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), title=labels["x"]),
        x2="x2",
        y=alt.Y("y:Q", scale=alt.Scale(domain=[1, 0]), title=labels["y"]),
        y2="y2",
        tooltip=alt.Tooltip("step:N", title=labels["step"]),
        strokeWidth=alt.StrokeWidth(
            "step:N",
            legend=None,
            scale=alt.Scale(domain=order, range=[1.5 + 0.8 * i for i in range(len(order))]),
        ),
    )
    moved = base.transform_filter("!datum.start").mark_rect(fillOpacity=0, stroke=QUERY)
    start = base.transform_filter("datum.start").mark_rect(
        fillOpacity=0, stroke=QUERY, strokeDash=[4, 3]
    )
    return (start + moved).properties(height=HEIGHT)


def answers(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> alt.LayerChart:
    """Where each query's boxes lay: mean and spread of the centre, and its anchor."""
    spots = [
        {
            "query": str(r["query"]),
            "n": r["n"],
            "x": r["mean"][0],
            "y": r["mean"][1],
            "x0": r["mean"][0] - r["spread"][0],
            "x1": r["mean"][0] + r["spread"][0],
            "y0": r["mean"][1] - r["spread"][1],
            "y1": r["mean"][1] + r["spread"][1],
            "ax": r["anchor"][0],
            "ay": r["anchor"][1],
            "kinds": sum(c > 0 for c in r["classes"]),
        }
        for r in rows
        if r["n"]
    ]
    frame = alt.Scale(domain=[0, 1])
    base = _chart(spots, labels)
    tip = [
        alt.Tooltip("query:N", title=labels["query"]),
        alt.Tooltip("n:Q", title=labels["n"]),
        alt.Tooltip("kinds:Q", title=labels["kinds"]),
    ]
    y = {"scale": alt.Scale(domain=[1, 0]), "title": labels["y"]}
    across = base.mark_rule(color=OUTPUT, strokeWidth=2, opacity=0.55).encode(
        x=alt.X("x0:Q", scale=frame, title=labels["x"]), x2="x1:Q", y=alt.Y("y:Q", **y)
    )
    down = base.mark_rule(color=OUTPUT, strokeWidth=2, opacity=0.55).encode(
        x=alt.X("x:Q", scale=frame), y=alt.Y("y0:Q", **y), y2="y1:Q"
    )
    anchor = base.mark_point(color=QUERY, shape="cross", size=60).encode(
        x=alt.X("ax:Q", scale=frame), y=alt.Y("ay:Q", **y), tooltip=tip
    )
    middle = base.mark_circle(color=OUTPUT, stroke="#555", opacity=1).encode(
        x=alt.X("x:Q", scale=frame),
        y=alt.Y("y:Q", **y),
        size=alt.Size("n:Q", title=labels["n"], scale=alt.Scale(range=[30, 400])),
        tooltip=tip,
    )
    name = base.mark_text(dy=-12, fontSize=10, color=OUTPUT).encode(
        x=alt.X("x:Q", scale=frame), y=alt.Y("y:Q", **y), text="query:N"
    )
    return (across + down + anchor + middle + name).properties(height=HEIGHT + 120)


def classes(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> alt.Chart:
    """How often each query answered with each class."""
    cells = [
        {"query": r["query"], "digit": digit, "n": count}
        for r in rows
        for digit, count in enumerate(r["classes"])
    ]
    return (
        _chart(cells, labels)
        .mark_rect()
        .encode(
            x=alt.X("query:O", title=labels["query"], axis=alt.Axis(labelAngle=0)),
            y=alt.Y("digit:O", title=labels["digit"]),
            color=alt.Color("n:Q", title=labels["n"], scale=alt.Scale(scheme="greys")),
            tooltip=["query:O", "digit:O", "n:Q"],
        )
        .properties(height=HEIGHT + 120)
    )
