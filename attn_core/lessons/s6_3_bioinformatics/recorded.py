"""What is recorded of lesson 6.3's models, and sites that are called where none can be."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from attn_core.checkpoints.manifests import read_manifest
from attn_core.jobs.line import Report
from attn_core.lessons.s6_3_bioinformatics import drug, genome, protein

FALSE_LETTERS = 2_000
"""Letters that are shuffled and scanned for false alarms."""


def false_alarms(
    report: Report, should_stop: Callable[[], bool], *, dna: str, seed: int
) -> list[dict[str, Any]]:
    """Sites that are called where there can be none: in the same letters, shuffled.

    "threshold" and calls "per_thousand" letters of the model; with threshold "rule" those of GT and
    AG alone.
    """
    letters = genome.record_of(dna).sequence
    drawn = "".join(random.Random(seed).choices(letters, k=FALSE_LETTERS))
    classes = read_manifest(genome.CHECKPOINT).config["classes"]
    parts, step = [], 500
    for start in range(0, FALSE_LETTERS - genome.WINDOW, step):
        if should_stop():
            break
        parts.append(genome.scan(drawn[start : start + step + genome.WINDOW - 1]))
        report(min(1.0, (start + step) / FALSE_LETTERS), "s6_3.live.running")
    p = np.concatenate(parts)
    n = len(p)
    rows: list[dict[str, Any]] = [
        {"threshold": t, "per_thousand": 1000 * len(genome.sites(p, classes, t)) / n}
        for t in genome.THRESHOLDS
    ]
    rule = sum(genome.by_rule(drawn[i : i + genome.WINDOW]) != "N" for i in range(n))
    return [*rows, {"threshold": "rule", "per_thousand": 1000 * rule / n}]


FLOOR = 5.0
"""pK_d that the data write where no binding was seen up to 10 µmol/l (Davis et al. 2011)."""


def usual_error() -> str:
    """Root of the drug model's mean squared error on held-out pairs."""
    return f"{read_manifest(drug.CHECKPOINT).metrics['mse'].value ** 0.5:.2f}"


def at_floor(pkd: float) -> bool:
    """Whether an estimate can't be told from "no binding seen"."""
    return pkd - FLOOR < float(usual_error())


def card(model: str) -> dict[str, Any]:
    """What a model's manifest says of it, as the page's sentences name it.

    Metric values, n, baseline, parameters in thousands, and what else the sentence names.
    """
    module = {"genome": genome, "protein": protein, "drug": drug}[model]
    manifest = read_manifest(module.CHECKPOINT)
    raw, metrics = manifest.raw, manifest.metrics
    size = {"parameters": f"{raw['parameters'] / 1000:.0f}"}
    if model == "genome":
        found = metrics["accuracy_splice"]
        return size | {
            "accuracy": f"{100 * found.value:.1f}",
            "n": found.n,
            "rule": f"{100 * (found.baseline or 0):.1f}",
            "columns": f"{100 * raw['column_frequencies']:.1f}",
            "alone": f"{100 * raw['without_relatives']['accuracy']:.1f}",
            "alone_n": raw["without_relatives"]["n"],
        }
    if model == "protein":
        found = metrics["q3"]
        return size | {
            "q3": f"{100 * found.value:.1f}",
            "n": f"{found.n:,}",
            "all_q3": f"{100 * raw['q3_all_residues']['value']:.1f}",
            "all_n": f"{raw['q3_all_residues']['n']:,}",
            "baseline": f"{100 * (found.baseline or 0):.1f}",
            "anchor": f"{100 * raw['anchor']['q3']:.1f}",
        }
    return size | {
        "ci": f"{metrics['concordance_index'].value:.3f}",
        "mse": f"{metrics['mse'].value:.3f}",
        "n": f"{metrics['mse'].n:,}",
        "published_ci": f"{raw['published']['concordance_index']:.3f}",
        "published_mse": f"{raw['published']['mse']:.3f}",
        "additive_ci": f"{metrics['concordance_index'].baseline:.3f}",
        "additive_mse": f"{metrics['mse'].baseline:.3f}",
    }


def trained_on() -> dict[str, int]:
    """How many drugs and chains the drug's model was trained on.

    "drugs" and "chains".
    """
    kept = read_manifest(drug.CHECKPOINT).raw["trained_on"]
    return {name: len(kept[name]) for name in ("drugs", "chains")}


def on_motifs() -> dict[str, str]:
    """The weight of the drug's model on the motifs of all its kinases.

    "mean" and "mean_chance" in %, means over drugs, atoms, heads and "kinases".
    """
    found = read_manifest(drug.CHECKPOINT).raw["shown_test"]
    return {
        "mean": f"{100 * found['motif_share']:.1f}",
        "mean_chance": f"{100 * found['chance']:.1f}",
        "kinases": str(found["kinases"]),
    }


def twins() -> list[dict[str, Any]]:
    """Recorded runs with and without attention, of the genome and the protein.

    "model", "kind", accuracy by seed ("values") and "parameters".
    """
    rows = []
    for model, module in (("genome", genome), ("protein", protein)):
        raw = read_manifest(module.CHECKPOINT).raw
        for kind in ("attention", "convolution"):
            rows.append(
                {
                    "model": model,
                    "kind": kind,
                    "values": raw["by_seed"][kind],
                    "parameters": raw["twin_parameters"][kind],
                }
            )
    return rows


def splits() -> list[dict[str, Any]]:
    """Recorded runs of the drug model by split, with and without cross-attention.

    "split", "kind", "concordance_index" and "mse" by seed, those of the additive baseline, and test
    pairs "n".
    """
    kept = read_manifest(drug.CHECKPOINT).raw["by_split"]
    return [
        {"split": name.rpartition("_")[0], "kind": name.rpartition("_")[2]} | row
        for name, row in kept.items()
    ]
