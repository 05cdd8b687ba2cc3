"""Train a translator: ``python -m attn_core.training.translation.train --name NAME --out RUN``.

Data: see ``datasets.translation``. Models and their twins are named in ``MODELS``; a run
checkpoints after each epoch, goes on from its last checkpoint, and measures itself on the test
split at its end (``result.json``). ``translation.finish`` writes weights and manifests.
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
from tokenizers import Tokenizer
from torch import nn

from attn_core.datasets.translation import Pair, chinese_tokenizer, english_tokenizer, read, split
from attn_core.models.recurrent import Recurrent, RecurrentConfig
from attn_core.models.transformer import Transformer
from attn_core.models.transformer_layers import END, PAD, START, TransformerConfig
from attn_core.models.translate_search import (
    Steps,
    recurrent_steps,
    search,
    transformer_steps,
)
from attn_core.training.loop import Loop

LARGE = {"d_model": 192, "n_heads": 6, "d_ff": 768}
SMALL = {"d_model": 128, "n_heads": 4, "d_ff": 512, "dropout": 0.2}
MODELS: dict[str, dict[str, Any]] = {
    "large": LARGE,
    "small": SMALL,
    # Without cross-attention the feed-forward layers are widened: equal parameters.
    "small-no-cross": SMALL | {"cross": False, "d_ff": 641},
    "small-no-mask": SMALL | {"causal": False},
    "small-no-positions": SMALL | {"positions": False},
    "small-one-vector": SMALL | {"one_vector": True},
}
RECURRENT: dict[str, dict[str, Any]] = {
    "large-recurrent": {
        "d_embedding": 192, "d_encoder": 220, "d_decoder": 348, "d_attention": 192,
    },
    "small-recurrent": {
        "d_embedding": 128, "d_encoder": 144, "d_decoder": 243, "d_attention": 128, "dropout": 0.2,
    },
}  # fmt: skip
DIRECTIONS = ("en-zh", "zh-en")
Ids = tuple[list[int], list[int]]


def build(name: str, n_source: int, n_target: int) -> tuple[Transformer | Recurrent, Any]:
    """A model by name.

    Parameters
    ----------
    name : str
        Key of ``MODELS`` or ``RECURRENT``.
    n_source, n_target : int
        Vocabularies.

    Returns
    -------
    model : Transformer or Recurrent
        New.
    config : TransformerConfig or RecurrentConfig
        Its sizes.
    """
    if name in RECURRENT:
        twin = RecurrentConfig(n_source, n_target, **RECURRENT[name])
        return Recurrent(twin), twin
    config = TransformerConfig(n_source, n_target, **MODELS[name])
    return Transformer(config), config


def steps_of(model: Transformer | Recurrent) -> Steps:
    """How a trained model writes."""
    if isinstance(model, Recurrent):
        return recurrent_steps(model)
    return transformer_steps(model, cached=model.config.causal)


def pad(rows: list[list[int]]) -> torch.Tensor:
    """Rows of ids as one tensor."""
    n = max(map(len, rows))
    return torch.tensor([row + [PAD] * (n - len(row)) for row in rows])


def as_ids(
    pairs: list[Pair], direction: str, tokenizers: dict[str, Tokenizer]
) -> list[tuple[list[int], list[int]]]:
    """Sentences as ids; a source ends in ``END`` too."""
    source, target = direction.split("-")
    out = []
    for pair in pairs:
        one = tokenizers[source].encode(getattr(pair, source)).ids + [END]
        two = tokenizers[target].encode(getattr(pair, target)).ids + [END]
        out.append((one, two))
    return out


def batches(rows: list[Ids], size: int, rng: random.Random) -> list[list[Ids]]:
    """Shuffled batches of about one length."""
    order = sorted(rows, key=lambda r: (len(r[1]) + 3 * rng.random(), len(r[0])))
    chunks = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(chunks)
    return chunks


def loss_of(model: nn.Module, chunk: list[Ids], smoothing: float) -> torch.Tensor:
    """Cross-entropy of the true next tokens."""
    source, target = pad([s for s, _ in chunk]), pad([t for _, t in chunk])
    before = torch.cat([torch.full_like(target[:, :1], START), target[:, :-1]], 1)
    with torch.autocast("cpu", torch.bfloat16):
        if isinstance(model, Transformer):
            logits, _ = model(source, before, traced=False)
        else:
            logits = model(source, before)
    return nn.functional.cross_entropy(
        logits.float().flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=smoothing
    )


def translate(
    model: Transformer | Recurrent,
    rows: list[Ids],
    tokenizer: Tokenizer,
    width: int = 1,
) -> list[str]:
    """The best sentence for each source, in order."""
    model.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    out = [""] * len(rows)
    for i in range(0, len(order), 100):
        chunk = order[i : i + 100]
        found = search(steps_of(model), pad([rows[j][0] for j in chunk]), width)
        for j, written in zip(chunk, found, strict=True):
            out[j] = tokenizer.decode(list(written[0].ids))
    return out


def scores(found: list[str], true: list[str], language: str) -> dict[str, float]:
    """Scores of a corpus: chrF and BLEU by sacrebleu, as fractions."""
    from sacrebleu.metrics import BLEU, CHRF

    bleu = BLEU(tokenize="zh" if language == "zh" else "13a")
    return {
        "chrf": CHRF().corpus_score(found, [true]).score / 100,
        "bleu": bleu.corpus_score(found, [true]).score / 100,
    }


def measure(
    model: Transformer | Recurrent,
    rows: list[Ids],
    pairs: list[Pair],
    direction: str,
    tokenizers: dict[str, Tokenizer],
    width: int,
) -> dict[str, Any]:
    """Scores on held-out pairs, of all and of the longest fifth."""
    source, target = direction.split("-")
    found = translate(model, rows, tokenizers[target], width)
    true = [getattr(p, target) for p in pairs]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    long = order[-len(order) // 5 :]
    return scores(found, true, target) | {
        "long_chrf": scores([found[i] for i in long], [true[i] for i in long], target)["chrf"],
        "n": len(true),
        "n_long": len(long),
        "long_tokens": len(rows[long[0]][0]),
    }


def train(args: argparse.Namespace) -> None:
    """Train for ``--epochs``, resuming where the last checkpoint left off; then measure."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    parts = split(read(args.data))
    tokenizers = {
        "en": english_tokenizer([p.en for p in parts["train"]]),
        "zh": chinese_tokenizer([p.zh for p in parts["train"]]),
    }
    rows = {k: as_ids(v, args.direction, tokenizers) for k, v in parts.items()}
    source, target = (tokenizers[k].get_vocab_size() for k in args.direction.split("-"))
    model, config = build(args.model, source, target)
    each = math.ceil(len(rows["train"]) / args.batch)
    loop = Loop(
        model,
        args.rate,
        each * args.epochs,
        400,
        0.998,
        args.out,
        each,
        least=1e-6 / args.rate,
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    n_parameters = sum(p.numel() for p in model.parameters())
    sys.stdout.write(f"{args.model} {args.direction} seed {args.seed}: {n_parameters} parameters\n")
    shown, _ = build(args.model, source, target)
    best = loop.notes.get("best", math.inf)
    for step in loop:
        epoch, at = divmod(step, each)
        if at == 0:  # checkpoints lie between epochs
            order = batches(rows["train"], args.batch, random.Random(args.seed * 1000 + epoch))
        loop.learn(loss_of(model, order[at], 0.1))
        if not loop.due:
            continue
        shown.load_state_dict(loop.averaged())
        shown.eval()
        with torch.inference_mode():
            chunks = batches(rows["validation"], 100, random.Random(0))
            held = sum(loss_of(shown, c, 0.0).item() for c in chunks) / len(chunks)
        if held < best:
            best = held
            torch.save(loop.averaged(), args.out / "best.pt")
        loop.save(f"validation {held:.4f}", best=best)
    shown.load_state_dict(torch.load(args.out / "best.pt", weights_only=True))
    found = {
        "model": args.model,
        "direction": args.direction,
        "seed": args.seed,
        "seconds": loop.spent,
        "parameters": n_parameters,
        "config": dataclasses.asdict(config),
        "validation": best,
        "arguments": {"epochs": args.epochs, "batch": args.batch, "rate": args.rate},
        "beam": args.beam,
    } | measure(shown, rows["test"], parts["test"], args.direction, tokenizers, args.beam)
    text = json.dumps(found, indent=1)
    (args.out / "result.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=[*MODELS, *RECURRENT], default="large")
    parser.add_argument("--direction", choices=DIRECTIONS, default="en-zh")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True, help="folder for resumable state")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
