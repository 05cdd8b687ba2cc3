"""Train lesson 6.1's recommenders.

``python -m attn_core.training.recommender.train --data FOLDER``.

One run each for a kind of model and a seed; data in ``datasets.films``. Windows of at most 50
films are cut from each user's training films at random; every film of a window but the first is a
target. The weights of the step that was best on the validation films are kept.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from attn_core.datasets.films import Histories, histories
from attn_core.inputs.films import DECADES, catalogue, genres
from attn_core.models.film_table import features_of
from attn_core.models.recommender import Recommender, RecommenderConfig
from attn_core.models.target_recommender import TargetConfig, TargetRecommender
from attn_core.training.loop import Loop

KINDS: dict[str, dict[str, Any]] = {
    "long": {},
    "long-mean": {"mixing": "mean"},
    "long-pooled": {"mixing": "pooled"},
    "attention": {},
    "mean": {"mixing": "mean"},
    "orderless": {"positions": False},
    "features-mean": {"features": "mean"},
    "features-none": {"features": "none"},
    "target": {},
}
"""``long`` is the one that is shown, beside two twins; the others are short and equal."""
NEGATIVES, TARGETS = 128, 128
"""Target attention: random films that a step compares with its targets, and targets of a step."""
AT = 10
Scores = np.ndarray


def build(kind: str, **sizes: Any) -> Recommender | TargetRecommender:
    """A model of a kind, with the catalogue's features in it."""
    n_features = len(genres()) + len(DECADES)
    options = KINDS[kind] | sizes
    model: Recommender | TargetRecommender
    if kind.startswith("target"):
        model = TargetRecommender(TargetConfig(len(catalogue()), n_features, **options))
    else:
        model = Recommender(RecommenderConfig(len(catalogue()), n_features, **options))
    kinds = [[genres().index(g) for g in film.genres] for film in catalogue()]
    years = [film.year for film in catalogue()]
    model.films.has.copy_(features_of(kinds, years, DECADES, len(genres())))
    return model


def windows(data: Histories, size: int, length: int, rng: np.random.Generator) -> Tensor:
    """Random windows of training films, padded with −1 at the end; long histories more often."""
    lengths = np.array([len(s) - 2 for s in data.seen])
    chosen = rng.choice(len(lengths), size, p=np.sqrt(lengths) / np.sqrt(lengths).sum())
    out = torch.full((size, length + 1), -1)
    for i, user in enumerate(chosen):
        n = lengths[user]
        start = rng.integers(0, max(1, n - length))
        part = data.seen[user][start : min(n, start + length + 1)]
        out[i, : len(part)] = torch.tensor(part)
    return out


def shares(data: Histories) -> Tensor:
    """How often each film is among the training films, as a share; 0.5 times at least."""
    counts = torch.zeros(len(data.films))
    for seen in data.seen:
        counts[list(seen[:-2])] += 1
    counts = counts.clamp_min(0.5)
    return counts / counts.sum()


def loss_of(
    model: Recommender | TargetRecommender, rows: Tensor, popular: Tensor, rng: np.random.Generator
) -> Tensor:
    """Cross-entropy of each next film: over the catalogue, or over a sample of it.

    In a sample (targets of the batch, and random films) popular films are too often; the logarithm
    of how often each is expected is taken off its score (Bengio and Senecal 2008).
    """
    seen, target = rows[:, :-1].clamp_min(0), rows[:, 1:]
    real = target >= 0
    if isinstance(model, Recommender):
        table = model.films.every()
        states, _ = model.states(seen, table[seen])
        return F.cross_entropy(states[real] @ table.T, target[real])
    kept = torch.from_numpy(rng.random(real.shape)) < TARGETS / max(1, int(real.sum()))
    real = real & kept
    drawn = torch.from_numpy(rng.choice(len(catalogue()), NEGATIVES, replace=False))
    candidates = torch.cat([target[real], drawn]).unique()
    scores = model.in_order(seen, candidates)[real]
    scores = scores - (TARGETS * popular + NEGATIVES / len(popular)).log()[candidates]
    return F.cross_entropy(scores, torch.searchsorted(candidates, target[real]))


@torch.inference_mode()
def predict(model: Recommender | TargetRecommender, before: list[tuple[int, ...]]) -> Scores:
    """Scores of every film after each history; films already seen are out of question."""
    model.eval()
    table = model.films.every()
    every = torch.arange(len(table))
    out = np.empty((len(before), len(table)), np.float32)
    for i, seen in enumerate(before):
        ids = torch.tensor(seen[-model.config.length :])[None]
        if isinstance(model, Recommender):
            states, _ = model.states(ids, table[ids])
            scores = states[0, -1] @ table.T
        else:
            scores = model(ids, every, table=table)[0][0]
        out[i] = scores.numpy()
        out[i, list(seen)] = -np.inf
    return out


def ranks(scores: Scores, targets: list[int]) -> np.ndarray:
    """Place of each target among all films not seen, 1 = first; ties count against it."""
    own = scores[np.arange(len(targets)), targets][:, None]
    return (scores >= own).sum(1)


def measured(found: np.ndarray) -> dict[str, float]:
    """Hit rate and NDCG at 10 with one relevant film (Kang and McAuley 2018, section IV.B)."""
    hit = found <= AT
    gain = np.where(hit, 1 / np.log2(found + 1), 0.0)
    return {
        "hit_rate_at_10": float(hit.mean()),
        "ndcg_at_10": float(gain.mean()),
        "reciprocal_rank": float((1 / found).mean()),
    }


def split(data: Histories, back: int) -> tuple[list[tuple[int, ...]], list[int]]:
    """Histories and targets: ``back`` 1 for the test, 2 for the validation."""
    return [s[:-back] for s in data.seen], [s[-back] for s in data.seen]


def train(model: Any, data: Histories, args: argparse.Namespace) -> dict[str, Any]:
    """Train, and leave the best weights in the model."""
    rng = np.random.default_rng(args.seed)
    loop = Loop(
        model, args.rate, args.steps, 50, least=0.0, every=args.every, weight_decay=args.decay
    )
    before, targets = split(data, 2)
    best: dict[str, Any] = {"reciprocal_rank": -1.0}
    weights: dict[str, Tensor] = {}
    popular = shares(data)
    began = time.perf_counter()
    for _ in loop:
        loss = loss_of(model, windows(data, args.batch, args.window, rng), popular, rng)
        loop.learn(loss)
        if loop.due:
            found = measured(ranks(predict(model, before), targets))
            sys.stdout.write(
                f"{loop.step} loss {loss.item():.3f} {time.perf_counter() - began:.0f} s "
                f"{json.dumps({k: round(v, 4) for k, v in found.items()})}\n"
            )
            sys.stdout.flush()
            if found["reciprocal_rank"] > best["reciprocal_rank"]:
                best, weights = found | {"step": loop.step}, loop.averaged()
    model.load_state_dict(weights)
    return best


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default="attention")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("runs/dslabs"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="best.pt whose film vectors to start from")
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--every", type=int, default=350)
    args = parser.parse_args()
    if (args.out / "result.json").exists():
        sys.stdout.write(f"{args.out} is done\n")
        return
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    data = histories(args.data)
    model = build(args.kind, dropout=args.dropout, d_model=args.width)
    if args.start:
        own = {k: v for k, v in torch.load(args.start, weights_only=True).items() if "films." in k}
        model.load_state_dict(own, strict=False)
    if isinstance(model, TargetRecommender):
        model.bias.data.copy_(shares(data).log())
    began = time.perf_counter()
    best = train(model, data, args)
    torch.save(model.state_dict(), args.out / "best.pt")
    before, targets = split(data, 1)
    result = {
        "kind": args.kind,
        "seed": args.seed,
        "validation": best,
        "test": measured(ranks(predict(model, before), targets)),
        "seconds": time.perf_counter() - began,
        "config": asdict(model.config),
        "parameters": sum(p.numel() for p in model.parameters()),
        "arguments": {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items()},
    }
    (args.out / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
