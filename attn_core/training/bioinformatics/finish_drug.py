"""Measure lesson 6.3's affinity model and its twins."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from attn_core.checkpoints import save
from attn_core.datasets.davis import SPLITS, davis, masks, provenance, written
from attn_core.lessons.s6_3_bioinformatics import evidence
from attn_core.lessons.s6_3_bioinformatics.drug import digest
from attn_core.models.drug_target import DrugTarget
from attn_core.training.bioinformatics import drug_target
from attn_core.training.bioinformatics.runs import averaged, found, loaded
from attn_core.training.bioinformatics.shipped import SEEDS, write

STAGES = ("drug-usual-cross-0", "drug-usual-cross-0-more", "drug-usual-cross-0-last")
"""Runs of the affinity model, each gone on from the one before; the last two's mean is shipped."""


FAMILIES = 120
"""Windows, and kinases, on which the tests of attention are made."""


MEASURES = ("concordance_index", "mse")


def trained(names: list[str], rows: np.ndarray) -> list[str]:
    """Digests of the drugs or chains with a pair in the training split."""
    return sorted({digest(name) for name, row in zip(names, rows, strict=True) if row.any()})


def drug(runs: Path, folder: Path) -> None:
    """The model of affinity."""
    data = davis(folder)
    model = averaged(runs, STAGES[1:])
    assert isinstance(model, DrugTarget)
    parts = masks(folder, data, "usual", 0)
    shown = found(runs, STAGES[-1]) or {}
    seconds = sum((found(runs, name) or {})["seconds"] for name in STAGES)
    guess = drug_target.predict(model, data)
    measured = drug_target.measure(guess, data, parts["test"])
    kinds = {
        f"{split}_{kind}": [
            r for s in SEEDS if (r := found(runs, f"drug_small-{split}-{kind}-{s}"))
        ]
        for split in SPLITS
        for kind in ("cross", "mean")
    }
    distinct = sorted(set(data.chains))

    def tested(each: nn.Module, seed: int) -> dict[str, float]:
        assert isinstance(each, DrugTarget)
        ways = written(data.drugs, 0, 0)
        molecules = [drug_target.as_ids([w[0]], each.config.tokens) for w in ways]
        return evidence.drug(each, molecules, distinct, seed)

    tests = [
        tested(loaded(runs, f"drug_small-usual-cross-{r['seed']}"), r["seed"])
        for r in kinds["usual_cross"]
    ] or [tested(model, 0)]
    n = int(parts["test"].sum())
    about: dict[str, Any] = {}
    for each in MEASURES:
        about[each] = save.metric(
            measured[each],
            n,
            "DeepDTA's test fold of Davis",
            [],
            shown["additive"][each],
            "drug_plus_kinase",
        )
    train = parts["train"]
    write(
        "drug_target",
        model,
        {
            "command": "sh attn_core/training/bioinformatics.sh python runs ../shared/data",
            "wall_seconds": round(seconds),
            "config": shown["config"],
            "data": provenance(folder, shown["sizes"]),
            "metrics": about,
            "validation": drug_target.measure(guess, data, parts["validation"]),
            "published": {
                "name": "DeepDTA (Öztürk, Özgür and Ozkirimli 2018, Bioinformatics 34:i821)",
                "concordance_index": 0.878,
                "mse": 0.261,
            },
            "by_split": {
                name: {
                    "seeds": len(rs),
                    "n": rs[0]["sizes"]["test"],
                    "epochs": rs[0]["arguments"]["epochs"],
                    "parameters": rs[0]["parameters"],
                    **{m: [r["test"][m] for r in rs] for m in MEASURES},
                    **{f"additive_{m}": [r["additive"][m] for r in rs] for m in MEASURES},
                }
                for name, rs in kinds.items()
                if rs
            },
            "by_seed": {"tests": tests},
            "shown_test": tested(model, 0),
            "trained_on": {
                "drugs": trained(data.drugs, train),
                "chains": trained(data.chains, train.T),
            },
        },
    )
