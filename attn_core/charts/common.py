"""Small charts: numbers and labels in, Altair figures out. Colours are the app's everywhere."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts.words import folded, titled, width_of

QUERY, KEY, VALUE, OUTPUT, CHANGED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00"
HEIGHT = 260
FEW = 8
"""Measured places up to which a curve's axis names just these."""
LONG = 18
"""Letters of a series' name above which the legend has one row for each; a Chinese one counts as
two."""
LEGEND_ROW = 20
"""Pixels of such a row."""


def chart_of(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> alt.Chart:
    """A chart of some rows; its title is its text alternative too."""
    data = alt.Data(values=[dict(row) for row in rows])
    return alt.Chart(data, title=titled(labels["title"]), description=labels["title"])


def row_height(names: Iterable[str]) -> int:
    """Pixels that a row needs for the longest of its names."""
    most = max((folded(name).count("\n") + 1 for name in names), default=1)
    return max(34, 13 * most + 10)


def of_names(field: str) -> alt.Y:
    """An axis of names, folded, in the order of the rows."""
    axis = alt.Axis(labelLimit=0, labelOverlap=False, labelExpr="split(datum.label, '\\n')")
    return alt.Y(f"{field}:N", title=None, sort=None, axis=axis)


def bars(
    names: Sequence[str], values: Sequence[float], labels: Mapping[str, str], colour: str = KEY
) -> alt.Chart:
    """One bar for each token, in the order of the tokens.

    Parameters
    ----------
    names : sequence of str
        Tokens; the same one may stand twice.
    values : sequence of float
        One for each.
    labels : mapping
        "x" and "title".
    colour : str
        Fill.

    Returns
    -------
    altair.Chart
        The figure.
    """
    rows = [
        {"place": i, "name": name, "value": value}
        for i, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    letters = "[" + ",".join(repr(str(n)) for n in names) + "]"
    return (
        chart_of(rows, labels)
        .mark_bar(color=colour, stroke="#555", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "place:O",
                title=labels["x"],
                axis=alt.Axis(labelExpr=f"{letters}[datum.value]", labelAngle=0),
            ),
            y=alt.Y("value:Q", title=None),
            tooltip=["name:N", alt.Tooltip("value:Q", format=".4f")],
        )
        .properties(height=HEIGHT)
    )


def whole(values: Sequence[float]) -> float:
    """The least step between an axis' ticks: there is no half letter.

    Parameters
    ----------
    values : sequence of float
        What the axis shows.

    Returns
    -------
    float
        1 where all are whole numbers, else 0, which is no bound.

    Examples
    --------
    >>> whole([3, 4.0]), whole([0.5, 1])
    (1, 0)
    """
    return int(len(values) > 0 and all(float(v).is_integer() for v in values))


def _overlap(rows: Sequence[Mapping[str, Any]], x: str, y: str, series: str) -> bool:
    """Whether two series say the same at most of their places."""
    lines: dict[Any, dict[Any, Any]] = {}
    for row in rows:
        lines.setdefault(row[series], {})[row[x]] = row[y]
    return any(
        2 * sum(one.get(at) == value for at, value in other.items()) > len(other)
        for one, other in itertools.combinations(lines.values(), 2)
    )


def curves(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    y: str,
    series: str,
    labels: Mapping[str, str],
    *,
    log_x: bool = False,
    log_y: bool = False,
) -> alt.Chart:
    """Lines with points, one for each series, told apart by colour and by shape.

    Parameters
    ----------
    rows : sequence of mapping
        Each has the fields ``x``, ``y`` and ``series``.
    x, y, series : str
        Their names.
    labels : mapping
        "x", "series" and "title"; the title says what is on the y axis.
    log_x, log_y : bool
        Logarithmic axes; values at or below 0 are then left out.

    Returns
    -------
    altair.Chart
        The figure.
    """
    kept = [r for r in rows if (not log_x or r[x] > 0) and (not log_y or r[y] > 0)]
    palette = [QUERY, CHANGED, VALUE, OUTPUT, KEY, "#56B4E9"]
    scale_x = alt.Scale(type="log", base=2) if log_x else alt.Scale(zero=False)
    scale_y = alt.Scale(type="log") if log_y else alt.Scale()
    names = list(dict.fromkeys(str(r[series]) for r in kept))
    long = any(width_of(name) > LONG for name in names)
    measured = sorted({r[x] for r in kept})
    step = whole(measured)
    ticks = alt.Axis(values=measured) if 0 < len(measured) <= FEW else alt.Axis(tickMinStep=step)
    if not kept:  # without a row or a domain the browser warns of an infinite extent
        scale_x = alt.Scale(domain=[1, 2])
        scale_y = alt.Scale(domain=[1, 2])
    columns = 1 if long else 2
    legend = alt.Legend(orient="bottom", labelLimit=320, columns=columns)
    more = {}
    if _overlap(kept, x, y, series):  # a line that lies on another lets it through
        dashes = [[1, 0], *([2 * n, 2 * n] for n in range(len(names), 1, -1))]
        more["strokeDash"] = alt.StrokeDash(
            f"{series}:N",
            title=labels["series"],
            scale=alt.Scale(domain=names, range=dashes),
        )
    return (
        chart_of(kept, labels)
        .mark_line(point=alt.OverlayMarkDef(size=45))
        .encode(
            x=alt.X(f"{x}:Q", title=labels["x"], scale=scale_x, axis=ticks),
            y=alt.Y(
                f"{y}:Q",
                title=None,
                scale=scale_y,
                axis=alt.Axis(tickMinStep=whole([r[y] for r in kept])),
            ),
            color=alt.Color(
                f"{series}:N",
                title=labels["series"],
                legend=legend,
                scale=alt.Scale(domain=names, range=palette),
            ),
            shape=alt.Shape(f"{series}:N", title=labels["series"], scale=alt.Scale(domain=names)),
            tooltip=[f"{series}:N", f"{x}:Q", alt.Tooltip(f"{y}:Q", format=".4g")],
            **more,
        )
        .properties(height=HEIGHT + 100 + LEGEND_ROW * math.ceil(len(names) / columns))
    )


def strips(
    rows: Sequence[Mapping[str, Any]], x: str, y: str, labels: Mapping[str, str]
) -> alt.LayerChart:
    """Single runs as points and their mean as a bar's end, one line for each name.

    Parameters
    ----------
    rows : sequence of mapping
        Each has the fields ``x`` and ``y``, several rows for each ``y``.
    x, y : str
        Names of the number and of its group.
    labels : mapping
        "x" and "title".

    Returns
    -------
    altair.LayerChart
        The figure.
    """
    height = row_height(str(row[y]) for row in rows)
    rows = [{**row, y: folded(str(row[y]))} for row in rows]
    up = of_names(y)
    base = chart_of(rows, labels)
    bar = base.mark_bar(color=QUERY, opacity=0.35, height=12).encode(
        x=alt.X(
            f"mean({x}):Q",
            title=labels["x"],
            axis=alt.Axis(tickMinStep=whole([r[x] for r in rows])),
        ),
        y=up,
    )
    points = base.mark_point(size=50, filled=True, color=QUERY).encode(
        x=f"{x}:Q", y=up, tooltip=[f"{y}:N", alt.Tooltip(f"{x}:Q", format=".4g")]
    )
    return (bar + points).properties(height=alt.Step(height))


def histogram(
    values: Sequence[float], labels: Mapping[str, str], bins: int = 40, colour: str = QUERY
) -> alt.Chart:
    """How values are spread.

    Parameters
    ----------
    values : sequence of float
        Finite numbers.
    labels : mapping
        "x", "y" and "title".
    bins : int
        Most bars.
    colour : str
        Fill.

    Returns
    -------
    altair.Chart
        The figure; bars are counted here, so that few bytes travel.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    width = (high - low) / bins or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int((value - low) / width))] += 1
    rows = [
        {"from": low + i * width, "to": low + (i + 1) * width, "count": n}
        for i, n in enumerate(counts)
    ]
    return (
        chart_of(rows, labels)
        .mark_bar(color=colour)
        .encode(
            x=alt.X("from:Q", title=labels["x"], bin="binned"),
            x2="to:Q",
            y=alt.Y("count:Q", title=labels["y"], axis=alt.Axis(tickMinStep=1)),
            tooltip=[alt.Tooltip("from:Q", format=".3f"), "count:Q"],
        )
        .properties(height=HEIGHT)
    )
