"""Weights and manifests of lesson 6.1 from its runs.

``python -m attn_core.training.recommender.finish --runs runs --data FOLDER`` after
``recommender.sh``. What is measured are the weights as they are shipped, in half precision.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from attn_core.checkpoints import save
from attn_core.datasets.films import Histories, histories, provenance
from attn_core.training.recommender import measure
from attn_core.training.recommender.train import KINDS, build

SHOWN = {"long": "recommender", "target": "recommender_target"}
TWINS = "recommender_twins"
USERS = 200
"""Histories in which films are left out one by one."""
SPLIT = "each user's last film, ranked among all films that the user has not seen"
MEASURES = ("hit_rate_at_10", "ndcg_at_10")


def result(runs: Path, kind: str, seed: int) -> dict[str, Any]:
    """What a run wrote of itself."""
    path = runs / f"recommender-{kind}-{seed}" / "result.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def best(runs: Path, kind: str, seed: int) -> tuple[dict[str, Tensor], Any]:
    """A run's best weights as they are shipped, and a model with them."""
    path = runs / f"recommender-{kind}-{seed}" / "best.pt"
    weights = {
        k: v.half() if v.is_floating_point() else v
        for k, v in torch.load(path, weights_only=True).items()
    }
    model = build(kind)
    model.load_state_dict(weights)
    return weights, model.eval()


def of_seed(kind: str, runs: Path, seed: int, data: Histories) -> dict[str, Any]:
    """All that is measured of one training; kept in the run's folder as ``measured.json``."""
    kept = runs / f"recommender-{kind}-{seed}" / "measured.json"
    found: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    parts: dict[str, Callable[[Any, Histories], Any]] = {}
    if kind in (*SHOWN, "attention"):
        parts["attended"] = lambda model, data: measure.attended(model, data, USERS)
    if kind == "attention":
        parts["orders"] = measure.in_orders
    if missing := {"test", *parts} - set(found):
        _, model = best(runs, kind, seed)
        if "test" in missing:
            found |= measure.on_test(model, data)
        found |= {part: call(model, data) for part, call in parts.items() if part in missing}
        kept.write_text(json.dumps(found), encoding="utf-8")
    sys.stdout.write(f"{kind} seed {seed}: {json.dumps(found)}\n")
    sys.stdout.flush()
    return found


OURS = {"lesson": "6.1", "default_result": "s6_1_recommendation.default.safetensors"}


def metrics(found: list[dict[str, Any]], baseline: dict[str, float], n: int) -> dict[str, Any]:
    """A manifest's metrics: the first seed's value, the spread over all."""
    out = {}
    for name in MEASURES:
        values = [f["test"][name] for f in found]
        out[name] = (values, baseline[name])
    values, popular = out["hit_rate_at_10"]
    out["hit_rate_at_10_over_popularity"] = ([v / popular for v in values], 1.0)
    return {
        name: save.metric(values[0], n, SPLIT, values, against, "popularity")
        for name, (values, against) in out.items()
    }


def told(run: dict[str, Any]) -> str:
    """The command of a run; FOLDER is where the package was unpacked."""
    given = run["arguments"] | {"data": "FOLDER", "out": f"runs/recommender-{run['kind']}-0"}
    if given["start"]:
        given["start"] = "runs/recommender-long-0/best.pt"
    options = " ".join(f"--{k} {v}" for k, v in given.items() if v is not None)
    return f"python -m attn_core.training.recommender.train {options}"


def write(name: str, weights: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Weights and manifest."""
    save.write(name, weights, OURS | about, ("numpy", "rdata"))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("runs/dslabs"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = histories(args.data)
    n = len(data.seen)
    plain = measure.baselines(data)
    seeds = {
        k: sorted(
            int(p.parent.name.rpartition("-")[2])
            for p in args.runs.glob(f"recommender-{k}-[0-9]/result.json")
        )
        for k in KINDS
    }
    found = {k: [of_seed(k, args.runs, s, data) for s in seeds[k]] for k in KINDS if seeds[k]}
    first = {k: result(args.runs, k, 0) for k in found}
    by_model: dict[str, Any] = {
        name: {m: [values[m]] for m in MEASURES} | {"parameters": None}
        for name, values in plain.items()
    }
    by_model |= {
        k: {m: [f["test"][m] for f in found[k]] for m in MEASURES}
        | {"parameters": first[k]["parameters"]}
        for k in found
    }
    common = {"data": provenance(data)}
    for kind, name in SHOWN.items():
        weights, _ = best(args.runs, kind, 0)
        run = first[kind]
        write(
            name,
            weights,
            common
            | {
                "command": told(run),
                "wall_seconds": round(run["seconds"]),
                "config": run["config"],
                "parameters": run["parameters"],
                "steps": run["arguments"]["steps"],
                "metrics": metrics(found[kind], plain["popularity"], n),
                "by_seed": {part: [f[part] for f in found[kind]] for part in found[kind][0]},
                "by_model": by_model,
            },
        )
    twins = [k for k in found if k not in SHOWN]
    weights = {"popularity.counts": torch.from_numpy(measure.counts(data)).half()}
    for kind in twins:
        weights |= {f"{kind}.{k}": v for k, v in best(args.runs, kind, 0)[0].items()}
    write(
        TWINS,
        weights,
        common
        | {
            "command": "sh attn_core/training/recommender.sh python runs FOLDER",
            "wall_seconds": round(
                sum(result(args.runs, k, s)["seconds"] for k in twins for s in seeds[k])
            ),
            "config": {k: first[k]["config"] for k in twins}
            | {"popularity": {"n_films": len(data.films)}},
            "parameters": {k: first[k]["parameters"] for k in twins},
            "metrics": metrics(found["attention"], plain["popularity"], n),
            "by_seed": {k: found[k] for k in twins},
        },
    )


if __name__ == "__main__":
    main()
