"""Weights and manifests of lesson 6.2's classifiers: ``python -m attn_core.training.video.finish``.

After ``video.sh``. What is measured are the weights as they are shipped, in half precision, on
clips over photographs that no model was trained on.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.checkpoints import save
from attn_core.datasets import video
from attn_core.datasets.video import Batch
from attn_core.inputs.motion import MOTIONS, as_read
from attn_core.lessons.s6_2_video.frames import runs_of, says_moving, slopes
from attn_core.lessons.s6_2_video.views import halved, longest
from attn_core.models.video import PATCH, Seen, VideoClassifier
from attn_core.training.photographs.finish_segmentation import result, told
from attn_core.training.video.train import AT_ONCE, MODELS, N_TEST, answers, build

SHOWN = {"video": ("video-shown", "divided"), "video_apart": ("video-apart", "space")}
"""Run and kind of each classifier that the page runs."""
SPLIT = "clips over photographs never trained on"
STILL = MOTIONS.index("still")
N_TWINS = 500
"""Held-out clips on which the twins are compared, the first of those of the shown ones."""
MANY = 0.05
"""Share of a frame's patches that the crossing thing covers at least, where it is counted."""


def best(runs: Path, name: str, kind: str) -> tuple[dict[str, Tensor], VideoClassifier]:
    """A run's weights as they are shipped, and a model with them."""
    saved = torch.load(runs / name / "best.pt", weights_only=True)
    weights = {k: v.half() for k, v in saved.items()}
    model = build(kind)
    model.load_state_dict(weights)
    return weights, model.eval()


def off(flags: list[bool], real: tuple[int, int]) -> float:
    """Frames that the ends of the longest stretch are off; all of the motion's if there is none."""
    span = longest(flags)
    if span is None:
        return float(real[1] - real[0] + 1)
    return (abs(span[0] - real[0]) + abs(span[1] - real[1])) / 2


def cuts(seen: Seen, batch: Batch, rows: list[int]) -> dict[str, float]:
    """How many frames the moving part's ends are off, found in three ways, over moving clips."""
    frames = as_read(batch.frames)
    changes = torch.diff(frames, dim=1, prepend=frames[:, :1]).abs().mean((2, 3))
    found: dict[str, list[float]] = {"alone": [], "attention": [], "change": []}
    for row in rows:
        real = runs_of(batch.moving[row].tolist())[0]
        found["alone"].append(off(says_moving(seen.by_frame[row]), real))
        found["attention"].append(off(halved(seen.frames[row]).tolist(), real))
        found["change"].append(off(halved(changes[row]).tolist(), real))
    return {how: statistics.mean(values) for how, values in found.items()}


def in_patches(
    passing: Float[Tensor, "clip frame row column"],
) -> Float[Tensor, "clip frame patch"]:
    """Which share of each patch the crossing thing covers."""
    return torch.nn.functional.avg_pool2d(passing, PATCH).flatten(2)


def dropped(model: VideoClassifier, batch: Batch, seen: Seen, n: int, seed: int | None) -> float:
    """Accuracy without the ``n`` frames of largest weight, or without random ones."""
    if seed is None:
        order = seen.frames.argsort(1, descending=True)
    else:
        numbers = torch.Generator().manual_seed(seed)
        order = torch.rand(seen.frames.shape, generator=numbers).argsort(1)
    keep: Bool[Tensor, "clip frame"] = torch.ones(seen.frames.shape, dtype=torch.bool)
    keep.scatter_(1, order[:, :n], value=False)
    right = 0
    with torch.inference_mode():
        for at in range(0, len(keep), AT_ONCE):
            frames = as_read(batch.frames[at : at + AT_ONCE])
            logits = model(frames, keep[at : at + AT_ONCE], traced=False).logits
            right += int((logits.argmax(1) == batch.motions[at : at + AT_ONCE]).sum())
    return right / len(keep)


def measure(model: VideoClassifier, batch: Batch) -> dict[str, Any]:
    """All that is measured of one training."""
    seen = answers(model, batch)
    named = seen.logits.argmax(1)
    right = named == batch.motions
    rows = torch.nonzero(batch.motions != STILL).flatten().tolist()
    moving = batch.moving[rows]
    tops = seen.frames[rows].argmax(1)
    frames = as_read(batch.frames)
    changes = torch.diff(frames, dim=1, prepend=frames[:, :1]).abs().mean((2, 3))[rows].argmax(1)
    steep = [slopes(model, part) for part in as_read(batch.frames).split(AT_ONCE)]
    steepest = torch.cat(steep)[rows].argmax(1)
    at = torch.arange(len(rows))
    covered = in_patches(batch.passing)
    crossed = covered.mean(-1) > MANY
    cut = cuts(seen, batch, rows)
    return {
        "accuracy": float(right.float().mean()),
        "n": len(named),
        "n_moving": len(rows),
        "pointing": float(moving[at, tops].float().mean()),
        "pointing_gradient": float(moving[at, steepest].float().mean()),
        "pointing_change": float(moving[at, changes].float().mean()),
        "chance": float(moving.float().mean()),
        "in_span": float((seen.frames[rows] * moving).sum(1).mean()),
        "off": cut["alone"],
        "off_attention": cut["attention"],
        "off_change": cut["change"],
        "on_thing": float((seen.patches * covered).sum(-1)[crossed].mean()),
        "thing_share": float(covered.mean(-1)[crossed].mean()),
        "without_top": dropped(model, batch, seen, 4, None),
        "without_random": statistics.mean(dropped(model, batch, seen, 4, s) for s in range(3)),
        "by_motion": {
            motion: {
                "accuracy": float(right[batch.motions == i].float().mean()),
                "n": int((batch.motions == i).sum()),
            }
            for i, motion in enumerate(MOTIONS)
        },
    }


OURS = {"lesson": ["6.2"], "default_result": "s6_2_video.default.safetensors"}


def metric(values: list[float], n: int, baseline: float, name: str) -> dict[str, Any]:
    """One metric as manifests hold it: the first run's value, the spread over all."""
    return save.metric(values[0], n, SPLIT, values, baseline, name)


def write(name: str, weights: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Weights and manifest."""
    save.write(name, weights, OURS | about, ("numpy", "pillow"))


def metrics_of(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy beside chance, pointing beside a frame taken at random."""
    first = found[0]
    return {
        "accuracy_motion": metric(
            [f["accuracy"] for f in found], first["n"], 1 / len(MOTIONS), "chance"
        ),
        "pointing_accuracy": metric(
            [f["pointing"] for f in found], first["n_moving"], first["chance"], "random_frame"
        ),
    }


def shown(runs: Path, batch: Batch, data: Any, name: str) -> None:
    """A classifier that the page runs."""
    folder, kind = SHOWN[name]
    run = result(runs, folder)
    weights, model = best(runs, folder, kind)
    found = measure(model, batch)
    sys.stdout.write(f"{name} {json.dumps(found, indent=1)}\n")
    write(
        name,
        weights,
        {
            "command": told("video.train", run),
            "wall_seconds": round(run["seconds"]),
            "data": data,
            "config": run["config"],
            "parameters": run["parameters"],
            "steps": run["arguments"]["steps"],
            "by_motion": found["by_motion"],
            "measured": found,
            "metrics": metrics_of([found]),
        },
    )


def of_run(runs: Path, name: str, kind: str, batch: Batch) -> dict[str, Any]:
    """All that is measured of one of the twins; kept in its folder as ``measured.json``."""
    kept = runs / name / "measured.json"
    if not kept.exists():
        found = measure(best(runs, name, kind)[1], batch)
        kept.write_text(json.dumps(found), encoding="utf-8")
    return dict(json.loads(kept.read_text(encoding="utf-8")))


def twins(runs: Path, batch: Batch, data: Any) -> None:
    """The shorter runs of the comparison in one file, each with its first seed's weights."""
    found: dict[str, list[dict[str, Any]]] = {}
    weights: dict[str, Tensor] = {}
    firsts: dict[str, dict[str, Any]] = {}
    seconds = 0.0
    for kind in MODELS:
        folders = sorted(path.parent.name for path in runs.glob(f"video-{kind}-[0-9]/result.json"))
        found[kind] = []
        for name in folders:
            if name == folders[0]:
                first, _ = best(runs, name, kind)
                weights |= {f"{kind}.{key}": value for key, value in first.items()}
                firsts[kind] = result(runs, name)
            seconds += result(runs, name)["seconds"]
            found[kind].append(of_run(runs, name, kind, batch))
        sys.stdout.write(f"{kind}: {[round(f['accuracy'], 4) for f in found[kind]]}\n")
    divided = found["divided"]
    metrics = metrics_of(divided)
    metrics["accuracy_motion"] |= {
        "baseline": statistics.mean(f["accuracy"] for f in found["mean"]),
        "baseline_name": "mean_pooling",
    }
    write(
        "video_twins",
        weights,
        {
            "command": "sh attn_core/training/video.sh python runs data",
            "wall_seconds": round(seconds),
            "data": data,
            "config": {kind: run["config"] for kind, run in firsts.items()},
            "parameters": {kind: run["parameters"] for kind, run in firsts.items()},
            "steps": firsts["divided"]["arguments"]["steps"],
            "by_seed": found,
            "metrics": metrics,
        },
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--what", nargs="+", default=[*SHOWN, "twins"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    photos = video.read(args.data)
    batch = video.held_out(photos["test"], N_TEST, 200)
    data = video.provenance(args.data, photos)
    for name in SHOWN:
        if name in args.what:
            shown(args.runs, batch, data, name)
    if "twins" in args.what:
        twins(args.runs, video.held_out(photos["test"], N_TWINS, 200), data)


if __name__ == "__main__":
    main()
