"""A chart as two halves: what it looks like, built and checked once, and the rows of this turn.

Building an Altair chart and checking it against Vega-Lite's schema takes 10 to 300 ms, its rows
take less than one. So a chart is a function of its words alone, whose answer is kept (``drawn``):
rows go by name (``rows``), and single values that change as Vega's parameters (``value``).
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec

import altair as alt
import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs

P = ParamSpec("P")
Spec = Mapping[str, Any]
MOST_KEPT = 64
"""Looks of one chart that are kept: two languages, and words that differ by what is open."""


@dataclass(frozen=True)
class Figure:
    """A chart that is ready to be sent.

    Parameters
    ----------
    look : mapping
        Vega-Lite's specification with its data by name; shared, so never written to.
    rows : mapping of str to sequence of mapping
        Each data set's rows, one column for each key of the first row.
    values : mapping
        Of the parameters that the specification names.
    description : str
        Its text alternative, where the specification has none.
    """

    look: Spec
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    values: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The whole specification, with its rows inside it as Vega-Lite reads them."""
        return self._with({name: [dict(r) for r in rows] for name, rows in self.rows.items()})

    def as_sent(self) -> dict[str, Any]:
        """The specification with each data set as the bytes of an Arrow stream."""
        return self._with({name: to_arrow(rows) for name, rows in self.rows.items()})

    def _with(self, datasets: dict[str, Any]) -> dict[str, Any]:
        params = [*self.look.get("params", ())]
        params += [{"name": name, "value": value} for name, value in self.values.items()]
        whole = {**self.look, "datasets": datasets} | ({"params": params} if params else {})
        return whole | ({"description": self.description} if self.description else {})


def to_arrow(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as the bytes of an Arrow stream.

    Parameters
    ----------
    rows : sequence of mapping
        Numbers, words and truths; a key that a row lacks is empty there.

    Returns
    -------
    bytes
        One column for each key, in the order of their first appearance.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    found: bytes = sink.getvalue().to_pybytes()
    return found


_OUTER = ("$schema", "config", "title", "description", "width", "height")


def whole(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """An Altair chart's specification with its rows inside a layer.

    Streamlit takes rows that stand at the top out of the specification and gives them a moment
    later, when the axes are drawn: until then the browser warns that they are infinite.

    Parameters
    ----------
    chart : altair.Chart
        One view, in layers or not; its rows are few.

    Returns
    -------
    dict
        The same chart as one layer.
    """
    spec: dict[str, Any] = chart.to_dict()
    named = spec.pop("datasets", {})
    outer = {name: spec.pop(name) for name in _OUTER if name in spec}

    def fill(part: dict[str, Any]) -> None:
        data = part.get("data", {})
        if data.get("name") in named:
            part["data"] = {"values": named[data["name"]]}
        for each in part.get("layer", ()):
            fill(each)

    fill(spec)
    return {**outer, "layer": [spec]}


def rows(name: str) -> alt.NamedData:
    """Data that a turn sends.

    Parameters
    ----------
    name : str
        Key in ``Figure.rows``.

    Returns
    -------
    altair.NamedData
        For ``alt.Chart``.
    """
    return alt.NamedData(name)


def value(name: str) -> Any:
    """A single value that a turn sends, wherever Vega-Lite takes an expression.

    Parameters
    ----------
    name : str
        Key in ``Figure.values``.

    Returns
    -------
    altair.ExprRef
        For a domain, a title and the like.
    """
    return alt.ExprRef(name)


def drawn(build: Callable[P, Any]) -> Callable[P, Spec]:
    """Keep what a chart looks like, by its words.

    Parameters
    ----------
    build : callable
        Answers an Altair chart, whose rows have names; its arguments must be hashable.

    Returns
    -------
    callable
        Answers Vega-Lite's specification, checked when it is first built.
    """

    @functools.lru_cache(MOST_KEPT)
    @functools.wraps(build)
    def look(*args: P.args, **kwargs: P.kwargs) -> Spec:
        found: Spec = build(*args, **kwargs).to_dict()
        return found

    return look  # type: ignore[return-value]  # lru_cache's type has no parameters
