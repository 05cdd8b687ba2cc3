"""Lesson 2.2, positional encoding: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.text import decode_text
from attn_core.lessons.s2_2_positional_encoding import experiment
from attn_core.lessons.s2_2_positional_encoding.experiment import KINDS
from attn_core.lessons.s2_2_positional_encoding.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s2_2_positional_encoding import drawings
from pages.s2_2_positional_encoding import live as drawings_live

DEFAULT = experiment.Config()
EXAMPLES = (
    "dog dog dog dog dog dog dog dog",
    "Only the cat on the mat ate the rat in the hat.",
    "What we know is not what they think we know.",
    "Flights from London to Paris",
)


def _example() -> None:
    inputs.put("text", st.session_state["example"] or DEFAULT.text, DEFAULT.text)
    st.session_state["example"] = None


def give() -> dict[str, Any]:
    """What the learner gives: a sentence, and which head to look through."""
    wide, example, head, more = st.columns([0.5, 0.22, 0.12, 0.16], vertical_alignment="bottom")
    with more, st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
        found = inputs.upload("text", t("s3_2.upload"), decode_text)
        if found is not None:
            st.button(
                t("s3_2.use_upload", n=len(found)),
                on_click=inputs.put,
                args=("text", found, DEFAULT.text),
            )
    with wide:
        text = inputs.text("text", t("s3_2.text"), DEFAULT.text)
    with example:
        st.selectbox(
            t("s1.examples"),
            EXAMPLES,
            index=None,
            key="example",
            on_change=_example,
            placeholder=t("s1.examples_pick"),
        )
    with head:
        of = controls.choice("head", range(12), DEFAULT.head, lambda i: str(i + 1))
    return {"text": text, "head": of}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    kind, order, shift, base, seed = st.columns(
        [0.24, 0.24, 0.22, 0.18, 0.12], vertical_alignment="bottom"
    )
    more: dict[str, Any] = {}
    with kind:
        more["kind"] = controls.choice("position", KINDS, DEFAULT.kind)
    with order:
        more["order"] = controls.choice("order", experiment.ORDERS, DEFAULT.order)
    with shift:
        more["shift"] = controls.stops("shift", experiment.SHIFTS, DEFAULT.shift)
    if more["kind"] in ("sinusoidal", "rotary"):
        with base:
            more["base"] = controls.choice(
                "base", experiment.BASES, DEFAULT.base, lambda x: f"{x:,.0f}"
            )
    if more["order"] != "written":
        with seed:
            more["seed"] = controls.number("seed", DEFAULT.seed, 0, 9999)
    return experiment.Config(**more, **values), Intervention()


def labels(run: Run) -> Labels:
    """Words around the picture, with this sentence's numbers."""
    facts = i18n.safe(experiment.reading(run.result, run.selection.query or 0))
    words = {"code": t(f"control.position.{run.config.kind}"), "head": run.config.head + 1}
    return Labels(
        title=t(f"s2_2.view.{run.config.order}", **words),
        look=t("s2_2.view.look", **facts),
        summary=t("s2_2.view.summary", n=len(run.result.queries), **words, **facts),
        sites={experiment.SITE: t("s2_2.view.site", **words)},
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
        live=drawings_live.live,
    )
)
