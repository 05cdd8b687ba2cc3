"""Effects with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from attn_core.charts import figure
from attn_core.charts.common import CHANGED, QUERY, of_names, row_height
from attn_core.charts.figure import Figure
from attn_core.charts.words import folded, titled


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
    height = row_height(str(row["name"]) for row in found)
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
    y = of_names("name")
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
