"""Lesson 5.3, a speech recogniser with attention: controls and words."""

from typing import Any

import streamlit as st

from attn_core.experiments import s5_3_recogniser as experiment
from attn_core.interventions import Intervention
from attn_core.plots.view import Labels
from pages.shared import (
    controls,
    ctc_parts,
    frame,
    i18n,
    sounds,
    speech_parts,
    spelt_apart,
    spelt_parts,
)
from pages.shared.i18n import t
from pages.shared.run import Run

NUMBER = "5.3"
DEFAULT = experiment.Config()


def give() -> dict[str, Any]:
    """What the learner gives: a sound."""
    return {"sound": sounds.choose(NUMBER, experiment.SAMPLES, DEFAULT.sound)}


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
    return experiment.Config(
        values["sound"], spans, model, feed, labels, times
    ), Intervention(temperature=temperature)  # fmt: skip


def labels(run: Run) -> Labels:
    """Words around the map that is open, with this sound's numbers."""
    facts = i18n.safe(spelt_parts.open_facts(run))
    kind = spelt_parts.kind_of(run.selection.site)
    sites = {site: _site(site) for site in run.result.traces}
    if kind == "encoder":
        return speech_parts.as_labels(run, "s5_2.encoder", facts, sites)
    return speech_parts.as_labels(
        run, f"s5_3.{kind}", facts, sites, rows=False, columns=kind == "cross"
    )


def _site(site: str) -> str:
    if ctc_parts.kind_of(site) == "encoder":
        return t("s5_2.site.encoder", n=int(site.rpartition(".")[2]) + 1)
    return t(f"s5_3.site.{spelt_parts.kind_of(site)}")


frame.lesson(
    frame.LessonPage(
        number=NUMBER,
        inputs=give,
        controls=turn,
        labels=labels,
        reading=spelt_parts.reading,
        apart=spelt_apart.apart,
        live=spelt_apart.live,
        picture=spelt_parts.picture,
    )
)
