"""Lesson 6.3's own drawings: one picture, reading and card for each of the three models."""

import dataclasses
from typing import Any

import streamlit as st

from attn_core.inputs.fasta import like_dna
from attn_core.inputs.limits import MAX_BASES, MAX_RESIDUES, MAX_TARGET
from attn_core.lessons.s6_3_bioinformatics import (
    charts,
    drug,
    experiment,
    genome,
    long_charts,
    molecule,
    protein,
    recorded,
    views,
)
from attn_core.lessons.s6_3_bioinformatics.drug import CROSS, POOL
from pages.frame import figures, i18n, link
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s6_3_bioinformatics.genome import dna
from pages.s6_3_bioinformatics.words import facts

BOUNDS = {"genome": MAX_BASES, "protein": MAX_RESIDUES, "drug": MAX_TARGET}


def picture(run: Run) -> None:
    """What is answered, and what the open model's attention is about."""
    _answer(run, i18n.marked(facts(run)))
    {"genome": dna, "protein": _protein, "drug": _drug}[run.config.model](run)


def reading(run: Run) -> None:
    """What the open row says, what was cut, and the model's card."""
    model, details = run.config.model, run.result.details
    words = i18n.marked(facts(run))
    if model == "genome":
        st.markdown(t("s6_3.answer.matters", **words))
    elif model == "drug":
        _drug_notes(run, words)
    kind = "pool" if run.selection.site == POOL else "row"
    st.markdown(run.of_row(f"s6_3.reading.{model}.{kind}", words))
    record = experiment.record(run.config)
    if record.of > 1:
        name = i18n.plain(record.name) or "–"
        st.info(t("s6_3.records", number=record.number, of=record.of, name=name))
    if model != "genome" and like_dna(record.sequence):
        st.warning(t("s6_3.like_dna"))
    if details["n_left"]:
        st.warning(t("s6_3.left", n=details["n_left"], limit=BOUNDS[model]))
    if details["n_unknown"]:
        st.info(t(f"s6_3.unknown.{model}", n=details["n_unknown"]))
    st.caption(t(f"s6_3.card.{model}", **i18n.safe(recorded.card(model))))


def _answer(run: Run, words: dict[str, str]) -> None:
    numbers, before, model = run.result.numbers, run.before.numbers, run.config.model
    if model == "genome":
        rule = t(f"s6_3.kind.{genome.NAMES[run.result.details['rule']]}")
        st.markdown(t("s6_3.answer.genome", rule=rule, **words))
        unknown = views.unknown(run.result)
        if unknown["n"]:
            note = st.warning if unknown["mostly"] else st.info
            note(t("s6_3.window_unknown", **unknown))
        name = genome.NAMES[run.before.details["kind"]]
        if run.before is not run.result:
            kind = t(f"s6_3.kind.{name}")
            st.markdown(
                t(
                    "s6_3.answer.was",
                    kind=kind,
                    was=f"{before[name]:.3f}",
                    now=f"{numbers[name]:.3f}",
                )
            )
        edited = views.mutated(run.config, run.before)
        if edited["n"]:
            st.markdown(
                t("s6_3.answer.edited", n=edited["n"], weight=f"{100 * edited['weight']:.0f}")
            )
    elif model == "protein":
        parts = {n: f"{100 * numbers[n]:.0f}" for n in protein.NAMES.values()}
        known = t("s6_3.answer.q3", q3=f"{100 * numbers['q3']:.0f}") if "q3" in numbers else ""
        sure = f"{100 * numbers['confidence']:.0f}"
        st.markdown(f"{t('s6_3.answer.protein', **parts, sure=sure)} {known}")
        _changed(run, "confidence")
    else:
        name = "drug_floor" if recorded.at_floor(numbers["pkd"]) else "drug"
        st.markdown(t(f"s6_3.answer.{name}", **words, error=recorded.usual_error()))
        _beside(run)
        _changed(run, "pkd")


def _beside(run: Run) -> None:
    """What was measured of this pair, and by how much the model is off."""
    known = drug.beside(run.before)
    if known is None:
        return
    measured = t(f"s6_3.measured.{'none' if known['none'] else 'seen'}", **i18n.marked(known))
    way = t(f"s6_3.measured.{known['way']}", by=f"{known['by']:.2f}", times=known["times"])
    st.markdown(f"{measured} {way}")


def _drug_notes(run: Run, words: dict[str, str]) -> None:
    """What of the drug and the target the model knew, and the motifs."""
    details = run.result.details
    seen = f"{'drug' if details['seen_drug'] else ''}{'chain' if details['seen_chain'] else ''}"
    st.markdown(t(f"s6_3.seen.{seen or 'none'}", **recorded.trained_on()))
    if details["motifs"]:
        st.markdown(t("s6_3.answer.motif", **words))
    else:
        st.info(t("s6_3.no_motif"))
    if details["atoms_left"]:
        st.info(t("s6_3.salt", n=details["atoms_left"]))
    if details["unknown_tokens"]:
        tokens = i18n.plain(" ".join(details["unknown_tokens"]))
        st.info(t("s6_3.unknown_tokens", tokens=tokens))


def _changed(run: Run, name: str) -> None:
    if run.before is not run.result:
        was, now = run.before.numbers[name], run.result.numbers[name]
        st.markdown(t(f"s6_3.changed.{name}", was=f"{was:.3f}", now=f"{now:.3f}"))


def _protein(run: Run) -> None:
    """The chain's states, and what the open residue looks at; a click opens another."""
    opened, truth = run.selection, run.result.details["truth"]
    n = len(run.result.queries)
    query = min(opened.query or 0, n - 1)
    rows = views.residue_rows(run.result, opened.site, opened.head, query)
    names = {c: t(f"s6_3.kind.{name}") for c, name in protein.NAMES.items()}
    words = {
        "title": t("s6_3.track.title", n=n),
        "named": t("s6_3.track.named"),
        "known": t("s6_3.track.known"),
        "confidence": t("s6_3.track.confidence"),
        "weight": t("s6_3.track.weight", residue=run.result.queries[query]),
        "x": t("s6_3.track.x"),
        "series": t("s6_3.track.series"),
    }
    st.markdown(f"**{words['title']}**")
    figures.show(
        charts.states(rows, names, words, query + 1),
        key="track",
        on_select=lambda: _clicked(run),
        selection_mode="residue",
    )
    st.caption(
        t("s6_3.track.look" if truth else "s6_3.track.look_unknown", **i18n.marked(facts(run)))
    )
    # It names what is open and holds nothing: the browser answers a value set from here with the
    # one before, as if the learner had chosen that.
    st.selectbox(
        t("s6_3.track.pick"),
        range(n),
        index=None,
        key="residue",
        format_func=lambda i: _residue(run, rows, i),
        placeholder=_residue(run, rows, query),
        on_change=_chosen,
        args=(run,),
    )


def _residue(run: Run, rows: list[dict[str, Any]], place: int) -> str:
    name = protein.NAMES[rows[place]["state"]]
    return f"{run.result.queries[place]} · {t(f's6_3.kind.{name}')}"


def _chosen(run: Run) -> None:
    query = st.session_state["residue"]
    st.session_state["residue"] = None
    if query is not None:
        _open(run, query)


def _open(run: Run, query: int) -> None:
    link.set_selection(dataclasses.replace(run.selection, query=query, region=None))


def _clicked(run: Run) -> None:
    """Open the residue that was clicked."""
    picked = st.session_state["track"].get("selection", {}).get("residue", [])
    place = picked[0].get("place") if picked and isinstance(picked[0], dict) else None
    if isinstance(place, int | float) and 1 <= place <= len(run.result.queries):
        _open(run, int(place) - 1)


def _drug(run: Run) -> None:
    """The molecule with its atoms coloured, and the chain under it."""
    details, opened = run.result.details, run.selection
    atom = opened.query if opened.site == CROSS else None
    svg = molecule.draw(details["smiles"], details["atoms"], atom)
    st.image(svg, width="stretch", caption=t("s6_3.molecule.look", n=len(details["atoms"])))
    if atom is not None:
        name = run.result.queries[min(atom, len(run.result.queries) - 1)]
        head = run.result.traces[CROSS].weights[0, opened.head]
        values = head[min(atom, head.shape[0] - 1)].float().tolist()
        title = t("s6_3.chain.atom", atom=name, head=opened.head + 1)
    else:
        values, title = details["track"], t("s6_3.chain.all")
    words = {"title": title, "x": t("s6_3.track.x"), "other": t("s6_3.chain.other")}
    rows = views.segment_rows(run.result, values)
    figures.show(long_charts.segments(rows, words), key="chain")
    if details["motifs"]:
        st.caption(t("s6_3.chain.look", **i18n.marked(facts(run)), **recorded.on_motifs()))
    st.caption(t("s6_3.chain.read", smiles=i18n.plain(details["smiles"]), stride=drug.STRIDE))
