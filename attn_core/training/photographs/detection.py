"""Train a detector: ``python -m attn_core.training.photographs.detection --data DATA --out RUN``.

Digits: see ``datasets.detection``; cells: see ``datasets.cells``. The encoder starts from
ImageNet's weights (see ``segmentation``). A run checkpoints every ``SAVE_EVERY`` steps, goes on
from its last checkpoint, and measures itself on held-out scenes at its end (``result.json``).
"""

import argparse
import dataclasses
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core.datasets import cells, detection
from attn_core.datasets.detection import Scene
from attn_core.measures.boxes import (
    ALPHA,
    COST_DISTANCE,
    COST_OVERLAP,
    GAMMA,
    assign,
    centred,
    corners,
    matching_cost,
)
from attn_core.models.detector import Detector, DetectorConfig, first_group
from attn_core.training.loop import Loop, averaged_in
from attn_core.training.photographs.average_precision import as_tensor, measure, overlap_pairs
from attn_core.training.photographs.segmentation import arguments, encoder_file, start_encoder

SAVE_EVERY = 150
N_TEST, N_VALIDATION = 1000, 160
TASKS = {
    "digits": DetectorConfig(n_classes=10, n_queries=20, n_groups=5),
    "cells": DetectorConfig(n_classes=3, n_queries=48, n_groups=4),
}
Maker = Callable[[random.Random], list[Scene]]


def digit_scenes(
    data: Path, side: int = 256
) -> tuple[Maker, list[Scene], list[Scene], list[dict[str, Any]]]:
    """A maker of training batches, validation and test scenes, and where they are from."""
    digits = detection.read_digits(data)
    seen = detection.read_photos(detection.TRAIN_PHOTOS)
    unseen = detection.read_photos(detection.TEST_PHOTOS)
    sizes = detection.shapes(side)

    def make(rng: random.Random) -> list[Scene]:
        shape = rng.choice(sizes)
        share = detection.STROKE_SHARE
        return [detection.scene(digits["train"], seen, shape, rng, share) for _ in range(16)]

    def held(part: str, photos: list[Any], n: int, seed: int) -> list[Scene]:
        rng = random.Random(seed)
        return [detection.scene(digits[part], photos, sizes[i % len(sizes)], rng) for i in range(n)]

    return (
        make,
        held("validation", seen, N_VALIDATION, 100),
        held("test", unseen, N_TEST, 200),
        detection.provenance(data, digits),
    )


def truth(scene: Scene) -> tuple[Tensor, Tensor]:
    """Labels, and boxes as centre and size in fractions."""
    rows, columns = scene.pixels.shape[:2]
    boxes = torch.from_numpy(scene.boxes) / torch.tensor([columns, rows, columns, rows])
    return torch.tensor(scene.labels, dtype=torch.long), centred(boxes).float()


def focal(logits: Tensor, targets: Tensor) -> Float[Tensor, ""]:
    """Focal loss, summed (Lin et al. 2017, equation 5)."""
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    p = logits.sigmoid()
    wrong = p * (1 - targets) + (1 - p) * targets
    weight = ALPHA * targets + (1 - ALPHA) * (1 - targets)
    return (weight * wrong**GAMMA * entropy).sum()


def loss_of(logits: Tensor, boxes: Tensor, scenes: list[Scene], n_groups: int) -> Tensor:
    """Set loss of one decoder layer: every group is matched by itself."""
    batch, queries, classes = logits.shape
    size = queries // n_groups
    targets = torch.zeros(batch, queries, classes)
    chosen, wanted = [], []
    for index, scene in enumerate(scenes):
        labels, true = truth(scene)
        if not len(labels):
            continue
        with torch.no_grad():
            cost = matching_cost(logits[index], boxes[index], labels, true).cost
        for group in range(n_groups):
            at = slice(group * size, (group + 1) * size)
            rows, columns = assign(cost[at])
            for row, column in zip(rows, columns, strict=True):
                targets[index, group * size + row, labels[column]] = 1
                chosen.append((index, group * size + row))
                wanted.append(true[column])
    n = max(1, len(chosen))
    total = 2 * focal(logits, targets) / n
    if chosen:
        where = torch.tensor(chosen)
        mine, true = boxes[where[:, 0], where[:, 1]], torch.stack(wanted)
        _, giou = overlap_pairs(corners(mine), corners(true))
        distance = (mine - true).abs().sum(-1)
        total = total + (COST_DISTANCE * distance + COST_OVERLAP * (1 - giou)).sum() / n
    return total


def train(args: argparse.Namespace) -> None:
    """Train for ``--steps``, resuming where the last checkpoint left off; then measure."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    scenes_of = digit_scenes if args.task == "digits" else cells.cell_scenes
    make, validation, test, _ = scenes_of(args.data, args.side)
    config = dataclasses.replace(TASKS[args.task], attends=args.kind == "attention")
    model = Detector(config)
    digest = start_encoder(model.encoder, encoder_file(args.encoder))
    if args.start is not None:
        model.load_state_dict(averaged_in(args.start))
    model = model.to(memory_format=torch.channels_last)
    slow = list(model.encoder.parameters())
    mine = {id(p) for p in slow}
    parts = [
        ([p for p in slow if p.requires_grad], 0.4),
        ([p for p in model.parameters() if id(p) not in mine], 1.0),
    ]
    shown = Detector(dataclasses.replace(config, n_groups=1))
    loop = Loop(
        model,
        args.rate,
        args.steps,
        150,
        0.998,
        args.out,
        SAVE_EVERY,
        parts=parts,
        weight_decay=1e-3,
    )
    n_parameters = sum(v.numel() for v in shown.parameters())
    sys.stdout.write(f"{args.task} {args.kind} seed {args.seed}: {n_parameters} parameters\n")
    best = loop.notes.get("best", -1.0)
    for step in loop:
        rng = random.Random(args.seed * 1_000_003 + step)
        model.encoder.eval()
        scenes = make(rng)
        with torch.autocast("cpu", torch.bfloat16):
            found, _ = model(as_tensor(scenes).contiguous(memory_format=torch.channels_last))
        losses = [
            loss_of(logits, boxes, scenes, config.n_groups)
            for logits, boxes in zip(found.logits, found.boxes, strict=True)
        ]
        loop.learn(torch.stack(losses).sum())
        if not loop.due:
            continue
        weights = first_group(loop.averaged(), config)
        shown.load_state_dict(weights)
        held = measure(shown.eval(), validation)
        if held["ap"] > best:
            best = held["ap"]
            torch.save(weights, args.out / "best.pt")
        loop.save(f"validation AP50 {held['ap50']:.4f} AP {held['ap']:.4f}", best=best)
    shown.load_state_dict(torch.load(args.out / "best.pt", weights_only=True))
    result = {
        "task": args.task,
        "kind": args.kind,
        "seed": args.seed,
        "seconds": loop.spent,
        "parameters": n_parameters,
        "config": dataclasses.asdict(dataclasses.replace(config, n_groups=1)),
        "validation": best,
        "encoder_sha256": digest,
        "side": args.side,
        "arguments": arguments(args),
    } | measure(shown.eval(), test)
    text = json.dumps(result, indent=1)
    (args.out / "result.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", choices=TASKS, default="digits")
    parser.add_argument("--kind", choices=("attention", "added"), default="attention")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--encoder", type=Path, help="EfficientNet-Lite0 for ImageNet, a .pth file")
    parser.add_argument("--out", type=Path, required=True, help="folder for resumable state")
    parser.add_argument("--side", type=int, default=256, help="longer side of what is read")
    parser.add_argument("--start", type=Path, help="last.pt of another run to begin with")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
