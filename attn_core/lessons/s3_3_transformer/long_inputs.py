"""Three models on inputs up to 24 characters, tested up to 40 (claim 3.3.c's long inputs).

``python -m attn_core.lessons.s3_3_transformer.long_inputs --out FILE``, about half an hour on one
core. The sentence pairs of this lesson are short, so length is tested where there is length: a
Transformer, the recurrent twin with attention and the same without learn to copy or to reverse
random letters, with parameters equal within 3 %, from the same examples in the same number of
steps. Each model is given the better of two learning rates, picked on examples of their own. Test
examples were never trained on; those beyond 24 characters are longer than any that were.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Generator, nn

from attn_core.lessons.s3_3_transformer import toy_tasks
from attn_core.lessons.s3_3_transformer.own_training import schedule
from attn_core.models.recurrent import Recurrent, RecurrentConfig
from attn_core.models.transformer import Transformer
from attn_core.models.transformer_layers import PAD, TransformerConfig
from attn_core.models.translate_search import recurrent_steps, search, transformer_steps

VOCABULARY = toy_tasks.SPECS["copy"].vocabulary
TRAINED = 24
BUCKETS = ((1, 8), (9, 16), (17, 24), (25, 32), (33, 40))
"""Shortest and longest inputs of each test; the last two are longer than any in training."""
SEEDS = (0, 1, 2)
RATES = (1e-3, 3e-3)
BATCH = 32
WARM_UP = 100
N_TEST = 500
CLIP = 1.0
CONFIGS: dict[str, TransformerConfig | RecurrentConfig] = {
    "transformer": TransformerConfig(
        VOCABULARY, VOCABULARY, 64, 4, 128, 2, 2, dropout=0.0, shared=True
    ),
    "attention": RecurrentConfig(VOCABULARY, VOCABULARY, 64, 64, 88, 64, 0.0),
    "no_attention": RecurrentConfig(VOCABULARY, VOCABULARY, 64, 64, 98, 0, 0.0),
}
"""The three models, of equal size."""


def build(kind: str, seed: int) -> Transformer | Recurrent:
    """A model with its first weights."""
    config = CONFIGS[kind]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Transformer(config) if isinstance(config, TransformerConfig) else Recurrent(config)


def parameters(kind: str) -> int:
    """How many numbers a model has to learn."""
    return sum(p.numel() for p in build(kind, 0).parameters())


def _loss(model: Transformer | Recurrent, task: str, sources: list[str]) -> torch.Tensor:
    target = toy_tasks.to_ids(task, [toy_tasks.solve(task, s) for s in sources], end=True)
    ids = toy_tasks.to_ids(task, sources)
    if isinstance(model, Transformer):
        logits, _ = model(ids, target[:, :-1], traced=False)
    else:
        logits = model(ids, target[:, :-1])
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD
    )


def measure(
    model: Transformer | Recurrent, task: str, low: int, high: int, seed: int = 0
) -> dict[str, float]:
    """Greedy answers to test inputs of some lengths.

    "exact": share answered without any mistake; "characters": share of the right answer's
    characters that stand in their place; "n": inputs.
    """
    draw = torch.Generator().manual_seed(90_000 + seed)
    sources = toy_tasks.draw_sources(task, N_TEST, high, draw, test=True, shortest=low)
    model.eval()
    steps = transformer_steps(model) if isinstance(model, Transformer) else recurrent_steps(model)
    rows = search(steps, toy_tasks.to_ids(task, sources), 1, 0.0, high + 2)
    written = [toy_tasks.to_text(task, row[0].ids) for row in rows]
    right = [toy_tasks.solve(task, s) for s in sources]
    placed = sum(
        sum(a == b for a, b in zip(w, r, strict=False)) for w, r in zip(written, right, strict=True)
    )
    return {
        "exact": sum(w == r for w, r in zip(written, right, strict=True)) / len(right),
        "characters": placed / sum(map(len, right)),
        "n": len(right),
    }


def train(kind: str, task: str, seed: int, rate: float, steps: int) -> dict[str, Any]:
    """One model, trained and tested by length.

    What was asked; "seconds" of processor time; "loss" of the last hundred steps; "buckets": rows
    of "low", "high", "exact", "characters", "n".
    """
    model = build(kind, seed)
    draw: Generator = torch.Generator().manual_seed(1_000 + seed)  # the same examples for all three
    optimiser = torch.optim.Adam(model.parameters(), rate, betas=(0.9, 0.98), eps=1e-9)
    course = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: schedule(s + 1, WARM_UP))
    began, losses = time.process_time(), []
    for _ in range(steps):
        loss = _loss(model.train(), task, toy_tasks.draw_sources(task, BATCH, TRAINED, draw))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        course.step()
        losses.append(loss.item())
    seconds = time.process_time() - began
    rows = [{"low": a, "high": b, **measure(model, task, a, b, seed)} for a, b in BUCKETS]
    return {
        "model": kind,
        "task": task,
        "seed": seed,
        "rate": rate,
        "steps": steps,
        "parameters": parameters(kind),
        "seconds": seconds,
        "loss": sum(losses[-100:]) / len(losses[-100:]),
        "buckets": rows,
    }


def better_rate(kind: str, task: str, steps: int) -> float:
    """The learning rate of ``RATES`` with the lower loss at the end of a short training."""
    return min(RATES, key=lambda rate: train(kind, task, 99, rate, steps)["loss"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Train all, print and write what was found."""
    parser = argparse.ArgumentParser(description="Three models on long inputs")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tasks", nargs="+", default=["copy", "reverse"])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    runs: list[dict[str, Any]] = []
    for task in args.tasks:
        for kind in CONFIGS:
            rate = better_rate(kind, task, args.steps // 3)
            for seed in args.seeds:
                runs.append(train(kind, task, seed, rate, args.steps))
                sys.stdout.write(json.dumps(runs[-1]) + "\n")
                sys.stdout.flush()
                found = {"trained_length": TRAINED, "batch": BATCH, "runs": runs}
                args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
