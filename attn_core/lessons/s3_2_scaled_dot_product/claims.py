"""Record lesson 3.2's claims.

``python -m attn_core.lessons.s3_2_scaled_dot_product.claims --out assets/claims``.
Takes about two minutes on one core. Seeds are those of the random inputs; for times they number
the runs, each with inputs and a clock of its own.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch

from attn_core.evidence.claims import Claim, Condition, Measure, Numbers
from attn_core.evidence.files import provenance, write
from attn_core.lessons.s3_2_scaled_dot_product.overflow import (
    OverflowConfig,
    OverflowRow,
    overflow_sweep,
)
from attn_core.lessons.s3_2_scaled_dot_product.statistics import dk_sweep
from attn_core.lessons.s3_2_scaled_dot_product.timing import TimingResult, timing

COMMAND = "python -m attn_core.lessons.s3_2_scaled_dot_product.claims --out assets/claims"
SEEDS = (0, 1, 2, 3, 4)
D_K = 4096
LENGTH = 512
TIMED_D_K = 64


def _paired(
    key: str, value: dict[int, float], baseline: dict[int, float], n: int, metric: str = ""
) -> Condition:
    def numbers(by_seed: dict[int, float]) -> Numbers:
        return tuple((str(seed), number) for seed, number in sorted(by_seed.items()))

    return Condition(key, numbers(value), numbers(baseline), n, metric=metric)


def overflow_claim(seeds: tuple[int, ...] = SEEDS, d_k: int = D_K) -> Claim:
    """3.2.a, scaling avoids overflow: float16 values that overflow without and with it."""
    found: dict[tuple[int, float, str], OverflowRow] = {}
    for seed in seeds:
        grid = OverflowConfig(seed=seed, dtypes=("float16",), d_ks=(d_k,), stds=(1.0, 32.0))
        found |= {(seed, row.std, row.order): row for row in overflow_sweep(grid)}

    def drop(key: str, std: float, order: str, field: str = "non_finite") -> Condition:
        def by_seed(chosen: str) -> dict[int, float]:
            return {seed: getattr(found[seed, std, chosen], field) for seed in seeds}

        return _paired(key, by_seed(order), by_seed("unscaled"), 64 * 64)

    conditions = (
        drop("unit_variance", 1.0, "after"),
        drop("large_scaled_after", 32.0, "after"),
        drop("large_scaled_before", 32.0, "before"),
        drop("naive_exponential", 1.0, "after", "non_finite_exp"),
    )
    stated = Measure("non_finite_fraction", "fraction", "lower", 0.01, conditions)
    spread = []
    for size in (64, 512, d_k):  # the smallest too: there it is not yet so
        rows = {
            scaled: {seed: dk_sweep(seed, scaled, d_ks=(size,))[0].jacobian_norm for seed in seeds}
            for scaled in (True, False)
        }
        spread.append(_paired(f"saturation_{size}", rows[True], rows[False], 64))
    right = Measure("jacobian_norm", "none", "higher", 2.0, tuple(spread), comparison="ratio")
    return Claim("3.2.a", "3.2", "reworded", COMMAND, "recorded", stated, right)


def _times(result: TimingResult, method: str, n: int) -> float:
    return next(r.milliseconds for r in result.rows if (r.method, r.n) == (method, n))


def timing_claims(results: dict[int, TimingResult], n: int = LENGTH) -> tuple[Claim, Claim]:
    """3.2.b, efficient and parallel, and 3.2.c, more efficient by the scale itself.

    Both measured as ratios of times in the same run.
    """
    repeats = min(result.repeats for result in results.values())

    def faster(key: str, method: str, than: str) -> Condition:
        value, base = (
            {run: _times(result, name, n) for run, result in results.items()}
            for name in (method, than)
        )
        return _paired(key, value, base, repeats)

    def claim(letter: str, least: float, *conditions: Condition) -> Claim:
        measure = Measure(
            "milliseconds", "milliseconds", "lower", least, conditions, comparison="ratio"
        )
        return Claim(f"3.2.{letter}", "3.2", "measured", COMMAND, "recorded", measure)

    b = claim(
        "b",
        1.25,
        faster("than_additive", "dot_product", "additive"),
        faster("than_bilinear", "dot_product", "bilinear"),
        faster("product_than_loop", "dot_product", "loop"),
    )
    c = claim("c", 1.05, faster("scaled_than_unscaled", "dot_product", "dot_product_unscaled"))
    return b, c


def main() -> None:
    """Measure and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=60)
    args = parser.parse_args()
    torch.set_num_threads(1)

    def report(fraction: float, key: str, partial: object = None) -> None:
        sys.stderr.write(f"\r{fraction:4.0%} {key}")

    results = {
        run: timing(report, lambda: False, (LENGTH,), TIMED_D_K, args.repeats, seed=run)
        for run in SEEDS
    }
    sys.stderr.write("\n")
    said = provenance(torch=torch.__version__, threads="1", d_k=str(TIMED_D_K), n=str(LENGTH))
    for claim in (overflow_claim(), *timing_claims(results)):
        noted = provenance(torch=torch.__version__) if claim.id == "3.2.a" else said
        write(replace(claim, recorded=noted), args.out)


if __name__ == "__main__":
    main()
