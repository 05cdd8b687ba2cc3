"""Lesson 6.3's open row, as sentences name it."""

from typing import Any

from attn_core.lessons.s6_3_bioinformatics import (
    experiment,
    genome,
)
from pages.frame.i18n import t
from pages.frame.run import Run


def facts(run: Run) -> dict[str, Any]:
    """The open row as sentences name it."""
    opened = run.selection
    found = experiment.reading(run.result, opened.site, opened.head, opened.query or 0)
    for name in ("kind", "state", "known"):
        if found.get(name):
            found[name] = t(f"s6_3.kind.{found[name]}")
    if run.config.model == "genome" and found["row"] in genome.NAMES.values():
        found["row"] = t(f"s6_3.kind.{found['row']}")
    return found
