"""Train a classifier of camera motions: ``python -m attn_core.training.video.train --out RUN``.

Data: see ``datasets.video``. Twins differ in what their layers attend over, and get the same number
of steps on the same clips. A run checkpoints every ``SAVE_EVERY`` steps, goes on from its last
checkpoint, and measures itself on held-out clips at its end (``result.json``).
"""

import argparse
import dataclasses
import json
import math
import random
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from attn_core.datasets import video
from attn_core.datasets.video import Batch
from attn_core.inputs.motion import as_read
from attn_core.models.video import Seen, VideoClassifier, VideoConfig
from attn_core.training.loop import Loop
from attn_core.training.photographs.segmentation import arguments

SAVE_EVERY = 200
N_VALIDATION, N_TEST = 300, 1000
AT_ONCE = 50
WHOLE = {"n_layers": 4, "d_ff": 160}
"""With one attention a layer in place of two, this makes the twins as large, to one part in 200."""
MODELS: dict[str, dict[str, Any]] = {
    "divided": {}, "mean": {"pooling": "mean"},
    "space": {"attention": "space"} | WHOLE, "time": {"attention": "time"} | WHOLE,
    "joint": {"attention": "joint"} | WHOLE,
}  # fmt: skip
"""What the twins have in place of divided attention with attention pooling over frames."""


def build(name: str) -> VideoClassifier:
    """A new model.

    Parameters
    ----------
    name : str
        Key of ``MODELS``.

    Returns
    -------
    VideoClassifier
        In training mode.
    """
    return VideoClassifier(VideoConfig(**MODELS[name]))


@torch.inference_mode()
def answers(model: VideoClassifier, batch: Batch) -> Seen:
    """What a model makes of clips, without the layers' traces.

    Parameters
    ----------
    model : VideoClassifier
        In evaluation mode.
    batch : Batch
        Any number of clips.

    Returns
    -------
    Seen
        Of all of them.
    """
    parts = [
        model(as_read(batch.frames[at : at + AT_ONCE]), traced=False)
        for at in range(0, len(batch.frames), AT_ONCE)
    ]

    def joined(name: str) -> Tensor:
        return torch.cat([getattr(part, name) for part in parts])

    return Seen(joined("logits"), joined("by_frame"), joined("frames"), joined("patches"), {})


def accuracy(model: VideoClassifier, batch: Batch) -> float:
    """Share of the clips whose motion is named."""
    return float((answers(model, batch).logits.argmax(1) == batch.motions).float().mean())


def train(args: argparse.Namespace) -> None:
    """Train for ``--steps``, resuming where the last checkpoint left off; then measure."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    photos = video.read(args.data)
    validation = video.held_out(photos["validation"], N_VALIDATION, 100)
    model, shown = build(args.model), build(args.model)
    loop = Loop(
        model,
        args.rate,
        args.steps,
        args.warm,
        args.keep,
        args.out,
        SAVE_EVERY,
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    n_parameters = sum(p.numel() for p in model.parameters())
    sys.stdout.write(f"{args.model} seed {args.seed}: {n_parameters} parameters\n")
    found = loop.notes.get("found", math.nan)
    for step in loop:
        rng = random.Random(args.seed * 1_000_003 + step)
        torch.manual_seed(args.seed * 1_000_003 + step)
        batch = video.clips(photos["train"], args.batch, rng)
        logits = model(as_read(batch.frames), traced=False).logits
        loop.learn(nn.functional.cross_entropy(logits, batch.motions, label_smoothing=0.02))
        if loop.due:
            shown.load_state_dict(loop.averaged())
            found = accuracy(shown.eval(), validation)
            loop.save(f"validation {found:.4f}", found=found)
    average = loop.averaged()
    shown.load_state_dict(average)
    torch.save(average, args.out / "best.pt")
    test = video.held_out(photos["test"], N_TEST, 200)
    result = {
        "model": args.model,
        "seed": args.seed,
        "seconds": loop.spent,
        "parameters": n_parameters,
        "config": dataclasses.asdict(shown.config),
        "validation": found,
        "arguments": arguments(args),
        "accuracy_motion": accuracy(shown.eval(), test),
        "n": N_TEST,
    }
    text = json.dumps(result, indent=1)
    (args.out / "result.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="divided")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True, help="folder for resumable state")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warm", type=int, default=200, help="steps until the rate is whole")
    parser.add_argument("--keep", type=float, default=0.995, help="of the weights' running mean")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
