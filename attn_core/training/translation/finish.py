"""Weights, tokenizers and manifests of lesson 3.3 from its runs.

``python -m attn_core.training.translation.finish --runs runs`` after ``translation.sh``. What is
measured are the weights in half precision, as they are shipped.
"""

import argparse
import hashlib
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from attn_core.checkpoints import save
from attn_core.checkpoints.manifests import FOLDER
from attn_core.datasets.translation import (
    Pair,
    chinese_tokenizer,
    english_tokenizer,
    provenance,
    read,
    split,
)
from attn_core.lessons.s3_3_transformer.compared import SMALL
from attn_core.models.translator import LANGUAGES, file_of
from attn_core.training.translation.train import (
    DIRECTIONS,
    RECURRENT,
    Ids,
    as_ids,
    build,
    scores,
    translate,
)

SEEDS = (0, 1, 2)
BEAM = 4
N_BUCKETS = 5


def result(runs: Path, name: str) -> dict[str, Any]:
    """What a run found."""
    return dict(json.loads((runs / name / "result.json").read_text(encoding="utf-8")))


def metric(
    value: float, n: int, baseline: float | None, name: str, seeds: list[float]
) -> dict[str, Any]:
    """One metric as manifests hold it."""
    split = "test, no sentence of either language trained on"
    return save.metric(value, n, split, seeds, baseline, name)


def write(name: str, weights: dict[str, torch.Tensor], about: dict[str, Any]) -> None:
    """Weights in half precision, and the manifest."""
    files = {k: (FOLDER / file_of(k)).read_bytes() for k in LANGUAGES}
    ours = {
        "lesson": "3.3",
        "default_result": "s3_3_transformer.default.safetensors",
        "tokenizers": {
            k: {"file": file_of(k), "sha256": hashlib.sha256(blob).hexdigest()}
            for k, blob in files.items()
        },
    }
    save.write(name, save.in_half(weights), ours | about, ("tokenizers", "sacrebleu"))


def by_length(rows: list[Ids], found: list[str], true: list[str], language: str) -> list[Any]:
    """Scores of fifths of the test pairs, shortest sources first."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    out = []
    for i in range(N_BUCKETS):
        part = order[i * len(order) // N_BUCKETS : (i + 1) * len(order) // N_BUCKETS]
        chrf = scores([found[j] for j in part], [true[j] for j in part], language)["chrf"]
        # END is no token that the learner typed
        out.append(
            {
                "from": len(rows[part[0]][0]) - 1,
                "to": len(rows[part[-1]][0]) - 1,
                "chrf": chrf,
                "n": len(part),
            }
        )
    return out


def shown(
    runs: Path, direction: str, pairs: list[Pair], tokenizers: dict[str, Tokenizer], data: Any
) -> None:
    """A direction's translator and its recurrent twin, each measured as shipped."""
    source, target = direction.split("-")
    rows = as_ids(pairs, direction, tokenizers)
    true = [getattr(p, target) for p in pairs]
    found: dict[str, Any] = {}
    for kind in ("large-recurrent", "large"):
        run = result(runs, f"translation-{kind}-{direction}-0")
        best = torch.load(runs / f"translation-{kind}-{direction}-0" / "best.pt", weights_only=True)
        sizes = [tokenizers[k].get_vocab_size() for k in (source, target)]
        model, _ = build(kind, *sizes)
        weights = {k: v.half() for k, v in best.items()}
        model.load_state_dict(weights)
        written = translate(model.eval(), rows, tokenizers[target], BEAM)
        found[kind] = scores(written, true, target)
        twin = kind in RECURRENT
        name = f"translator_{source}_{target}" + "_recurrent" * twin
        write(
            name,
            weights,
            {
                "command": f"python -m attn_core.training.translation.train --model {kind} "
                f"--direction {direction} --seed 0 --epochs {run['arguments']['epochs']} "
                f"--out {runs / f'translation-{kind}-{direction}-0'}",
                "wall_seconds": round(run["seconds"]),
                "parameters": run["parameters"],
                "data": data,
                "config": {"kind": "recurrent" if twin else "transformer"} | run["config"],
                "beam": BEAM,
                "by_length": by_length(rows, written, true, target),
                "metrics": {
                    k: metric(v, len(true), None, "", [])
                    if twin
                    else metric(v, len(true), found["large-recurrent"][k], "recurrent_twin", [])
                    for k, v in found[kind].items()
                },
            },
        )
        sys.stdout.write(f"{name}: {found[kind]}\n")


def twins(runs: Path, data: Any, n: int) -> None:
    """The small models of the ablation in one file, each with the weights of its first seed."""
    found = {k: [result(runs, f"translation-{k}-en-zh-{s}") for s in SEEDS] for k in SMALL}
    weights = {
        f"{kind}.{k}": v
        for kind in SMALL
        for k, v in torch.load(
            runs / f"translation-{kind}-en-zh-0" / "best.pt", weights_only=True
        ).items()
    }
    by_seed = {
        kind: {m: [r[m] for r in rs] for m in ("chrf", "bleu", "long_chrf", "validation")}
        for kind, rs in found.items()
    }
    first = found["small"][0]
    mean = {k: {m: statistics.mean(v) for m, v in d.items()} for k, d in by_seed.items()}
    write(
        "translator_small",
        weights,
        {
            "command": "sh attn_core/training/translation.sh python runs data 0 1 2",
            "wall_seconds": round(sum(r["seconds"] for rs in found.values() for r in rs)),
            "data": data,
            "parameters": {k: rs[0]["parameters"] for k, rs in found.items()},
            "config": {k: rs[0]["config"] for k, rs in found.items()},
            "by_seed": by_seed,
            "beam": first["beam"],
            "n_long": first["n_long"],
            "long_tokens": first["long_tokens"],
            "epochs": first["arguments"]["epochs"],
            "metrics": {
                m: metric(
                    mean["small"][m],
                    n,
                    mean["small-recurrent"][m],
                    "recurrent_twin",
                    by_seed["small"][m],
                )
                for m in ("chrf", "bleu")
            },
        },
    )
    for kind, values in mean.items():
        sys.stdout.write(f"{kind}: {values}\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--what", nargs="+", default=["shown", "twins"])
    parser.add_argument("--direction", nargs="+", default=DIRECTIONS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts = split(read(args.data))
    tokenizers = {
        "en": english_tokenizer([p.en for p in parts["train"]]),
        "zh": chinese_tokenizer([p.zh for p in parts["train"]]),
    }
    for language, tokenizer in tokenizers.items():
        (FOLDER / file_of(language)).write_text(tokenizer.to_str() + "\n", encoding="utf-8")
    data = provenance(args.data, parts)
    if "shown" in args.what:
        for direction in args.direction:
            shown(args.runs, direction, parts["test"], tokenizers, data)
    if "twins" in args.what:
        twins(args.runs, data, len(parts["test"]))


if __name__ == "__main__":
    main()
