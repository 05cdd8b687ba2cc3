"""Lesson 2.2's live experiment: order learnt with and without positions."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.lessons.s2_2_positional_encoding import order_task
from attn_core.lessons.s2_2_positional_encoding.experiment import KINDS
from pages.frame import controls, figures, long_work
from pages.frame.i18n import t


def live() -> None:
    """Accuracy by length as recorded, and a training made now."""
    words = {
        "x": t("s2_2.live.length"),
        "series": t("control.position"),
        "title": t("s2_2.live.recorded"),
    }
    figures.show(
        charts.curves(_named(order_task.recorded_means()), "length", "accuracy", "kind", words),
        key="order-recorded",
    )
    facts = {k: f"{v:.0f}" for k, v in order_task.recorded_facts().items()}
    st.caption(t("s2_2.live.recorded_look", **facts))
    st.markdown(f"#### {t('s2_2.live.now')}")
    st.markdown(t("s2_2.live.now_what"))
    back, length, steps, seed = st.columns(4)
    with back:
        far = controls.choice("back", (1, 2, 3), 1)
    with length:
        places = controls.choice("trained", (8, 16, 24), 16)
    with steps:
        batches = controls.choice("batches", (100, 200, 400, 800), 400)
    with seed:
        # The address has said "start" for it from the beginning; the word is a seed's.
        start = int(
            st.number_input(t("control.seed"), 0, 999, 0, **controls.seed("start", range(1000), 0))
        )
    found = long_work.job(
        "order-task",
        order_task.train_side_by_side,
        _trained,
        steps=batches,
        length=places,
        seed=start,
        back=far,
    )
    if found is not None:
        _trained(found)


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the codes' names; "learned" is these models' own, not MiniLM's."""
    names = {kind: t(f"control.position.{kind}") for kind in KINDS}
    names["learned"] = t("s2_2.live.learned")
    return [row | {"kind": names[row["kind"]]} for row in rows]


def _trained(found: dict[str, Any]) -> None:
    """Both curves of a training made here."""
    left, right = st.columns(2)
    series = t("control.position")
    words = {"x": t("s2_2.live.step"), "series": series, "title": t("s2_2.live.curve")}
    with left:
        figures.show(
            charts.curves(_named(found["curve"]), "step", "accuracy", "kind", words),
            key="order-curve",
        )
    lengths = _named(found["lengths"])  # empty while it runs
    words = {"x": t("s2_2.live.length"), "series": series, "title": t("s2_2.live.lengths")}
    if lengths:
        with right:
            figures.show(
                charts.curves(lengths, "length", "accuracy", "kind", words), key="order-lengths"
            )
    about = {name: found[name] for name in ("steps", "length", "back", "seed")}
    st.caption(t("s2_2.live.look", **about))
    if lengths:
        with st.expander(t("shell.table")):
            st.dataframe(
                [
                    {
                        series: r["kind"],
                        t("s2_2.live.length"): r["length"],
                        t("metric.order_accuracy"): r["accuracy"],
                    }
                    for r in lengths
                ],
                hide_index=True,
            )
