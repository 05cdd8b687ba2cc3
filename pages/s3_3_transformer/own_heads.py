"""How the heads of a learner's own model form."""

from typing import Any

import streamlit as st

from attn_core.lessons.s3_3_transformer import (
    own_charts,
    own_training,
    own_views,
)
from pages.frame import controls, figures, i18n, long_work
from pages.frame.i18n import t
from pages.s3_3_transformer.own_controls import NAME, pick


def _ink() -> str:
    return "240, 240, 240" if st.context.theme.type == "dark" else "26, 26, 26"


def heat_of(moment: dict[str, Any], kind: str, layer: int, head: int | None, key: str) -> None:
    """One map of one moment of the training."""
    rows, columns = own_views.letters(moment, kind)
    words = {
        "title": t(f"s3_3.own.map.{kind}"),
        "x": t(f"s3_3.own.map.{kind}.x"),
        "y": t(f"s3_3.own.map.{kind}.y"),
        "value": t("s3_3.own.weight"),
    }
    values = own_views.weights(moment, kind, layer, head)
    figures.show(
        own_charts.weights(values, rows, columns, words, _ink()),
        key=key,
        width="content" if len(columns) <= own_charts.SQUARES else "stretch",
    )


def forming(found: dict[str, Any]) -> None:
    """One test input at each moment of the training."""
    steps = [row["step"] for row in found["accuracy"]]
    moments = dict(zip(steps, found["moments"], strict=True))
    settings = found["settings"]
    st.markdown(f"##### {t('s3_3.own.forming')}")
    st.markdown(t("s3_3.own.forming_what", n=len(steps)))
    step = steps[-1]
    if len(steps) > 1:
        job = long_work.latest(NAME)
        step = st.select_slider(t("s3_3.own.moment"), steps, step, key=f"own-moment-{id(job)}")
    which, layer_of, head_of = st.columns([0.5, 0.25, 0.25], vertical_alignment="bottom")
    with which:
        kind = controls.segments("own_map", own_training.KINDS, "cross")
    with layer_of:
        layers = tuple(range(1, settings["layers"] + 1))
        layer = pick("map_layer", layers[-1], layers) - 1
    with head_of:
        heads = tuple(range(settings["heads"] + 1))
        head = pick("map_head", 0, heads)
    seen = None if head == 0 else head - 1
    moment = moments[step]
    picture, words = st.columns([0.62, 0.38], gap="medium")
    with picture:
        heat_of(moment, kind, layer, seen, "own-map")
    accuracy = {row["step"]: row["accuracy"] for row in found["accuracy"]}[step]
    with words:
        st.markdown(
            t(
                "s3_3.own.wrote",
                step=step,
                source=i18n.plain(moment["source"]),
                written=i18n.plain(moment["written"] or t("s3_3.own.nothing")),
                right=i18n.plain(moment["right"]),
                accuracy=f"{100 * accuracy:.0f}",
            )
        )
        if kind != "cross":
            st.caption(t(f"s3_3.own.look.{kind}"))
            return
        same = own_views.on_same(moment, layer, seen)
        if same is not None and settings["task"] != "add":
            st.markdown(
                t("s3_3.own.same", share=f"{100 * same[0]:.0f}", even=f"{100 * same[1]:.0f}")
            )
        st.caption(t(f"s3_3.own.look.{settings['task']}"))
