"""Lesson 4.2, object detection: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.photo import find, read_photo
from attn_core.lessons.s4_2_detection import config as given
from attn_core.lessons.s4_2_detection import experiment
from attn_core.lessons.s4_2_detection.lesson import LESSON
from attn_core.wire.labels import Labels
from attn_core.wire.photo import thumbnails
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.media import photo, picture_inputs
from pages.frame.run import Run
from pages.s4_2_detection import apart, drawings
from pages.s4_2_detection import live as drawings_live

NUMBER = "4.2"
DEFAULT = experiment.Config()


def give() -> dict[str, Any]:
    """What the learner gives: a picture or a drawing, and which of the two models reads it."""
    which, source = st.columns([0.2, 0.8], vertical_alignment="center")
    with which:
        model = controls.segments("detector", tuple(experiment.CHECKPOINTS), DEFAULT.model)
    with source:
        if model == "digits":
            name = picture_inputs.choose(NUMBER, given.SAMPLES, DEFAULT.picture, draw=True)
            return {"picture": name, "model": model}
        inputs.upload(
            "cells", t("s4_2.cells.upload"), lambda data: read_photo(data).name, "file_cells"
        )
    found = inputs.medium(("cells",), find, "file_cells")
    if found is None:
        drawings_live.cells_ask()
        photo.give(NUMBER, find(DEFAULT.picture))
        return {"picture": DEFAULT.picture, "model": "digits"}
    photo.give(NUMBER, find(found))
    return {"picture": found, "model": model}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    most = experiment.MOST[values["model"]]
    asked, limit, warmth = st.columns(3)
    with asked:
        counts = tuple(n for n in given.QUERIES if n <= most)
        name = "queries" if values["model"] == "digits" else "cell_queries"  # each has its own most
        n_queries = controls.stops(name, counts, most)
    with limit:
        threshold = controls.stops("score", given.THRESHOLDS, DEFAULT.threshold)
    with warmth:
        temperature = controls.temperature()
    picture = picture_inputs.now(values["picture"])
    written = controls.held("digits", "") if values["model"] == "digits" else ""
    controls.hold_as("digits", written)
    return (
        experiment.Config(picture, values["model"], n_queries, threshold, written),
        Intervention(temperature=temperature),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _tokens(picture: str, rows: int, columns: int) -> tuple[str, ...]:
    return thumbnails(find(picture), rows, columns)


def labels(run: Run) -> Labels:
    """Words around the attention map, by the site that is open."""
    site = run.selection.site or experiment.LAST
    kind = drawings.kind_of(site)
    facts = i18n.safe(drawings.facts(run))
    images = _tokens(run.config.picture, *run.result.details["grid"])
    return Labels(
        title=t(f"s4_2.view.title.{kind}", **facts),
        look=t(f"s4_2.view.look.{kind}", **facts),
        summary=t("s4_2.view.summary", n=len(run.result.details["queries"]), **facts),
        sites={name: t(f"s4_2.site.{name}") for name in run.result.traces},
        strings=i18n.viewer_strings(i18n.language()),
        query_images=images if kind == "encoder" else (),
        key_images=images if kind != "self" else (),
    )


lesson_page.show(
    lesson_page.LessonPage(
        taught=LESSON,
        inputs=give,
        controls=turn,
        labels=labels,
        reading=drawings.reading,
        apart=apart.apart,
        live=drawings_live.live,
        picture=drawings.picture,
    )
)
