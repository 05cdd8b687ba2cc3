"""Lesson 5.1, attention in speech recognition: controls and words."""

from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s5_1_speech import experiment
from attn_core.lessons.s5_1_speech.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, lesson_page
from pages.frame.i18n import t
from pages.frame.media import sound_inputs
from pages.frame.run import Run
from pages.s5_1_speech import drawings
from pages.speech import drawings as speech_parts

NUMBER = "5.1"
DEFAULT = experiment.Config()
ALL = "all"


def give() -> dict[str, Any]:
    """What the learner gives: a sound."""
    return {"sound": sound_inputs.choose(NUMBER, experiment.SAMPLES, DEFAULT.sound)}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    spans = speech_parts.silenced(values["sound"])
    near, warmth = st.columns(2)
    with near:
        windows = tuple(ALL if w is None else w for w in experiment.WINDOWS)
        hears = controls.stops("hears", windows, ALL)
    with warmth:
        temperature = controls.temperature()
    window = None if hears == ALL else int(hears)
    return experiment.Config(values["sound"], spans, window), Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the attention map, with this sound's numbers."""
    facts = i18n.safe(drawings.facts(run) | {"n": len(run.result.queries)})
    sites = {
        f"encoder.{layer}": t("s5_1.view.site", n=layer + 1) for layer in range(experiment.LAYERS)
    }
    return speech_parts.as_labels(run, "s5_1", facts, sites)


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
