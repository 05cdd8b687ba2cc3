"""Lesson 6.2, attention in video: controls and words."""

from typing import Any

import streamlit as st

from attn_core.experiments import s6_2_video as experiment
from attn_core.interventions import Intervention
from attn_core.plots.view import Labels
from pages.shared import clips, controls, frame, i18n, video_apart, video_parts
from pages.shared.i18n import t
from pages.shared.run import Run

NUMBER = "6.2"


def give() -> dict[str, Any]:
    """What the learner gives: a clip or a path."""
    return clips.choose(NUMBER)


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    sign = values["model"] == "sign"
    most = 0 if sign else clips.longest_start(values["clip"])
    talk, warmth, part = st.columns([0.34, 0.33, 0.33], vertical_alignment="bottom")
    with warmth:
        changes = Intervention(temperature=controls.temperature())
    if sign:
        return experiment.Config("sign", path=clips.path_now(values["path"])), changes
    with talk:
        attention = controls.segments("talk", tuple(experiment.CHECKPOINTS), "divided")
    start = 0
    if most:
        with part:
            start = controls.slider("start", 0, 0, most)
    config = experiment.Config(
        "clip", values["clip"], start, video_parts.held_frames("dropped", values["clip"]),
        video_parts.held_frames("frozen", values["clip"]), *video_parts.opened(),
        attention=attention,
    )  # fmt: skip
    return config, changes


def labels(run: Run) -> Labels:
    """Words around the attention map, by the site that is open."""
    facts = i18n.safe(video_parts.facts(run))
    kind = video_parts.kind_of(run)
    queries, keys = video_parts.images(run)
    return Labels(
        title=t(f"s6_2.view.title.{kind}", **facts), look=t(f"s6_2.view.look.{kind}", **facts),
        summary=t("s6_2.view.summary", **facts),
        sites={site: video_parts.site_name(site) for site in run.result.traces},
        strings=i18n.viewer_strings(i18n.language()), query_images=queries, key_images=keys,
    )  # fmt: skip


PAGE = frame.LessonPage(
    number=NUMBER,
    inputs=give,
    controls=turn,
    labels=labels,
    reading=video_parts.reading,
    apart=video_apart.apart,
    live=video_apart.live,
    picture=video_parts.picture,
)
