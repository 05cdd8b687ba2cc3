"""Tracks along a sequence: a logo, a scan, a chain's states, segments with their weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from jaxtyping import Float

from attn_core.charts.common import CHANGED, KEY, OUTPUT, QUERY, VALUE
from attn_core.charts.figure import Figure, drawn, rows, value

BASES = "ACGT"
BASE_COLOURS = [VALUE, QUERY, KEY, CHANGED]
STATE_COLOURS = {"H": CHANGED, "E": QUERY, "C": "#9A9A9A"}
WIDTH = 292
"""Pixels of tracks that stand one under another: what a narrow window has beside their axis."""
_MARGIN = {"minExtent": 28, "maxExtent": 28}
"""Of the axes at the left, alike for all, so that places stand under each other."""


def information(logo: Float[np.ndarray, "place letter"], n: int = 0) -> Float[np.ndarray, "place"]:
    """Bits that a place carries (Schneider and Stephens 1990).

    Examples
    --------
    >>> information(np.array([[1.0, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]])).tolist()
    [2.0, 0.0]
    """
    entropy = -(logo * np.log2(np.clip(logo, 1e-12, 1))).sum(1)
    correction = 3 / (2 * np.log(2) * n) if n else 0.0
    return np.maximum(0.0, 2 - entropy - correction) + 0.0


def logo_letters(
    logo: Float[np.ndarray, "place letter"], middle: int, n: int = 0
) -> list[dict[str, Any]]:
    """The letters of a sequence logo, stacked, the commonest on top.

    "place" (from 0), "site" (as counted from the boundary), "base", "from", "to" in bits and
    "share".
    """
    bits = information(logo, n)
    out = []
    for place, row in enumerate(logo):
        low = 0.0
        for i in np.argsort(row, kind="stable").tolist():
            height = float(row[i] * bits[place])
            out.append(
                {
                    "place": place,
                    "site": place - middle + (place >= middle),
                    "base": BASES[i],
                    "from": low,
                    "to": low + height,
                    "share": float(row[i]),
                }
            )
            low += height
    return out


def window(
    logo: Float[np.ndarray, "place letter"],
    letters: str,
    original: str,
    tracks: Mapping[str, Sequence[float]],
    labels: Mapping[str, str],
    n: int = 0,
) -> Figure:
    """The consensus as a logo, a window's letters, and numbers of each letter, place under place.

    In two rows, before and after the boundary: so the letters can be read.
    """
    half = len(letters) // 2
    bars: list[dict[str, Any]] = [
        {
            "place": i,
            "site": i - half + (i >= half),
            "base": c,
            "changed": c != original[i],
            "was": original[i],
            **{name: float(values[i]) for name, values in tracks.items()},
        }
        for i, c in enumerate(letters)
    ]
    limits: dict[str, float] = {}
    for name, values in tracks.items():
        low, high = min(0.0, *values), max(0.0, *values)
        limits |= {f"{name}_low": low, f"{name}_high": high if high > low else 1.0}  # all are 0
    words = tuple(labels[name] for name in ("title", "logo", "letters", "place", "bits"))
    titles = tuple(labels[name] for name in tracks)
    return Figure(
        _window(half, tuple(tracks), titles, *words),
        {"letters": bars, "logo": logo_letters(logo, half, n)},
        limits,
    )


@drawn
def _window(
    half: int,
    tracks: tuple[str, ...],
    named: tuple[str, ...],
    title: str,
    logo: str,
    letters: str,
    place: str,
    bits: str,
) -> alt.VConcatChart:
    colour = alt.Color(
        "base:N", scale=alt.Scale(domain=list(BASES), range=BASE_COLOURS), legend=None
    )
    parts: list[alt.LayerChart | alt.Chart] = []
    for first in (True, False):
        side = f"datum.place {'<' if first else '>='} {half}"
        here = alt.Chart(rows("letters")).transform_filter(side)
        titles = {"logo": logo, "letters": letters, **dict(zip(tracks, named, strict=True))}
        if not first:  # the second row's are the same
            titles = dict.fromkeys(titles, "")
        parts += [
            _logo(alt.Chart(rows("logo")).transform_filter(side), colour, bits).properties(
                width=WIDTH, height=84, title=title_of(titles["logo"])
            ),
            _boxes(here, colour).properties(
                width=WIDTH, height=18, title=title_of(titles["letters"])
            ),
        ]
        for name, shade in zip(tracks, (QUERY, OUTPUT, VALUE), strict=False):
            y = alt.Y(
                f"{name}:Q",
                title=None,
                axis=alt.Axis(tickCount=3, **_MARGIN),
                scale=alt.Scale(domain=[value(f"{name}_low"), value(f"{name}_high")]),
            )
            last = name == tracks[-1]
            axis = (
                alt.Axis(
                    labelExpr="datum.value % 5 ? '' : "
                    f"datum.value - {half} + (datum.value >= {half})",
                    labelAngle=0,
                    labelOverlap=False,
                    ticks=False,
                )
                if last
                else None
            )
            chart = here.mark_bar(color=shade).encode(
                x=alt.X("place:O", axis=axis, title=place if last else None),
                y=y,
                tooltip=["site:O", "base:N", alt.Tooltip(f"{name}:Q", format=".3f")],
            )
            parts.append(chart.properties(width=WIDTH, height=54, title=title_of(titles[name])))
    return alt.vconcat(*parts, spacing=4, description=title).resolve_scale(color="shared")


def _logo(chart: alt.Chart, colour: alt.Color, bits: str) -> alt.LayerChart:
    """Columns of letters."""
    base = chart.encode(x=alt.X("place:O", axis=None))
    y = alt.Y("from:Q", title=bits, scale=alt.Scale(domain=[0, 2]), axis=alt.Axis(**_MARGIN))
    bars = base.mark_bar(stroke="#8888", strokeWidth=0.3).encode(
        y=y,
        y2="to:Q",
        color=colour,
        tooltip=["site:O", "base:N", alt.Tooltip("share:Q", format=".0%")],
    )
    named = (
        base.transform_filter("datum.to - datum.from > 0.22")
        .transform_calculate(mid="(datum.from + datum.to) / 2")
        .mark_text(fontSize=12, fontWeight="bold", color="#111")
        .encode(y=alt.Y("mid:Q"), text="base:N")
    )
    return bars + named


def _boxes(chart: alt.Chart, colour: alt.Color) -> alt.LayerChart:
    """The window's own letters; those that were mutated have a frame."""
    base = chart.encode(x=alt.X("place:O", axis=None), tooltip=["site:O", "base:N", "was:N"])
    boxes = base.mark_rect(height=16).encode(
        y=alt.value(9),
        color=colour,
        stroke=alt.condition("datum.changed", alt.value(CHANGED), alt.value("#0000")),
        strokeWidth=alt.value(2),
    )
    text = base.mark_text(fontSize=11, fontWeight="bold", color="#111").encode(
        y=alt.value(9), text="base:N"
    )
    return boxes + text


def title_of(text: Any) -> alt.Title:
    """A small title at the chart's left."""
    return alt.Title(text, fontSize=12, anchor="start", offset=2)


def states(
    residues: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    labels: Mapping[str, str],
    picked: int,
) -> Figure:
    """A chain's states as ribbons, the confidence, and what one residue looks at."""
    chain = [
        dict(r) | {"called": names[r["state"]], "true": names.get(r.get("truth", ""), "")}
        for r in residues
    ]
    words = tuple(labels[name] for name in ("title", "named", "known", "confidence", "x", "series"))
    look = _states(tuple(names[s] for s in STATE_COLOURS), any("truth" in r for r in chain), *words)
    return Figure(
        look,
        {"chain": chain, "open": [{"start": picked - 0.5, "end": picked + 0.5}]},
        {"reads": labels["weight"], "end": len(chain) + 0.5},
    )


@drawn
def _states(
    names: tuple[str, ...],
    true: bool,
    title: str,
    named: str,
    known: str,
    confidence: str,
    across: str,
    series: str,
) -> alt.VConcatChart:
    click = alt.selection_point(name="residue", fields=["place"], on="click", clear=False)
    colour = alt.Scale(domain=list(names), range=list(STATE_COLOURS.values()))
    scale = alt.Scale(domain=[0.5, value("end")], nice=False)
    x = alt.X("start:Q", axis=None, scale=scale)
    base = (
        alt.Chart(rows("chain"))
        .transform_calculate(start="datum.place - 0.5", end="datum.place + 0.5")
        .encode(
            x=x,
            x2="end:Q",
            tooltip=[
                "residue:N",
                "called:N",
                "true:N",
                alt.Tooltip("confidence:Q", format=".2f"),
                alt.Tooltip("weight:Q", format=".3f"),
            ],
        )
    )
    mark = (
        alt.Chart(rows("open"))
        .mark_rect(fillOpacity=0, stroke=CHANGED, strokeWidth=2)
        .encode(x=x, x2="end:Q")
    )

    def ribbon(field: str, title: str, legend: bool) -> alt.LayerChart:
        shown = alt.Legend(orient="top", title=series) if legend else None
        bars = base.mark_rect().encode(color=alt.Color(f"{field}:N", scale=colour, legend=shown))
        bars = bars.add_params(click) if legend else bars
        return (bars + mark).properties(height=20, title=title_of(title), width=WIDTH)

    def line(field: str, title: Any, shade: str, axis: bool) -> alt.LayerChart:
        y = alt.Y(f"{field}:Q", title=None, axis=alt.Axis(tickCount=3), scale=alt.Scale(zero=True))
        bars = base.mark_rect(color=shade).encode(y=y, y2=alt.Y2(datum=0.0))
        if axis:
            below = alt.Axis(format="d", tickMinStep=1)
            bars = bars.encode(x=alt.X("start:Q", title=across, axis=below, scale=scale))
        return (bars + mark).properties(height=64, title=title_of(title), width=WIDTH)

    parts = [ribbon("called", named, True)]
    if true:
        parts.append(ribbon("true", known, False))
    parts.append(line("confidence", confidence, VALUE, False))
    parts.append(line("weight", value("reads"), QUERY, True))
    return alt.vconcat(*parts, spacing=4, description=title)
