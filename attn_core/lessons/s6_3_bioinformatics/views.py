"""Lesson 6.3 taken apart: what mutations and masks do, heads, and rows for its charts."""

import random
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from attn_core import zoo
from attn_core.contract.result import LessonResult
from attn_core.lessons.s6_3_bioinformatics import drug, experiment, genome, protein
from attn_core.lessons.s6_3_bioinformatics.evidence import MUTATED
from attn_core.models.sequence import ids_of

ORDERS = ("attention", "occlusion", "random")
MOST, TRIES = 10, 20
"""Letters that are mutated one after the other, and random orders that are averaged."""
PARTNER = {"A": "G", "C": "A", "G": "A", "T": "G", "N": "A"}
"""What a letter is mutated to: a purine always, so that no mutation adds to a stretch of
pyrimidines (C and T), which is a signal itself."""
TRACT = "tract"
BEFORE = (-18, -5)
"""Letters before an acceptor's boundary between which its polypyrimidine tract lies."""


def swapped(window: str, places: list[int]) -> str:
    """A window with some letters mutated.

    Examples
    --------
    >>> swapped("GATT", [0, 3])
    'AATG'
    """
    return "".join(PARTNER[c] if i in places else c for i, c in enumerate(window))


def top(result: LessonResult, order: str, n: int = MUTATED) -> list[int]:
    """The places of a window that stand first in an order."""
    values = result.details["weights" if order == "attention" else "lost"]
    return np.argsort(-np.array(values), kind="stable")[:n].tolist()


def tract(result: LessonResult) -> list[int]:
    """The pyrimidines of an acceptor's polypyrimidine tract."""
    if result.details["kind"] != "A":
        return []
    first, last = (genome.MIDDLE + place for place in BEFORE)
    window = result.details["original"]
    return [i for i in range(first, last + 1) if window[i] in "CT"]


def mutated(config: experiment.Config, result: LessonResult) -> dict[str, float]:
    """What is mutated in the open window, and what attention made of it before.

    "n" letters, and the "weight" that the pooling gave all of them.
    """
    at, weights = result.details["at"], result.details["weights"]
    places = [place - 1 - at for place, _ in genome.edits_of(config.edits)]
    inside = [p for p in places if 0 <= p < len(weights)]
    return {"n": len(inside), "weight": sum(weights[p] for p in inside)}


def edits_for(config: experiment.Config, result: LessonResult, order: str) -> str:
    """The places of a window that stand first in an order, or its tract, mutated from the start."""
    window, at = result.details["original"], result.details["at"]
    inside = range(at + 1, at + len(window) + 1)
    places = tract(result) if order == TRACT else top(result, order)
    edits = {at + p + 1: PARTNER[window[p]] for p in places}
    others = [e for e in genome.edits_of(config.edits) if e[0] not in inside]
    return genome.edits_text((*edits.items(), *others)[: genome.MAX_EDITS])


@torch.inference_mode()
def probability(windows: list[str], kind: str, device: str = "cpu") -> list[float]:
    """The probability of a class, for several windows."""
    loaded = zoo.get(genome.CHECKPOINT, device)
    config = loaded.module.config
    ids = torch.tensor([ids_of(w, config.symbols) for w in windows], device=loaded.device)
    p = loaded.module(ids, traced=False)[0].softmax(-1)
    return [float(v) for v in p[:, config.classes.index(kind)].cpu()]


@lru_cache(maxsize=32)
def deletion(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The named class's probability as more and more letters are mutated, in three orders.

    "order" (one of ``ORDERS``), "n" letters and mean "probability".
    """
    result = experiment.run(experiment.before(config), None, device)
    window, kind = result.details["window"], result.details["kind"]
    rng = random.Random(0)
    orders = {name: [top(result, name, MOST)] for name in ORDERS[:2]}
    orders["random"] = [rng.sample(range(len(window)), MOST) for _ in range(TRIES)]
    rows = []
    for name, each in orders.items():
        for n in range(MOST + 1):
            found = probability([swapped(window, order[:n]) for order in each], kind, device)
            rows.append({"order": name, "n": n, "probability": sum(found) / len(found)})
    return tuple(rows)


def grid(result: LessonResult, device: str = "cpu") -> Float[np.ndarray, "letter place"]:
    """What each substitution in the open window costs the class that is named."""
    loaded = zoo.get(genome.CHECKPOINT, device)
    label = loaded.module.config.classes.index(result.details["kind"])
    return genome.lost_by(result.details["window"], label, device).T


def reaches(result: LessonResult) -> list[list[float]]:
    """Mean distance that each head looks across, in letters."""
    layers = [s for s in result.traces if s.startswith("encoder")]
    return [protein.reach(result.traces[s].weights[0].float()).tolist() for s in layers]


def protein_masked(
    config: experiment.Config, residue: int, device: str = "cpu", also: tuple[int, ...] = ()
) -> dict[str, Any]:
    """As ``attn_core.lessons.s6_3_bioinformatics.protein.masked``, for what a config reads.

    As there.
    """
    return dict(protein.masked(experiment.given(config, "protein"), residue, device, also))


def looked_at(result: LessonResult, site: str, head: int, query: int) -> int:
    """The key with the largest weight in one row."""
    return int(result.traces[site].weights[0, head, query].float().argmax())


def unknown(result: LessonResult) -> dict[str, Any]:
    """Unknown letters in the open window.

    "n", "of" how many letters, and whether that is half of them or more ("mostly").
    """
    window = result.details["window"]
    n = window.count("N")
    return {"n": n, "of": len(window), "mostly": 2 * n >= len(window)}


def drug_masked(config: experiment.Config, device: str = "cpu") -> dict[str, list[float]]:
    """As ``attn_core.lessons.s6_3_bioinformatics.drug.masked``, for what a config reads.

    As there.
    """
    drugs, target = experiment.given(config, "drug"), experiment.given(config, "target")
    return dict(drug.masked(drugs, target, device))


def segment_rows(result: LessonResult, values: list[float]) -> list[dict[str, Any]]:
    """Segments of a target as a chart draws them.

    "place" (first residue), "segment", "motif" (its name, "" for none), "label" (the same, on the
    motif's first segment alone) and "weight".
    """
    names: dict[int, str] = {}
    first_of: dict[int, str] = {}
    for name, first, last in result.details["motifs"]:
        names |= {r // drug.STRIDE: name for r in range(first, last + 1)}
        first_of[first // drug.STRIDE] = name
    return [
        {
            "place": i * drug.STRIDE + 1,
            "segment": segment,
            "motif": names.get(i, ""),
            "label": first_of.get(i, ""),
            "weight": v,
        }
        for i, (segment, v) in enumerate(zip(result.keys, values, strict=True))
    ]


def residue_rows(result: LessonResult, site: str, head: int, query: int) -> list[dict[str, Any]]:
    """Residues of a chain as a chart draws them.

    "place" (from 1), "residue", "state", "confidence", "weight", and "truth" where it is known.
    """
    details = result.details
    weights = result.traces[site].weights[0, head, query].float().tolist()
    rows = []
    for i, (name, state) in enumerate(zip(result.queries, details["states"], strict=True)):
        row = {
            "place": i + 1,
            "residue": name,
            "state": state,
            "weight": round(weights[i], 4),
            "confidence": details["probabilities"][state][i],
        }
        if details["truth"]:
            row["truth"] = details["truth"][i]
        rows.append(row)
    return rows
