"""Lesson 5.3, a speech recogniser with attention: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s5_3_recogniser import experiment
from attn_core.lessons.s5_3_recogniser.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, lesson_page
from pages.frame.i18n import t
from pages.frame.media import sound_inputs
from pages.frame.run import Run
from pages.s5_3_recogniser import apart, drawings
from pages.speech import drawings as speech_parts

NUMBER = "5.3"
DEFAULT = experiment.Config()


def give() -> dict[str, Any]:
    """What the learner gives: a sound."""
    return {"sound": sound_inputs.choose(NUMBER, experiment.SAMPLES, DEFAULT.sound)}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    spans = speech_parts.silenced(values["sound"])
    kind, told, often, warmth = st.columns(4)
    with kind:
        model = controls.choice("listener", tuple(experiment.CHECKPOINTS), DEFAULT.model)
    with told:
        feed = controls.choice("feed", experiment.FEEDS, DEFAULT.feed)
    with often:
        times = controls.stops("times", experiment.TIMES, DEFAULT.times)
    with warmth:
        temperature = controls.temperature()
    labels = speech_parts.said_of("really_said", t("s5_3.said"), values["sound"])
    return experiment.Config(values["sound"], spans, model, feed, labels, times), Intervention(
        temperature=temperature
    )


def labels(run: Run) -> Labels:
    """Words around the map that is open, with this sound's numbers."""
    facts = i18n.safe(drawings.open_facts(run))
    kind = drawings.kind_of(run.selection.site)
    sites = {site: _site(site) for site in run.result.traces}
    if kind == "encoder":
        return speech_parts.as_labels(run, "s5_2.encoder", facts, sites)
    return speech_parts.as_labels(
        run, f"s5_3.{kind}", facts, sites, rows=False, columns=kind == "cross"
    )


def _site(site: str) -> str:
    if drawings.kind_of(site) == "encoder":
        return t("s5_2.site.encoder", n=int(site.rpartition(".")[2]) + 1)
    return t(f"s5_3.site.{drawings.kind_of(site)}")


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
