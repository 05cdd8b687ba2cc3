"""Charts along a whole sequence."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts.common import CHANGED, KEY, QUERY
from attn_core.charts.figure import Figure, drawn, rows, value
from attn_core.charts.words import titled
from attn_core.lessons.s6_3_bioinformatics.charts import title_of


def scan(
    tracks: Mapping[str, Sequence[float]],
    first: int,
    opened: tuple[int, int],
    known: Sequence[int],
    labels: Mapping[str, str],
) -> Figure:
    """Probability of each kind of site along a sequence."""
    n = max((len(v) for v in tracks.values()), default=0)
    bars = [
        {"boundary": i + first, "kind": kind, "value": float(v)}
        for kind, values in tracks.items()
        for i, v in enumerate(values)
        if v >= 0.01
    ]
    return Figure(
        _scan(tuple(tracks), labels["x"], labels["series"]),
        {
            "bars": bars or [{"boundary": -1, "kind": next(iter(tracks)), "value": 0.0}],
            "open": [{"boundary": opened[0], "end": opened[1]}],
            "known": [{"boundary": k} for k in known] or [{"boundary": None}],
        },
        {"title": titled(labels["title"]), "end": n + 2 * first},
        labels["title"],
    )


@drawn
def _scan(kinds: tuple[str, ...], across: str, series: str) -> alt.LayerChart:
    x = alt.X("boundary:Q", title=across, scale=alt.Scale(domain=[0, value("end")], nice=False))
    span = alt.Chart(rows("open")).mark_rect(opacity=0.14, color=CHANGED).encode(x=x, x2="end:Q")
    places = alt.Chart(rows("known")).encode(x=x)
    truth = places.mark_rule(strokeDash=[3, 3], color="#888", strokeWidth=1.5)
    # A bar may stand on the line; the mark above it stands free.
    marks = places.mark_point(
        shape="triangle-down", filled=True, size=70, color="#444", opacity=1, clip=False
    ).encode(y=alt.value(-6))
    bars = (
        alt.Chart(rows("bars"))
        .mark_bar(width=3, clip=True)
        .encode(
            x=x,
            y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            color=alt.Color(
                "kind:N",
                title=series,
                scale=alt.Scale(domain=list(kinds), range=[QUERY, KEY]),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=["kind:N", "boundary:Q", alt.Tooltip("value:Q", format=".2f")],
        )
    )
    return (span + truth + bars + marks).properties(height=190, title=title_of(value("title")))


def segments(
    parts: Sequence[Mapping[str, Any]], labels: Mapping[str, str], field: str = "weight"
) -> Figure:
    """Numbers of a chain's segments, the motifs marked."""
    bars = [dict(r) | {"kind": r["motif"] or labels["other"]} for r in parts]
    return Figure(
        _segments(field, labels["x"]),
        {"bars": bars},
        {"title": titled(labels["title"])},
        labels["title"],
    )


@drawn
def _segments(field: str, across: str) -> alt.LayerChart:
    base = alt.Chart(rows("bars")).encode(
        x=alt.X("place:Q", title=across, scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1)),
        y=alt.Y(f"{field}:Q", title=None, axis=alt.Axis(tickCount=4)),
        tooltip=["segment:N", "kind:N", alt.Tooltip(f"{field}:Q", format=".3f")],
    )
    bars = base.mark_bar(width=4).encode(
        color=alt.condition("datum.motif != ''", alt.value(CHANGED), alt.value(QUERY))
    )
    names = [
        base.transform_filter(f"datum.label == '{name}'")
        .mark_text(dy=-8, align=side, fontSize=11, fontWeight="bold", color=CHANGED)
        .encode(text="label:N")
        for name, side in (("HRD", "right"), ("DFG", "left"))
    ]
    return alt.layer(bars, *names).properties(height=190, title=title_of(value("title")))
