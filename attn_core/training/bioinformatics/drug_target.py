"""Train lesson 6.3's affinity models.

``python -m attn_core.training.bioinformatics.drug_target --seed 0``.

A step takes a block of drugs × kinases, encodes each once and scores all pairs; those of the
training split make the loss. Data and splits in ``datasets.davis``. A run checkpoints after each
epoch, goes on from its last checkpoint when started again, and keeps the weights of the epoch whose
validation error was least.
"""

import argparse
import json
import math
import random
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attn_core.datasets.davis import SPLITS, Davis, davis, masks, padded, written
from attn_core.measures.concordance import concordance_index
from attn_core.models.drug_target import DrugTarget, DrugTargetConfig, is_atom, token_ids
from attn_core.models.sequence import ids_of
from attn_core.training.bioinformatics.sequences import RESIDUES
from attn_core.training.loop import Loop

SIZES: dict[str, dict[str, int]] = {"drug": {}, "drug_small": {"d_model": 32, "d_ff": 64}}
"""What differs from the config's own sizes; the small ones are the twins of the claims."""
VARIANTS = 3
EVERY = 3
"""Epochs from one look at the validation split to the next."""


def vocabulary(data: Davis, train: np.ndarray) -> tuple[str, ...]:
    """Tokens of the drugs that are trained on."""
    kept = [d for d, row in zip(data.drugs, train, strict=True) if row.any()]
    return tuple(sorted({t for ways in written(kept, VARIANTS, 0) for w in ways for t in w}))


def as_ids(molecules: list[tuple[str, ...]], known: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """Tokens, and which of them are atoms, as the model takes them."""
    atoms = [[i for i, token in enumerate(t) if is_atom(token)] for t in molecules]
    return padded([token_ids(t, known) for t in molecules]), padded(atoms, -1)


@torch.inference_mode()
def predict(model: DrugTarget, data: Davis) -> np.ndarray:
    """pK_d of every pair, drugs by kinases."""
    model.eval()
    tokens = [ways[0] for ways in written(data.drugs, 0, 0)]
    drugs, _ = model.molecules(*as_ids(tokens, model.config.tokens), traced=False)
    out = np.zeros(data.pkd.shape)
    distinct: dict[str, list[int]] = {}
    for i, chain in enumerate(data.chains):
        distinct.setdefault(chain, []).append(i)
    for chain, places in distinct.items():
        chains = model.chains(torch.tensor([ids_of(chain, model.config.symbols)]))
        out[:, places] = model.score(drugs, chains)[0].T.numpy()
    return out


def measure(guess: np.ndarray, data: Davis, mask: np.ndarray) -> dict[str, float]:
    """Error and order on some pairs."""
    truth = data.pkd[mask]
    return {
        "mse": float(((guess[mask] - truth) ** 2).mean()),
        "concordance_index": concordance_index(truth, guess[mask]),
    }


def additive(data: Davis, train: np.ndarray) -> np.ndarray:
    """Least squares of a number for each drug plus a number for each kinase; 0 for new ones."""
    y, total = data.pkd, data.pkd[train].mean()
    rows, columns = np.zeros(len(y)), np.zeros(y.shape[1])
    for _ in range(50):
        n = np.maximum(train.sum(1), 1)
        rows = ((y - total - columns[None]) * train).sum(1) / n
        n = np.maximum(train.sum(0), 1)
        columns = ((y - total - rows[:, None]) * train).sum(0) / n
    return total + rows[:, None] + columns[None]


def blocks(
    lengths: list[int], n_drugs: int, sides: tuple[int, int], rng: random.Random
) -> list[tuple[list[int], list[int]]]:
    """Drugs and kinases of every step of an epoch: each pair once, kinases of like length."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] * (1 + 0.1 * rng.random()))
    out = []
    for i in range(0, len(order), sides[1]):
        drugs = list(range(n_drugs))
        if sides[0] < n_drugs:
            rng.shuffle(drugs)
        out += [
            (drugs[j : j + sides[0]], order[i : i + sides[1]]) for j in range(0, n_drugs, sides[0])
        ]
    rng.shuffle(out)
    return out


def train(data: Davis, args: argparse.Namespace, out: Path) -> None:
    """Train, resuming where the last checkpoint left off."""
    torch.manual_seed(args.seed)
    parts = masks(args.data, data, args.split, args.seed)
    tokens = vocabulary(data, parts["train"])
    if args.start:
        kept = json.loads((args.start.parent / "result.json").read_text())
        tokens = tuple(kept["config"]["tokens"])
    config = DrugTargetConfig(
        tokens,
        RESIDUES,
        not args.twin,
        mean=float(data.pkd[parts["train"]].mean()),
        dropout=args.dropout,
        **SIZES[args.size],
    )
    model = DrugTarget(config)
    if args.start:
        model.load_state_dict(torch.load(args.start, weights_only=True))
    ways = written(data.drugs, VARIANTS, 0)
    ids = [ids_of(chain, config.symbols) for chain in data.chains]
    lengths = [len(i) for i in ids]
    truth, known = torch.tensor(data.pkd).float(), torch.tensor(parts["train"])
    sides = (args.drugs or len(data.drugs), args.kinases)
    a_row = math.ceil(len(data.drugs) / sides[0])
    each = math.ceil(len(ids) / sides[1]) * a_row
    loop = Loop(
        model,
        args.rate,
        args.epochs * each,
        100,
        out=out,
        every=each,
        least=1e-7 / args.rate,
        weight_decay=args.decay,
    )
    best: dict[str, Any] = loop.notes.get("best", {"mse": math.inf, "epoch": 0, "model": {}})
    rng = random.Random()
    order: list[tuple[list[int], list[int]]] = []
    for step in loop:
        epoch, at = divmod(step, each)
        if at == 0:  # checkpoints lie between epochs
            rng = random.Random(1000 * args.seed + epoch)
            order = list(blocks(lengths, len(data.drugs), sides, rng))
        drugs, chains = order[at]
        mask = known[drugs][:, chains].T
        if mask.any():
            some = as_ids([rng.choice(ways[i]) for i in drugs], config.tokens)
            molecules, _ = model.molecules(*some, traced=False)
            guess, _ = model.score(molecules, model.chains(padded([ids[i] for i in chains])))
            loop.learn(((guess - truth[drugs][:, chains].T)[mask] ** 2).mean())
        else:
            loop.skip()
        if not loop.due:
            continue
        found = {"mse": math.nan, "concordance_index": math.nan}
        if epoch % EVERY == EVERY - 1 or epoch == args.epochs - 1:
            found = measure(predict(model, data), data, parts["validation"])
        if found["mse"] < best["mse"]:
            best = found | {"epoch": epoch + 1, "model": loop.averaged()}
        said = f"validation {found['mse']:.4f} {found['concordance_index']:.4f}"
        loop.save(said, best=best)
    model.load_state_dict(best.pop("model"))
    told: dict[str, Any] = {
        "test": measure(predict(model, data), data, parts["test"]),
        "additive": measure(additive(data, parts["train"]), data, parts["test"]),
        "mean": float(((data.pkd[parts["test"]] - config.mean) ** 2).mean()),
        "sizes": {k: int(v.sum()) for k, v in parts.items()},
        "validation": best,
        "seconds": loop.spent,
        "config": asdict(config),
        "seed": args.seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "arguments": {k: v for k, v in vars(args).items() if k not in ("data", "out", "start")},
    }
    torch.save(model.state_dict(), out / "best.pt")
    (out / "result.json").write_text(json.dumps(told, indent=1) + "\n")
    loop.last.unlink()
    sys.stdout.write(f"{out.name} test {told['test']} additive {told['additive']}\n")
    sys.stdout.flush()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--size", choices=SIZES, default="drug")
    parser.add_argument("--split", choices=SPLITS, nargs="+", default=["usual"])
    parser.add_argument("--kinases", type=int, default=8, help="of a step")
    parser.add_argument("--drugs", type=int, default=0, help="of a step; 0: all")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--tag", default="", help="end of the run's name")
    parser.add_argument("--twin", action="store_true", help="without cross-attention")
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--dropout", type=float, default=0.1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = davis(args.data)
    for seed in args.seed:
        for split in args.split:
            name = f"{args.size}-{split}-{'mean' if args.twin else 'cross'}-{seed}{args.tag}"
            if not (args.out / name / "result.json").exists():
                one = argparse.Namespace(**vars(args) | {"seed": seed, "split": split})
                train(data, one, args.out / name)


if __name__ == "__main__":
    main()
