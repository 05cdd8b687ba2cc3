"""Train lesson 2.1's classifiers: ``python -m attn_core.training.sentiment.train en --out runs``.

One run each for a language, a pooling, a number of heads, with or without positions, and a seed;
data in ``datasets.sentiment``. A run checkpoints after each epoch, goes on from its last checkpoint
when started again, and keeps the weights of the epoch that was best on the validation split.
"""

import argparse
import copy
import json
import math
import random
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from attn_core import zoo
from attn_core.datasets.sentiment import Review, batches, chinese, english
from attn_core.inputs.tokens import tokenize
from attn_core.layers.pooling import POOLINGS
from attn_core.models.sentiment import CharacterSentiment, SentimentConfig, SentimentTail
from attn_core.training.loop import Loop

MAX_PIECES = 80
SIZES = {
    "small": {"d_model": 64, "d_ff": 128, "n_heads": 4, "n_layers": 2, "dropout": 0.2},
    "large": {"d_model": 160, "d_ff": 320, "n_heads": 4, "n_layers": 2, "dropout": 0.3},
}


class English:
    """Sentences as MiniLM's states after its first layers, computed once."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.parts = english(folder)
        self.config = SentimentConfig(args.pooling, dropout=0.2, n_layers=args.layers)
        self.keep = 6 - args.layers
        self.states = {name: self._encode(part) for name, part in self.parts.items()}

    @torch.inference_mode()
    def _encode(self, part: list[Review]) -> list[Tensor]:
        module = zoo.get("minilm").module
        out: list[Tensor] = []
        for review in part:
            ids = tokenize(review.text, MAX_PIECES).ids
            out.append(module(ids, n_layers=self.keep)[0][0].clone())
        return out

    def model(self) -> nn.Module:
        """MiniLM's own last layers to start from."""
        model = SentimentTail(self.config)
        published = zoo.get("minilm").module.layers[self.keep :]
        model.layers.load_state_dict(copy.deepcopy(published.state_dict()))
        return model

    def batch(self, name: str, chosen: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """States, mask and labels."""
        rows = [self.states[name][i] for i in chosen]
        x = nn.utils.rnn.pad_sequence(rows, batch_first=True).clone()
        mask = torch.arange(x.shape[1]) < torch.tensor([len(r) for r in rows])[:, None]
        return x, mask, torch.tensor([self.parts[name][i].label for i in chosen])

    def lengths(self, name: str) -> list[int]:
        """Tokens of each text."""
        return [len(s) for s in self.states[name]]


class Chinese:
    """Reviews as characters."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.parts = {
            name: [replace(r, text=r.text[: args.characters]) for r in part]
            for name, part in chinese(folder).items()
        }
        counts = Counter(c for r in self.parts["train"] for c in r.text)
        known = "".join(sorted(c for c, n in counts.items() if n >= 3))
        sizes: dict[str, Any] = dict(SIZES[args.size])
        sizes["n_heads"] = args.heads or sizes["n_heads"]
        self.config = SentimentConfig(
            args.pooling,
            characters=known,
            width=args.width,
            positions=not args.no_positions,
            **sizes,
        )

    def model(self) -> nn.Module:
        """From scratch."""
        return CharacterSentiment(self.config)

    def batch(self, name: str, chosen: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Character ids, mask and labels."""
        reviews = [self.parts[name][i] for i in chosen]
        ids = CharacterSentiment.ids(self._reader, [r.text for r in reviews])
        return ids, ids != 0, torch.tensor([r.label for r in reviews])

    @property
    def _reader(self) -> Any:
        if not hasattr(self, "_kept"):
            self._kept = CharacterSentiment(self.config)
        return self._kept

    def lengths(self, name: str) -> list[int]:
        """Characters of each text."""
        return [len(r.text) for r in self.parts[name]]


def logits(model: nn.Module, x: Tensor, mask: Tensor, drop: float = 0.0) -> Tensor:
    """Of either model; in training a share of the tokens is hidden."""
    if isinstance(model, CharacterSentiment):
        if drop:
            x = x.masked_fill((torch.rand(x.shape) < drop) & mask, 1)
        return model(model.embed(x), mask)[0]
    if drop:
        mask = mask & ((torch.rand(mask.shape) >= drop) | (torch.arange(mask.shape[1]) == 0))
    return model(x, mask)[0]


@torch.inference_mode()
def right(model: nn.Module, data: Any, name: str) -> list[bool]:
    """For each text of a part, whether it is classified right."""
    model.eval()
    lengths = data.lengths(name)
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    out = [False] * len(order)
    for i in range(0, len(order), 64):
        chosen = order[i : i + 64]
        x, mask, label = data.batch(name, chosen)
        for j, good in zip(chosen, logits(model, x, mask).argmax(-1) == label, strict=True):
            out[j] = bool(good)
    return out


def train(data: Any, args: argparse.Namespace, out: Path) -> None:
    """Train, resuming where the last checkpoint left off."""
    torch.manual_seed(args.seed)
    model = data.model()
    slow = [p for n, p in model.named_parameters() if n.startswith("layers.")]
    fast = [p for n, p in model.named_parameters() if not n.startswith("layers.")]
    parts = [(slow, 1.0 if args.language == "zh" else 0.1), (fast, 1.0)]
    each = math.ceil(len(data.parts["train"]) / args.batch)
    loop = Loop(
        model,
        args.rate,
        args.epochs * each,
        100,
        out=out,
        every=each,
        least=1e-7 / args.rate,
        parts=[part for part in parts if part[0]],
        weight_decay=args.decay,
    )
    best: dict[str, Any] = loop.notes.get("best", {"accuracy": 0.0, "epoch": 0, "model": {}})
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    order: list[list[int]] = []
    for step in loop:
        epoch, at = divmod(step, each)
        if at == 0:  # checkpoints lie between epochs
            rng = random.Random(1000 * args.seed + epoch)
            order = list(batches(data.lengths("train"), args.batch, rng))
        x, mask, label = data.batch("train", order[at])
        loop.learn(criterion(logits(model, x, mask, args.drop), label))
        if not loop.due:
            continue
        accuracy = sum(right(model, data, "validation")) / len(data.parts["validation"])
        if accuracy > best["accuracy"]:
            best = {"accuracy": accuracy, "epoch": epoch + 1, "model": loop.averaged()}
        loop.save(f"validation {accuracy:.4f}", best=best)
    model.load_state_dict(best["model"])
    good = right(model, data, "test")
    sources = [r.source for r in data.parts["test"]]
    by_source = {
        s: sum(g for g, x in zip(good, sources, strict=True) if x == s) / sources.count(s)
        for s in sorted(set(sources))
    }
    found = {
        "accuracy": sum(good) / len(good),
        "n": len(good),
        "by_source": by_source,
        "validation": best["accuracy"],
        "epoch": best["epoch"],
        "seconds": loop.spent,
        "parameters": sum(p.numel() for p in model.parameters()),
        "config": asdict(data.config),
        "arguments": {k: v for k, v in vars(args).items() if k not in ("data", "out")},
    }
    torch.save(best["model"], out / "best.pt")
    (out / "result.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    loop.last.unlink()
    sys.stdout.write(f"{out.name} test {found['accuracy']:.4f} {by_source}\n")
    sys.stdout.flush()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=("en", "zh"))
    parser.add_argument("--name", help="folder of the run in --out; default from the settings")
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pooling", nargs="+", choices=POOLINGS, default=["attention"])
    parser.add_argument("--heads", nargs="+", type=int, default=[0], help="0 is the size's own")
    parser.add_argument("--layers", type=int, default=1, help="of MiniLM's that are trained")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--width", type=int, default=3)
    parser.add_argument("--characters", type=int, default=200, help="of a Chinese review kept")
    parser.add_argument("--no-positions", action="store_true")
    parser.add_argument("--seed", nargs="+", type=int, default=[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--drop", type=float, default=0.1, help="share of tokens hidden")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    kind, data = (English if args.language == "en" else Chinese), None
    for seed in args.seed:
        for pooling in args.pooling:
            for heads in args.heads:
                one = argparse.Namespace(
                    **(vars(args) | {"seed": seed, "pooling": pooling, "heads": heads})
                )
                extra = f"-h{heads}" if heads else ""
                extra += "-nopos" if args.no_positions else ""
                extra += f"-w{args.width}" if args.width != 3 else ""
                name = args.name or f"sentiment-{args.language}-{pooling}{extra}-{seed}"
                if (args.out / name / "result.json").exists():
                    continue
                if data is None or args.language == "zh":
                    data = kind(args.data, one)
                data.config = type(data.config)(**(asdict(data.config) | {"pooling": pooling}))
                train(data, one, args.out / name)


if __name__ == "__main__":
    main()
