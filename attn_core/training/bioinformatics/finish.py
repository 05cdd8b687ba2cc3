"""Weights and manifests of lesson 6.3 from its runs, after ``bioinformatics.sh``.

``python -m attn_core.training.bioinformatics.finish --runs runs`` writes all three; ``--what``
some. What the page shows is measured here on the weights as they are shipped, in half precision.
"""

import argparse
import math
import statistics
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from attn_core.checkpoints import save
from attn_core.datasets import residues
from attn_core.datasets import splice as splice_data
from attn_core.lessons.s6_3_bioinformatics import evidence
from attn_core.models.sequence import SequenceReader
from attn_core.training.bioinformatics.finish_drug import FAMILIES, drug
from attn_core.training.bioinformatics.runs import found, loaded
from attn_core.training.bioinformatics.sequences import NUCLEOTIDES, Data, right, share
from attn_core.training.bioinformatics.shipped import SEEDS, write

NEAR = 0.7
"""A test window that shares so many letters with a training window is a near relative."""


def frequencies(windows: list[splice_data.Window], label: str) -> np.ndarray:
    """Share of each base at each place, of the letters that are known."""
    kept = [w.sequence for w in windows if w.label == label]
    counts = np.array(
        [[column.count(b) for b in "ACGT"] for column in map("".join, zip(*kept, strict=True))]
    )
    return counts / counts.sum(1, keepdims=True)


def by_columns(parts: dict[str, list[splice_data.Window]]) -> list[bool]:
    """Which test windows a product of column frequencies names right (naive Bayes)."""
    train = parts["train"]
    prior = Counter(w.label for w in train)
    tables = {}
    for label in prior:
        kept = [w.sequence for w in train if w.label == label]
        tables[label] = [
            {b: math.log((sum(s[i] == b for s in kept) + 1) / (len(kept) + 4)) for b in "ACGT"}
            for i in range(60)
        ]

    def score(sequence: str, label: str) -> float:
        terms = (tables[label][i].get(c, 0.0) for i, c in enumerate(sequence))
        return math.log(prior[label]) + sum(terms)

    return [max(prior, key=lambda c: score(w.sequence, c)) == w.label for w in parts["test"]]


def of(flags: list[bool], where: list[bool] | None = None) -> float:
    """Share of flags that are set, of all or of some."""
    kept = [f for f, w in zip(flags, where or [True] * len(flags), strict=True) if w]
    return sum(kept) / len(kept)


def splice(runs: Path, folder: Path) -> None:
    """The reader of splice sites."""
    parts, data = splice_data.splice(folder), Data(folder, "splice")
    model = loaded(runs, "splice-attention-0")
    assert isinstance(model, SequenceReader)
    good = [row[0] for row in right(model, data, "test")]
    test = parts["test"]
    rule = [splice_data.by_two_letters(w.sequence) == w.label for w in test]
    columns = by_columns(parts)
    letters = np.array([[ord(c) for c in w.sequence] for w in parts["train"]])
    alone = [float((letters == [ord(c) for c in w.sequence]).mean(1).max()) < NEAR for w in test]
    kinds = {
        k: [r for s in SEEDS if (r := found(runs, f"splice-{k}-{s}"))]
        for k in ("attention", "convolution")
    }
    logos = {c: frequencies(parts["train"], c) for c in "DA"}
    pairs = [(w.sequence, w.label) for w in test][: FAMILIES * 3]
    tests = []
    for r in kinds["attention"]:
        reader = loaded(runs, f"splice-attention-{r['seed']}")
        assert isinstance(reader, SequenceReader)
        tests.append(evidence.splice(reader, pairs, logos, r["seed"]))
        sys.stdout.write(f"splice {r['seed']} {tests[-1]}\n")
        sys.stdout.flush()
    scores = [r["accuracy"] for r in kinds["attention"]]
    shown = kinds["attention"][0]
    write(
        "splice",
        model,
        {
            "command": "python -m attn_core.training.bioinformatics.sequences splice --seed 0",
            "wall_seconds": round(shown["seconds"]),
            "config": shown["config"],
            "data": splice_data.provenance(folder, parts),
            "metrics": {
                "accuracy_splice": save.metric(
                    of(good),
                    len(good),
                    "test, genes never trained on",
                    scores,
                    of(rule),
                    "two_letter_rule",
                )
            },
            "column_frequencies": of(columns),
            "without_relatives": {
                "near": NEAR,
                "n": sum(alone),
                "accuracy": of(good, alone),
                "rule": of(rule, alone),
            },
            "by_class": {
                c: {
                    "n": sum(w.label == c for w in test),
                    "accuracy": of(good, [w.label == c for w in test]),
                }
                for c in "DAN"
            },
            "by_seed": {k: [r["accuracy"] for r in rs] for k, rs in kinds.items()}
            | {"tests": tests},
            "twin_parameters": {k: rs[0]["parameters"] for k, rs in kinds.items()},
            "core_share": evidence.CORE / 60,
            "logo": {c: np.round(v, 4).tolist() for c, v in logos.items()},
            "alphabet": NUCLEOTIDES,
        },
    )


def protein(runs: Path, folder: Path) -> None:
    """The reader of secondary structure."""
    parts, data = residues.proteins(folder), Data(folder, "protein")
    model = loaded(runs, "protein-attention-0")
    assert isinstance(model, SequenceReader)
    good = right(model, data, "test")
    test = parts["test"]
    ordered = [
        g
        for row, c in zip(good, test, strict=True)
        for g, o in zip(row, c.ordered, strict=True)
        if o
    ]
    states = Counter(s for c in parts["train"] for s in c.states)
    common = states.most_common(1)[0][0]
    seen = [s for c in test for s, o in zip(c.states, c.ordered, strict=True) if o]
    kinds = {
        k: [r for s in SEEDS if (r := found(runs, f"protein_small-{k}-{s}"))]
        for k in ("attention", "convolution")
    }
    tests = []
    for r in kinds["attention"]:
        reader = loaded(runs, f"protein_small-attention-{r['seed']}")
        assert isinstance(reader, SequenceReader)
        tests.append(evidence.protein(reader, [(c.sequence, c.states) for c in test], r["seed"]))
        sys.stdout.write(f"protein {r['seed']} {tests[-1]}\n")
        sys.stdout.flush()
    shown = found(runs, "protein-attention-0") or {}
    baseline = seen.count(common) / len(seen)
    q3 = sum(ordered) / len(ordered)
    flat = [s for c in test for s in c.states]
    hits = [g for row in good for g in row]
    write(
        "protein_structure",
        model,
        {
            "command": "python -m attn_core.training.bioinformatics.sequences protein --seed 0",
            "wall_seconds": round(shown["seconds"]),
            "config": shown["config"],
            "data": residues.provenance(folder, parts),
            "metrics": {
                "q3": save.metric(
                    q3,
                    len(ordered),
                    "TS115, residues whose structure was seen",
                    [],
                    baseline,
                    "most_common_state",
                )
            },
            "q3_all_residues": {"value": share(good), "n": len(hits)},
            "q3_by_chain": statistics.mean(sum(row) / len(row) for row in good),
            "recall": {c: of(hits, [s == c for s in flat]) for c in residues.CLASSES},
            "anchor": {
                "q3": 0.675,
                "what": "GOR V, single sequences, full jack-knife on CB513 (Kloczkowski, Ting, "
                "Jernigan and Garnier 2002, Proteins 49:154)",
            },
            "by_seed": {k: [r["accuracy"] for r in rs] for k, rs in kinds.items()}
            | {"tests": tests},
            "twin_parameters": {k: rs[0]["parameters"] for k, rs in kinds.items() if rs},
        },
    )


WHAT = {"splice": splice, "protein": protein, "drug": drug}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--what", nargs="+", choices=WHAT, default=list(WHAT))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.what:
        WHAT[name](args.runs, args.data)


if __name__ == "__main__":
    main()
