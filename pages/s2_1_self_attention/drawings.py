"""Lesson 2.1's own drawings: the verdict, coloured words, evidence, curves, a summary."""

import html

import streamlit as st

from attn_core.charts import common as charts
from attn_core.checkpoints.manifests import read_manifest
from attn_core.inputs.refused import Refused
from attn_core.lessons.s2_1_self_attention import evidence, experiment, summary
from pages.frame import controls, figures, i18n, inputs, link, long_work
from pages.frame.i18n import t
from pages.frame.run import Run

COLOURS = {"attention": charts.KEY, "gradient": charts.VALUE, "occlusion": charts.QUERY}
MAX_NOW = 48
"""Tokens up to which every one is hidden in turn as soon as the part is opened."""


def coloured(tokens: tuple[str, ...], shares: list[float]) -> None:
    """Tokens as running text, the stronger the weight the stronger the colour behind it."""
    most = max(shares, default=0.0) or 1.0
    spans = []
    for token, share in zip(tokens, shares, strict=True):
        joined = token.removeprefix("##")
        gap = "" if joined != token or len(token) == 1 and not token.isascii() else " "
        strength = round(100 * max(0.0, share) / most)
        spans.append(
            f'{gap}<span title="{100 * share:.1f} %" style="background:color-mix(in srgb,'
            f'{charts.KEY} {strength}%,transparent);border-radius:4px;padding:1px 2px">'
            f"{html.escape(joined)}</span>"
        )
    st.html(f'<div dir="auto" style="line-height:1.9">{"".join(spans)}</div>')


def reading(run: Run) -> None:
    """The verdict, the words that pooling weighs, and the picked row."""
    facts = i18n.marked(experiment.reading(run.result, run.selection))
    label = t(f"s2_1.{facts.pop('label')}")
    lines = [f"### {label} · {facts['probability']}"]
    if run.before is not run.result:
        was = run.before.numbers["positive"]
        lines.append(
            t("s2_1.reading.was", was=f"{was:.3f}", now=f"{run.result.numbers['positive']:.3f}")
        )
    st.markdown("\n\n".join(lines))
    st.caption(t("s2_1.reading.pool", **facts))
    coloured(run.result.keys, run.result.details["pool"])
    if run.silent or run.selection.site != experiment.POOL:
        st.markdown(run.of_row("s2_1.reading.row", facts))
    details = run.result.details
    if details["n_left"]:
        st.warning(t("s2_1.reading.cut", n=details["n_left"], kept=len(run.result.keys)))
    if details["n_unknown"]:
        st.info(t("s2_1.reading.unknown", n=details["n_unknown"]))
    st.caption(_trained(run.config.language, run.config.model))


def _trained(language: str, model: str) -> str:
    shown = model == experiment.SHOWN
    manifest = read_manifest(f"sentiment_{language}" + ("" if shown else "_pooling"))
    metric = manifest.metrics[f"accuracy_{language}"]
    value = metric.value if shown else manifest.raw["accuracy_by_pooling"][model]
    return t(
        "s2_1.reading.trained",
        accuracy=f"{100 * value:.1f}",
        n=metric.n,
        majority=f"{100 * manifest.raw['majority']:.0f}",
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _evidence(text: str, language: str, model: str, device: str) -> dict[str, list[float]]:
    reader = experiment.read(experiment.Config(text, language, model), device)
    return evidence.scores(reader)[0]


def apart(run: Run) -> None:
    """Three answers to "which word matters", one under another."""
    st.markdown(t("s2_1.apart.what"))
    config = run.config
    if len(run.result.keys) > MAX_NOW:
        st.info(t("s2_1.apart.long", n=MAX_NOW))
        found = {"attention": run.result.details["pool"]}
    else:
        with st.spinner(t("shell.working")):
            found = _evidence(config.text, config.language, config.model, run.device)
    names = tuple(token.removeprefix("##") for token in run.result.keys)
    for method, values in found.items():
        words = {"x": t("s2_1.apart.token"), "title": t(f"s2_1.method.{method}")}
        colour = COLOURS[method]
        figures.show(
            charts.bars(names, values, words, colour).properties(height=190), key=f"by-{method}"
        )
    st.caption(t("s2_1.apart.look"))


def live() -> None:
    """Recorded curves, the learner's own curves, and a summary of the learner's text."""
    st.markdown(f"#### {t('s2_1.live.title')}")
    drawn = {"recorded": _recorded, "now": _now, "summary": _summary}
    controls.tabs("live", {f"s2_1.live.{name}": draw for name, draw in drawn.items()})


def _charts(rows: list[dict[str, object]], key: str) -> None:
    for column, kind in zip(st.columns(2), ("deletion", "insertion"), strict=True):
        named = [r | {"method": t(f"s2_1.method.{r['method']}")} for r in rows if r["kind"] == kind]
        words = {
            "x": t("s2_1.live.share"),
            "series": t("s2_1.live.method"),
            "title": t(f"s2_1.live.{kind}"),
        }
        figures.show(
            charts.curves(named, "share", "probability", "method", words),
            key=f"{key}-{kind}",
            where=column,
        )
    st.caption(t("s2_1.live.look"))


def _recorded() -> None:
    language = st.segmented_control(
        t("control.reader"),
        experiment.LANGUAGES,
        default="en",
        required=True,
        format_func=lambda name: t(f"control.reader.{name}"),
        key="curves-of",
        label_visibility="collapsed",
    )
    manifest = read_manifest(f"sentiment_{language}")
    st.markdown(t("s2_1.live.recorded_what", n=manifest.raw["n_curves"]))
    _charts(manifest.raw["curves"], "recorded")


def _now() -> None:
    reader = controls.value("reader", "en")
    text = link.get(f"text_{reader}", experiment.TEXTS[reader])
    model = controls.value("model", experiment.SHOWN)
    st.markdown(t("s2_1.live.now_what"))
    rows = long_work.job("s2_1-curves", evidence.compare, text=text, language=reader, model=model)
    if rows:
        _charts(rows, "now")


@st.cache_data(max_entries=64, show_spinner=False)
def _summarised(text: str) -> summary.Summary:
    return summary.summarise(text)


def _summary() -> None:
    st.markdown(t("s2_1.live.summary_what"))
    text = inputs.text("story", t("s2_1.story"), summary.TEXT, area=True, height=150)
    try:
        with st.spinner(t("shell.working")):
            found = _summarised(text)
    except Refused as error:
        st.warning(i18n.refusal(error), icon=":material/edit:")
        return
    coloured(tuple(f"{s} " for s in found.sentences), list(found.centrality))
    first, ours = st.columns(2)
    n = max(1, len(found.sentences) // 4)
    for column, chosen, name in (
        (ours, found.best(n), "ours"),
        (first, range(n), "first"),
    ):
        column.markdown(f"**{t(f's2_1.live.{name}')}**")
        column.markdown("\n\n".join(f"> {i18n.plain(found.sentences[i])}" for i in chosen))
    st.caption(t("s2_1.live.summary_look"))
    if found.n_left:
        st.info(t("s2_1.live.left", n=found.n_left))
