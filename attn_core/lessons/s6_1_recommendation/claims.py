"""Record lesson 6.1's claims: ``python -m attn_core.lessons.s6_1_recommendation.claims``.

Needs the manifests that ``attn_core.training.recommender.finish`` writes.
"""

import sys
from dataclasses import replace
from typing import Any

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import numbers
from attn_core.lessons.s6_1_recommendation import films

COMMAND = "python -m attn_core.lessons.s6_1_recommendation.claims"
SMALLEST_SHARE = 0.1
"""Of histories: one in ten counts."""
SMALLEST_HIT = 0.005
"""Hit rate at 10: one user in two hundred."""


def paired(key: str, one: list[float], other: list[float], n: int) -> Condition:
    """Two measures of the same seeds."""
    pairs = list(zip(one, other, strict=False))
    return Condition(key, numbers([a for a, _ in pairs]), numbers([b for _, b in pairs]), n)


def interest_claim(twins: dict[str, Any], target: dict[str, Any]) -> Claim:
    """6.1.a: the film with most weight beside the one that was needed."""
    runs = {
        "target": target["by_seed"]["attended"],
        "self": [run["attended"] for run in twins["by_seed"]["attention"]],
    }
    conditions = []
    for name, each in runs.items():

        def of(key: str, each: list[dict[str, float]] = each) -> list[float]:
            return [run[key] for run in each]

        n = int(each[0]["n"])
        conditions += [
            paired(f"{name}_agrees", of("agree"), of("chance"), n),
            paired(f"{name}_removed", of("attention"), of("random"), n),
            paired(f"{name}_beyond_last", of("agree"), of("last"), n),
        ]
    measure = Measure("share_of_histories", "fraction", "higher", SMALLEST_SHARE, tuple(conditions))
    return Claim("6.1.a", "6.1", "measured", COMMAND, "recorded", measure)


def _hits(runs: list[dict[str, Any]], part: str = "test") -> list[float]:
    return [float(run[part]["hit_rate_at_10"]) for run in runs]


def features_claim(twins: dict[str, Any]) -> Claim:
    """6.1.b: attention over genres and decade, their mean, or none of them."""
    n, runs = twins["metrics"]["hit_rate_at_10"]["n"], twins["by_seed"]
    rare = int(runs["attention"][0]["rare"]["n"])

    def against(key: str, other: str, part: str, n: int) -> Condition:
        return paired(key, _hits(runs["attention"], part), _hits(runs.get(other, []), part), n)

    conditions = (
        against("mean", "features-mean", "test", n),
        against("mean_rare", "features-mean", "rare", rare),
        against("none", "features-none", "test", n),
        against("none_rare", "features-none", "rare", rare),
    )
    measure = Measure("hit_rate_at_10", "fraction", "higher", SMALLEST_HIT, conditions)
    return Claim("6.1.b", "6.1", "measured", COMMAND, "recorded", measure)


def sequence_claim(twins: dict[str, Any], shown: dict[str, Any]) -> Claim:
    """6.1.c: against mean pooling, the mean in attention's place, another order, no positions."""
    n, runs = twins["metrics"]["hit_rate_at_10"]["n"], twins["by_seed"]
    whole = _hits(runs["attention"])
    long = [float(test["hit_rate_at_10"]) for test in shown["by_seed"]["test"]]

    def other(name: str) -> list[float]:
        return [float(run["orders"][name]["hit_rate_at_10"]) for run in runs["attention"]]

    conditions = (
        paired("pooled", long, _hits(runs["long-pooled"]), n),
        paired("mean", long, _hits(runs["long-mean"]), n),
        paired("shuffled", whole, other("shuffled"), n),
        paired("last_kept", whole, other("last_kept"), n),
        paired("orderless", whole, _hits(runs.get("orderless", [])), n),
    )
    measure = Measure("hit_rate_at_10", "fraction", "higher", SMALLEST_HIT, conditions)
    return Claim("6.1.c", "6.1", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Write all three files."""
    shown, target, twins = (
        read_manifest(name).raw for name in (films.SELF, films.TARGET, films.TWINS)
    )
    noted = provenance(torch=torch.__version__, threads="1", steps=str(shown["steps"]))
    for claim in (
        interest_claim(twins, target),
        features_claim(twins),
        sequence_claim(twins, shown),
    ):
        sys.stdout.write(f"{write(replace(claim, recorded=noted)).name}\n")


if __name__ == "__main__":
    main()
