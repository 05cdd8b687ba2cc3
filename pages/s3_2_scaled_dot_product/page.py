"""Lesson 3.2, scaled dot-product attention: controls and words."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attn_core.attention.interventions import Intervention
from attn_core.inputs.text import decode_text
from attn_core.lessons.s3_2_scaled_dot_product import experiment
from attn_core.lessons.s3_2_scaled_dot_product.lesson import LESSON
from attn_core.lessons.s3_2_scaled_dot_product.steps import DTYPES
from attn_core.wire.labels import Labels
from pages.frame import controls, i18n, inputs, lesson_page
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s3_2_scaled_dot_product import drawings

DEFAULT = experiment.Config()


def _words(place: DeltaGenerator) -> dict[str, Any]:
    wide, layer, head, more = place.columns([0.6, 0.12, 0.12, 0.16], vertical_alignment="bottom")
    with more, st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
        found = inputs.upload("text", t("s3_2.upload"), decode_text)
        if found is not None:
            st.button(
                t("s3_2.use_upload", n=len(found)),
                on_click=inputs.put,
                args=("text", found, DEFAULT.text),
            )
    with wide:
        text = inputs.text("text", t("s3_2.text"), DEFAULT.text)
    with layer:
        chosen = controls.choice("layer", range(6), DEFAULT.layer, lambda i: str(i + 1))
    with head:
        of = controls.choice("head", range(12), DEFAULT.head, lambda i: str(i + 1))
    return {"text": text, "layer": chosen, "head": of}


def _typed(place: DeltaGenerator) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for column, name, default in zip(place.columns(3), "qkv", experiment.TYPED, strict=True):
        with column:
            rows[name] = inputs.text(name, t(f"s3_2.{name}"), default, area=True, height=90)
    return rows


def _random(place: DeltaGenerator) -> dict[str, Any]:
    d_k, n, std, seed = place.columns(4)
    with d_k:
        width = controls.stops("dk", experiment.D_KS, DEFAULT.d_k)
    with n:
        length = controls.stops("n", (4, 8, 16, 32, 64, 128, 256, 512, 1024), DEFAULT.n)
    with std:
        spread = controls.stops("std", (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0), 1.0)
    with seed:
        start = controls.number("seed", DEFAULT.seed, 0, 9999)
    return {"d_k": width, "n": length, "std": spread, "seed": start}


SOURCES = {"words": _words, "typed": _typed, "random": _random}


def give() -> dict[str, Any]:
    """What the learner gives: words, numbers, or a seed."""
    first, rest = st.columns([0.24, 0.76], vertical_alignment="bottom")
    with first:
        source = controls.segments("source", experiment.SOURCES, DEFAULT.source)
    return {"source": source, **SOURCES[source](rest)}


def turn(values: dict[str, Any]) -> tuple[experiment.Config, Intervention]:
    """The controls below the picture."""
    scale, temperature, mask, dtype = st.columns(
        [0.2, 0.34, 0.26, 0.2], vertical_alignment="bottom"
    )
    with scale:
        scaled = controls.toggle("scaled", DEFAULT.scaled)
    with temperature:
        warmth = controls.temperature()
    with mask:
        kind = controls.choice("mask", experiment.MASKS, DEFAULT.mask)
    with dtype:
        number = controls.choice("dtype", tuple(DTYPES), DEFAULT.dtype)
    if kind == "window":
        values = values | {"radius": controls.slider("radius", DEFAULT.radius, 0, 64)}
    config = experiment.Config(scaled=scaled, mask=kind, dtype=number, **values)
    return config, Intervention(temperature=warmth)


def labels(run: Run) -> Labels:
    """Words around the picture, with this input's numbers."""
    facts = i18n.safe(experiment.reading(run.result, run.selection.query or 0))
    return Labels(
        title=t("s3_2.view.title"),
        look=t("s3_2.view.look" if run.config.scaled else "s3_2.view.look_off", **facts),
        summary=t("s3_2.view.summary", n=len(run.result.queries), **facts),
        sites={"sdp": t("s3_2.view.site")},
        strings=i18n.viewer_strings(i18n.language()),
        can_cut=("token",),
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
    )
)
