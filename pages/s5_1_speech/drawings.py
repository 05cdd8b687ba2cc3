"""Lesson 5.1's own drawings: what a token listens to, heads, windows, silence, noise."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.charts import maps
from attn_core.lessons.s5_1_speech import experiment, views
from attn_core.lessons.speech import compared
from attn_core.lessons.speech import tokens as speech
from pages.frame import controls, figures, i18n, long_work, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.speech import drawings as speech_parts


def facts(run: Run) -> dict[str, Any]:
    """The open row as sentences name it."""
    found = experiment.reading(
        run.result, run.selection.site, run.selection.head, run.selection.query or 0
    )
    percent = {key: f"{100 * found[key]:.0f}" for key in ("to_speech", "null")}
    return found | percent | {"weight": f"{found['weight']:.2f}", "far": f"{found['far']:.2f}"}


def picture(run: Run) -> None:
    """The sound, what is written over it, and what the open token listens to."""
    weights = run.result.traces[run.selection.site].weights[0].float().nan_to_num()
    head = min(run.selection.head, weights.shape[0] - 1)
    rows = weights[head].numpy()
    token = min(run.selection.query or 0, len(rows) - 1)
    details = run.result.details
    words = i18n.safe(facts(run))
    digits = speech_parts.transcript(details["digits"])
    look = f"{t('s5_1.sound.look')} {run.of_row('s5_1.sound.now', words)}"
    speech_parts.show(
        run,
        t("speech.sound.title", digits=digits),
        look,
        (
            speech_parts.lane("row", rows[token] / (rows[token].max(initial=0) or 1), charts.QUERY),
            speech_parts.lane("speech", details["speech"], charts.VALUE),
            speech_parts.lane("writes", details["writes"], charts.OUTPUT),
        ),
        rows=rows,
        marked=token,
    )


def reading(run: Run) -> None:
    """What is written, what the open row says, and where the weight lies."""
    speech_parts.told(run)
    found = facts(run)
    kind = "digit" if found["digit"] else "between"
    st.markdown(run.of_row(f"s5_1.reading.{kind}", i18n.marked(found)))
    numbers, before = run.result.numbers, run.before.numbers
    changed = run.before is not run.result
    head = ["", t("s5_1.reading.now")] + [t("s5_1.reading.before")] * changed
    lines = [f"| {' | '.join(head)} |", "|:--|--:|" + "--:|" * changed]
    for name in ("speech_share", "speech_to_speech", "silence_to_speech", "reach", "certainty"):
        cells = [t(f"s5_1.reading.{name}"), f"**{_shown(name, numbers[name])}**"]
        cells += [_shown(name, before[name])] * changed
        lines.append(f"| {' | '.join(cells)} |")
    st.markdown("\n".join(lines), help=t("s5_1.reading.help"))
    speech_parts.about(experiment.CHECKPOINT)


def _shown(name: str, value: float) -> str:
    if value != value:
        return "–"
    return f"{value:.2f} s" if name == "reach" else f"{100 * value:.0f} %"


def apart(run: Run) -> None:
    """Heads, narrower windows, silence and its effect, and what a second of sound costs."""
    st.markdown(t("s5_1.apart.heads_what"))
    found = views.by_head(run.result)
    rows = [t("s5_1.view.site", n=layer + 1) for layer in range(experiment.LAYERS)]
    heads = [t("s5_1.apart.head", n=head + 1) for head in range(len(found["reach"][0]))]
    for name, column in zip(("reach", "lean"), st.columns(2), strict=True):
        labels = {"title": t(f"s5_1.apart.{name}"), "value": t(f"s5_1.apart.{name}_unit")}
        figures.show(
            maps.heat(found[name], rows, heads, labels, signed=name == "lean"),
            key=f"heads-{name}",
            where=column,
        )
    st.caption(t("s5_1.apart.heads_look"))
    _silence(run)
    left, right = st.columns([0.6, 0.4])
    with left:
        _windows(run)
    with right:
        _cost(run)


def _silence(run: Run) -> None:
    """Attention between the digits beside what silencing each does to the others."""
    st.markdown(t("s5_1.apart.silence_what"))
    with st.spinner(t("shell.working")):
        found = views.influence(run.config, run.device)
    if len(found["words"]) < 2:
        st.info(t("s5_1.apart.silence_none"))
        return
    names = [f"{w['digit']} · {w['first'] * speech.TOKEN_SECONDS:.1f} s" for w in found["words"]]
    for name, column in zip(("attention", "effect"), st.columns(2), strict=True):
        labels = {"title": t(f"s5_1.apart.{name}"), "value": t(f"s5_1.apart.{name}_unit")}
        figures.show(
            maps.heat(found[name], names, names, labels, signed=False),
            key=f"digits-{name}",
            where=column,
        )
    st.caption(t("s5_1.apart.silence_look"))


def _windows(run: Run) -> None:
    """The same model with less and less to listen to."""
    st.markdown(f"##### {t('s5_1.apart.windows')}")
    with st.spinner(t("shell.working")):
        rows = views.windows(run.config, run.device)
    tables.show(
        [
            {
                t("control.hears"): t(f"control.hears.{r['window']}"),
                t("s5_1.apart.writes"): speech_parts.transcript(list(r["digits"])),
                t("s5_1.apart.edits"): r["moved"],
            }
            for r in rows
        ]
    )
    st.caption(t("s5_1.apart.windows_look"))


def _cost(run: Run) -> None:
    """Multiply-adds of as much speech, silence and noise, counted now."""
    st.markdown(f"##### {t('s5_1.apart.cost')}")
    seconds = run.result.details["seconds"]
    with st.spinner(t("shell.working")):
        found = views.cost(seconds, run.device)
    tables.show(
        [
            {
                t("s5_1.apart.what"): t(f"s5_1.apart.of.{name}", s=f"{seconds:.1f}"),
                t("s4_1.live.multiply_adds"): f"{value / 1e6:,.1f}",
            }
            for name, value in found.items()
        ]
    )
    st.caption(t("s5_1.apart.cost_look"))


def _compare(rows: list[dict[str, Any]]) -> None:
    named = [r | {"model": t(f"s5_1.model.{r['model']}")} for r in rows]
    words = {
        "x": t("speech.live.snr"),
        "series": t("s4_1.live.model"),
        "title": t("speech.live.noise_title"),
    }
    figures.show(charts.curves(named, "snr", "error", "model", words), key="noise-live")


def live() -> None:
    """Three models on the learner's sound in noise, and the recorded runs."""
    controls.tabs("live", {"s5_1.live.now": _now, "s4_1.live.recorded": _recorded})


def _now() -> None:
    kept = st.session_state.get("s5_1_speech.good", (experiment.Config(), None))[0]
    said = compared.true_digits(kept.sound)
    st.markdown(t("s5_1.live.now_what"))
    st.caption(t("speech.live.truth" if said else "speech.live.own"))
    seed = controls.number("seed", 0, 0, 9999)
    found = long_work.job(
        "noise",
        compared.under_noise,
        _compare,
        wave=compared.as_sent(kept.sound),
        said=said,
        checkpoints=views.TWINS,
        seed=seed,
    )
    if found:
        _compare(found)
        st.caption(t("s5_1.live.now_look"))


def _recorded() -> None:
    """Errors of the three kinds of model, by noise and speaker, and with less to look at."""
    st.markdown(t("s5_1.live.recorded_what"))
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"s5_1.model.{r['model']}"),
                t("speech.live.known"): i18n.percent(r["known"], r["known_spread"]),
                t("speech.live.unseen"): i18n.percent(r["unseen"], r["unseen_spread"]),
                t("s5_2.live.runs"): r["seeds"],
                t("speech.live.steps"): r["steps"],
                t("s4_1.live.parameters"): f"{r['parameters']:,}",
            }
            for r in compared.clean(views.TWINS)
        ]
    )
    st.caption(t("speech.live.table_look"))
    noise, sight = st.columns(2)
    with noise:
        rows = [
            r | {"model": t(f"s5_1.model.{r['model']}")} for r in compared.by_noise(views.TWINS)
        ]
        words = {
            "x": t("speech.live.snr"),
            "series": t("s4_1.live.model"),
            "title": t("speech.live.recorded_noise"),
        }
        figures.show(charts.curves(rows, "snr", "error", "model", words), key="noise-recorded")
        st.caption(t("s5_1.live.noise_look"))
    with sight:
        st.markdown(f"##### {t('s5_1.live.sights')}")
        tables.show(
            [
                {
                    t("s5_1.live.sight"): t(f"s5_1.sight.{r['sight']}"),
                    t("speech.live.known"): f"{100 * r['error']:.1f} %",
                }
                for r in views.sights()
            ]
        )
        st.caption(t("s5_1.live.sights_look"))
