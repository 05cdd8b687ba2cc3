"""Splice junctions for lesson 6.3: no window twice, one gene on one side of the split.

Primate splice-junction gene sequences (UCI, CC BY 4.0), as
https://github.com/drusk/splice-junction-gene-sequences (commit e862a929) holds them in
``data/splice.data``: 60 letters around the middle, classes EI (exon | intron), IE (intron | exon)
and N (neither). A gene is the part of an entry's name before its first hyphen. Windows that occur
with two classes are left out.
"""

import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "splice/data/splice.data"
CLASSES = {"EI": "D", "IE": "A", "N": "N"}
"""Donor, acceptor, neither."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sixty letters, their class, and the gene they come from."""

    sequence: str
    label: str
    gene: str


def windows(folder: Path) -> list[Window]:
    """Every window once, in the file's order."""
    found: dict[str, Window] = {}
    clash = set()
    for line in (folder / FILE).read_text(encoding="ascii").splitlines():
        if not line.strip():
            continue
        label, name, sequence = (part.strip() for part in line.split(","))
        window = Window(sequence.upper(), CLASSES[label], name.split("-")[0])
        kept = found.setdefault(window.sequence, window)
        if kept.label != window.label:
            clash.add(window.sequence)
    return [w for w in found.values() if w.sequence not in clash]


def splice(folder: Path) -> dict[str, list[Window]]:
    """Train, validation and test: 70, 10 and 20 in a hundred, by gene, seed 0."""
    genes: dict[str, list[Window]] = defaultdict(list)
    for window in windows(folder):
        genes[window.gene].append(window)
    names = sorted(genes)
    random.Random(0).shuffle(names)
    total = sum(map(len, genes.values()))
    parts: dict[str, list[Window]] = {"test": [], "validation": [], "train": []}
    for name in names:
        part = next(
            (
                p
                for p, share in (("test", 0.2), ("validation", 0.1))
                if len(parts[p]) < share * total
            ),
            "train",
        )
        parts[part] += genes[name]
    return parts


def by_two_letters(sequence: str) -> str:
    """The rule of thumb: GT after the middle is a donor, AG before it an acceptor."""
    if sequence[30:32] == "GT":
        return "D"
    return "A" if sequence[28:30] == "AG" else "N"


def provenance(folder: Path, parts: dict[str, list[Window]]) -> list[dict[str, Any]]:
    """The manifest's ``data``."""
    return [
        {
            "source": " ".join(__doc__.split("\n\n")[1].split()),
            "licence": "CC BY 4.0",
            "sha256": hashlib.sha256((folder / FILE).read_bytes()).hexdigest(),
            "split_sizes": {k: len(parts[k]) for k in ("train", "validation", "test")},
            "split_unit": "gene, duplicate windows removed",
            "synthetic_share": 0.0,
        }
    ]
