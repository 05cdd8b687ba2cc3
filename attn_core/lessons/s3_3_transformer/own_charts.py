"""Pictures of a learner's own training: numbers and labels in, Altair figures out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts.common import CHANGED, HEIGHT, QUERY
from attn_core.charts.words import titled

SQUARES = 10
"""Up to so many columns cells are square, and fit a phone; more fill the width there is."""


def training(
    rows: Sequence[Mapping[str, Any]],
    y: str,
    labels: Mapping[str, str],
    *,
    steps: int,
    percent: bool = False,
) -> alt.Chart:
    """A curve of one run, or of two over each other."""
    names = list(dict.fromkeys(str(r["run"]) for r in rows))
    scale = alt.Scale(domain=[0, 1]) if percent else alt.Scale(zero=True)
    form = ".0%" if percent else ".2~f"
    data = alt.Data(values=[dict(r) for r in rows])
    return (
        alt.Chart(data, title=titled(labels["title"]), description=labels["title"])
        .mark_line(point=alt.OverlayMarkDef(size=30) if percent else False, strokeWidth=2)
        .encode(
            x=alt.X("step:Q", title=labels["x"], scale=alt.Scale(domain=[0, steps])),
            y=alt.Y(f"{y}:Q", title=None, scale=scale, axis=alt.Axis(format=form)),
            color=alt.Color(
                "run:N",
                title=labels["series"],
                sort=None,
                scale=alt.Scale(domain=names, range=[QUERY, CHANGED][: max(1, len(names))]),
                legend=alt.Legend(orient="bottom") if len(names) > 1 else None,
            ),
            strokeDash=alt.StrokeDash(
                "run:N",
                sort=None,
                legend=None,
                scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]][: max(1, len(names))]),
            ),
            tooltip=[
                alt.Tooltip("run:N", title=labels["series"]),
                alt.Tooltip("step:Q", title=labels["x"]),
                alt.Tooltip(f"{y}:Q", title=labels["y"], format=".1%" if percent else ".4g"),
            ],
        )
        .properties(height=HEIGHT)
    )


def weights(
    values: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    labels: Mapping[str, str],
    ink: str = "26, 26, 26",
) -> alt.Chart:
    """Attention weights, from nothing (0) to ink (1), letters at both sides."""
    cells = [
        {"row": i, "column": j, "query": rows[i], "key": columns[j], "value": value}
        for i, line in enumerate(values)
        for j, value in enumerate(line)
    ]

    def axis(names: Sequence[str], **more: Any) -> alt.Axis:
        shown = json.dumps(["␣" if name == " " else name for name in names])
        return alt.Axis(
            labelExpr=f"{shown}[datum.value]", labelOverlap=False, labelAngle=0, ticks=False, **more
        )

    few = len(columns) <= SQUARES
    size = {"width": alt.Step(28), "height": alt.Step(28)} if few else {"height": alt.Step(24)}
    scale = alt.Scale(domain=[0, 1], range=[f"rgba({ink}, 0)", f"rgba({ink}, 1)"])
    return (
        alt.Chart(
            alt.Data(values=cells),
            title=alt.TitleParams(titled(labels["title"]), anchor="start"),
            description=labels["title"],
        )
        .mark_rect(stroke="#8888", strokeWidth=0.4)
        .encode(
            x=alt.X("column:O", title=labels["x"], axis=axis(columns, orient="top")),
            y=alt.Y("row:O", title=labels["y"], axis=axis(rows)),
            color=alt.Color(
                "value:Q",
                title=labels["value"],
                scale=scale,
                legend=alt.Legend(orient="bottom", gradientLength=160, values=[0, 0.5, 1]),
            ),
            tooltip=[
                alt.Tooltip("query:N", title=labels["y"]),
                alt.Tooltip("key:N", title=labels["x"]),
                alt.Tooltip("value:Q", title=labels["value"], format=".3f"),
            ],
        )
        .properties(**size)
    )
