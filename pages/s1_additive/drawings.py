"""Lesson 1's own drawings: the answer beside the picture, energies, live comparison."""

import csv
import io

import streamlit as st

from attn_core.charts import common as charts
from attn_core.inputs.text import WordList
from attn_core.lessons.s1_additive import experiment
from attn_core.lessons.s1_additive import live as s1_live
from pages.frame import figures, i18n, inputs, long_work
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.frame.step_slider import scrub


def reading(run: Run) -> None:
    """The pronunciation, the picked step, and the twins."""
    details = run.result.details
    best = details["hypotheses"][0]
    facts = i18n.marked(experiment.reading(run.result, run.selection.query or 0))
    sounds = " ".join(best["phonemes"])
    lines = [f"### /{best['ipa']}/", f"{sounds} · p = {best['probability']:.2f}"]
    if run.changes:
        was = run.before.details["hypotheses"][0]
        same = was["phonemes"] == best["phonemes"]
        lines.append(t("s1.reading.same" if same else "s1.reading.was", ipa=was["ipa"]))
    if details["listed"]:
        kind = "right" if sounds in details["listed"] else "wrong"
        listed = " / ".join(details["listed"])
        lines.append(t(f"s1.reading.listed_{kind}", listed=listed))
    lines.append(run.of_row("s1.reading.step", facts))
    twins = details["twins"]
    with_, without = (twins[k]["ipa"] for k in (experiment.TWIN_WITH, experiment.TWIN_WITHOUT))
    lines.append(t("s1.reading.twins", with_ipa=with_, without_ipa=without))
    st.markdown("\n\n".join(lines))
    scrub(run, t("s1.step"))


def apart(run: Run) -> None:
    """Energies before the softmax, weights after it, and the other pronunciations."""
    facts = experiment.reading(run.result, run.selection.query or 0)
    st.markdown(t("s1.apart.what", **i18n.marked(facts)))
    left, right = st.columns(2)
    words = {"x": t("s1.apart.letter"), "title": t("s1.apart.energies")}
    with left:
        figures.show(charts.bars(run.result.keys, facts["energies"], words), key="energies")
    words = {"x": t("s1.apart.letter"), "title": t("s1.apart.weights")}
    with right:
        figures.show(
            charts.bars(run.result.keys, facts["weights"], words, charts.QUERY), key="row-weights"
        )
    st.caption(t("s1.apart.look", **i18n.marked(facts)))
    st.markdown(f"##### {t('s1.apart.hypotheses')}")
    st.dataframe(
        [
            {
                t("s1.apart.ipa"): h["ipa"],
                t("s1.apart.phonemes"): " ".join(h["phonemes"]),
                t("s1.apart.probability"): h["probability"],
            }
            for h in run.result.details["hypotheses"]
        ],
        hide_index=True,
    )
    st.caption(t("s1.apart.hypotheses_look"))


def word_list(found: WordList, default: str) -> None:
    """An uploaded list: pick a word to look at, or take all pronunciations away as a table."""
    if found.n_refused or found.n_left:
        st.caption(t("s1.list.left", refused=found.n_refused, left=found.n_left))
    picked = st.selectbox(t("s1.list.pick"), found.words, key="picked")
    st.button(
        t("s1.list.open"), on_click=inputs.put, args=("word", picked, default), type="primary"
    )
    with st.spinner(t("shell.working")):
        rows = experiment.pronounce_list(found.words)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["word", "ipa", "phonemes", "probability"])
    writer.writerows([r["word"], r["ipa"], " ".join(r["phonemes"]), r["probability"]] for r in rows)
    st.dataframe(
        [{t("s1.list.word"): r["word"], t("s1.apart.ipa"): r["ipa"]} for r in rows],
        hide_index=True,
        height=180,
    )
    st.download_button(
        t("s1.list.download"), out.getvalue().encode("utf-8-sig"), "pronunciations.csv", "text/csv"
    )


def live() -> None:
    """Error by word length of both twins as recorded, and a comparison made now."""
    words = {
        "x": t("s1.live.length"),
        "series": t("s1.live.model"),
        "title": t("s1.live.by_length"),
    }
    rows = [r | {"model": t(f"s1.live.{r['model']}")} for r in s1_live.by_length()]
    figures.show(charts.curves(rows, "length", "error", "model", words), key="by-length")
    st.caption(t("s1.live.look", **i18n.safe(s1_live.length_facts())))
    st.markdown(f"#### {t('s1.live.now')}")
    st.markdown(t("s1.live.now_what", n=s1_live.N_WORDS))
    found = long_work.job("s1-twins", s1_live.compare)
    if found is not None:
        st.dataframe(
            [
                {
                    t("s1.live.model"): t(f"s1.live.{r['model']}"),
                    t("s1.live.error"): r["error"],
                    t("s1.live.words"): r["n"],
                }
                for r in found
            ],
            hide_index=True,
        )
