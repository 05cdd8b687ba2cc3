"""Weights, manifests and curves of lesson 2.1 from its runs.

``python -m attn_core.training.sentiment.finish --runs runs`` after ``sentiment.sh``.
"""

import argparse
import json
import random
import statistics
import sys
from pathlib import Path
from typing import Any

import torch

from attn_core import zoo
from attn_core.checkpoints import save
from attn_core.datasets.sentiment import CHINESE, ENGLISH, chinese, english, provenance
from attn_core.layers.pooling import POOLINGS
from attn_core.lessons.s2_1_self_attention.evidence import METHODS, N_POINTS, curves
from attn_core.lessons.s2_1_self_attention.experiment import Config, read, run

SEEDS = (0, 1, 2)
N_CURVES = 150
MAX_LENGTH = {"en": 60, "zh": 48}
"""Texts for curves have at most so many words or characters, so that all tokens are read."""


def result(runs: Path, name: str) -> dict[str, Any]:
    """What a run found."""
    return dict(json.loads((runs / name / "result.json").read_text(encoding="utf-8")))


def metric(value: float, n: int, baseline: float, name: str, seeds: list[float]) -> dict[str, Any]:
    """One metric as manifests hold it."""
    return save.metric(value, n, "test, texts never trained on", seeds, baseline, name)


def write(name: str, weights: dict[str, torch.Tensor], about: dict[str, Any]) -> None:
    """Weights in half precision, and the manifest."""
    ours = {
        "lesson": ["2.1", "2.3"] if name == "sentiment_en" else "2.1",
        "default_result": "s2_1_self_attention.default.safetensors",
    }
    save.write(name, save.in_half(weights), ours | about, ("tokenizers",))


def recorded_curves(language: str, reviews: list[Any]) -> dict[str, Any]:
    """Mean deletion and insertion curves over held-out reviews, and the means by fifths."""
    short = [
        r
        for r in reviews
        if len(r.text.split() if language == "en" else r.text) <= MAX_LENGTH[language]
    ]
    chosen = random.Random(0).sample(short, min(N_CURVES, len(short)))
    found = []
    for i, review in enumerate(chosen):
        found.append(curves(read(Config(review.text, language)), seed=i))
        if i % 25 == 24:
            sys.stdout.write(f"curves {language} {i + 1}\n")
            sys.stdout.flush()
    rows = [
        {
            "kind": kind,
            "method": method,
            "share": 100 * i / (N_POINTS - 1),
            "probability": statistics.mean(f[kind][method][i] for f in found),
        }
        for kind in ("deletion", "insertion")
        for method in METHODS
        for i in range(N_POINTS)
    ]
    return {"curves": rows, "n_curves": len(found)}


def as_shipped(language: str, reviews: list[Any]) -> float:
    """Accuracy of the weights as they are shipped, through the lesson's own experiment."""
    zoo._loaded.clear()
    good = 0
    for review in reviews:
        found = run(Config(review.text, language)).numbers["positive"] >= 0.5
        good += found == bool(review.label)
    return good / len(reviews)


def twins(runs: Path, language: str, common: dict[str, Any], n: int) -> None:
    """The five poolings of a language in one file, each with the weights of its first seed."""
    key, end = f"accuracy_{language}", "-w1" if language == "zh" else ""
    found = {
        p: [result(runs, f"sentiment-{language}-{p}{end}-{s}") for s in SEEDS] for p in POOLINGS
    }
    means = {p: statistics.mean(r["accuracy"] for r in rs) for p, rs in found.items()}
    weights: dict[str, torch.Tensor] = {}
    for p in POOLINGS:
        path = runs / f"sentiment-{language}-{p}{end}-0" / "best.pt"
        weights |= {f"{p}.{k}": v for k, v in torch.load(path, weights_only=True).items()}
    seeds = [r["accuracy"] for r in found["attention"]]
    write(
        f"sentiment_{language}_pooling",
        weights,
        common
        | {
            "command": "sh attn_core/training/sentiment.sh python runs",
            "wall_seconds": round(sum(r["seconds"] for rs in found.values() for r in rs)),
            "config": found["attention"][0]["config"],
            "metrics": {
                key: metric(means["attention"], n, means["mean"], "twin_mean_pooling", seeds)
            },
            "accuracy_by_pooling": means,
            "accuracy_by_seed": {p: [r["accuracy"] for r in rs] for p, rs in found.items()},
        },
    )
    sys.stdout.write(f"{language}: accuracy by pooling {means}\n")


def shown(runs: Path, language: str, common: dict[str, Any], test: list[Any]) -> None:
    """The classifier that is shown, measured as shipped, with its curves."""
    key = f"accuracy_{language}"
    found = result(runs, f"sentiment-{language}")
    best = torch.load(runs / f"sentiment-{language}" / "best.pt", weights_only=True)
    options = " ".join(
        f"--{k} {v}"
        for k, v in found["arguments"].items()
        if k in ("layers", "size", "epochs", "rate", "drop")
    )
    about = common | {
        "command": f"python -m attn_core.training.sentiment.train {language} "
        f"--name sentiment-{language} {options}",
        "wall_seconds": round(found["seconds"]),
        "config": found["config"],
        "parameters": found["parameters"],
        "accuracy_by_source": found["by_source"],
    }
    name, baseline = f"sentiment_{language}", (common["majority"], "majority_class")
    first = {"metrics": {}, "curves": [], "n_curves": 0}
    write(name, best, about | first)
    accuracy = as_shipped(language, test)
    about["metrics"] = {key: metric(accuracy, len(test), *baseline, [])}
    write(name, best, about | recorded_curves(language, test))
    sys.stdout.write(f"{language}: shown {accuracy:.4f}\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--language", nargs="+", default=["en", "zh"])
    parser.add_argument("--what", nargs="+", default=["shown", "twins"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    for language, load, files in (("en", english, ENGLISH), ("zh", chinese, CHINESE)):
        if language not in args.language:
            continue
        parts = load(args.data)
        test = parts["test"]
        share = sum(r.label for r in test) / len(test)
        common = {
            "data": provenance(args.data, files, parts),
            "majority": max(share, 1 - share),
        }
        if "shown" in args.what:
            shown(args.runs, language, common, test)
        if "twins" in args.what:
            twins(args.runs, language, common, len(test))


if __name__ == "__main__":
    main()
