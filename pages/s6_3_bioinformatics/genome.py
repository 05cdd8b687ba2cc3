"""Lesson 6.3's DNA: the scan, the window, what each mutation does."""

import streamlit as st

from attn_core.lessons.s6_3_bioinformatics import (
    charts,
    genome,
    long_charts,
    views,
)
from pages.frame import figures, i18n
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s6_3_bioinformatics import inputs
from pages.s6_3_bioinformatics.words import facts


def dna(run: Run) -> None:
    """The scan, and the open window under the consensus."""
    details = run.result.details
    named = {t(f"s6_3.kind.{genome.NAMES[c]}"): v for c, v in details["scan"].items()}
    at, threshold = details["at"], run.config.threshold
    words = {
        "title": t("s6_3.scan.title", n=len(details["sites"]), threshold=threshold),
        "x": t("s6_3.scan.x"),
        "series": t("s6_3.scan.series"),
    }
    figures.show(
        long_charts.scan(
            named, genome.MIDDLE, (at, at + genome.WINDOW), details["known"] or (), words
        ),
        key="scan",
    )
    if details["known"]:
        found = {s["boundary"] for s in details["sites"]}
        hits = len(found & set(details["known"]))
        st.caption(
            t(
                "s6_3.scan.known",
                hits=hits,
                n=len(details["known"]),
                extra=len(details["sites"]) - hits,
            )
        )
    kind = t(f"s6_3.kind.{genome.NAMES[details['shown']]}")
    words = {
        "title": t("s6_3.window.title", kind=kind),
        "logo": t("s6_3.window.logo", kind=kind),
        "letters": t("s6_3.window.letters"),
        "place": t("s6_3.window.place"),
        "bits": t("s6_3.window.bits"),
        "attention": t("s6_3.window.attention"),
        "occlusion": t("s6_3.window.occlusion"),
    }
    tracks = {"attention": details["weights"], "occlusion": details["lost"]}
    logo = genome.logo(details["shown"])
    with st.container(key="window-letters"):
        figures.show(
            charts.window(logo, details["window"], details["original"], tracks, words),
            key="window",
        )
    look = "look" if any(run.result.details["weights"]) else "silent"
    st.caption(t(f"s6_3.window.{look}", **i18n.marked(facts(run))))
    if run.changes:
        st.caption(t("s6_3.window.trained"))
    _mutations(run)


def _mutations(run: Run) -> None:
    """One letter, the four that stand first in an order, or an acceptor's tract."""
    details = run.result.details
    place, letter, put = st.columns([0.4, 0.32, 0.28], vertical_alignment="bottom")
    chosen = place.selectbox(
        t("s6_3.mutate.place"),
        range(len(details["window"])),
        index=genome.MIDDLE - 1,
        format_func=lambda i: (
            f"{i - genome.MIDDLE + (i >= genome.MIDDLE):+d} · "
            f"{details['window'][i]}{details['at'] + i + 1}"
        ),
        key="mutate-place",
    )
    new = letter.selectbox(t("s6_3.mutate.letter"), tuple("ACGT"), index=1, key="mutate-letter")
    put.button(
        t("s6_3.mutate.do"),
        key="mutate",
        on_click=inputs.mutate,
        width="stretch",
        args=(run.config, details["at"] + chosen + 1, new),
        disabled=new == details["window"][chosen],
        help=t("s6_3.mutate.same") if new == details["window"][chosen] else None,
    )
    orders = (*views.ORDERS[:2], views.TRACT)
    row = st.container(horizontal=True)  # its buttons wrap; in columns their words were cut
    for order in orders:
        none = order == views.TRACT and not views.tract(run.before)
        row.button(
            t(f"s6_3.mutate.{order}"),
            key=f"mutate-{order}",
            disabled=none,
            help=t("s6_3.mutate.no_tract" if none else "s6_3.mutate.help"),
            on_click=inputs.put_edits,
            args=(views.edits_for(run.config, run.before, order),),
        )
