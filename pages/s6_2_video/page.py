"""Lesson 6.2, attention in video: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s6_2_video import experiment
from attn_core.lessons.s6_2_video.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s6_2_video import apart, drawings, inputs

NUMBER = "6.2"


def give() -> dict[str, Any]:
    """What the learner gives: a clip or a path."""
    return inputs.choose(NUMBER)


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    sign = values["model"] == "sign"
    most = 0 if sign else inputs.longest_start(values["clip"])
    talk, warmth, part = st.columns([0.34, 0.33, 0.33], vertical_alignment="bottom")
    with warmth:
        changes = Intervention(temperature=controls.temperature())
    if sign:
        return experiment.Config("sign", path=inputs.path_now(values["path"])), changes
    with talk:
        attention = controls.segments("talk", tuple(experiment.CHECKPOINTS), "divided")
    start = 0
    if most:
        with part:
            start = controls.slider("start", 0, 0, most)
    config = experiment.Config(
        "clip",
        values["clip"],
        start,
        drawings.held_frames("dropped", values["clip"]),
        drawings.held_frames("frozen", values["clip"]),
        *drawings.opened(),
        attention=attention,
    )
    return config, changes


def labels(run: Run) -> Labels:
    """Words around the attention map, by the site that is open."""
    facts = i18n.safe(drawings.facts(run))
    kind = drawings.kind_of(run)
    queries, keys = drawings.images(run)
    return Labels(
        title=t(f"s6_2.view.title.{kind}", **facts),
        look=t(f"s6_2.view.look.{kind}", **facts),
        summary=t("s6_2.view.summary", **facts),
        sites={site: drawings.site_name(site) for site in run.result.traces},
        strings=i18n.viewer_strings(i18n.language()),
        query_images=queries,
        key_images=keys,
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
