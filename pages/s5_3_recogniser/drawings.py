"""Lesson 5.3's own drawings: the alignment as it is written, and moving one of its rows."""

import dataclasses
from typing import Any

import streamlit as st
from torch import Tensor

from attn_core.attention.functional import mean_of_heads
from attn_core.charts import common as charts
from attn_core.inputs.sound import again, find
from attn_core.lessons.s5_3_recogniser import experiment
from attn_core.lessons.speech import tokens as speech
from attn_core.wire.sound import Lane
from pages.frame import i18n, link
from pages.frame.i18n import t
from pages.frame.media import sound
from pages.frame.run import Run
from pages.speech import drawings as speech_parts

MOST_LANES = 8
MOMENT = "moment"


def kind_of(site: str) -> str:
    """What a site is: "encoder", "self" or "cross"."""
    return "encoder" if site.startswith("encoder") else site.rsplit(".", 1)[-1]


def step(run: Run) -> int:
    """The open step; the last one while rows are no steps."""
    row = run.selection.query
    if row is None or kind_of(run.selection.site) == "encoder":
        return experiment.default_row(run.result)
    return min(row, len(run.result.queries) - 1)


def _alignment(run: Run) -> Tensor:
    """Steps by tokens, mean of heads."""
    return mean_of_heads(run.result.traces[run.result.details["cross"]].weights[0].float())


def facts(run: Run) -> dict[str, Any]:
    """The open step as sentences name it."""
    found = experiment.reading(run.result, step(run))
    return found | {
        "p": f"{found['p']:.2f}",
        "near": f"{100 * found['near']:.0f}",
        "far": f"{found['far']:+.2f}".replace("-", "−"),
    }


def open_facts(run: Run) -> dict[str, Any]:
    """The open row of the open map as sentences name it."""
    trace = run.result.traces[run.selection.site]
    weights = trace.weights[0, min(run.selection.head, trace.weights.shape[1] - 1)].float()
    queries, keys = run.result.names(run.selection.site)
    row = min(run.selection.query or 0, len(weights) - 1)
    top = int(weights[row].argmax())
    return facts(run) | {
        "row": queries[row],
        "key": keys[top],
        "weight": f"{float(weights[row, top]):.2f}",
        "head": run.selection.head + 1,
        "n": run.result.details["tokens"],
    }


def _open(run: Run, row: int) -> None:
    site = run.result.details["cross"]
    head = run.selection.head if run.selection.site == site else 0
    link.set_selection(
        dataclasses.replace(run.selection, site=site, head=head, query=row, region=None)
    )


def _moment(run: Run) -> int:
    """The token that was picked on the sound; the open step's own until one is."""
    picked = st.session_state.get(MOMENT)
    n = int(run.result.details["tokens"])
    if isinstance(picked, tuple) and picked[0] == run.config.sound and picked[1] < n:
        return int(picked[1])
    return int(run.result.details["steps"][step(run)]["token"])


def _pick(run: Run, token: int) -> None:
    """Keep a moment for the button that moves a look."""
    st.session_state[MOMENT] = (run.config.sound, token)


def picture(run: Run) -> None:
    """The sound, and below it where each written digit was looked for, up to the open step."""
    at, weights = step(run), _alignment(run).numpy()
    first = max(0, at + 1 - MOST_LANES)
    names = [name.split(": ")[1] for name in run.result.queries]
    lanes = tuple(
        Lane(
            names[i],
            weights[i] / (weights[i].max(initial=0) or 1),
            charts.QUERY if i == at else charts.OUTPUT,
        )
        for i in range(first, at + 1)
    )
    digits = speech_parts.transcript([int(n) for n in names[: at + 1] if n.isdigit()])
    title = t("s5_3.sound.title", digits=digits)
    source = again(find(run.config.sound), run.config.times)
    if run.config.times > 1:
        sound.give(f"5.3-{run.config.times}", source)
    speech_parts.show(
        run,
        title,
        t("s5_3.sound.look", **i18n.safe(facts(run))),
        lanes,
        marked=_moment(run),
        pick=lambda token: _pick(run, token),
        pick_word=lambda key: _open(run, key),
        word=at,
        source=source,
    )
    last = len(run.result.queries)
    with st.container(horizontal=True, key="steps", vertical_alignment="center"):
        for name, row, icon in (
            ("first", 0, "first_page"),
            ("back", at - 1, "chevron_left"),
            ("next", at + 1, "chevron_right"),
            ("last", last - 1, "last_page"),
        ):
            st.button(
                t(f"s5_3.step.{name}"),
                key=f"step-{name}",
                icon=f":material/{icon}:",
                disabled=not 0 <= row < last or row == at,
                on_click=_open,
                args=(run, row),
            )
        st.markdown(t("s5_3.step.at", **i18n.marked(facts(run))))
    _tools(run)


def _move(run: Run) -> None:
    """Make the open step look at the picked moment."""
    changes = link.changes()
    cells = experiment.moved(run.result, step(run), _moment(run))
    rows = {(c.site, c.query) for c in cells}
    kept = tuple(c for c in changes.weights if (c.site, c.query) not in rows)
    try:
        link.set_changes(dataclasses.replace(changes, weights=(*kept, *cells)))
    except ValueError:  # more edits than are kept
        st.session_state[f"viewer_{run.lesson.slug}.refused"] = True


def _back(run: Run) -> None:
    """Let the open step look where it wants to."""
    changes, at, site = link.changes(), step(run), run.result.details["cross"]
    kept = tuple(c for c in changes.weights if (c.site, c.query) != (site, at))
    link.set_changes(dataclasses.replace(changes, weights=kept))


def _tools(run: Run) -> None:
    """Move the open row, or let it go again."""
    at, site = step(run), run.result.details["cross"]
    moved = any((c.site, c.query) == (site, at) for c in link.changes().weights)
    words = {"step": at + 1, "at": f"{_moment(run) * speech.TOKEN_SECONDS:.2f}"}
    with st.container(horizontal=True, key="move", vertical_alignment="center"):
        st.button(
            t("s5_3.move.do", **words),
            key="move-do",
            icon=":material/my_location:",
            help=t("s5_3.move.help"),
            on_click=_move,
            args=(run,),
        )
        if moved:
            st.button(
                t("s5_3.move.undo", **words),
                key="move-undo",
                icon=":material/undo:",
                on_click=_back,
                args=(run,),
            )


def reading(run: Run) -> None:
    """What is written, what the open step did, and how orderly the alignment is."""
    speech_parts.told(run)
    if not run.result.details["ended"]:
        st.warning(t("s5_3.reading.no_end"), icon=":material/all_inclusive:")
    kind = "step" if step(run) else "first"
    words = i18n.marked(facts(run))
    st.markdown(t("s5_3.reading.writes", **words))
    if _alignment(run)[step(run)].any():
        st.markdown(t(f"s5_3.reading.{kind}", **words))
    else:
        st.markdown(t("frame.silent"))
    numbers, before = run.result.numbers, run.before.numbers
    changed = run.before is not run.result
    head = ["", t("s5_1.reading.now")] + [t("s5_1.reading.before")] * changed
    lines = [f"| {' | '.join(head)} |", "|:--|--:|" + "--:|" * changed]
    names = ["written", "near", "backwards", "certainty"]
    names += ["edits"] * (run.result.details["truth"] is not None)
    for name in names:
        cells = [t(f"s5_3.reading.{name}"), f"**{_shown(name, numbers[name])}**"]
        cells += [_shown(name, before[name])] * changed
        lines.append(f"| {' | '.join(cells)} |")
    st.markdown("\n".join(lines), help=t("s5_3.reading.help"))
    speech_parts.about(experiment.CHECKPOINTS[run.config.model])


def _shown(name: str, value: float) -> str:
    return f"{100 * value:.0f} %" if name in ("near", "certainty") else f"{value:.0f}"
