"""Lesson 6.1, attention in recommendation: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s6_1_recommendation import experiment, views
from attn_core.lessons.s6_1_recommendation import reading as reading_of
from attn_core.lessons.s6_1_recommendation.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s6_1_recommendation import drawings, inputs

NUMBER = "6.1"


def give() -> dict[str, Any]:
    """What the learner gives: films seen."""
    return {"history": inputs.choose()}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    whose, asked, warmth = st.columns([0.34, 0.36, 0.3], vertical_alignment="bottom")
    with whose:
        ranker = controls.segments("ranker", experiment.RANKERS, "self")
    with asked:
        candidate = controls.choice("candidate", (0, *inputs.every()), 0, drawings.candidate_name)
        controls.hold_as("candidate", drawings.candidate_name(candidate))
        if candidate in values["history"]:
            st.caption(t("s6_1.candidate_seen"))
            candidate = 0
    with warmth:
        temperature = controls.temperature()
    config = experiment.Config(ranker=ranker, candidate=candidate, **values)
    drawings.follow(config)
    return config, Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the attention map, with this history's numbers."""
    opened = run.selection
    found = reading_of.reading(run.result, opened.site, opened.head, opened.query or 0)
    facts = i18n.safe(
        found
        | {
            "candidate": run.result.details["candidate"]["label"],
            "span": views.span("target"),
        }
    )
    kind = opened.site.partition(".")[0]
    sites = {site: t("s6_1.view.layer", n=i + 1) for i, site in enumerate(experiment.SELF_SITES)}
    return Labels(
        title=t(f"s6_1.view.title_{kind}", **facts),
        look=t(f"s6_1.view.look_{kind}", **facts),
        summary=t(f"s6_1.view.look_{kind}", **facts),
        sites=sites | {"features": t("s6_1.view.features"), "target": t("s6_1.view.target")},
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
        picture=drawings.picture,
    )
)
