"""Lesson 4.1, image segmentation: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.photo import find
from attn_core.lessons.photographs import patches
from attn_core.lessons.s4_1_segmentation import experiment
from attn_core.lessons.s4_1_segmentation.lesson import LESSON
from attn_core.wire.labels import Labels
from attn_core.wire.photo import thumbnails
from pages.frame import controls, i18n, lesson_page
from pages.frame.i18n import t
from pages.frame.media import picture_inputs
from pages.frame.run import Run
from pages.s4_1_segmentation import apart, drawings

NUMBER = "4.1"
DEFAULT = experiment.Config()
OPACITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def give() -> dict[str, Any]:
    """What the learner gives: a photograph."""
    return {"picture": picture_inputs.choose(NUMBER, experiment.SAMPLES, DEFAULT.picture)}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    if controls.turned("hidden", values["picture"]):  # patches of another picture
        controls.put("hidden", "", "")
    limit, light, behind, warmth = st.columns(4)
    with limit:
        threshold = controls.stops("threshold", experiment.THRESHOLDS, DEFAULT.threshold)
    with light:
        controls.stops("opacity", OPACITIES, drawings.OPACITY)
    with behind:
        controls.choice("background", tuple(drawings.BACKGROUNDS), "checker")
    with warmth:
        temperature = controls.temperature()
    hidden = patches.from_text(controls.held("hidden", ""))
    controls.hold_as("hidden", t("s4_1.hidden", n=len(hidden)))
    return experiment.Config(values["picture"], hidden, threshold), Intervention(
        temperature=temperature
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _tokens(picture: str, rows: int, columns: int) -> tuple[str, ...]:
    return thumbnails(find(picture), rows, columns)


def labels(run: Run) -> Labels:
    """Words around the attention map, with this picture's numbers."""
    facts = i18n.safe(drawings.facts(run))
    rows, columns = run.result.details["grid"]
    images = _tokens(run.config.picture, rows, columns)
    return Labels(
        title=t("s4_1.view.title", **facts),
        look=t("s4_1.view.look", **facts),
        summary=t("s4_1.view.summary", n=rows * columns, **facts),
        sites={experiment.SITE: t("s4_1.view.site")},
        strings=i18n.viewer_strings(i18n.language()),
        query_images=images,
        key_images=images,
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
