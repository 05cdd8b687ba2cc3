"""Secondary structure for lesson 6.3: CB513 to learn from, TS115 to be tested on.

CB513 (Cuff and Barton 1999) and TS115 (Yang et al. 2018) with the three states H, E and C of DSSP,
as https://github.com/omarperacha/ps4-dataset (commit e1820264) holds them, CC0. A chain that occurs
twice is kept once; a test chain that is also in CB513 would be left out. Every tenth chain of CB513
is for validation.
"""

import csv
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES = ("protein_ss/CB513.csv", "protein_ss/TS115.csv")
CLASSES = "HEC"
"""Helix, strand, neither (coil)."""
NEAR = 6
"""Letters of a piece; two chains that share many pieces are related."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Residues, their states, and where the structure was seen at all (1) or is missing (0)."""

    sequence: str
    states: str
    ordered: tuple[int, ...]


def read(path: Path) -> list[Chain]:
    """Every chain of a file once, in the file's order."""
    found: dict[str, Chain] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            sequence, states = ("".join(row[k].split()) for k in ("input", "dssp3"))
            ordered = tuple(int(float(v)) for v in row["disorder"].split())
            found.setdefault(sequence, Chain(sequence, states, ordered))
    return list(found.values())


def pieces(sequence: str) -> set[str]:
    """All runs of ``NEAR`` residues."""
    return {sequence[i : i + NEAR] for i in range(len(sequence) - NEAR + 1)}


def proteins(folder: Path) -> dict[str, list[Chain]]:
    """Train, validation and test."""
    known, test = (read(folder / name) for name in FILES)
    seen = {c.sequence for c in known}
    test = [c for c in test if c.sequence not in seen]
    random.Random(0).shuffle(known)
    n = len(known) // 10
    return {"train": known[n:], "validation": known[:n], "test": test}


def related(parts: dict[str, list[Chain]]) -> int:
    """Test chains of which a third or more of the pieces occur in one training chain."""
    trained = [pieces(c.sequence) for c in parts["train"]]
    return sum(
        any(len(own & other) >= len(own) / 3 for other in trained)
        for own in (pieces(c.sequence) for c in parts["test"])
    )


def provenance(folder: Path, parts: dict[str, list[Chain]]) -> list[dict[str, Any]]:
    """The manifest's ``data``."""
    digest = hashlib.sha256(b"".join((folder / n).read_bytes() for n in FILES)).hexdigest()
    return [
        {
            "source": " ".join(__doc__.split("\n\n")[1].split()),
            "licence": "CC0",
            "sha256": digest,
            "split_sizes": {k: len(parts[k]) for k in ("train", "validation", "test")},
            "residues": {k: sum(len(c.sequence) for c in v) for k, v in parts.items()},
            "split_unit": "chain, duplicates removed",
            "synthetic_share": 0.0,
            "related_test_chains": related(parts),
        }
    ]
