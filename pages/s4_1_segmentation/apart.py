"""Lesson 4.1 taken apart and put to the test: heads, gates, costs, twins."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.lessons.s4_1_segmentation import compared, experiment, views
from pages.frame import controls, figures, i18n, long_work, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s4_1_segmentation.drawings import SCALES, map_layer, row_layer, show


def apart(run: Run) -> None:
    """All heads, all gates, the way to the mask, what it loses without a part, what each costs."""
    st.markdown(t("s4_1.apart.heads_what"))
    n_heads = run.result.traces[experiment.SITE].weights.shape[1]
    for head, column in enumerate(st.columns(n_heads)):
        found = i18n.safe(experiment.reading(run.result, run.selection.query or 0, head))
        with column:
            show(
                run,
                f"head-{head}",
                (row_layer(run, head),),
                t("s4_1.apart.head", **found),
                t("s4_1.apart.head_look", **found),
            )
    st.markdown(t("s4_1.apart.gates_what"))
    for stride, column in zip(SCALES, st.columns(3), strict=True):
        numbers = run.result.numbers
        found = i18n.safe(
            {
                "stride": stride,
                "on": numbers[f"gate_{stride}_on"],
                "off": numbers[f"gate_{stride}_off"],
            }
        )
        with column:
            layer = map_layer(run, f"gate.{stride}", opacity=0.95)
            show(
                run,
                f"gate-{stride}",
                (layer,),
                t("s4_1.apart.gate", **found),
                t("s4_1.apart.gate_look", **found),
            )
    _way(run)
    _cuts(run)


def _way(run: Run) -> None:
    """Shapes from pixels to the mask, and multiply-adds by part, counted now."""
    rows, columns = run.result.details["grid"]
    table, bars = st.columns([0.56, 0.44])
    with table:
        st.markdown(f"##### {t('s4_1.apart.way')}")
        tables.show(
            [
                {
                    t("s4_1.apart.part"): t(f"s4_1.part.{r['name']}"),
                    t("s4_1.apart.shape"): " × ".join(map(str, r["shape"])),
                    t("s4_1.live.parameters"): f"{r['parameters']:,}",
                    t("s4_1.live.multiply_adds"): f"{r['multiply_adds'] / 1e6:,.1f}",
                }
                for r in views.parts(rows, columns, run.device)
            ]
        )
        st.caption(t("s4_1.apart.way_look"))
    with bars:
        found = views.by_part(rows, columns, run.device)
        names = [t(f"s4_1.apart.of.{name}") for name in found]
        words = {"x": t("s4_1.apart.part"), "title": t("s4_1.apart.cost")}
        values = [value / 1e6 for value in found.values()]
        figures.show(charts.bars(names, values, words), key="parts")
        share = 100 * (found["bottleneck"] + found["gates"]) / sum(found.values())
        st.caption(t("s4_1.apart.cost_look", share=f"{share:.0f}"))


def _cuts(run: Run) -> None:
    """The mask without one attention at a time, and with patches hidden by their weight."""
    left, right = st.columns(2)
    with left:
        st.markdown(f"##### {t('s4_1.apart.without')}")
        with st.spinner(t("shell.working")):
            found = views.without(experiment.before(run.config), run.device)
        tables.show(
            [
                {
                    t("s4_1.apart.cut"): t(f"s4_1.without.{r['part']}"),
                    t("s4_1.apart.iou"): f"{r['iou']:.3f}",
                }
                for r in found
            ]
        )
        st.caption(t("s4_1.apart.without_look"))
    with right:
        way = controls.segments("way", views.WAYS, "pixels")
        with st.spinner(t("shell.working")):
            rows = [
                r | {"which": t(f"s4_1.apart.{r['which']}")}
                for r in views.deletion(run.config.picture, way, run.device)
            ]
        words = {
            "x": t("s4_1.apart.hidden"),
            "series": t("s4_1.apart.which"),
            "title": t(f"s4_1.apart.deletion.{way}"),
        }
        chart = charts.curves(rows, "n", "moved", "which", words, log_x=True)
        figures.show(chart, key=f"deletion-{way}")
        st.caption(t("s4_1.apart.deletion_look"))


def _compare(rows: list[dict[str, Any]]) -> None:
    named = [r | {"model": t(f"s4_1.model.{r['model']}")} for r in rows]
    words = {
        "x": t("s4_1.live.share"),
        "series": t("s4_1.live.model"),
        "title": t("s4_1.live.hide_title"),
    }
    figures.show(charts.curves(named, "share", "iou", "model", words), key="hide-live")


def live() -> None:
    """Both twins on the learner's picture while it is hidden, and the recorded runs."""
    controls.tabs("live", {"s4_1.live.now": _now, "s4_1.live.recorded": _recorded})


def _now() -> None:
    st.markdown(t("s4_1.live.now_what"))
    kept = st.session_state.get("s4_1_segmentation.good", (experiment.Config(), None))[0]
    seed = controls.number("seed", 0, 0, 9999)
    found = long_work.job(
        "hide",
        compared.hide_and_compare,
        _compare,
        picture=compared.as_read(kept.picture),
        seed=seed,
    )
    if found:
        _compare(found)
        st.caption(t("s4_1.live.now_look"))


def _recorded() -> None:
    """IoU by seed, by picture, and cost beside it."""
    rows = compared.table()
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"s4_1.model.{r['model']}"),
                "IoU": f"{r['iou']:.3f} ± {r['spread']:.3f}",
                t("s4_1.live.parameters"): f"{r['parameters']:,}",
                t("s4_1.live.multiply_adds"): f"{r['multiply_adds'] / 1e6:,.0f}",
                t("s4_1.live.milliseconds"): f"{r['milliseconds']:.0f}",
            }
            for r in rows
        ]
    )
    gap = 100 * (rows[0]["multiply_adds"] / rows[1]["multiply_adds"] - 1)
    st.caption(t("s4_1.live.table_look", gap=f"{gap:.1f}"))
    runs, pictures = st.columns(2)
    with runs:
        named = [r | {"model": t(f"s4_1.model.{r['model']}")} for r in compared.seeds()]
        words = {"x": "IoU", "title": t("s4_1.live.seeds")}
        figures.show(charts.strips(named, "iou", "model", words), key="seeds")
        st.caption(t("s4_1.live.seeds_look"))
    with pictures:
        gaps = compared.by_picture()
        words = {
            "x": t("s4_1.live.gap"),
            "y": t("s4_1.live.pictures"),
            "title": t("s4_1.live.by_picture"),
        }
        figures.show(charts.histogram(gaps, words, bins=20), key="by-picture")
        better = sum(gap > 0 for gap in gaps)
        st.caption(t("s4_1.live.by_picture_look", n=len(gaps), better=better))
