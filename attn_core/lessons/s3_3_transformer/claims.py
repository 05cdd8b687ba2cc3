"""Record lesson 3.3's claims, and 2.1.c: ``python -m attn_core.lessons.s3_3_transformer.claims``.

Needs the manifests that ``attn_core.training.translation.finish`` writes and the recorded run of
``attn_core.lessons.s3_3_transformer.long_inputs``.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.claims import Claim, Condition, Measure, Numbers, not_tested
from attn_core.evidence.files import provenance, write
from attn_core.lessons.s3_3_transformer.compared import TWINS
from attn_core.lessons.s3_3_transformer.experiment import DIRECTIONS, TEXTS, Config, cross_of, run

COMMAND = "python -m attn_core.lessons.s3_3_transformer.claims"
LENGTHS = {"trained": 17, "beyond": 25}
"""Shortest input of the longest test within the trained length, and of the first beyond it."""
SMALLEST = 0.01
"""A hundredth of chrF counts: the seeds of one model lie about so far apart."""


def _by_seed(name: str, metric: str) -> Numbers:
    """One small model's recorded scores."""
    values = read_manifest(TWINS).raw["by_seed"][name][metric]
    return tuple((str(seed), float(value)) for seed, value in enumerate(values))


def _against(key: str, one: str, other: str, metric: str = "chrf", **more: Any) -> Condition:
    """One small model against another on held-out pairs."""
    raw = read_manifest(TWINS).raw
    n = raw["n_long"] if metric == "long_chrf" else raw["metrics"]["chrf"]["n"]
    return Condition(key, _by_seed(one, metric), _by_seed(other, metric), n, **more)


def _chrf(*conditions: Condition) -> Measure:
    """Higher is better, by at least ``SMALLEST``."""
    return Measure("chrf", "fraction", "higher", SMALLEST, conditions)


def vectors_claim() -> Claim:
    """3.3.a: as stated, one vector a sentence; right, one for each token, and that matters."""
    counts, ones, n = [], [], 0
    for direction in DIRECTIONS:
        result = run(Config(TEXTS[direction], direction))
        counts.append((direction, float(result.traces[cross_of(result)].weights.shape[-1])))
        ones.append((direction, 1.0))
        n += 1
    stated = Condition("vectors", tuple(counts), tuple(ones), n)
    measure = Measure("vectors_per_sentence", "none", "equal", 0.5, (stated,), spread="range")
    right = _chrf(_against("all_states", "small", "small-one-vector"))
    return Claim("3.3.a", "3.3", "reworded", COMMAND, "recorded", measure, right)


def decoder_claim() -> Claim:
    """3.3.b: what the decoder adds is cross-attention, and a mask; both matter."""
    stated = _chrf(_against("self_alone", "small-no-cross", "small"))
    right = _chrf(
        _against("cross", "small", "small-no-cross"), _against("mask", "small", "small-no-mask")
    )
    return Claim("3.3.b", "3.3", "reworded", COMMAND, "recorded", stated, right)


def better_claim(long_inputs: dict[str, Any]) -> Claim:
    """3.3.c: better than the recurrent twin, on all pairs, on the longest fifth, on long inputs."""
    conditions = [
        _against("all_pairs", "small", "small-recurrent"),
        _against("longest_fifth", "small", "small-recurrent", "long_chrf"),
    ]
    for task in sorted({r["task"] for r in long_inputs["runs"]}):
        for key, low in LENGTHS.items():
            found, n = {}, 0
            for kind in ("transformer", "attention"):
                runs = [r for r in long_inputs["runs"] if (r["task"], r["model"]) == (task, kind)]
                at = {r["seed"]: b for r in runs for b in r["buckets"] if b["low"] == low}
                found[kind] = tuple((str(seed), float(b["exact"])) for seed, b in at.items())
                n = max(b["n"] for b in at.values())
            conditions.append(
                Condition(
                    f"{task}_{key}",
                    found["transformer"],
                    found["attention"],
                    n,
                    metric="exact_match",
                )
            )
    return Claim("3.3.c", "3.3", "measured", COMMAND, "recorded", _chrf(*conditions))


def _coverage(claim_id: str, *conditions: Condition) -> Claim:
    """3.3.e: what this app's own models show, read from their manifests."""
    measure = Measure("held_out_metric", "none", "higher", 0.01, conditions, spread="range")
    return Claim(
        claim_id, "3.3", "coverage", "python -m attn_core.evidence.ledger", "live", measure
    )


def source_claim() -> Claim:
    """2.1.c: that self-attention relates source and target; in an encoder–decoder cross does."""
    stated = _chrf(_against("self_alone", "small-no-cross", "small"))
    right = _chrf(_against("cross", "small", "small-no-cross"))
    return Claim("2.1.c", "2.1", "reworded", COMMAND, "recorded", stated, right)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long-inputs", type=Path, default=Path("runs/long-inputs.json"))
    args = parser.parse_args()
    long_inputs = json.loads(args.long_inputs.read_text(encoding="utf-8"))
    about = provenance()
    claims = [
        vectors_claim(),
        decoder_claim(),
        better_claim(long_inputs),
        not_tested("3.3.d", "3.3"),
        _coverage(
            "3.3.e",
            Condition("english_chinese", (), (), 0, lessons=("3.3",), metric="chrf"),
            Condition("other_languages", (), (), 0),
        ),
        source_claim(),
    ]
    for claim in claims:
        recorded = about if claim.source == "recorded" else ()
        sys.stdout.write(f"{write(dataclasses.replace(claim, recorded=recorded)).name}\n")


if __name__ == "__main__":
    main()
