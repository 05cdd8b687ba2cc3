"""Lesson 3.1's own drawings: the continuation, its numbers, blocks and cells taken apart."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.checkpoints.manifests import read_manifest
from attn_core.lessons.s3_1_incremental import blockwise as blocks
from attn_core.lessons.s3_1_incremental import charts as cost_charts
from attn_core.lessons.s3_1_incremental import experiment
from attn_core.lessons.s3_1_incremental.experiment import mask_of
from attn_core.wire.looked_at import opened
from pages.frame import controls, figures, i18n, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.frame.step_slider import scrub


def _lines(text: str) -> str:
    """A stranger's text as Markdown that keeps its lines."""
    return i18n.plain(text).replace("\n", "  \n")


def _bold(text: str) -> str:
    """Each line bold on its own: emphasis does not reach over a line's end."""
    parts = []
    for line in text.split("\n"):
        core = line.strip()
        space = " " if line.startswith(" ") else ""
        parts.append(f"{space}**{i18n.plain(core)}**" if core else "")
    return "  \n".join(parts)


def reading(run: Run) -> None:
    """What was written, the open row, and what was measured."""
    details, before = run.result.details, run.before.details
    prompt = details["prompt"]
    joint = "&#8203;" if prompt.endswith("\n") else ""
    with st.container(key="continued"):
        st.markdown(f"{_lines(prompt[-240:])}{joint}{_bold(details['written'])}")
    lines = []
    if run.before is not run.result:
        same = before["written"] == details["written"]
        was = i18n.plain(before["written"].replace("\n", " / "))
        lines.append(t(f"s3_1.reading.{'same' if same else 'was'}", text=was))
    facts = experiment.reading(run.result, run.selection)
    lines.append(run.of_row("s3_1.reading.step", i18n.marked(facts)))
    st.markdown("\n\n".join(lines))
    scrub(run, t("s3_1.step"))
    _table(run)
    for name, value in (("cut", "n_left"), ("unknown", "n_unknown"), ("closed", "n_closed")):
        if details[value]:
            st.warning(t(f"s3_1.reading.{name}", n=details[value]))
    if len(run.result.queries) > details["context"]:
        st.caption(t("s3_1.reading.beyond", n=details["context"]))


def _table(run: Run) -> None:
    numbers, details = run.result.numbers, run.result.details
    n, window = len(run.result.queries), bool(run.config.window)
    head = [t("s3_1.reading.measured"), t("s3_1.reading.now"), t("s3_1.reading.whole")][
        : 2 + window
    ]
    rows = []
    if "prompt_bits" in numbers:
        rows.append(
            ("prompt_bits", f"{numbers['prompt_bits']:.2f}", f"{numbers['prompt_bits_whole']:.2f}")
        )
    rows += [
        ("cells", f"{numbers['cells']:,.0f}", f"{n * (n + 1) // 2:,}"),
        ("gap", i18n.power(numbers["gap"]), i18n.power(run.before.numbers["gap"])),
        (
            "milliseconds",
            f"{details['milliseconds']:.1f}",
            f"{run.before.details['milliseconds']:.1f}",
        ),
    ]
    lines = [f"| {' | '.join(head)} |", "|:--|--:|" + "--:|" * window]
    for name, now, whole in rows:
        cells = [t(f"s3_1.reading.{name}", n=n), f"**{now}**", whole][: 2 + window]
        lines.append(f"| {' | '.join(cells)} |")
    st.markdown("\n".join(lines), help=t("s3_1.reading.help"))
    name = experiment.MODELS[run.config.language]
    metric = read_manifest(name).metrics[f"bits_per_character_{run.config.language}"]
    st.caption(
        t(
            "s3_1.reading.manifest",
            bits=f"{metric.value:.2f}",
            n=f"{metric.n:,}",
            baseline=f"{metric.baseline or 0:.2f}",
        )
    )


def apart(run: Run) -> None:
    """Blocks, cells, or the next character."""
    side = controls.segments("aspect", tuple(DRAW), "blocks")
    DRAW[side](run)


def _state_words() -> dict[str, str]:
    return {str(i): t(f"s3_1.cells.{i}") for i in range(4)} | {
        "x": t("s3_1.cells.key"),
        "y": t("s3_1.cells.query"),
    }


def _blocks(run: Run) -> None:
    st.markdown(t("s3_1.apart.blocks.what"))
    site, _, head = opened(run.result, run.selection)
    left, right = st.columns([0.3, 0.7])
    with left:
        size = controls.stops("block", blocks.SIZES, 16)
    found = blocks.walk(run.result, site, head, size)
    n_steps = len(found.steps)
    if not n_steps:  # every key is cut
        st.markdown(t("s3_1.apart.blocks.none"))
        return
    row = min(run.selection.query or 0, found.n - 1)
    with right:
        step = _step(found, row, n_steps)
    at = found.steps[step]
    follow = row if row in at.queries else at.queries.stop - 1
    layer = int(site.rpartition(".")[2]) + 1
    picture, words = st.columns([0.4, 0.6], gap="small")
    with picture:
        title = t("s3_1.apart.blocks.title", layer=layer, head=head + 1, step=step + 1, n=n_steps)
        outline = (at.queries.start, at.queries.stop, at.keys.start, at.keys.stop)
        figure = cost_charts.cells(
            blocks.cells(found, step).tolist(), outline, _state_words() | {"title": title}
        )
        st.plotly_chart(figure, key="block-map", config={"displayModeBar": False})
        never = found.n_blocks - n_steps
        st.caption(t("s3_1.apart.blocks.look", never=never, all=found.n_blocks))
    with words:
        query = i18n.plain(run.result.queries[follow])
        st.markdown(f"##### {t('s3_1.apart.blocks.row', row=follow + 1, query=query)}")
        tables.show(_history(run, found, step, follow))
        st.markdown(
            t(
                "s3_1.apart.blocks.end",
                n=found.n,
                gap=i18n.power(found.gap),
                size=min(size, found.n),
            )
        )
        if run.changes.scores or run.changes.weights:
            st.caption(t("s3_1.apart.blocks.edited"))


def _step(found: blocks.Walk, row: int, n_steps: int) -> int:
    """A slider over the blocks; at first the one before the last of the open row's."""
    if n_steps < 2:
        return 0
    mine = [i for i, s in enumerate(found.steps) if row in s.queries]
    start = mine[max(0, len(mine) - 2)] + 1 if mine else 1
    key = f"block-step-{n_steps}-{found.size}-{row}"
    return int(st.slider(t("s3_1.apart.blocks.step"), 1, n_steps, start, key=key)) - 1


def _history(run: Run, found: blocks.Walk, step: int, row: int) -> list[dict[str, Any]]:
    name = "s3_1.apart.blocks."
    return [
        {
            t(f"{name}keys"): f"{r['keys'][0]}–{r['keys'][1]}",
            t(f"{name}text"): "".join(run.result.keys[r["keys"][0] - 1 : r["keys"][1]]),
            t(f"{name}m"): f"{r['maximum']:.3f}",
            t(f"{name}kept"): f"{r['kept']:.3f}" if r["kept"] else "–",
            t(f"{name}l"): f"{r['total']:.3f}",
            t(f"{name}o"): " ".join(f"{x:+.2f}" for x in r["output"]),
            t(f"{name}gap"): i18n.power(r["gap"]),
        }
        for r in blocks.history(found, step, row)
    ]


def _cells(run: Run) -> None:
    st.markdown(t("s3_1.apart.cells.what"))
    n = len(run.result.queries)
    left, right = st.columns([0.6, 0.4], vertical_alignment="bottom")
    with left:
        how = controls.segments("how", blocks.HOW, "cache")
    size = 16
    if how == "blocks":
        with right:
            size = controls.stops("block", blocks.SIZES, 16)
    allowed = mask_of(n, run.config.window, run.config.sinks)
    states = blocks.ever(allowed, how, size).tolist()
    counts = blocks.counts(states)
    title = t(
        "s3_1.apart.cells.title",
        how=t(f"control.how.{how}"),
        all=f"{n * n:,}",
        computed=f"{counts['computed']:,}",
        used=f"{counts['used']:,}",
    )
    figure = cost_charts.cells(states, None, _state_words() | {"title": title})
    st.plotly_chart(figure, key="cells", config={"displayModeBar": False})
    st.caption(t("s3_1.apart.cells.look"))


def _next(run: Run) -> None:
    st.markdown(t("s3_1.apart.next.what"))
    facts = experiment.reading(run.result, run.selection)
    choices = run.result.details["choices"][facts["row"] - 1]
    words = {
        "x": t("s3_1.apart.next.x"),
        "title": t("s3_1.apart.next.title", row=facts["row"]),
    }
    names = experiment.shown("".join(c for c, _ in choices))
    figures.show(charts.bars(names, [p for _, p in choices], words), key="next-character")
    st.caption(t("s3_1.apart.next.look", **i18n.marked(facts)))


DRAW = {"blocks": _blocks, "cells": _cells, "next": _next}
"""One drawing for each of the sides."""
