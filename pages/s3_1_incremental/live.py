"""Lesson 3.1's live experiments: cost by length, decoding with and without cache, windows."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_1_incremental import charts as cost_charts
from attn_core.lessons.s3_1_incremental import cost as lab
from attn_core.lessons.s3_1_incremental import live as trials
from pages.frame import controls, figures, i18n, long_work
from pages.frame.i18n import t

UNITS = {"seconds": 1e-3, "bytes": 2**20}
"""Charts show milliseconds and MiB."""
READINGS, SINKS = trials.READINGS, (1, 2, 4, 8)


def live() -> None:
    """One experiment at a time."""
    st.divider()
    DRAW[controls.segments("trial", tuple(DRAW), "cost")]()


def _names(slopes: list[dict[str, Any]], what: str) -> dict[str, str]:
    """Methods' names with their slopes, for a legend."""
    names = {m: t(f"s3_1.method.{m}") for m in lab.METHODS}
    for s in slopes:
        if s["what"] == what:
            names[s["method"]] += f" · {s['fitted']:.2f} ({t('s3_1.cost.theory')} {s['theory']})"
    return names


def _costs(found: dict[str, Any], key: str) -> None:
    """Two charts, and the numbers under them."""
    rows, slopes = found["rows"], found["slopes"]
    for column, what in zip(st.columns(2), ("seconds", "bytes"), strict=True):
        words = {
            "title": t(f"s3_1.cost.{what}"),
            "x": t("s3_1.cost.n"),
            "y": "",
            "series": t("s3_1.method"),
            **_names(slopes, what),
        }
        with column:
            chart = cost_charts.costs(rows, slopes, what, words, UNITS[what])
            figures.show(chart, key=f"{key}-{what}")
    st.caption(t("s3_1.cost.look"))
    facts = lab.compared(rows)
    if facts:
        st.markdown(t("s3_1.cost.ratio", **facts))
    if rows:
        with st.expander(t("shell.table")):
            st.dataframe([_row(r) for r in rows], hide_index=True)


def _row(r: dict[str, Any]) -> dict[str, Any]:
    return {
        t("s3_1.method"): t(f"s3_1.method.{r['method']}"),
        t("s3_1.cost.n"): r["n"],
        t("s3_1.cost.seconds"): f"{1000 * r['seconds']:,.3g}",
        t("s3_1.cost.bytes"): f"{r['bytes'] / 2**20:,.3g}",
        t("s3_1.cost.multiply_adds"): f"{r['multiply_adds']:,}"
        if r["multiply_adds"]
        else t("s3_1.cost.uncounted"),
    }


def _cost() -> None:
    st.markdown(f"#### {t('s3_1.cost.recorded')}")
    st.markdown(t("s3_1.cost.recorded_what"))
    _costs(trials.recorded()["cost"], "recorded")
    st.markdown(f"#### {t('s3_1.cost.now')}")
    picked = st.multiselect(
        t("s3_1.cost.pick"),
        lab.METHODS,
        default=lab.METHODS,
        key="methods",
        format_func=lambda m: t(f"s3_1.method.{m}"),
    )
    methods = tuple(m for m in lab.METHODS if m in picked)
    length, heads, block, window = st.columns(4)
    with length:
        longest = controls.choice("longest", lab.LENGTHS, 4096, lambda n: f"{n:,}")
    with heads:
        n_heads = controls.choice("lab_heads", lab.HEADS, 1)
    with block:
        size = controls.choice("lab_block", lab.BLOCKS, lab.BLOCK)
    with window:
        reach = controls.choice("lab_window", lab.WINDOWS, lab.WINDOW)
    try:
        lab.check(methods, longest, n_heads, size)
    except Refused as error:
        if "method" in error.values:
            error.values["method"] = t(f"s3_1.method.{error.values['method']}")
        st.warning(i18n.refusal(error), icon=":material/memory:")
        return
    most = lab.megabytes(methods, longest, n_heads, size)
    st.caption(t("s3_1.cost.now_what", size=f"{most:,.0f}"))
    found = long_work.job(
        "cost",
        lab.cost,
        lambda partial: _costs(partial, "now"),
        methods=methods,
        longest=longest,
        heads=n_heads,
        block=size,
        window=reach,
    )
    if found is not None:
        _costs(found, "now")


def _cache() -> None:
    st.markdown(t("s3_1.decode.what"))
    who, until, _ = st.columns([0.25, 0.3, 0.45], vertical_alignment="bottom")
    with who:
        language = controls.segments("writer_of_trial", ("en", "zh"), "en")
    with until:
        last = controls.stops("until", trials.POSITIONS, 256)
    found = long_work.job("decode", trials.decode_times, _decoded, language=language, until=last)
    if found is not None:
        _decoded(found)


def _decoded(found: dict[str, Any]) -> None:
    rows = [r | {"way": t(f"s3_1.decode.{r['way']}")} for r in found["rows"]]
    if not rows:
        return
    words = {
        "x": t("s3_1.decode.x"),
        "series": t("s3_1.method"),
        "title": t("s3_1.decode.title"),
    }
    figures.show(charts.curves(rows, "position", "milliseconds", "way", words), key="decoded")
    if "gap" in found:
        cached, uncached = (found["seconds"][way] for way in ("cached", "uncached"))
        st.markdown(
            t(
                "s3_1.decode.found",
                same=t("s3_1.yes" if found["same"] else "s3_1.no"),
                gap=i18n.power(found["gap"]),
                exact=i18n.power(found["exact"]),
                cached=f"{cached:.2f}",
                uncached=f"{uncached:.2f}",
                ratio=f"{uncached / max(cached, 1e-9):.1f}",
            )
        )
        st.caption(t("s3_1.decode.look"))


def _window() -> None:
    who, how, kept = st.columns([0.25, 0.5, 0.25], vertical_alignment="bottom")
    with who:
        language = controls.segments("writer_of_trial", ("en", "zh"), "en")
    with how:
        reading = controls.segments("reading", READINGS, "pieces")
    recorded = trials.recorded_bits(language, reading)
    st.markdown(f"#### {t('s3_1.bits.recorded', n=format(recorded['n'], ','))}")
    _bits(recorded, "recorded")
    st.markdown(f"#### {t('s3_1.bits.now')}")
    with kept:
        sinks = controls.choice("kept_sinks", SINKS, 4)
    st.markdown(t("s3_1.bits.what", source=t(f"s3_1.bits.source.{language}")))
    found = long_work.job(
        "bits",
        trials.bits_by_window,
        lambda partial: _bits(partial, "now"),
        language=language,
        reading=reading,
        sinks=sinks,
    )
    if found is not None:
        _bits(found, "now")


def _bits(found: dict[str, Any], key: str) -> None:
    rows = found["rows"]
    whole = next((r["bits"] for r in rows if not r["window"]), None)
    named = [
        r | {"name": t("s3_1.bits.with", n=r["sinks"]) if r["sinks"] else t("s3_1.bits.without")}
        for r in rows
        if r["window"]
    ]
    if whole is None or not named:
        return
    words = {
        "title": t(f"s3_1.bits.title.{found['reading']}", context=found["context"]),
        "x": t("s3_1.bits.x"),
        "series": t("s3_1.bits.series"),
        "whole": t("s3_1.bits.whole", bits=f"{whole:.2f}"),
    }
    figures.show(cost_charts.bits(named, whole, words), key=f"bits-{key}")
    st.caption(t(f"s3_1.bits.look.{found['reading']}"))


DRAW = {"cost": _cost, "cache": _cache, "window": _window}
"""One for each experiment."""
