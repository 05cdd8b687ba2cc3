"""Lesson 6.3 taken apart, its live experiments, and what was recorded."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.charts import maps
from attn_core.lessons.s6_3_bioinformatics import (
    drug,
    experiment,
    genome,
    long_charts,
    protein,
    recorded,
    views,
)
from attn_core.lessons.s6_3_bioinformatics.samples import text
from pages.frame import controls, figures, i18n, long_work, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s6_3_bioinformatics import inputs


def apart(run: Run) -> None:
    """What mutations and masks do beside what attention weighs, for the model that is open."""
    {"genome": _genome, "protein": _protein, "drug": _drug}[run.config.model](run)


def _genome(run: Run) -> None:
    st.markdown(t("s6_3.apart.genome_what"))
    with st.spinner(t("shell.working")):
        rows = views.deletion(experiment.before(run.config), run.device)
    named = [r | {"order": t(f"s6_3.order.{r['order']}")} for r in rows]
    kind = t(f"s6_3.kind.{genome.NAMES[run.before.details['kind']]}")
    words = {
        "x": t("s6_3.apart.mutated"),
        "series": t("s6_3.apart.order"),
        "title": t("s6_3.apart.deletion", kind=kind),
    }
    figures.show(charts.curves(named, "n", "probability", "order", words), key="deletion")
    st.caption(t("s6_3.apart.deletion_look"))
    words = {"title": t("s6_3.apart.grid", kind=kind), "value": t("s6_3.apart.nats")}
    figures.show(
        maps.heat(views.grid(run.result, run.device).tolist(), "ACGT", run.result.keys, words),
        key="grid",
    )
    st.caption(t("s6_3.apart.grid_look"))
    _heads(run)


def _heads(run: Run) -> None:
    found = views.reaches(run.result)
    rows = [t("s6_3.layer", n=i + 1) for i in range(len(found))]
    heads = [t("s5_1.apart.head", n=i + 1) for i in range(len(found[0]))]
    unit = "residues" if run.config.model == "protein" else "letters"
    words = {"title": t("s6_3.apart.reach"), "value": t(f"s6_3.apart.{unit}")}
    figures.show(maps.heat(found, rows, heads, words, signed=False), key="reach")
    st.caption(t("s6_3.apart.reach_look"))


def _protein(run: Run) -> None:
    query = min(run.selection.query or 0, len(run.result.queries) - 1)
    residue = run.result.queries[query]
    st.markdown(t("s6_3.apart.protein_what", residue=residue))
    with st.spinner(t("shell.working")):
        top = views.looked_at(run.result, run.selection.site, run.selection.head, query)
        found = views.protein_masked(run.config, query, run.device, (top,))
    names = tuple(run.result.queries[p] for p in found["places"])
    for name, column, colour in (
        ("weight", st.container(), charts.QUERY),
        ("lost", st.container(), charts.OUTPUT),
    ):
        state = t(f"s6_3.kind.{found['state']}")
        title = t(f"s6_3.apart.masked_{name}", residue=residue, state=state)
        words = {"x": t("s6_3.track.x"), "title": title}
        chart = charts.bars(names, found[name], words, colour)
        figures.show(chart.properties(height=170), key=f"masked-{name}", where=column)
    beyond = ", ".join(run.result.queries[p] for p in found["beyond"]) or "–"
    st.caption(t("s6_3.apart.masked_look", around=protein.AROUND, beyond=beyond))
    _heads(run)


def _drug(run: Run) -> None:
    st.markdown(t("s6_3.apart.drug_what"))
    with st.spinner(t("shell.working")):
        found = views.drug_masked(run.config, run.device)
    words = {"x": t("s6_3.track.x"), "other": t("s6_3.chain.other")}
    for name, values in (("track", run.result.details["track"]), ("moved", found["segments"])):
        rows = views.segment_rows(run.result, values)
        title = {"title": t(f"s6_3.apart.segments_{name}")}
        figures.show(long_charts.segments(rows, words | title), key=f"segments-{name}")
    st.caption(t("s6_3.apart.segments_look"))
    atoms, others = st.columns([0.6, 0.4])
    with atoms:
        words = {"x": t("s6_3.apart.atom"), "title": t("s6_3.apart.atoms_moved")}
        chart = charts.bars(_atoms(run), found["atoms"], words, charts.OUTPUT)
        figures.show(chart.properties(height=220), key="atoms-moved")
        st.caption(t("s6_3.apart.atoms_look"))
    with others:
        st.markdown(f"##### {t('s6_3.apart.others')}")
        target = experiment.given(run.config, "target")
        drugs = {n: text("drug", n) for n in experiment.SAMPLES["drug"]}
        tables.show(
            [
                {
                    t("s6_3.apart.drug"): t(f"s6_3.sample.{r['name']}"),
                    t("s6_3.apart.estimate"): f"{r['pkd']:.2f}",
                    t("s6_3.apart.measured"): _measured(r["measured"]),
                }
                for r in drug.compared(drugs, target, run.device)
            ]
        )
        st.caption(t("s6_3.apart.others_look"))


def _measured(found: float | None) -> str:
    """A measured pKd; that of a pair without binding is a bound, and many were not measured."""
    if found is None:
        return "–"
    return f"≤ {found:.2f}" if found <= drug.NONE_SEEN else f"{found:.2f}"


def _atoms(run: Run) -> tuple[str, ...]:
    return tuple(run.result.names("pool")[1])


def _alarms(rows: list[dict[str, Any]]) -> None:
    tables.show(
        [
            {
                t("s6_3.live.threshold"): t("s6_3.live.rule")
                if r["threshold"] == "rule"
                else f"{r['threshold']:.2f}",
                t("s6_3.live.alarms"): f"{r['per_thousand']:.1f}",
            }
            for r in rows
        ]
    )
    st.caption(t("s6_3.live.alarms_look"))


def live() -> None:
    """False alarms in shuffled letters, and the recorded runs."""
    controls.tabs("live", {"s6_3.live.now": _now, "s4_1.live.recorded": _recorded})


def _now() -> None:
    st.markdown(t("s6_3.live.now_what", n=recorded.FALSE_LETTERS))
    kept = st.session_state.get("s6_3_bioinformatics.good", (experiment.Config(), None))[0]
    seed = controls.number("seed", 0, 0, 9999)
    dna = kept.dna or inputs.default("genome")
    found = long_work.job("alarms", recorded.false_alarms, dna=dna, seed=seed)
    if found:
        _alarms(found)


def _recorded() -> None:
    """Accuracy with and without attention by seed, and the drug model by split."""
    st.markdown(t("s6_3.live.twins_what"))
    rows = [
        {"model": f"{t(_model(r))} · {t(_kind(r))}", "accuracy": value}
        for r in recorded.twins()
        for value in r["values"]
    ]
    words = {"x": t("s6_3.live.accuracy"), "title": t("s6_3.live.twins")}
    figures.show(charts.strips(rows, "accuracy", "model", words), key="twins")
    st.caption(t("s6_3.live.twins_look"))
    st.markdown(f"##### {t('s6_3.live.splits')}")
    tables.show(
        [
            {
                t("s6_3.live.split"): t(f"s6_3.split.{r['split']}"),
                t("s4_1.live.model"): t(_kind(r)),
                t("s6_3.live.ci"): _several(r["concordance_index"]),
                t("s6_3.live.mse"): _several(r["mse"]),
                t("s6_3.live.additive"): _several(r["additive_concordance_index"]),
                t("s5_2.live.runs"): r["seeds"],
                t("s4_1.live.parameters"): f"{r['parameters']:,}",
            }
            for r in recorded.splits()
        ]
    )
    st.caption(t("s6_3.live.splits_look", **i18n.safe(recorded.card("drug"))))


def _model(row: dict[str, Any]) -> str:
    return f"control.molecule.{row['model']}"


def _kind(row: dict[str, Any]) -> str:
    return f"s6_3.twin.{row['kind']}"


def _several(values: list[float]) -> str:
    return " · ".join(f"{v:.3f}" for v in values)
