"""Lesson 5.2, CTC with attention: controls and words."""

from dataclasses import replace
from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s5_2_ctc import experiment
from attn_core.lessons.s5_2_ctc.lesson import LESSON
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, lesson_page
from pages.frame.i18n import t
from pages.frame.media import sound_inputs
from pages.frame.run import Run
from pages.s5_2_ctc import apart, drawings
from pages.speech import drawings as speech_parts

NUMBER = "5.2"
DEFAULT = experiment.Config()
NO_NOISE = "none"
OWN_WORDS = (
    "axis_query", "axis_key", "query", "key", "weight", "token_title", "cut_token",
    "restore_token", "cut_token_help",
)  # fmt: skip
"""The viewer's words that the map of labels has its own for: it is a softmax and no attention."""
SNRS = tuple(NO_NOISE if snr is None else int(snr) for snr in experiment.SNRS)


def give() -> dict[str, Any]:
    """What the learner gives: a sound."""
    return {"sound": sound_inputs.choose(NUMBER, experiment.SAMPLES, DEFAULT.sound)}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    spans = speech_parts.silenced(values["sound"])
    kind, noise, how, more = st.columns(4)
    with kind:
        model = controls.choice("recogniser", tuple(experiment.CHECKPOINTS), DEFAULT.model)
    with noise:
        snr = controls.stops("noise", SNRS, NO_NOISE)
    with how:
        way = controls.choice("decoding", experiment.WAYS, DEFAULT.way)
        width = DEFAULT.width
        if way == "beam":
            width = controls.stops("beams", experiment.WIDTHS, DEFAULT.width)
    with more:
        weight = DEFAULT.weight
        if model == "joint" and way == "beam":
            weight = controls.stops("ctc_weight", experiment.WEIGHTS, DEFAULT.weight)
        temperature = controls.temperature()
    labels = speech_parts.said_of("suppose_said", t("s5_2.suppose"), values["sound"])
    return experiment.Config(
        values["sound"],
        spans,
        model,
        None if snr == NO_NOISE else float(snr),
        way,
        width,
        weight,
        labels,
    ), Intervention(temperature=temperature)


def labels(run: Run) -> Labels:
    """Words around the map that is open, with this sound's numbers."""
    facts = i18n.safe(drawings.facts(run) | {"n": run.result.details["tokens"]})
    sites = {site: _site(site) for site in run.result.traces}
    kind = drawings.kind_of(run.selection.site)
    found = speech_parts.as_labels(
        run, f"s5_2.{kind}", facts, sites, rows=kind != "decoder", columns=kind != "labels"
    )
    found = replace(found, whole=(experiment.LABELS,))
    if kind != "labels":
        return found
    own = {name: t(f"s5_2.viewer.{name}") for name in OWN_WORDS}
    return replace(found, strings=found.strings | own)


def _site(site: str) -> str:
    layer = site.rpartition(".")[2]
    return t(f"s5_2.site.{drawings.kind_of(site)}", n=int(layer) + 1 if layer.isdigit() else "")


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
