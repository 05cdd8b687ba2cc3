"""Lesson 6.3's inputs: samples, FASTA typed or uploaded, SMILES; mutations kept in the link."""

from typing import Any

import streamlit as st

from attn_core.inputs.fasta import Record, as_fasta, decode_fasta
from attn_core.inputs.limits import MAX_BASES, MAX_RESIDUES, MAX_TARGET, MIN_RESIDUES
from attn_core.lessons.s6_3_bioinformatics import experiment, genome
from attn_core.lessons.s6_3_bioinformatics.samples import text as sample
from pages.frame import controls, devices, inputs
from pages.frame.i18n import t

BOUNDS = {
    "genome": ("genome", MAX_BASES, genome.WINDOW),
    "protein": ("protein", MAX_RESIDUES, MIN_RESIDUES),
    "target": ("protein", MAX_TARGET, MIN_RESIDUES),
}
"""Alphabet, most letters and least letters of what is uploaded."""
NAMES = {"genome": "dna", "protein": "chain", "target": "target", "drug": "smiles"}
"""Query parameter of each text."""


def default(kind: str) -> str:
    """The first sample of a kind."""
    return sample(kind, experiment.SAMPLES[kind][0])


def _buttons(kind: str) -> None:
    """A button for every sample."""
    for name in experiment.SAMPLES[kind]:
        st.button(
            t(f"s6_3.sample.{name}"),
            key=f"sample-{kind}-{name}",
            width="stretch",
            type="tertiary",
            on_click=inputs.put,
            args=(NAMES[kind], sample(kind, name), default(kind)),
        )


def _upload(kind: str) -> None:
    """A FASTA file; of several sequences one is picked."""
    alphabet, most, least = BOUNDS[kind]
    with st.popover(t("inputs.upload"), icon=":material/upload:", width="stretch"):
        found = inputs.upload(
            f"fasta-{kind}",
            t("s6_3.upload"),
            lambda data: decode_fasta(data, alphabet, most, least),
            f"file_{kind}",
        )
        if found is None:
            return
        record = found[0]
        if len(found) > 1:
            record = st.selectbox(t("s6_3.record"), found, format_func=_named, key=f"record-{kind}")
        st.button(
            t("s6_3.use", n=len(record.sequence)),
            key=f"use-{kind}",
            on_click=inputs.put,
            args=(NAMES[kind], as_fasta(record), default(kind)),
        )


def _named(record: Record) -> str:
    return f"{record.name or '–'} · {len(record.sequence)}"


def fasta(kind: str) -> str:
    """FASTA, typed, from a sample or from a file; "" for the first sample."""
    wide, more = st.columns([0.8, 0.2], vertical_alignment="bottom")
    with more:
        with st.popover(t("s6_3.examples"), icon=":material/list:", width="stretch"):
            _buttons(kind)
        _upload(kind)
    with wide:
        typed = inputs.text(
            NAMES[kind], t(f"s6_3.input.{kind}"), default(kind), area=True, height=104
        )
    return _given(kind, typed)


def _given(kind: str, typed: str) -> str:
    """What was typed; "" for the first sample. Nothing at all is the reader's to refuse, once."""
    return "" if typed == default(kind) else typed or " "


def pair() -> dict[str, str]:
    """A drug as SMILES and its target as FASTA; "" for the first samples."""
    drug, target, more = st.columns([0.42, 0.38, 0.2], vertical_alignment="bottom")
    with more:
        with st.popover(t("s6_3.examples"), icon=":material/list:", width="stretch"):
            _buttons("drug")
            _buttons("target")
        _upload("target")
    with drug:
        smiles = inputs.text(
            NAMES["drug"], t("s6_3.input.drug"), default("drug"), area=True, height=104
        )
    with target:
        chain = inputs.text(
            NAMES["target"], t("s6_3.input.target"), default("target"), area=True, height=104
        )
    return {"smiles": _given("drug", smiles), "target": _given("target", chain)}


def edits(of: str) -> str:
    """The learner's mutations, as the link holds them; other DNA has none."""
    if controls.turned("edits", of):
        controls.put("edits", "", "")
    text = controls.held("edits", "")
    count = len(genome.edits_of(text)) if text else 0
    controls.hold_as("edits", t("s6_3.edits", n=count, list=text[:40]))
    return text


def window(dna: str, threshold: float) -> int:
    """Start of the window that is open: one of the sites, moved by some letters."""
    record = genome.record_of(dna or default("genome"))
    probabilities = genome.scan(record.sequence, devices.current())
    found = genome.sites(probabilities, genome.classes(), threshold)
    kinds = {s["at"]: s for s in found}

    def shown(at: int) -> str:
        if at < 0:
            return t("s6_3.surest")
        kind = t(f"s6_3.kind.{genome.NAMES[kinds[at]['kind']]}")
        return f"{kind} | {kinds[at]['boundary']} | {kinds[at]['probability']:.2f}"

    which, by = st.columns(2)
    with which:
        at = controls.choice("site", (-1, *kinds), -1, shown)
    with by:
        moved = controls.slider("moved", 0, -20, 20)
    return genome.moved(dna or default("genome"), at, moved, devices.current())


def mutate(config: Any, place: int, letter: str) -> None:
    """Put a letter at a place of the sequence (from 1); for callbacks."""
    kept = dict(genome.edits_of(config.edits)) | {place: letter}
    controls.put("edits", genome.edits_text(tuple(kept.items())[-genome.MAX_EDITS :]), "")


def put_edits(text: str) -> None:
    """Set all mutations; for callbacks."""
    controls.put("edits", text, "")
