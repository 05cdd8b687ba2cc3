"""Lesson 3.1, incremental attention: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.text import decode_text
from attn_core.lessons.s3_1_incremental import experiment
from attn_core.lessons.s3_1_incremental.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s3_1_incremental import drawings, live

DEFAULT = experiment.Config()
WINDOWS = (*experiment.WINDOWS[1:], 0)
EXAMPLES = {
    "en": (
        "LADY MACBETH.\nOut, damned spot!", "VIOLA.\nWhat country, friends, is this?",
        "Once more unto the breach, dear friends, once more,", "[Enter three Witches.]\n\n",
        "The attention of a machine is", "To be, or not to be, to be, or not to be, to be,",
    ),
    "zh": (
        "《登楼》\n", "明月", "《送友人》\n", "山中相送罢，", "注意力", "春花秋月，春花秋月，春花",
    ),
}  # fmt: skip


def _example(name: str, default: str) -> None:
    inputs.put(name, st.session_state["example"] or default, default)
    st.session_state["example"] = None


def give() -> dict[str, Any]:
    """What the learner gives: a beginning, who goes on with it, and how far."""
    first, wide, example, more = st.columns([0.19, 0.45, 0.19, 0.17], vertical_alignment="bottom")
    with first:
        language = controls.segments("writer", experiment.LANGUAGES, DEFAULT.language)
    name, default = f"text_{language}", experiment.TEXTS[language]
    with more:
        length = controls.choice("written", experiment.LENGTHS, DEFAULT.length)
    with example:
        with st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
            found = inputs.upload("text", t("s3_1.upload"), decode_text)
            if found is not None:
                st.button(
                    t("s3_2.use_upload", n=len(found)),
                    on_click=inputs.put,
                    args=(name, found, default),
                )
        st.selectbox(
            t("s1.examples"),
            EXAMPLES[language],
            index=None,
            key="example",
            on_change=_example,
            args=(name, default),
            placeholder=t("s1.examples_pick"),
            label_visibility="collapsed",
        )
    with wide:
        text = inputs.text(name, t(f"s3_1.text.{language}"), default, area=True, height=84)
    # The example is "" to the experiment, so that its stored result serves.
    text = "" if text == default else text or " "
    return {"text": text, "language": language, "length": length}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    window, sinks, warmth, draw = st.columns([0.3, 0.2, 0.3, 0.2], vertical_alignment="bottom")
    more: dict[str, Any] = {}
    with window:
        more["window"] = controls.stops("window", WINDOWS, DEFAULT.window)
    if more["window"]:
        with sinks:
            more["sinks"] = controls.choice("sinks", experiment.SINKS, DEFAULT.sinks)
    with warmth:
        more["sampling"] = controls.stops("sampling", experiment.TEMPERATURES, DEFAULT.sampling)
    if more["sampling"]:
        with draw:
            more["seed"] = controls.number("seed", DEFAULT.seed, 0, 9999)
    return experiment.Config(**more, **values), Intervention()


def labels(run: Run) -> Labels:
    """Words around the picture, with this text's numbers."""
    facts = i18n.safe(experiment.reading(run.result, run.selection))
    return Labels(
        title=t("s3_1.view.title", **facts),
        look=t("s3_1.view.look", **facts),
        summary=t("s3_1.view.summary", **facts),
        sites={
            site: t("s3_1.view.site", n=int(site.rpartition(".")[2]) + 1)
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
        live=live.live,
    )
)
