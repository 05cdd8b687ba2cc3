"""Lesson 5.1, attention in speech recognition: controls and words."""

from typing import Any

import streamlit as st

from attn_core.experiments import s5_1_speech as experiment
from attn_core.interventions import Intervention
from attn_core.plots.view import Labels
from pages.shared import controls, frame, i18n, listening, sounds, speech_parts
from pages.shared.i18n import t
from pages.shared.run import Run

NUMBER = "5.1"
DEFAULT = experiment.Config()
ALL = "all"


def give() -> dict[str, Any]:
    """What the learner gives: a sound."""
    return {"sound": sounds.choose(NUMBER, experiment.SAMPLES, DEFAULT.sound)}


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
    facts = i18n.safe(listening.facts(run) | {"n": len(run.result.queries)})
    sites = {
        f"encoder.{layer}": t("s5_1.view.site", n=layer + 1) for layer in range(experiment.LAYERS)
    }
    return speech_parts.as_labels(run, "s5_1", facts, sites)


frame.lesson(
    frame.LessonPage(
        number=NUMBER,
        inputs=give,
        controls=turn,
        labels=labels,
        reading=listening.reading,
        apart=listening.apart,
        live=listening.live,
        picture=listening.picture,
    )
)
