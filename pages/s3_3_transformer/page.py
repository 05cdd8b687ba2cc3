"""Lesson 3.3, the Transformer: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.text import decode_text
from attn_core.lessons.s3_3_transformer import choice, experiment
from attn_core.lessons.s3_3_transformer.experiment import MAX_BEAM
from attn_core.lessons.s3_3_transformer.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s3_3_transformer import drawings

DEFAULT = experiment.Config()
EXAMPLES = {
    "en-zh": (
        "She is taller than her brother.",
        "He has been reading this book since last night.",
        "We will go to China next year.",
        "If it rains tomorrow, we will stay at home.",
        "I don't know what he wants to eat.",
        "What did your father say about it last night?",
    ),
    "zh-en": (
        "她比她弟弟高。",
        "他从昨晚一直在读这本书。",
        "我们明年要去中国。",
        "如果明天下雨，我们就待在家里。",
        "我不知道他想吃什么。",
        "你爸爸昨晚说了什么？",
    ),
}


def _example(name: str, default: str) -> None:
    inputs.put(name, st.session_state["example"] or default, default)
    st.session_state["example"] = None


def give() -> dict[str, Any]:
    """What the learner gives: a sentence, and which way it is translated."""
    first, wide, example, more = st.columns([0.22, 0.42, 0.2, 0.16], vertical_alignment="bottom")
    with first:
        direction = controls.segments("direction", experiment.DIRECTIONS, DEFAULT.direction)
    name, default = f"text_{direction.replace('-', '_')}", experiment.TEXTS[direction]
    with more, st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
        found = inputs.upload("text", t("s3_3.upload"), decode_text)
        if found is not None:
            st.button(
                t("s3_2.use_upload", n=len(found)),
                on_click=inputs.put,
                args=(name, found, default),
            )
    with wide:
        text = inputs.text(name, t(f"s3_3.text.{direction}"), default)
    with example:
        st.selectbox(
            t("s1.examples"),
            EXAMPLES[direction],
            index=None,
            key="example",
            on_change=_example,
            args=(name, default),
            placeholder=t("s1.examples_pick"),
        )
    # The example is "" to the experiment, so that its stored result serves.
    return {"text": "" if text == default else text or " ", "direction": direction}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    beam, alpha, warmth = st.columns(3)
    with beam:
        width = controls.slider("beam", DEFAULT.beam, 1, MAX_BEAM)
    with alpha:
        penalty = controls.stops("alpha", experiment.ALPHAS, DEFAULT.alpha)
    with warmth:
        temperature = controls.temperature()
    prefix = choice.prefix_ids(**values, held=controls.held("prefix", ""))
    config = experiment.Config(beam=width, alpha=penalty, prefix=prefix, **values)
    controls.hold_as("prefix", choice.prefix_shown(config))
    return config, Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the picture, with this sentence's numbers."""
    opened = run.selection
    found = experiment.reading(run.result, opened.query or 0, opened.site, opened.head)
    facts, kind = i18n.safe(found), found["kind"]
    sites = {
        site: t(f"s3_3.view.site.{experiment.kind_of(site)}", n=int(site.split(".")[1]) + 1)
        for site in run.result.traces
    }
    return Labels(
        title=t(f"s3_3.view.title.{kind}"),
        look=t(f"s3_3.view.look.{kind}", **facts),
        summary=t("s3_3.view.summary", **facts),
        sites=sites,
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
