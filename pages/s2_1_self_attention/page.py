"""Lesson 2.1, self-attention: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.text import decode_text
from attn_core.lessons.s2_1_self_attention import experiment
from attn_core.lessons.s2_1_self_attention.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s2_1_self_attention import drawings


def give() -> dict[str, Any]:
    """What the learner gives: a review, and in which language it is read."""
    first, wide, more = st.columns([0.2, 0.64, 0.16], vertical_alignment="bottom")
    with first:
        language = controls.segments("reader", experiment.LANGUAGES, "en")
    name, default = f"text_{language}", experiment.TEXTS[language]
    with more, st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
        found = inputs.upload("text", t("s2_1.upload"), decode_text)
        if found is not None:
            st.button(
                t("s2_1.use_upload", n=len(found)),
                on_click=inputs.put,
                args=(name, found, default),
            )
    with wide:
        text = inputs.text(name, t(f"s2_1.{name}"), default)
    return {"text": text, "language": language}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    warmth, model = st.columns(2, vertical_alignment="bottom")
    with warmth:
        temperature = controls.temperature()
    with model:
        name = controls.choice("model", experiment.MODELS, experiment.SHOWN)
    return experiment.Config(model=name, **values), Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the picture, with this text's numbers."""
    facts = i18n.safe(experiment.reading(run.result, run.selection))
    pool = run.selection.site == experiment.POOL
    sites = {
        site: t("s2_1.view.layer", n=int(site.rpartition(".")[2]) + 1)
        for site in run.result.traces
        if site != experiment.POOL
    }
    return Labels(
        title=t("s2_1.view.title_pool" if pool else "s2_1.view.title"),
        look=t("s2_1.view.look_pool" if pool else "s2_1.view.look", **facts),
        summary=t("s2_1.view.summary", **facts),
        sites=sites | {experiment.POOL: t("s2_1.view.pool")},
        strings=i18n.viewer_strings(i18n.language()),
        rows={experiment.POOL: (t("s2_1.view.query"),)},
    )


lesson_page.show(
    lesson_page.LessonPage(
        taught=LESSON,
        inputs=give,
        controls=turn,
        labels=labels,
        reading=drawings.reading,
        apart=drawings.apart,
        live=drawings.live,
    )
)
