"""Weights and manifests of lessons 5.1 to 5.3 from their runs.

``python -m attn_core.training.speech.finish --runs runs --data DATA`` after ``speech.sh``. What is
measured are the weights as they are shipped, in half precision. Only here is the unseen speaker
read.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from attn_core.checkpoints import save
from attn_core.datasets import speech
from attn_core.datasets.speech import Utterance, Words
from attn_core.measures.metrics import error_rate
from attn_core.models.listener import Listener
from attn_core.models.recogniser import Recogniser
from attn_core.training.photographs.finish_segmentation import result, told
from attn_core.training.speech import measure as measured
from attn_core.training.speech.kinds import build
from attn_core.training.speech.train import N_TEST

SHIPPED = {
    "attention": ("recogniser_attention", ["5.1", "5.2"]),
    "window-0": ("recogniser_window_0", ["5.1"]),
    "window-4": ("recogniser_window_4", ["5.1"]),
    "convolution": ("recogniser_convolution", ["5.2"]),
    "joint": ("recogniser_joint", ["5.2"]),
    "joint-0": ("recogniser_joint_0", ["5.2", "5.3"]),
    "listener": ("listener", ["5.3"]),
    "listener-content": ("listener_content", ["5.3"]),
}
"""Checkpoint and lessons of each kind of run; the weights are those of the first seed."""
DEFAULTS = {"5.1": "s5_1_speech", "5.2": "s5_2_ctc", "5.3": "s5_3_recogniser"}
N_UNSEEN = 400
SPLIT = "sequences of takes never trained on, of known speakers, clean"
SPLIT_UNSEEN = "sequences of a speaker never trained on or chosen by, clean"


def best(runs: Path, name: str, kind: str) -> tuple[dict[str, Tensor], Recogniser | Listener]:
    """A run's best weights as they are shipped, and a model with them."""
    saved = torch.load(runs / name / "best.pt", weights_only=True)
    weights = {k: v.half() if v.is_floating_point() else v for k, v in saved.items()}
    model = build(kind)
    model.load_state_dict(weights)
    return weights, model.eval()


def metric(values: list[float], n: int, split: str, baseline: float) -> dict[str, Any]:
    """One metric as manifests hold it: the first seed's value, the spread over all."""
    return save.metric(values[0], n, split, values, baseline, "nothing_written")


def measure(
    kind: str, model: Recogniser | Listener, words: Words, said: dict[str, list[Utterance]]
) -> dict[str, Any]:
    """All that is measured of one training, by part."""
    found: dict[str, Any] = {
        part: measured.errors(kind, model, each) for part, each in said.items()
    }
    found["covered"] = measured.reach_of_errors(kind, model, said["known"])
    found["lengths"] = measured.by_length(kind, model, words)
    if isinstance(model, Listener) or model.config.n_decoder_layers:
        found["teacher"] = measured.teacher_forced(model, said["known"])
    if kind == "attention" and isinstance(model, Recogniser):
        found["sights"] = measured.sights(model, said["known"])
    if kind == "joint" and isinstance(model, Recogniser):
        found["weights"] = measured.by_weight(model, said["known"])
    return found


def finish(
    kind: str,
    runs: Path,
    seeds: list[int],
    words: Words,
    said: dict[str, list[Utterance]],
    data: Any,
) -> None:
    """Measure every seed of a kind of run, and ship the first one's weights.

    What was measured stays in the run's folder as ``measured.json``; without it, it is done anew.
    """
    name, lessons = SHIPPED[kind]
    found: list[dict[str, Any]] = []
    weights: dict[str, Tensor] = {}
    for seed in seeds:
        of_seed, model = best(runs, f"speech-{kind}-{seed}", kind)
        weights = weights or of_seed
        kept = runs / f"speech-{kind}-{seed}" / "measured.json"
        if not kept.exists():
            kept.write_text(json.dumps(measure(kind, model, words, said)), encoding="utf-8")
        found.append(json.loads(kept.read_text(encoding="utf-8")))
        sys.stdout.write(f"{kind} seed {seed}: {json.dumps(found[-1])}\n")
        sys.stdout.flush()
    run = result(runs, f"speech-{kind}-{seeds[0]}")
    nothing = error_rate([() for _ in said["known"]], [u.digits for u in said["known"]])
    known, unseen = ([f[part]["clean"] for f in found] for part in ("known", "unseen"))
    about = {
        "lesson": lessons,
        "command": told("speech.train", run),
        "seed": run["seed"],
        "wall_seconds": round(run["seconds"]),
        "data": data,
        "config": run["config"],
        "parameters": run["parameters"],
        "steps": run["arguments"]["steps"],
        "default_result": f"{DEFAULTS[lessons[0]]}.default.safetensors",
        "by_seed": {part: [f[part] for f in found] for part in found[0]},
        "metrics": {
            "digit_error_rate": metric(known, len(said["known"]), SPLIT, nothing),
            "digit_error_rate_unseen_speaker": metric(
                unseen, len(said["unseen"]), SPLIT_UNSEEN, nothing
            ),
        },
    }
    save.write(name, weights, about, ("torchaudio", "numpy"))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--voices", type=Path, default=Path("runs/speech-voices.npz"))
    parser.add_argument("--what", nargs="+", choices=SHIPPED, default=list(SHIPPED))
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts = speech.read(args.data)
    said = {
        "known": speech.held_out(parts["test"], N_TEST, 200),
        "unseen": speech.held_out(parts["unseen"], N_UNSEEN, 300),
    }
    data = speech.provenance(args.data, args.voices)
    for kind in args.what:
        done = args.runs.glob(f"speech-{kind}-[0-9]/result.json")
        seeds = sorted(int(path.parent.name[-1]) for path in done)
        finish(kind, args.runs, seeds, parts["test"], said, data)


if __name__ == "__main__":
    main()
