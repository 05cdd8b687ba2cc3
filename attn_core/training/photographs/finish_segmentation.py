"""Weights and manifests of lesson 4.1 from its runs.

``python -m attn_core.training.photographs.finish_segmentation --runs runs`` after
``photographs.sh``. What is measured are the weights as they are shipped: half precision, but for
the running statistics of batch norms, whose variances are too large for it.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from attn_core.checkpoints import save
from attn_core.datasets.segmentation import Photo, provenance, provenance_of_nobody, read, split
from attn_core.lessons.s4_1_segmentation.compared import ADDED, CHECKPOINT, SHOWN, TWINS
from attn_core.measures.cost import multiply_adds
from attn_core.models.attention_unet import AttentionUNet, AttentionUNetConfig
from attn_core.training.photographs.segmentation import measure

SEEDS = (0, 1, 2)
TURNS, REPEATS, WARM = 10, 5, 3
"""Each model is timed ``TURNS`` times, turn by turn with the others, ``REPEATS`` times over."""
SPLIT = "test, no picture that looks like one trained on"


def result(runs: Path, name: str) -> dict[str, Any]:
    """What a run found."""
    return dict(json.loads((runs / name / "result.json").read_text(encoding="utf-8")))


def told(module: str, run: dict[str, Any]) -> str:
    """The command that a run was started with."""
    flags = []
    for name, value in run["arguments"].items():
        if value is True:
            flags.append(f"--{name}")
        elif value not in (None, False):
            flags.append(f"--{name} {value}")
    return f"python -m attn_core.training.{module} " + " ".join(flags)


def spent(run: dict[str, Any]) -> int:
    """Seconds of a run and of those that it went on from."""
    start = run["arguments"].get("start")
    before = Path(start).parent if start else None
    return round(run["seconds"]) + (spent(result(before.parent, before.name)) if before else 0)


def shipped(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Half precision wherever it is enough."""
    return {
        name: value if not value.is_floating_point() or "running_" in name else value.half()
        for name, value in weights.items()
    }


def best(runs: Path, name: str) -> dict[str, Tensor]:
    """A run's best weights as they are shipped."""
    return shipped(torch.load(runs / name / "best.pt", weights_only=True))


def loaded(weights: dict[str, Tensor], config: dict[str, Any]) -> AttentionUNet:
    """A model with these weights."""
    model = AttentionUNet(AttentionUNetConfig(**config | {"widths": tuple(config["widths"])}))
    model.load_state_dict(weights)
    return model.eval()


OURS = {
    "lesson": "4.1",
    "default_result": "s4_1_segmentation.default.safetensors",
    "precision": "float16; running statistics of batch norms float32",
}


def metric(value: float, n: int, baseline: float, name: str, seeds: list[float]) -> dict[str, Any]:
    """One metric as manifests hold it."""
    return save.metric(value, n, SPLIT, seeds, baseline, name)


def all_person(photos: list[Photo]) -> float:
    """Mean IoU of calling every pixel a person."""
    return statistics.mean(float(np.mean(np.array(p.mask) > 127)) for p in photos)


def costs(models: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Multiply-adds of a camera's picture, and milliseconds of several medians, one thread."""
    pixels = torch.rand(1, 3, 192, 256)
    counted = {name: multiply_adds(partial(m, pixels)) for name, m in models.items()}
    spent: dict[str, list[float]] = {name: [] for name in models}
    with torch.inference_mode():
        for _ in range(REPEATS):
            times: dict[str, list[float]] = {name: [] for name in models}
            for turn in range(WARM + TURNS):
                for name, model in models.items():
                    began = time.perf_counter()
                    model(pixels)
                    if turn >= WARM:
                        times[name].append(1000 * (time.perf_counter() - began))
            for name, values in times.items():
                spent[name].append(statistics.median(values))
    return {"multiply_adds": counted, "milliseconds": spent, "picture": [192, 256]}


def write(name: str, weights: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Weights and manifest."""
    save.write(name, weights, OURS | about, ("pillow", "numpy"))


def shown(runs: Path, name: str, photos: list[Photo], data: Any) -> None:
    """The model that the page runs."""
    run = result(runs, name)
    weights = best(runs, name)
    found = measure(loaded(weights, run["config"]), photos)
    baseline = all_person(photos)
    if run["arguments"].get("nobody"):
        data = [*data, provenance_of_nobody()]
    write(
        CHECKPOINT,
        weights,
        {
            "command": told("photographs.segmentation", run),
            "wall_seconds": spent(run),
            "parameters": run["parameters"],
            "data": data,
            "config": run["config"],
            "validation": run["validation"],
            "each": found["each"],
            "encoder_sha256": run["encoder_sha256"],
            "metrics": {
                "iou": metric(found["iou"], found["n"], baseline, "all_person", []),
                "iou_pooled": metric(found["pooled"], found["n"], baseline, "all_person", []),
            },
        },
    )
    sys.stdout.write(f"{CHECKPOINT}: IoU {found['iou']:.4f}, every pixel {baseline:.4f}\n")


def twins(runs: Path, photos: list[Photo], data: Any, seeds: tuple[int, ...]) -> None:
    """The small runs of the comparison in one file, each with the weights of its first seed."""
    found: dict[str, list[dict[str, Any]]] = {}
    runs_of: dict[str, list[dict[str, Any]]] = {}
    weights: dict[str, Tensor] = {}
    models: dict[str, AttentionUNet] = {}
    for kind in TWINS:
        names = [f"segmentation-{kind}-{seed}" for seed in seeds]
        runs_of[kind] = [result(runs, name) for name in names]
        each = [best(runs, name) for name in names]
        made = [loaded(w, r["config"]) for w, r in zip(each, runs_of[kind], strict=True)]
        found[kind] = [measure(model, photos) for model in made]
        models[kind] = made[0]
        weights |= {f"{kind}.{name}": value for name, value in each[0].items()}
        sys.stdout.write(f"{kind}: {[round(f['iou'], 4) for f in found[kind]]}\n")
    by_seed = {
        kind: {name: [f[name] for f in fs] for name in ("iou", "pooled", "each")}
        for kind, fs in found.items()
    }
    first = runs_of[SHOWN][0]
    mean = {kind: statistics.mean(values["iou"]) for kind, values in by_seed.items()}
    write(
        "segmenter_twins",
        weights,
        {
            "command": "sh attn_core/training/photographs.sh python runs data",
            "wall_seconds": round(sum(r["seconds"] for rs in runs_of.values() for r in rs)),
            "data": data,
            "config": {kind: rs[0]["config"] for kind, rs in runs_of.items()},
            "parameters": {kind: rs[0]["parameters"] for kind, rs in runs_of.items()},
            "by_seed": by_seed,
            "cost": costs(models),
            "epochs": first["arguments"]["epochs"],
            "metrics": {
                "iou": metric(
                    mean[SHOWN], len(photos), mean[ADDED], "added_twin", by_seed[SHOWN]["iou"]
                ),
            },
        },
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--what", nargs="+", default=["shown", "twins"])
    parser.add_argument("--shown", default="segmentation-attention-whole-shown", help="run shown")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts = split(read(args.data))
    data = provenance(args.data, parts)
    for source in data[1:]:  # the encoder's first weights: one file, known by each run
        source["sha256"] = result(args.runs, args.shown)["encoder_sha256"]
    if "shown" in args.what:
        shown(args.runs, args.shown, parts["test"], data)
    if "twins" in args.what:
        twins(args.runs, parts["test"], data, tuple(args.seeds))


if __name__ == "__main__":
    main()
