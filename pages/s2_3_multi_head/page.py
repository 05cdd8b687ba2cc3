"""Lesson 2.3, multi-head attention: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.text import decode_text
from attn_core.lessons.s2_3_multi_head import experiment
from attn_core.lessons.s2_3_multi_head.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s2_3_multi_head import drawings

DEFAULT = experiment.Config()


def give() -> dict[str, Any]:
    """What the learner gives: two sentences."""
    first, second, more = st.columns([0.44, 0.4, 0.16], vertical_alignment="bottom")
    with more, st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
        found = inputs.upload("text", t("s2_3.upload"), decode_text)
        if found is not None:
            st.button(
                t("s2_3.use_upload", n=len(found)),
                on_click=inputs.put,
                args=("text", found, DEFAULT.text),
            )
    with first:
        text = inputs.text("text", t("s2_3.text"), DEFAULT.text)
    with second:
        other = inputs.text("other", t("s2_3.other"), DEFAULT.other)
    return {"text": text, "other": other}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    warmth, layer = st.columns(2, vertical_alignment="bottom")
    with warmth:
        temperature = controls.temperature()
    with layer:
        off = controls.choice("layer_off", range(experiment.N_LAYERS + 1), 0)
    return experiment.Config(layer_off=off, **values), Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the picture, with this text's numbers."""
    facts = i18n.safe(experiment.reading(run.result, run.selection))
    return Labels(
        title=t("s2_3.view.title"),
        look=t("s2_3.view.look", **facts),
        summary=t("s2_3.view.summary", **facts),
        sites={
            site: t("s2_1.view.layer", n=int(site.rpartition(".")[2]) + 1)
            for site in run.result.traces
        },
        strings=i18n.viewer_strings(i18n.language()),
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
