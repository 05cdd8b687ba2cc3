"""Record claim 2.2.a: ``python -m attn_core.lessons.s2_2_positional_encoding.claims``.

Five seeds of six small Transformers, about three minutes on one core, and the permutation test on
five sentences. Writes ``assets/claims/2.2.a.json`` and ``assets/samples/order_task.json``.
"""

import json
import sys
from typing import Any

import torch

from attn_core.evidence.claims import Claim, Condition, Measure, Numbers
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import numbers
from attn_core.layers.positional.attention import KINDS
from attn_core.lessons.s2_2_positional_encoding import experiment, order_task

COMMAND = "python -m attn_core.lessons.s2_2_positional_encoding.claims"
SEEDS = (0, 1, 2, 3, 4)
LENGTH, BACK, STEPS = 16, 1, 400
SENTENCES = (
    experiment.TEXT,
    "She had told him that he could not have seen what she saw.",
    "Only the cat on the mat ate the rat in the hat.",
    "The old man the boats while the young man the oars.",
    "What we know is not what they think we know.",
)


def shuffle_condition() -> Condition:
    """Exact: what a shuffle does to the weights of the same two words, with a code and without."""
    gaps = {
        kind: [
            experiment.run(experiment.Config(text=text, kind=kind)).numbers["order_gap"]
            for text in SENTENCES
        ]
        for kind in ("learned", "none")
    }
    return Condition(
        "shuffle",
        numbers(gaps["learned"]),
        numbers(gaps["none"]),
        12,
        required=True,
        metric="order_gap",
    )


def accuracy_claim(rows: list[dict[str, Any]]) -> Claim:
    """2.2.a, a position code lets attention know order: accuracy against no code, seed by seed."""
    found = {(r["kind"], r["length"], r["seed"]): r["accuracy"] for r in rows}

    def values(kind: str, length: int) -> Numbers:
        return numbers([found[kind, length, seed] for seed in SEEDS])

    conditions = tuple(
        Condition(
            f"{kind}_{name}",
            values(kind, times * LENGTH),
            values("none", times * LENGTH),
            order_task.N_TEST,
        )
        for name, times in (("trained_length", 1), ("four_times", order_task.TIMES[-1]))
        for kind in KINDS
        if kind != "none"
    )
    measure = Measure(
        "order_accuracy", "fraction", "higher", 0.1, (*conditions, shuffle_condition())
    )
    noted = provenance(
        torch=torch.__version__, threads="1", steps=str(STEPS), length=str(LENGTH), back=str(BACK)
    )
    return Claim("2.2.a", "2.2", "measured", COMMAND, "recorded", measure, recorded=noted)


def main() -> None:
    """Train, test and write both files."""
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for seed in SEEDS:

        def report(fraction: float, key: str, partial: object = None, seed: int = seed) -> None:
            sys.stderr.write(f"\rseed {seed} {fraction:4.0%}")

        found = order_task.train_side_by_side(
            report,
            lambda: False,
            steps=STEPS,
            length=LENGTH,
            seed=seed,
            back=BACK,
            measure_every=STEPS,
        )
        rows += [row | {"seed": seed} for row in found["lengths"]]
    sys.stderr.write("\n")
    recorded = {
        "command": COMMAND,
        "length": LENGTH,
        "back": BACK,
        "steps": STEPS,
        "seeds": SEEDS,
        "rows": rows,
    }
    order_task.RECORDED.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{order_task.RECORDED}\n{write(accuracy_claim(rows))}\n")


if __name__ == "__main__":
    main()
