"""Lesson 6.2: weight beside effect, what each frame says alone, the cut, and the recorded runs."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.charts import maps
from attn_core.inputs.motion import MOTIONS, SPEEDS
from attn_core.lessons.s6_2_video import compared, experiment, signs, views
from attn_core.lessons.s6_2_video.frames import frame_names
from pages.frame import controls, figures, i18n, long_work, tables
from pages.frame.i18n import t
from pages.frame.run import Run


def apart(run: Run) -> None:
    """Take the clip or the path apart."""
    if run.result.details["model"] == "sign":
        _sign(run)
        return
    names = frame_names()
    st.markdown(t("s6_2.apart.effect_what"))
    with st.spinner(t("shell.working")):
        lost = views.leave_one_out(run.config, run.device)
        slope = views.gradient(run.config, run.device)
    weight, steep, effect = st.columns(3)
    for column, name, values, colour in (
        (weight, "weight", run.result.details["frames"], charts.KEY),
        (steep, "slope", slope, charts.OUTPUT),
        (effect, "lost", lost, charts.CHANGED),
    ):
        words = {"x": t("s6_2.timeline.x"), "title": t(f"s6_2.apart.{name}")}
        figures.show(charts.bars(names, values, words, colour), key=f"frames-{name}", where=column)
    st.caption(t("s6_2.apart.effect_look"))
    alone, cut = st.columns([0.6, 0.4])
    with alone:
        values, motions = views.alone(run.result)
        labels = {"title": t("s6_2.apart.alone"), "value": t("s6_2.apart.probability")}
        rows = [t(f"s6_2.motion.{motion}") for motion in motions]
        figures.show(maps.heat(values, rows, names, labels, signed=False), key="alone")
        st.caption(t("s6_2.apart.alone_look"))
    with cut:
        _cut(run)


def _cut(run: Run) -> None:
    """The moving part as three rules find it."""
    st.markdown(f"##### {t('s6_2.apart.cut')}")
    tables.show(
        [
            {
                t("s6_2.apart.how"): t(f"s6_2.how.{row['how']}"),
                t("s6_2.apart.span"): t("s6_2.apart.nothing")
                if row["first"] is None
                else f"{row['first'] + 1}–{row['last'] + 1}",
                t("s6_2.apart.off"): "–" if row["off"] is None else f"{row['off']:.1f}",
            }
            for row in views.spans(run.config, run.result)
        ]
    )
    st.caption(t("s6_2.apart.cut_look"))


def _sign(run: Run) -> None:
    """Without each fifth of the path; the likeliest signs."""
    with st.spinner(t("shell.working")):
        lost = signs.without_parts(run.config.path, run.device)
    weight, effect = st.columns(2)
    for column, name in ((weight, "weight"), (effect, "lost")):
        words = {"x": t("s6_2.path.fifth"), "title": t(f"s6_2.apart.path_{name}")}
        figures.show(
            charts.bars(
                [str(i + 1) for i in range(signs.PARTS)],
                lost[name],
                words,
                charts.KEY if name == "weight" else charts.CHANGED,
            ),
            key=f"path-{name}",
            where=column,
        )
    st.caption(t("s6_2.apart.path_look"))
    ranked = sorted(run.result.details["probabilities"].items(), key=lambda item: -item[1])
    tables.show(
        [
            {t("s6_2.apart.sign"): t(f"s6_2.sign.{sign}"), t("s6_2.apart.probability"): f"{p:.3f}"}
            for sign, p in ranked[:5]
        ]
    )


def _everywhere(rows: list[dict[str, Any]]) -> None:
    """How many of the clips are named right, by motion and speed."""
    by = {(r["motion"], r["speed"]): r["right"] / r["n"] for r in rows}
    values = [[by.get((motion, speed), 0.0) for speed in SPEEDS] for motion in MOTIONS]
    labels = {"title": t("s6_2.live.right"), "value": t("s6_2.live.share")}
    names = [t(f"s6_2.motion.{motion}") for motion in MOTIONS]
    speeds = [f"× {speed:g}" for speed in SPEEDS]
    figures.show(maps.heat(values, names, speeds, labels, signed=False), key="everywhere")
    moving = [r for r in rows if r["points"] is not None]
    if moving:
        points, n = sum(r["points"] for r in moving), sum(r["n"] for r in moving)
        st.caption(t("s6_2.live.points", points=points, n=n))


def live() -> None:
    """One photograph under every motion, and the recorded runs."""
    controls.tabs("live", {"s6_2.live.now": _now, "s4_1.live.recorded": _recorded})


def _now() -> None:
    kept = st.session_state.get("s6_2_video.good", (experiment.Config(), None))[0]
    picture = compared.photograph(kept.clip)
    words = {
        "picture": t(f"control.over.{picture}"),
        "talk": t(f"control.talk.{kept.attention}"),
    }
    st.markdown(t("s6_2.live.what", **words))
    found = long_work.job(
        "everywhere",
        compared.everywhere,
        _everywhere,
        picture=picture,
        attention=kept.attention,
    )
    if found:
        _everywhere(found)
        st.caption(t("s6_2.live.look"))


def _recorded() -> None:
    """The twins, the shown model by motion, the signs."""
    st.markdown(t("s6_2.live.recorded_what"))
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"s6_2.model.{r['model']}"),
                t("s6_2.live.accuracy"): i18n.percent(r["accuracy"], r["accuracy_spread"]),
                t("s6_2.live.pointing"): i18n.percent(r["pointing"], r["pointing_spread"]),
                t("s6_2.live.off"): f"{r['off']:.2f}",
                t("s5_2.live.runs"): r["seeds"],
                t("s4_1.live.parameters"): f"{r['parameters']:,}",
            }
            for r in compared.twins()
        ]
    )
    st.caption(t("s6_2.live.recorded_look"))
    st.markdown(f"##### {t('s6_2.live.by_motion')}")
    found = compared.by_motion()
    tables.show(
        [
            {t("s6_2.live.motion"): t(f"s6_2.motion.{r['motion']}"), t("s6_2.live.n"): r["n"]}
            | {t(f"control.talk.{a}"): f"{100 * r[a]:.1f} %" for a in experiment.CHECKPOINTS}
            for r in found
        ]
    )
