"""Lesson 4.2 put to the test: noise, and what was recorded and published."""

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.charts import common as charts
from attn_core.lessons.s4_2_detection import compared, experiment, views
from attn_core.lessons.s4_2_detection import config as given
from pages.frame import controls, figures, long_work, tables
from pages.frame.i18n import t
from pages.s4_2_detection.drawings import compare_rows


def live() -> None:
    """Both twins on the learner's picture as it gets noisier, the recorded runs, and the cells."""
    controls.tabs(
        "live",
        {"s4_2.live.now": _now, "s4_2.live.recorded": _recorded, "s4_2.live.cells": _published},
    )


def _now() -> None:
    st.markdown(t("s4_2.live.now_what"))
    kept = st.session_state.get("s4_2_detection.good", (experiment.Config(), Intervention()))[0]
    seed = controls.number("seed", 0, 0, 9999)
    picture = kept.picture if kept.model == "digits" else given.SAMPLES[0]
    found = long_work.job(
        "noise",
        compared.noise_and_compare,
        compare_rows,
        picture=compared.as_read(picture, "digits"),
        seed=seed,
    )
    if found:
        compare_rows(found)
        st.caption(t("s4_2.live.now_look"))
    elif found is not None:
        st.info(t("s4_2.live.nothing"))


def _recorded() -> None:
    """Accuracy by seed, and cost beside it."""
    table = compared.twins_table()
    tables.show(
        [
            {
                t("s4_2.live.model"): t(f"s4_2.model.{r['model']}"),
                "AP": " · ".join(f"{v:.3f}" for v in r["ap"]),
                "AP50": " · ".join(f"{v:.3f}" for v in r["ap50"]),
                t("s4_2.live.parameters"): f"{r['parameters']:,}",
                t("s4_2.live.multiply_adds"): f"{r['multiply_adds'] / 1e6:,.0f}",
                t("s4_2.live.milliseconds"): f"{r['milliseconds']:.0f}",
            }
            for r in table
        ]
    )
    rows = [
        {"model": t(f"s4_2.model.{r['model']}"), "seed": seed, "ap": value}
        for r in table
        for seed, value in enumerate(r["ap"])
    ]
    words = {"x": "AP@[.5:.95]", "title": t("s4_2.live.seeds")}
    figures.show(charts.strips(rows, "ap", "model", words), key="twins")
    st.caption(t("s4_2.live.seeds_look"))


def _published() -> None:
    """AP50 on blood cells, ours beside what others report."""
    st.markdown(t("s4_2.cells.what"))
    tables.show(
        [
            {
                t("s4_2.cells.name"): f"{r['name']} ({r['year']})" if r["year"] else t("s4_2.ours"),
                **{
                    t(f"s4_2.cells.{name}"): "–" if r[name] is None else f"{r[name]:.3f}"
                    for name in ("rbc", "wbc", "platelets", "mean")
                },
                t("s4_2.cells.split"): r["split"],
                t("s4_2.cells.source"): r["source"],
            }
            for r in views.published()
        ]
    )
    st.caption(t("s4_2.cells.look"))


def cells_ask() -> None:
    """Nothing was uploaded yet: what is wanted, and what the model reaches."""
    card = views.card("cells")
    names = ("rbc", "wbc", "platelets")
    each = {n: f"{v:.2f}" for n, v in zip(names, card["each"], strict=True)}
    st.info(t("s4_2.cells.ask", n=card["n"], **each))
