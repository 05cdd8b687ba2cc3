"""Lesson 1, additive attention: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.text import clean_word, read_words
from attn_core.lessons.s1_additive import experiment
from attn_core.lessons.s1_additive.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s1_additive import drawings

DEFAULT = experiment.Config()
EXAMPLES = (
    "gravitational", "knifed", "guiltless", "patriarchate", "chastity", "conveyor", "precaution",
    "perestroika", "kindness", "enough", "queue", "psychology", "attention",
)  # fmt: skip


def _example() -> None:
    inputs.put("word", st.session_state["example"] or DEFAULT.word, DEFAULT.word)
    st.session_state["example"] = None


def give() -> dict[str, Any]:
    """What the learner gives: a word."""
    word, example, more = st.columns([0.52, 0.3, 0.18], vertical_alignment="bottom")
    with word:
        typed = inputs.text("word", t("s1.word"), DEFAULT.word)
    with example:
        st.selectbox(
            t("s1.examples"),
            EXAMPLES,
            index=None,
            key="example",
            on_change=_example,
            placeholder=t("s1.examples_pick"),
        )
    with more, st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
        found = inputs.upload("words", t("s1.upload"), read_words)
        if found is not None:
            drawings.word_list(found, DEFAULT.word)
    return {"word": clean_word(typed)}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    warmth, beam = st.columns(2)
    with warmth:
        temperature = controls.temperature()
    with beam:
        width = controls.slider("beam", DEFAULT.beam, 1, 16)
    return experiment.Config(beam=width, **values), Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the picture, with this word's numbers."""
    facts = i18n.safe(experiment.reading(run.result, run.selection.query or 0))
    alone = "_alone" if len(run.result.keys) == 1 else ""
    return Labels(
        title=t("s1.view.title"),
        look=t(f"s1.view.look{alone}", **facts),
        summary=t(f"s1.view.summary{alone}", word="".join(run.result.keys), **facts),
        sites={experiment.SITE: t("s1.view.site")},
        strings=i18n.viewer_strings(i18n.language()),
        can_cut=("token",),
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
