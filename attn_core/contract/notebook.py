"""A view as a Jupyter notebook that runs from a clean checkout and checks the shown numbers."""

import dataclasses
import json
from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.registry import Lesson

TOLERANCE = 1e-4

DRAW = """import altair as alt

site, trace = next(iter(result.traces.items()))
queries, keys = result.names(site)
cells = [
    {"query": f"{i:03d} {q}", "key": f"{j:03d} {k}", "weight": float(trace.weights[0, 0, i, j])}
    for i, q in enumerate(queries[:64])
    for j, k in enumerate(keys[:64])
]
chart = alt.Chart(alt.Data(values=cells), title=site).mark_rect()
grey = alt.Color("weight:Q", scale=alt.Scale(scheme="greys"))
chart.encode(x="key:N", y="query:N", color=grey)"""


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def build(
    lesson: Lesson,
    config: Any,
    changes: Intervention,
    numbers: dict[str, float],
    intro: str,
    link: str,
) -> bytes:
    """The notebook of one view.

    Parameters
    ----------
    lesson : Lesson
        Whose experiment runs.
    config : dataclass
        Its config.
    changes : Intervention
        What the learner changed.
    numbers : dict of str to float
        As shown; the last cell holds them against the new run within ``TOLERANCE``.
    intro : str
        First lines, in the learner's language.
    link : str
        Address of the view.

    Returns
    -------
    bytes
        nbformat 4.5 JSON.
    """
    settings = json.dumps(dataclasses.asdict(config), ensure_ascii=False)
    run = f"""import json, pathlib, sys

here = pathlib.Path.cwd()
root = next(p for p in [here, *here.parents] if (p / "attn_core").is_dir())
sys.path.insert(0, str(root))

from attn_core.lessons.{lesson.slug} import experiment
from attn_core.attention.interventions import Intervention

config = experiment.Config(**json.loads({settings!r}))
changes = Intervention.from_json({changes.to_json()!r})
result = experiment.run(config, changes)
result.numbers"""
    check = f"""import math

shown = json.loads({json.dumps(numbers)!r})
for name, value in shown.items():
    new = result.numbers[name]
    same = math.isclose(new, value, rel_tol={TOLERANCE}, abs_tol={TOLERANCE})
    assert same or (math.isnan(new) and math.isnan(value)), (name, new, value)
print(len(shown), "numbers as shown")"""
    sources = [
        ("markdown", f"# {lesson.number}\n\n{intro}\n\n<{link}>"),
        ("code", run),
        ("code", DRAW),
        ("code", check),
    ]
    notebook = {
        "cells": [_cell(kind, text, i) for i, (kind, text) in enumerate(sources)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()
