"""Lesson 5.2's own drawings: the sound under its lattice, the collapse, what is written."""

import dataclasses
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
import streamlit as st

from attn_core.charts import common as charts
from attn_core.lessons.s5_2_ctc import experiment
from attn_core.lessons.s5_2_ctc.experiment import BLANK
from attn_core.wire.sound import Lane
from pages.frame import controls, i18n, link
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.speech import drawings as speech_parts

MOST_LANES = 8
STEPS = ("path", "merged", "written")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LINE = 80
"""Labels of a path in a row."""


def kind_of(site: str) -> str:
    """What a site is: "labels", "encoder" or "decoder"."""
    return site.split(".")[0]


def token(run: Run) -> int:
    """The open moment; the middle digit's while rows are no moments."""
    row = run.selection.query
    if row is None or kind_of(run.selection.site) == "decoder":
        return experiment.default_row(run.result)
    return min(row, int(run.result.details["tokens"]) - 1)


def facts(run: Run) -> dict[str, Any]:
    """The open row as sentences name it."""
    found = experiment.reading(run.result, token(run))
    trace = run.result.traces[run.selection.site]
    weights = trace.weights[0, min(run.selection.head, trace.weights.shape[1] - 1)].float()
    queries, keys = run.result.names(run.selection.site)
    row = min(run.selection.query or 0, len(weights) - 1)
    top = int(weights[row].argmax())
    return found | {
        "row": queries[row],
        "key": keys[top],
        "weight": f"{float(weights[row, top]):.2f}",
        "head": run.selection.head + 1,
        "said": found["row"],
        "p": f"{found['p']:.2f}",
        "second_p": f"{found['second_p']:.2f}",
        "posterior": f"{found['posterior']:.2f}",
    }


def _pick(run: Run) -> Callable[[int], None]:
    """A moment of the sound opens its row; where rows are digits, the labels' map."""
    site = run.selection.site
    where = experiment.LABELS if kind_of(site) == "decoder" else site
    head = 0 if where != site else run.selection.head
    return lambda index: link.set_selection(
        dataclasses.replace(run.selection, site=where, head=head, query=index, region=None)
    )


def _lanes(run: Run, at: int) -> tuple[Lane, ...]:
    """Where each written digit is heard, with all paths that say the same summed; and the blank."""
    details = run.result.details
    posterior, labels = details["posterior"], details["labels"]
    first = 0
    if len(labels) > MOST_LANES:
        near = int(np.argmax([row[at] for row in posterior]))
        first = min(max(near - MOST_LANES // 2, 0), len(labels) - MOST_LANES)
    shown = range(first, min(first + MOST_LANES, len(labels)))
    return (
        *(Lane(str(labels[i]), np.asarray(posterior[i], np.float32), charts.OUTPUT) for i in shown),
        Lane(t("s5_2.blank"), np.asarray(details["blank"], np.float32), charts.KEY),
    )


def picture(run: Run) -> None:
    """The sound with the lattice's posterior below it, digit by digit."""
    at = token(run)
    words = i18n.safe(facts(run))
    digits = speech_parts.transcript(run.result.details["labels"])
    supposed = "supposed" if run.config.labels is not None else "heard"
    more = "more" if len(run.result.details["labels"]) > MOST_LANES else "all"
    speech_parts.show(
        run,
        t(f"s5_2.sound.title.{supposed}", digits=digits),
        t(f"s5_2.sound.look.{more}", **words, most=MOST_LANES),
        _lanes(run, at),
        marked=at,
        pick=_pick(run),
    )


def _steps(path: list[int]) -> dict[str, list[int]]:
    """A path, its repeats merged, and its blanks dropped (the collapse rule)."""
    merged = [label for label, _ in groupby(path)]
    return {"path": path, "merged": merged, "written": [v for v in merged if v != BLANK]}


def _collapse(run: Run) -> None:
    """The likeliest path, step by step."""
    step = controls.segments("collapse", STEPS, "path")
    found = _steps(run.result.details["path"])
    names = [experiment.NAMES[label] for label in found[step]]
    lines = ["".join(names[i : i + LINE]) for i in range(0, len(names), LINE)]
    st.code("\n".join(lines) or " ", language=None, wrap_lines=True)
    counts = {name: len(labels) for name, labels in found.items()}
    st.caption(t(f"s5_2.collapse.{step}", **counts))


def reading(run: Run) -> None:
    """What is written, the path collapsed, and what all paths together say."""
    speech_parts.told(run)
    found = facts(run)
    kind = "digit" if found["place"] else "blank"
    st.markdown(t(f"s5_2.reading.{kind}", **i18n.marked(found)))
    _collapse(run)
    numbers, before = run.result.numbers, run.before.numbers
    changed = run.before is not run.result
    head = ["", t("s5_1.reading.now")] + [t("s5_1.reading.before")] * changed
    lines = [f"| {' | '.join(head)} |", "|:--|--:|" + "--:|" * changed]
    for name in ("log_likelihood", "best_path", "paths_log10", "blank_share"):
        cells = [t(f"s5_2.reading.{name}"), f"**{_shown(name, numbers[name])}**"]
        cells += [_shown(name, before[name])] * changed
        lines.append(f"| {' | '.join(cells)} |")
    st.markdown("\n".join(lines), help=t("s5_2.reading.help"))
    speech_parts.about(experiment.CHECKPOINTS[run.config.model])


def _shown(name: str, value: float) -> str:
    if name == "paths_log10":
        return "10" + f"{value:.0f}".translate(RAISED)
    return f"{100 * value:.0f} %" if name == "blank_share" else f"{value:.2f}"
