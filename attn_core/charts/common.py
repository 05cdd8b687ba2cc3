"""Small charts: numbers and labels in, Altair figures out. Colours are the app's everywhere."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts import figure
from attn_core.charts.figure import Figure

QUERY, KEY, VALUE, OUTPUT, CHANGED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00"
HEIGHT = 260
FEW = 8
"""Measured places up to which a curve's axis names just these."""
LONG = 18
"""Letters of a series' name above which the legend has one row for each; a Chinese one counts as
two."""
LEGEND_ROW = 20
"""Pixels of such a row."""
NAME = 26
"""Letters of a line in an axis of names."""
TITLE = 44
"""Letters of a line in a title."""


def _chart(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> alt.Chart:
    """A chart of some rows; its title is its text alternative too."""
    data = alt.Data(values=[dict(row) for row in rows])
    return alt.Chart(data, title=titled(labels["title"]), description=labels["title"])


def _width(text: str) -> int:
    """Letters, Chinese ones counted twice."""
    return sum(2 if letter > "\u2e80" else 1 for letter in text)


def folded(text: str, width: int = NAME) -> str:
    """A long name in several lines, so that an axis of names leaves room on a phone.

    Parameters
    ----------
    text : str
        Words, or Chinese, which may break after any letter.
    width : int
        Most letters in a line, Chinese ones counted twice; a longer word keeps its own line.

    Returns
    -------
    str
        The same with line breaks.

    Examples
    --------
    >>> folded("with attention, the longest fifth", 16).splitlines()
    ['with attention,', 'the longest', 'fifth']
    """
    lines = [""]
    for piece in re.findall(r"\s*(?:[\u2e80-\uffff]|[^\s\u2e80-\uffff]+)", text):
        if lines[-1] and _width(lines[-1] + piece) > width:
            if _width(piece.strip()) == 2 and piece.strip() in "，。、；：！？）》":
                lines[-1] += piece.strip()  # no line begins with these
                continue
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.strip()
    return "\n".join(lines)


def titled(text: str) -> list[str]:
    """A chart's title in lines that a phone has room for: a longer one shrinks the plot.

    Parameters
    ----------
    text : str
        The title.

    Returns
    -------
    list of str
        Its lines.
    """
    return folded(text, TITLE).split("\n")


def _row_height(names: Iterable[str]) -> int:
    """Pixels that a row needs for the longest of its names."""
    most = max((folded(name).count("\n") + 1 for name in names), default=1)
    return max(34, 13 * most + 10)


def _of_names(field: str) -> alt.Y:
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
        _chart(rows, labels)
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
    long = any(_width(name) > LONG for name in names)
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
        _chart(kept, labels)
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


def intervals(found: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> Figure:
    """Effects with their 95 % intervals and the smallest effect that would count.

    Parameters
    ----------
    found : sequence of mapping
        "name", "effect", "low", "high".
    labels : mapping
        "x", "title", and "bound": the smallest effect, as a number in text.

    Returns
    -------
    Figure
        One row each; the title is its text alternative.
    """
    height = _row_height(str(row["name"]) for row in found)
    found = [{**row, "name": folded(str(row["name"]))} for row in found]
    return Figure(
        _intervals(labels["x"], height),
        {"found": found, "bound": [{"bound": float(labels["bound"])}]},
        {"title": titled(labels["title"])},
        labels["title"],
    )


@figure.drawn
def _intervals(across: str, height: int) -> alt.LayerChart:
    base = alt.Chart(figure.rows("found"), title=alt.Title(figure.value("title")))
    y = _of_names("name")
    rule = base.mark_rule(strokeWidth=2, color=QUERY).encode(
        x=alt.X("low:Q", title=across), x2="high:Q", y=y
    )
    point = base.mark_point(size=70, filled=True, color=QUERY).encode(
        x="effect:Q",
        y=y,
        tooltip=["name:N"]
        + [alt.Tooltip(f"{n}:Q", format=".4g") for n in ("effect", "low", "high")],
    )
    bound = (
        alt.Chart(figure.rows("bound"))
        .mark_rule(strokeDash=[4, 3], color=CHANGED)
        .encode(x="bound:Q")
    )
    return (rule + point + bound).properties(height=alt.Step(height))


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
    height = _row_height(str(row[y]) for row in rows)
    rows = [{**row, y: folded(str(row[y]))} for row in rows]
    up = _of_names(y)
    base = _chart(rows, labels)
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
        _chart(rows, labels)
        .mark_bar(color=colour)
        .encode(
            x=alt.X("from:Q", title=labels["x"], bin="binned"),
            x2="to:Q",
            y=alt.Y("count:Q", title=labels["y"], axis=alt.Axis(tickMinStep=1)),
            tooltip=[alt.Tooltip("from:Q", format=".3f"), "count:Q"],
        )
        .properties(height=HEIGHT)
    )


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
        _chart(cells, labels)
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
    base = _chart(rows, labels).encode(
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
