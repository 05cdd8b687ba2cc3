"""Train lesson 6.3's readers.

``python -m attn_core.training.bioinformatics.sequences splice --seed 0``.

``splice`` names windows of 60 letters, ``protein`` every residue of a chain; data in
``datasets.splice`` and ``datasets.residues``. A run checkpoints after each epoch, goes on from its
last checkpoint when started again, and keeps the weights of the epoch that was best on the
validation split.
"""

import argparse
import json
import math
import random
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from attn_core.datasets.residues import CLASSES as STATES
from attn_core.datasets.residues import proteins
from attn_core.datasets.sentiment import batches
from attn_core.datasets.splice import CLASSES, splice
from attn_core.models.sequence import KINDS, PAD, SequenceConfig, SequenceReader, ids_of
from attn_core.training.loop import Loop

NUCLEOTIDES = "ACGTN"
RESIDUES = "ACDEFGHIKLMNPQRSTVWYX"
IGNORED = -100
CONFIGS: dict[str, dict[str, Any]] = {
    "splice": {"symbols": NUCLEOTIDES, "classes": "".join(CLASSES.values()), "d_model": 64,
               "d_ff": 128, "n_layers": 2, "width": 7, "dropout": 0.2},
    "protein": {"symbols": RESIDUES, "classes": STATES, "d_model": 96, "d_ff": 192, "n_layers": 3,
                "width": 11, "n_stem": 2, "dropout": 0.3},
    "protein_small": {"symbols": RESIDUES, "classes": STATES, "d_model": 48, "d_ff": 96,
                      "n_layers": 2, "width": 9, "n_stem": 1, "dropout": 0.15},
}  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "splice": {"epochs": 40, "batch": 48, "rate": 2e-3, "drop": 0.1},
    "protein": {"epochs": 24, "batch": 8, "rate": 1e-3, "drop": 0.1},
    "protein_small": {"epochs": 6, "batch": 8, "rate": 2e-3, "drop": 0.1},
}
"""By size; the pooling of ``splice`` follows the kind."""


def config_of(size: str, kind: str) -> SequenceConfig:
    """A model's sizes: a twin without attention has none in its pooling either."""
    pooling = ("attention" if kind == "attention" else "mean") if size == "splice" else ""
    return SequenceConfig(kind=kind, pooling=pooling, **CONFIGS[size])


class Data:
    """Letters and labels of every part, as tensors."""

    def __init__(self, folder: Path, size: str) -> None:
        config = CONFIGS[size]
        self.pairs: dict[str, list[tuple[Tensor, Tensor]]] = {}
        found: dict[str, Any] = splice(folder) if size == "splice" else proteins(folder)
        for part, items in found.items():
            rows = []
            for item in items:
                labels = item.label if size == "splice" else item.states
                rows.append(
                    (
                        torch.tensor(ids_of(item.sequence, config["symbols"])),
                        torch.tensor([config["classes"].index(c) for c in labels]),
                    )
                )
            self.pairs[part] = rows

    def batch(self, part: str, chosen: list[int]) -> tuple[Tensor, Tensor]:
        """Padded letters and labels."""
        rows = [self.pairs[part][i] for i in chosen]
        pad = nn.utils.rnn.pad_sequence
        ids = pad([r[0] for r in rows], True, PAD)
        return ids, pad([r[1] for r in rows], True, IGNORED)


def loss_of(model: SequenceReader, ids: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over sequences or letters."""
    logits = model(ids, traced=False)[0]
    if logits.ndim == 2:
        labels = labels[:, 0]
    return nn.functional.cross_entropy(
        logits.flatten(0, -2), labels.flatten(), ignore_index=IGNORED, label_smoothing=0.05
    )


@torch.inference_mode()
def right(model: SequenceReader, data: Data, part: str) -> list[list[bool]]:
    """For each sequence of a part, which labels are named right."""
    model.eval()
    out = []
    for ids, labels in data.pairs[part]:
        answer = model(ids[None], traced=False)[0][0].argmax(-1)
        out.append((answer == labels).reshape(-1).tolist())
    return out


def share(good: list[list[bool]]) -> float:
    """Of all labels."""
    return sum(map(sum, good)) / sum(map(len, good))


def train(data: Data, args: argparse.Namespace, out: Path) -> None:
    """Train, resuming where the last checkpoint left off."""
    torch.manual_seed(args.seed)
    config = config_of(args.size, args.kind)
    model = SequenceReader(config)
    lengths = [len(ids) for ids, _ in data.pairs["train"]]
    each = math.ceil(len(lengths) / args.batch)
    steps = args.epochs * each
    loop = Loop(
        model,
        args.rate,
        steps,
        50,
        out=out,
        every=each,
        least=1e-7 / args.rate,
        weight_decay=args.decay,
    )
    best: dict[str, Any] = loop.notes.get("best", {"accuracy": 0.0, "epoch": 0, "model": {}})
    order: list[list[int]] = []
    for step in loop:
        epoch, at = divmod(step, each)
        if at == 0 or not order:
            order = list(batches(lengths, args.batch, random.Random(1000 * args.seed + epoch)))
        ids, labels = data.batch("train", order[at])
        hidden = (torch.rand(ids.shape) < args.drop) & (ids != PAD)
        loop.learn(loss_of(model, ids.masked_fill(hidden, len(config.symbols)), labels))
        if loop.due:
            accuracy = share(right(model, data, "validation"))
            if accuracy >= best["accuracy"]:
                best = {"accuracy": accuracy, "epoch": epoch + 1, "model": loop.averaged()}
            loop.save(f"validation {accuracy:.4f}", best=best)
    model.load_state_dict(best["model"])
    good = right(model, data, "test")
    found = {
        "accuracy": share(good),
        "n": sum(map(len, good)),
        "validation": best["accuracy"],
        "epoch": best["epoch"],
        "seconds": loop.spent,
        "config": asdict(config),
        "seed": args.seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "arguments": {k: v for k, v in vars(args).items() if k not in ("data", "out")},
    }
    torch.save(best["model"], out / "best.pt")
    (out / "result.json").write_text(json.dumps(found, indent=1) + "\n")
    loop.last.unlink()
    sys.stdout.write(f"{out.name} test {found['accuracy']:.4f} of {found['n']}\n")
    sys.stdout.flush()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=CONFIGS)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=["attention"])
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    for name, kind in (("epochs", int), ("batch", int), ("rate", float), ("drop", float)):
        parser.add_argument(f"--{name}", type=kind)
    parser.add_argument("--decay", type=float, default=0.05)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name, value in DEFAULTS[args.size].items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    data = Data(args.data, args.size)
    for seed in args.seed:
        for kind in args.kind:
            name = f"{args.size}-{kind}-{seed}"
            if not (args.out / name / "result.json").exists():
                one = argparse.Namespace(**vars(args) | {"seed": seed, "kind": kind})
                train(data, one, args.out / name)


if __name__ == "__main__":
    main()
