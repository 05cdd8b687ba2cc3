"""Lesson 3.3's own drawings: the translation, its steps and choices, what was recorded."""

from contextlib import suppress

import streamlit as st

from attn_core.charts import common as charts
from attn_core.checkpoints.manifests import WeightsMissing
from attn_core.lessons.s3_3_transformer import choice, compared, experiment
from pages.frame import controls, figures, i18n, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.frame.step_slider import scrub
from pages.s3_3_transformer import own


def reading(run: Run) -> None:
    """The translation, the open step with its other choices, and the recurrent twin."""
    details = run.result.details
    best = details["hypotheses"][0]["text"]
    lines = [f"### {i18n.plain(best) or '–'}"]
    was = run.before.details["hypotheses"][0]["text"]
    if run.before is not run.result:
        kind = "same" if was == best else "was"
        lines.append(t(f"s3_3.reading.{kind}", text=i18n.plain(was)))
    with suppress(WeightsMissing):  # the stored example is shown without any model
        twin = experiment.twin(run.config, run.device)
        lines.append(t("s3_3.reading.twin", text=i18n.plain(twin)))
    if details["n_left"]:
        lines.append(t("s3_3.reading.cut", n=details["n_left"]))
    if details["n_unknown"]:
        lines.append(t("s3_3.reading.unknown", n=details["n_unknown"]))
    st.markdown("\n\n".join(lines))
    st.caption(t("s3_3.reading.note", **i18n.safe(compared.card(run.config.direction))))
    opened = run.selection
    facts = experiment.reading(run.result, opened.query or 0, opened.site, opened.head)
    kind = "source" if facts["kind"] == "encoder" else "step"
    if kind == "step":
        scrub(run, t("s3_3.step"))
    st.markdown(run.of_row(f"s3_3.reading.{kind}", i18n.marked(facts)))
    if kind == "source":
        return
    _choose(run, min(opened.query or 0, len(run.result.queries) - 1))


def _share(probability: float) -> str:
    return f"{probability:.2f}" if probability >= 0.005 else i18n.plain("<0.01")


def _choose(run: Run, step: int) -> None:
    """The likeliest next tokens of a step, each a button that decoding goes on from."""
    details, config = run.result.details, run.config
    st.caption(t("s3_3.choose"))
    with st.container(horizontal=True, key="choices"):
        for token in details["choices"][step]:
            ids = (*details["ids"][:step], token["id"])
            held = choice.prefix_text(config.text, config.direction, ids)
            taken = token["label"] == run.result.queries[step]
            st.button(
                f"{i18n.plain(token['label'])} {_share(token['probability'])}",
                key=f"choice-{token['id']}",
                type="primary" if taken else "secondary",
                disabled=taken or token["id"] <= experiment.END,
                on_click=controls.put,
                args=("prefix", held, ""),
            )


def apart(run: Run) -> None:
    """The three kinds by shape, the open step's next tokens, the beam, the smaller models."""
    st.markdown(t("s3_3.apart.kinds_what"))
    tables.show(
        [
            {
                t("s3_3.apart.kind"): t(f"s3_3.kind.{r['kind']}"),
                t("s3_3.apart.queries"): r["queries"],
                t("s3_3.apart.keys"): r["keys"],
                t("s3_3.apart.heads"): r["heads"],
                t("s3_3.apart.masked"): f"{r['masked']:.0f} %",
            }
            for r in experiment.shapes(run.result)
        ]
    )
    st.caption(t("s3_3.apart.kinds_look"))
    details = run.result.details
    step = min(run.selection.query or 0, len(run.result.queries) - 1)
    names = [c["label"] for c in details["choices"][step]]
    left, right = st.columns(2)
    with left:
        words = {"x": t("s3_3.apart.token"), "title": t("s3_3.apart.next", step=step + 1)}
        values = [c["probability"] for c in details["choices"][step]]
        figures.show(charts.bars(names, values, words), key="next-tokens")
        st.caption(t("s3_3.apart.next_look"))
    with right:
        st.markdown(f"##### {t('s3_3.apart.beam')}")
        tables.show(
            [
                {
                    t("s3_3.apart.text"): h["text"],
                    t("s3_3.apart.log_probability"): round(h["log_probability"], 2),
                    t("s3_3.apart.length"): h["length"],
                    t("s3_3.apart.score"): round(h["score"], 2),
                }
                for h in details["hypotheses"]
            ]
        )
        st.caption(t("s3_3.apart.beam_look"))
    st.markdown(f"##### {t('s3_3.apart.cache')}")
    with st.spinner(t("shell.working")):
        found = compared.cache_or_not(run.config, run.device)
    tables.show(
        [
            {
                t("s3_3.apart.kept"): t(f"s3_3.apart.cached.{str(r['cached']).lower()}"),
                t("s3_3.apart.text"): r["text"],
                t("s3_3.apart.score"): f"{r['score']:.4f}",
                t("s3_3.apart.milliseconds"): f"{r['milliseconds']:.0f}",
            }
            for r in found
        ]
    )
    st.caption(t("s3_3.apart.cache_look"))
    if run.config.direction == "en-zh":
        _ablated(run)


def _ablated(run: Run) -> None:
    st.markdown(f"##### {t('s3_3.apart.ablated')}")
    st.markdown(t("s3_3.apart.ablated_what"))
    with st.spinner(t("shell.working")):
        found = compared.ablated(run.config, run.device)
    tables.show(
        [
            {
                t("s3_3.model"): t(f"s3_3.model.{r['model']}"),
                t("s3_3.apart.text"): r["text"],
                t("s3_3.apart.chrf"): f"{r['chrf']:.3f}",
            }
            for r in found
        ]
    )
    st.caption(t("s3_3.apart.ablated_look"))


def live() -> None:
    """A Transformer of the learner's own, and the recorded scores of ours."""
    controls.tabs("live", {"s3_3.live.own": own.own, "s3_3.live.ours": _recorded})


def _recorded() -> None:
    """Scores of the models, by seed and by length."""
    st.markdown(f"##### {t('s3_3.live.scores')}")
    tables.show(
        [
            {
                t("control.direction"): t(f"control.direction.{r['direction']}"),
                t("s3_3.model"): t(f"s3_3.live.{r['model']}"),
                "chrF": f"{r['chrf']:.3f}",
                "BLEU": f"{r['bleu']:.3f}",
                t("s3_3.live.parameters"): f"{r['parameters']:,}",
                t("s3_3.live.pairs"): r["n"],
            }
            for r in compared.scores()
        ]
    )
    st.caption(t("s3_3.live.scores_look"))
    found = compared.recorded()
    rows = [r | {"model": t(f"s3_3.model.{r['model']}")} for r in found["models"]]
    words = {"x": "chrF", "title": t("s3_3.live.models"), "series": t("s3_3.live.seed")}
    figures.show(charts.strips(rows, "chrf", "model", words), key="models")
    st.caption(t("s3_3.live.models_look"))
    for direction, side in zip(experiment.DIRECTIONS, st.columns(2), strict=True):
        here = [
            r | {"model": t(f"s3_3.live.{r['model']}")}
            for r in found["lengths"]
            if r["direction"] == direction
        ]
        words = {
            "x": t("s3_3.live.tokens"),
            "series": t("s3_3.model"),
            "title": t(f"s3_3.live.length.{direction}"),
        }
        with side:
            figures.show(
                charts.curves(here, "tokens", "chrf", "model", words), key=f"length-{direction}"
            )
    st.caption(t("s3_3.live.length_look"))
