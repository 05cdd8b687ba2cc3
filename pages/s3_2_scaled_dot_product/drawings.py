"""Lesson 3.2's own drawings: statistics beside the picture, every step, live experiments."""

import streamlit as st

from attn_core.charts import common as charts
from attn_core.charts import maps
from attn_core.lessons.s3_2_scaled_dot_product import (
    backends,
    experiment,
    overflow,
    statistics,
    timing,
)
from pages.frame import controls, figures, i18n, long_work
from pages.frame.i18n import t
from pages.frame.run import Run

MAX_SHOWN = 24
STEPS = ("query", "key", "value", "raw", "scaled", "tempered", "masked", "weights", "output")


METRICS = ("entropy_bits", "max_weight", "score_std", "jacobian_norm", "gradient_norm")


def reading(run: Run) -> None:
    """What to look for in the picked row, and the statistics that scaling is about."""
    facts = i18n.marked(experiment.reading(run.result, run.selection.query or 0))
    numbers, before = run.result.numbers, run.before.numbers
    most = f"{numbers['max_entropy_bits']:.2f}"
    lines = [f"##### {t('s3_2.reading.title', **facts)}", t("s3_2.reading.row", **facts), ""]
    if run.silent:
        lines = [t("frame.silent"), ""]
    now, was = t("s3_2.reading.now"), t("s3_2.reading.was")
    lines += [f"| | {now} | {was} |", "|:--|--:|--:|"]
    for name in METRICS:
        old = "–" if run.before is run.result else f"{before[name]:.3f}"
        lines.append(f"| {t(f's3_2.metric.{name}')} | **{numbers[name]:.3f}** | {old} |")
    helps = [t(f"s3_2.metric.{name}.help", most=most) for name in METRICS]
    names = [t(f"s3_2.metric.{name}") for name in METRICS]
    st.markdown(
        "\n".join(lines),
        help="\n".join(f"- **{n}**: {h}" for n, h in zip(names, helps, strict=True)),
    )
    details = run.result.details
    if numbers["non_finite"]:
        counts = {k: f"{details[k]:,}" for k in ("bad_scores", "n_scores", "bad_rows")}
        st.warning(t("s3_2.reading.overflow", dtype=run.config.dtype, **counts))
    else:
        st.caption(t("s3_2.reading.finite", dtype=run.config.dtype))
    if details["n_left"]:
        st.warning(t("s3_2.reading.cut", n=details["n_left"]))
    if details["n_unknown"]:
        st.warning(t("s3_2.reading.unknown", n=details["n_unknown"]))


def _names(labels: tuple[str, ...], n: int) -> list[str]:
    return [f"{i + 1} {labels[i]}" if i < len(labels) else str(i + 1) for i in range(n)]


def apart(run: Run) -> None:
    """One step at a time: as numbers, as a picture, and how its numbers are spread."""
    found, given = experiment.steps(run.config, run.changes, run.device)
    step = st.segmented_control(
        t("s3_2.apart.step"),
        STEPS,
        default="raw",
        required=True,
        format_func=lambda name: t(f"s3_2.apart.{name}"),
        **controls.seed("step", STEPS, "raw"),
    )
    scale, d_k = f"{found.scale:.4g}", found.query.shape[-1]
    st.markdown(t(f"s3_2.apart.{step}.what", scale=scale, d_k=d_k))
    tensor = getattr(found, step)
    shown = tensor[:MAX_SHOWN, :MAX_SHOWN].double().tolist()
    square = step in ("raw", "scaled", "tempered", "masked", "weights")
    rows = _names(given.keys if step in ("key", "value") else given.queries, len(shown))
    columns = _names(given.keys if square else (), len(shown[0]))
    table, picture = st.columns(2)
    with table:
        st.dataframe(
            [
                {"": r, **dict(zip(columns, line, strict=True))}
                for r, line in zip(rows, shown, strict=True)
            ],
            hide_index=True,
            height=min(38 + 35 * len(shown), 380),
            column_config={c: st.column_config.NumberColumn(format="%.4g") for c in columns},
        )
    name = t(f"s3_2.apart.{step}")
    with picture:
        words = {"title": t("s3_2.apart.picture", step=name), "value": name}
        figures.show(maps.heat(shown, rows, columns, words), key="step-picture")
    if max(tensor.shape) > MAX_SHOWN:
        st.caption(
            t("s3_2.apart.cut", shown=MAX_SHOWN, rows=tensor.shape[0], columns=tensor.shape[1])
        )
    finite = tensor[tensor.isfinite()].flatten()[:20_000].double().tolist()
    words = {"x": name, "y": t("s3_2.apart.count"), "title": t("s3_2.apart.spread")}
    figures.show(charts.histogram(finite, words), key="spread")
    st.caption(t("s3_2.apart.spread_look", n=d_k))


def live() -> None:
    """Three measurements made here and now, each in the job queue."""
    st.markdown(f"#### {t('s3_2.live.title')}")
    drawn = {"sweep": _sweep, "overflow": _overflow, "backends": _backends, "timing": _timing}
    controls.tabs("live", {f"s3_2.live.{name}": draw for name, draw in drawn.items()})


@st.cache_data(max_entries=4, show_spinner=False)
def _sweep_rows() -> list[dict[str, object]]:
    return [
        {
            "d_k": r.d_k,
            "entropy": r.entropy_bits,
            "std": r.score_std,
            "jacobian": r.jacobian_norm,
            "scaled": scaled,
        }
        for scaled in (True, False)
        for r in statistics.dk_sweep(0, scaled)
    ]


def _sweep() -> None:
    names = {True: t("s3_2.live.scaled"), False: t("s3_2.live.unscaled")}
    rows = [r | {"scaled": names[bool(r["scaled"])]} for r in _sweep_rows()]
    columns = st.columns(3)
    for column, name in zip(columns, ("std", "entropy", "jacobian"), strict=True):
        words = {"x": "d_k", "series": t("s3_2.live.series"), "title": t(f"s3_2.live.{name}")}
        figures.show(
            charts.curves(rows, "d_k", name, "scaled", words, log_x=True),
            key=f"sweep-{name}",
            where=column,
        )
    st.caption(t("s3_2.live.sweep_look"))


def _overflow() -> None:
    st.markdown(t("s3_2.live.overflow_what"))
    rows = long_work.job("sdp-overflow", overflow.sweep_job)
    if rows is None:
        return
    kept = [r for r in rows if r.dtype == "float16" and r.d_k == 1024]
    named = [
        {
            "std": r.std,
            "non_finite": r.non_finite,
            "saturated": r.saturated,
            "order": t(f"s3_2.order.{r.order}"),
        }
        for r in kept
    ]
    left, right = st.columns(2)
    for column, name in ((left, "non_finite"), (right, "saturated")):
        words = {
            "x": t("control.std"),
            "series": t("s3_2.live.order"),
            "title": t(f"s3_2.live.{name}"),
        }
        figures.show(
            charts.curves(named, "std", name, "order", words, log_x=True),
            key=f"overflow-{name}",
            where=column,
        )
    st.caption(t("s3_2.live.overflow_look"))
    with st.expander(t("shell.table")):
        st.dataframe(
            [
                {
                    t("control.dtype"): r.dtype,
                    t("s3_2.live.order"): t(f"s3_2.order.{r.order}"),
                    "d_k": r.d_k,
                    t("control.std"): r.std,
                    t("s3_2.live.non_finite"): r.non_finite,
                    t("s3_2.live.saturated"): r.saturated,
                }
                for r in rows
            ],
            hide_index=True,
        )


@st.cache_data(max_entries=2, show_spinner=False)
def _backend_rows() -> tuple[backends.BackendRow, ...]:
    return backends.backends_equality()


def _backends() -> None:
    with st.spinner(t("shell.working")):
        rows = _backend_rows()
    done = [r for r in rows if r.available]
    st.dataframe(
        [
            {
                t("s3_2.backend.name"): r.backend,
                t("control.dtype"): r.dtype,
                t("control.mask"): t(f"s3_2.backend.{r.mask}"),
                t("s3_2.backend.difference"): f"{r.difference:.1e}",
                t("s3_2.backend.tolerance"): f"{r.tolerance:.0e}",
                t("s3_2.backend.equal"): t("control.on" if r.equal else "control.off"),
            }
            for r in done
        ],
        hide_index=True,
    )
    missing = sorted({r.backend for r in rows} - {r.backend for r in done})
    st.caption(t("s3_2.live.backends_look", missing=", ".join(missing) or "–"))


def _timing() -> None:
    st.markdown(t("s3_2.live.timing_what"))
    found = long_work.job("sdp-timing", timing.timing)
    if found is None:
        return
    named = [
        {"n": r.n, "ms": r.milliseconds, "kind": t(f"s3_2.timing.{r.method}")} for r in found.rows
    ]
    words = {"x": t("control.n"), "series": t("s3_2.live.kind"), "title": t("s3_2.live.timing")}
    figures.show(
        charts.curves(named, "n", "ms", "kind", words, log_x=True, log_y=True), key="timing"
    )
    st.caption(t("s3_2.live.timing_look"))
