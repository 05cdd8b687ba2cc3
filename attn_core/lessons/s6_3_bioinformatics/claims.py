"""Record lesson 6.3's claims: ``python -m attn_core.lessons.s6_3_bioinformatics.claims``.

Needs the manifests that ``attn_core.training.bioinformatics.finish`` writes.
"""

import sys
from dataclasses import replace
from typing import Any

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import numbers
from attn_core.lessons.s6_3_bioinformatics import drug, genome, protein

COMMAND = "python -m attn_core.lessons.s6_3_bioinformatics.claims"
SMALLEST = 0.01
"""One in a hundred: of weight, of answers, of probability, or of the concordance index."""


def condition(
    key: str, metric: str, values: list[float], baseline: list[float], n: int
) -> Condition:
    """Numbers by seed against their baseline."""
    pairs = list(zip(values, baseline, strict=False))
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    return Condition(key, numbers(one), numbers(other), n, metric=metric)


def tested(raw: dict[str, Any], name: str) -> list[float]:
    """One number of the tests of attention, by seed."""
    return [float(run[name]) for run in raw["by_seed"]["tests"]]


def claim(name: str, metric: str, conditions: tuple[Condition, ...]) -> Claim:
    """A measured claim."""
    measure = Measure(metric, "fraction", "higher", SMALLEST, conditions)
    return Claim(name, "6.3", "measured", COMMAND, "recorded", measure)


def genome_claim(raw: dict[str, Any]) -> Claim:
    """6.3.a: attention at splice sites, and whether it matters there."""
    share = tested(raw, "site_share")
    n, items = raw["metrics"]["accuracy_splice"]["n"], raw["by_seed"]["tests"][0]["n"]
    seeds = raw["by_seed"]
    return claim(
        "6.3.a",
        "attention_share",
        (
            condition("accuracy", "accuracy", seeds["attention"], seeds["convolution"], n),
            condition("site", "attention_share", share, [raw["core_share"]] * len(share), items),
            condition(
                "mutated", "answers_changed", tested(raw, "attention"), tested(raw, "random"), items
            ),
        ),
    )


def protein_claim(raw: dict[str, Any]) -> Claim:
    """6.3.b: what attention adds to naming the structure of residues."""
    seeds, n = raw["by_seed"], raw["q3_all_residues"]["n"]
    return claim(
        "6.3.b",
        "q3",
        (
            condition("twin", "q3", seeds["attention"], seeds["convolution"], n),
            condition("far", "q3", tested(raw, "all"), tested(raw, "near"), n),
            condition(
                "masked",
                "probability_moved",
                tested(raw, "attended"),
                tested(raw, "mirrored"),
                seeds["tests"][0]["n"],
            ),
        ),
    )


def drug_claim(raw: dict[str, Any]) -> Claim:
    """6.3.c: cross-attention on the motifs of kinases, and what it adds."""
    splits, kinases = raw["by_split"], raw["by_seed"]["tests"][0]["kinases"]
    more = tested(raw, "moved_more")

    def against(split: str) -> Condition:
        one, other = (splits[f"{split}_{kind}"] for kind in ("cross", "mean"))
        name = "concordance_index"
        return condition(split, name, one[name], other[name], one["n"])

    return claim(
        "6.3.c",
        "attention_share",
        (
            condition(
                "motif",
                "attention_share",
                tested(raw, "motif_share"),
                tested(raw, "chance"),
                kinases,
            ),
            condition(
                "masked",
                "pairs_moved_more",
                more,
                [0.5] * len(more),
                raw["by_seed"]["tests"][0]["n"],
            ),
            *(
                against(split)
                for split in ("usual", "cold_target", "cold_drug")
                if {f"{split}_mean", f"{split}_cross"} <= set(splits)
            ),
        ),
    )


def main() -> None:
    """Write all three files."""
    made = (
        genome_claim(read_manifest(genome.CHECKPOINT).raw),
        protein_claim(read_manifest(protein.CHECKPOINT).raw),
        drug_claim(read_manifest(drug.CHECKPOINT).raw),
    )
    noted = provenance(torch=torch.__version__, threads="1")
    for each in made:
        sys.stdout.write(f"{write(replace(each, recorded=noted)).name}\n")


if __name__ == "__main__":
    main()
