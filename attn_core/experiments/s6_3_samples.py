"""Lesson 6.3's samples: sequences and molecules that the page offers, and what is known of them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[2] / "assets" / "samples" / "sequences.json"


@cache
def samples() -> dict[str, Any]:
    """All samples.

    Returns
    -------
    dict
        "genome" and "protein": name to "fasta" and what is "known" (letters before each boundary)
        or "states"; "target": name to "fasta"; "drug": name to SMILES.
    """
    return dict(json.loads(PATH.read_text(encoding="utf-8")))


def text(kind: str, name: str) -> str:
    """One sample as it is typed.

    Parameters
    ----------
    kind : str
        "genome", "protein", "target" or "drug".
    name : str
        One of that kind's.

    Returns
    -------
    str
        FASTA or SMILES.

    Examples
    --------
    >>> text("drug", "aspirin")
    'CC(=O)Oc1ccccc1C(=O)O'
    """
    found = samples()[kind][name]
    return str(found if kind == "drug" else found["fasta"])


def known(kind: str, sequence: str, field: str) -> Any:
    """What is known of a sequence, where it is a sample.

    Parameters
    ----------
    kind : str
        "genome" or "protein".
    sequence : str
        Letters.
    field : str
        "known" or "states".

    Returns
    -------
    list of int, str or None
        ``None`` where it is no sample, or nothing is known.
    """
    for sample in samples()[kind].values():
        if sample["fasta"].split("\n", 1)[1] == sequence:
            return sample[field] or None if field == "states" else sample[field]
    return None
