"""Record lesson 5.2's claims: ``python -m attn_core.lessons.s5_2_ctc.claims``.

Needs the manifests that ``attn_core.training.speech.finish`` writes.
"""

import itertools
import math
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import against, errors, numbers
from attn_core.lessons.s5_2_ctc.compared import COMPARED, covered
from attn_core.measures.ctc import collapse, lattice

SMALLEST = 0.005
"""Digit error rate: one digit in two hundred counts."""
COMMAND = "python -m attn_core.lessons.s5_2_ctc.claims"
SAME = 1e-4
"""Of log-probabilities: torch's loss has single precision."""
ADDED = 0.02
"""Added errors a sequence: one in fifty sequences counts."""
DRAWS, TOKENS, LABELS = 5, 6, 3


def drawn(seed: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """Random log-probabilities with the blank last, and two labels to say.

    ``TOKENS`` by ``LABELS``. Two of them; equal ones every other time.
    """
    logits = np.random.default_rng(seed).standard_normal((TOKENS, LABELS))
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return log_p, (0, seed % 2)


def one_by_one(log_p: np.ndarray, labels: tuple[int, ...]) -> float:
    """Log P(labels) by adding up every path that says them."""
    blank = log_p.shape[1] - 1
    paths = itertools.product(range(log_p.shape[1]), repeat=len(log_p))
    total = sum(
        math.exp(sum(log_p[t, k] for t, k in enumerate(path)))
        for path in paths
        if collapse(path, blank) == labels
    )
    return math.log(total)


def direct_claim(raw: dict[str, Any]) -> Claim:
    """5.2.a: the sum over all paths is what it should be, and a model learned without alignment."""
    cases = [drawn(seed) for seed in range(DRAWS)]
    ours = [lattice(log_p, labels, LABELS - 1).log_likelihood for log_p, labels in cases]
    brute = [one_by_one(log_p, labels) for log_p, labels in cases]
    torchs = [
        -float(
            torch.nn.functional.ctc_loss(
                torch.from_numpy(log_p)[:, None],
                torch.tensor([labels]),
                torch.tensor([TOKENS]),
                torch.tensor([len(labels)]),
                blank=LABELS - 1,
                reduction="sum",
            )
        )
        for log_p, labels in cases
    ]
    found = raw["metrics"]["digit_error_rate"]
    conditions = (
        Condition(
            "sum", numbers(ours), numbers(brute), DRAWS, better="equal", metric="log_likelihood"
        ),
        Condition(
            "torch", numbers(ours), numbers(torchs), DRAWS, better="equal", metric="log_likelihood"
        ),
        Condition("learned", numbers([found["value"]]), numbers([found["baseline"]]), found["n"]),
    )
    measure = Measure("digit_error_rate", "none", "lower", SAME, conditions, spread="range")
    return Claim("5.2.a", "5.2", "exact", COMMAND, "recorded", measure)


def accuracy_claim(raw: dict[str, dict[str, Any]]) -> Claim:
    """5.2.b: clean errors with attention and without."""
    n = raw["convolution"]["metrics"]["digit_error_rate"]["n"]
    without = errors(raw["convolution"], "known", "clean")
    conditions = (
        against("encoder", errors(raw["attention"], "known", "clean"), without, n),
        against("joint", errors(raw["joint"], "known", "clean"), without, n),
    )
    measure = Measure("digit_error_rate", "fraction", "lower", SMALLEST, conditions)
    return Claim("5.2.b", "5.2", "measured", COMMAND, "recorded", measure)


def propagation_claim(raw: dict[str, dict[str, Any]]) -> Claim:
    """5.2.c: errors that one covered digit adds to the others."""
    n = raw["convolution"]["by_seed"]["covered"][0]["n"]
    added = {name: covered(checkpoint)["added"] for name, checkpoint in COMPARED.items()}
    conditions = (
        against("encoder", added["attention"], added["convolution"], n),
        against("joint", added["joint"], added["convolution"], n),
        against("decoder", added["joint-0"], added["convolution"], n),
    )
    measure = Measure("added_errors", "none", "lower", ADDED, conditions)
    return Claim("5.2.c", "5.2", "measured", COMMAND, "recorded", measure)


def robust_claim(raw: dict[str, dict[str, Any]]) -> Claim:
    """5.2.d: errors in noise and of a speaker never heard."""
    known = raw["convolution"]["metrics"]["digit_error_rate"]["n"]
    unseen = raw["convolution"]["metrics"]["digit_error_rate_unseen_speaker"]["n"]

    def pair(key: str, model: str, part: str, level: str) -> Condition:
        one, other = (errors(raw[m], part, level) for m in (model, "convolution"))
        return against(key, one, other, known if part == "known" else unseen)

    conditions = (
        pair("noise_5", "attention", "known", "5"),
        pair("noise_0", "attention", "known", "0"),
        pair("unseen", "attention", "unseen", "clean"),
        pair("joint_noise_0", "joint", "known", "0"),
        pair("joint_unseen", "joint", "unseen", "clean"),
    )
    measure = Measure("digit_error_rate", "fraction", "lower", SMALLEST, conditions)
    return Claim("5.2.d", "5.2", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Write all four files."""
    raw = {name: read_manifest(checkpoint).raw for name, checkpoint in COMPARED.items()}
    noted = provenance(torch=torch.__version__, threads="1", steps=str(raw["joint"]["steps"]))
    claims = (
        direct_claim(raw["convolution"]),
        accuracy_claim(raw),
        propagation_claim(raw),
        robust_claim(raw),
    )
    for claim in claims:
        sys.stdout.write(f"{write(replace(claim, recorded=noted)).name}\n")


if __name__ == "__main__":
    main()
