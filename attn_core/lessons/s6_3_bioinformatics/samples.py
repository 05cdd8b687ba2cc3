"""Lesson 6.3's samples: sequences and molecules that the page offers, and what is known of them."""

import json
import math
from functools import cache
from typing import Any

from attn_core.evidence.files import SAMPLES
from attn_core.inputs.smiles import read_smiles

PATH = SAMPLES / "sequences.json"

MEASURED = {
    ("sb203580", "p38"): 12.0, ("sb203580", "cdk2"): 10_000.0, ("alvocidib", "p38"): 10_000.0,
    ("alvocidib", "cdk2"): 550.0, ("imatinib", "p38"): 10_000.0, ("imatinib", "cdk2"): 10_000.0,
    ("gefitinib", "p38"): 10_000.0, ("gefitinib", "cdk2"): 10_000.0,
}  # fmt: skip
"""K_d in nmol/l of the samples' pairs, from Davis, Hunt, Herrgard et al., "Comprehensive analysis
of kinase inhibitor selectivity", Nature Biotechnology 29:1046–1051, 2011; 10 000 stands there for
no binding seen up to that. Aspirin and caffeine are not among its 72 inhibitors."""


@cache
def samples() -> dict[str, Any]:
    """All samples.

    "genome" and "protein": name to "fasta" and what is "known" (letters before each boundary) or
    "states"; "target": name to "fasta"; "drug": name to SMILES.
    """
    return dict(json.loads(PATH.read_text(encoding="utf-8")))


def text(kind: str, name: str) -> str:
    """One sample as it is typed.

    Examples
    --------
    >>> text("drug", "aspirin")
    'CC(=O)Oc1ccccc1C(=O)O'
    """
    found = samples()[kind][name]
    return str(found if kind == "drug" else found["fasta"])


def known(kind: str, sequence: str, field: str) -> Any:
    """What is known of a sequence, where it is a sample."""
    for sample in samples()[kind].values():
        if sample["fasta"].split("\n", 1)[1] == sequence:
            return sample[field] or None if field == "states" else sample[field]
    return None


def measured(smiles: str, chain: str) -> float | None:
    """pK_d of a drug and a kinase that are both samples, as it was measured.

    Examples
    --------
    >>> measured("C", "MENFQKVEKI") is None
    True
    """
    for (drug, target), kd in MEASURED.items():
        residues = text("target", target).split("\n", 1)[1]
        if residues == chain and read_smiles(text("drug", drug)).smiles == smiles:
            return 9 - math.log10(kd)
    return None
