"""Lesson 6.3, attention in bioinformatics: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s6_3_bioinformatics import experiment, genome
from attn_core.lessons.s6_3_bioinformatics.drug import POOL
from attn_core.lessons.s6_3_bioinformatics.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s6_3_bioinformatics import apart, drawings, inputs
from pages.s6_3_bioinformatics import words as drawings_words

NUMBER = "6.3"
DEFAULT = experiment.Config()


def give() -> dict[str, Any]:
    """What the learner gives: which model, and DNA, a chain, or a drug and its target."""
    which, source = st.columns([0.24, 0.76], vertical_alignment="center")
    with which:
        model = controls.segments("molecule", experiment.MODELS, DEFAULT.model)
    with source:
        if model == "genome":
            return {"model": model, "dna": inputs.fasta("genome")}
        if model == "protein":
            return {"model": model, "protein": inputs.fasta("protein")}
        return {"model": model} | inputs.pair()


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    model = values.get("model", DEFAULT.model)
    if model != "genome":
        changes = Intervention(temperature=controls.temperature())
        return experiment.Config(**values), changes
    dna = values.get("dna", "")
    edits = inputs.edits(dna)
    warmth, call = st.columns(2)
    with warmth:
        temperature = controls.temperature()
    with call:
        threshold = controls.stops("call", genome.THRESHOLDS, DEFAULT.threshold)
    at = inputs.window(dna, threshold)
    config = experiment.Config(model, dna, edits, at, threshold)
    return config, Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the attention map, with this sequence's numbers."""
    model, site = run.config.model, run.selection.site
    words = i18n.safe(drawings_words.facts(run))
    kind = "pool" if site == POOL else "tokens" if site == "drug.0" else "row"
    look = "segments" if site == "cross" else kind
    layers = {s: t("s6_3.layer", n=i + 1) for i, s in enumerate(run.result.traces)}
    named = {
        "pool": t("s6_3.site.pool"),
        "cross": t("s6_3.site.cross"),
        "drug.0": t("s6_3.site.drug"),
    }
    answers = {"genome": words.get("kind", ""), "drug": "pKd"}
    return Labels(
        title=t(f"s6_3.view.title.{model}.{kind}", **words),
        look=t(f"s6_3.view.look.{look}", **words),
        summary=t("s6_3.view.summary", **words),
        sites={s: named.get(s, layers[s]) for s in run.result.traces},
        strings=i18n.viewer_strings(i18n.language()),
        rows={POOL: (answers[model],)} if POOL in run.result.traces else {},
    )


lesson_page.show(
    lesson_page.LessonPage(
        taught=LESSON,
        inputs=give,
        controls=turn,
        labels=labels,
        reading=drawings.reading,
        apart=apart.apart,
        live=apart.live,
        picture=drawings.picture,
    )
)
