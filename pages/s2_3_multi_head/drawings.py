"""Lesson 2.3's own drawings: the open head's role, all roles as a grid, shapes, live trainings."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.charts import maps
from attn_core.inputs.refused import Refused
from attn_core.lessons.s2_3_multi_head import experiment, heads, roles
from pages.frame import figures, i18n, long_work
from pages.frame.i18n import t
from pages.frame.run import Run


def reading(run: Run) -> None:
    """Similarity and verdict before and after, and the role of the open head."""
    numbers, before = run.result.numbers, run.before.numbers
    changed = run.before is not run.result
    lines = [f"| | {t('s2_3.now')} | {t('s2_3.was')} |", "|:--|--:|--:|"]
    for name in ("similarity", "positive", "heads_cut"):
        shape = "{:.0f}" if name == "heads_cut" else "{:.3f}"
        old = shape.format(before[name]) if changed else "–"
        lines.append(f"| {t(f's2_3.{name}')} | **{shape.format(numbers[name])}** | {old} |")
    st.markdown("\n".join(lines), help=t("s2_3.numbers_help"))
    facts = i18n.marked(experiment.reading(run.result, run.selection))
    facts |= {
        "least": f"{roles.LEAST:.2f}",
        "sure": f"{100 * roles.LEAST_CONFIDENCE:.0f}",
        "draws": str(roles.N_NULL),
    }
    facts["role"], passed = t(f"s2_3.role.{facts['best']}"), bool(facts["role"])
    st.markdown(f"##### {t('s2_3.reading.head', **facts)}")
    if run.silent:
        st.markdown(t("frame.silent"))
    else:
        st.markdown(t("s2_3.reading.role" if passed else "s2_3.reading.no_role", **facts))
        st.markdown(t("s2_3.reading.row", **facts))
    details = run.result.details
    if details["n_left"]:
        st.warning(t("s2_1.reading.cut", n=details["n_left"], kept=len(run.result.keys)))
    if details["n_unknown"]:
        st.info(t("s2_1.reading.unknown", n=details["n_unknown"]))


def _grid(rows: list[dict[str, Any]], key: str) -> None:
    named = [
        {
            "layer": r["layer"] + 1,
            "head": r["head"] + 1,
            "role": t(f"s2_3.role.{r['role']}") if r["role"] else t("s2_3.role.none"),
            "best": t(f"s2_3.role.{r['best']}"),
            "share": r["share"],
            "null": r["null"],
            "confidence": r["confidence"],
        }
        for r in rows
    ]
    words = {
        "title": t("s2_3.apart.grid"),
        "x": t("s2_3.apart.head"),
        "y": t("s2_3.apart.layer"),
        "series": t("s2_3.apart.role"),
        "none": t("s2_3.role.none"),
        "share": t("s2_3.apart.share"),
        "null": t("s2_3.apart.null"),
        "confidence": t("s2_3.apart.confidence"),
        "best": t("s2_3.apart.best"),
    }
    names = [t(f"s2_3.role.{role}") for role in roles.ROLES]
    figures.show(maps.roles(named, names, words), key=key)


def apart(run: Run) -> None:
    """What is split, with shapes; the roles of all heads, here and over a corpus."""
    trace = next(iter(run.result.traces.values()))
    _, n_heads, n, d_head = trace.query.shape
    st.markdown(f"##### {t('s2_3.apart.split')}")
    values = {"n": n, "heads": n_heads, "d_head": d_head, "d_model": n_heads * d_head}
    st.markdown(t("s2_3.apart.split_what", **values))
    try:
        found = experiment.reach(run.config, run.device)
        st.markdown(t("s2_3.apart.reach", **found))
    except Refused as error:
        st.warning(i18n.refusal(error))
    st.markdown(f"##### {t('s2_3.apart.roles')}")
    here, corpus = st.columns(2)
    with here:
        st.markdown(t("s2_3.apart.here"))
        names = ("role", "best", "share", "null", "confidence", "rows")
        rows = [
            {"layer": i // n_heads, "head": i % n_heads, **dict(zip(names, values, strict=True))}
            for i, values in enumerate(run.result.details["roles"])
        ]
        _grid(rows, "roles-here")
    with corpus:
        st.markdown(t("s2_3.apart.corpus", n=roles.recorded()["n"]))
        _grid(roles.recorded()["roles"], "roles-corpus")
    st.caption(t("s2_3.apart.look"))


def _draw(rows: list[dict[str, Any]]) -> None:
    words = {
        "x": t("s2_3.live.step"),
        "series": t("s2_3.live.heads"),
        "title": t("s2_3.live.accuracy"),
    }
    figures.show(charts.curves(rows, "step", "accuracy", "heads", words), key="heads-curves")


def live() -> None:
    """Train one, two, four and eight heads now, at equal parameters."""
    st.markdown(f"#### {t('s2_3.live.title')}")
    st.markdown(t("s2_3.live.what", chance=f"{100 * heads.CHANCE**2:.0f}"))
    rows = long_work.job("s2_3-heads", heads.train_side_by_side, draw=_draw)
    if rows:
        _draw(rows)
        st.caption(t("s2_3.live.look"))
