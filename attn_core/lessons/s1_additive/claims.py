"""Record lesson 1's claims: ``python -m attn_core.lessons.s1_additive.claims --runs runs``.

Needs the manifests that ``attn_core.training.speller.finish`` writes, and the runs' histories.
"""

import argparse
import dataclasses
import itertools
import json
import random
import statistics
import sys
import time
from pathlib import Path

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.datasets import cmudict
from attn_core.evidence.claims import Claim, Condition, Measure, Numbers
from attn_core.evidence.files import provenance, write
from attn_core.lessons.s1_additive.experiment import TWIN_WITH, TWIN_WITHOUT, held_out
from attn_core.models.speller import SIZES, Speller
from attn_core.models.speller_search import beam_search, trace_of
from attn_core.models.speller_text import letter_ids, phoneme_ids

COMMAND = "python -m attn_core.lessons.s1_additive.claims --runs runs"
SEEDS = (0, 1, 2)
N_PAIRS = 100


def _numbers(values: list[float]) -> Numbers:
    return tuple((str(seed), value) for seed, value in zip(SEEDS, values, strict=True))


def accuracy_claim() -> Claim:
    """1.a: attention lowers the word error rate, over all words and over long ones."""
    with_, without = (read_manifest(c).raw for c in (TWIN_WITH, TWIN_WITHOUT))
    n = with_["metrics"]["word_error_rate"]["n"]
    conditions = tuple(
        Condition(key, _numbers(with_[field]), _numbers(without[field]), size)
        for key, field, size in (
            ("all_words", "word_error_rate_by_seed", n),
            ("long_words", "long_word_error_rate_by_seed", with_["n_long"]),
        )
    )
    measure = Measure("word_error_rate", "fraction", "lower", 0.01, conditions)
    return Claim("1.a", "1", "measured", COMMAND, "recorded", measure)


@torch.inference_mode()
def movement(model: Speller) -> float:
    """How far attention moves from word to word: mean total variation distance of its rows."""
    by_length: dict[int, list[str]] = {}
    for word in held_out():
        by_length.setdefault(len(word), []).append(word)
    pairs = [pair for words in by_length.values() for pair in itertools.pairwise(words)][:N_PAIRS]
    distances = []
    for pair in pairs:
        rows = []
        for word in pair:
            best = beam_search(model, [word], 1)[0][0]
            trace = trace_of(model, word, best.phonemes)[1]
            if trace is None:
                raise ValueError("the model has no attention")
            rows.append(trace.weights[0, 0])
        steps = min(len(r) for r in rows)
        distances.append(float((rows[0][:steps] - rows[1][:steps]).abs().sum(-1).mean() / 2))
    return sum(distances) / len(distances)


def _trained(run: Path) -> Speller:
    """The averaged weights of a small run."""
    model = Speller(SIZES["small"])
    saved = torch.load(run / "last.pt", weights_only=True)["average"]
    model.load_state_dict({k.removeprefix("module."): v for k, v in saved.items() if "." in k})
    return model.eval()


def dynamic_claim(runs: Path) -> Claim:
    """1.b: other inputs, other weights."""
    values = [movement(_trained(runs / f"speller-small-{seed}")) for seed in SEEDS]
    condition = Condition("same_length", _numbers(values), _numbers([0.0] * len(SEEDS)), N_PAIRS)
    measure = Measure("total_variation", "fraction", "higher", 0.1, (condition,))
    return Claim("1.b", "1", "measured", COMMAND, "recorded", measure)


def step_seconds(seed: int, n_batches: int = 24) -> tuple[float, float]:
    """Processor time of one training step of each twin on the same batches, in turns.

    Median seconds of one thread, with attention and without.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    entries = cmudict.read(cmudict.dictionary_path(None))
    pairs = [(e.word, e.said[0]) for e in cmudict.split(entries)["train"]]
    some = random.Random(seed).sample(pairs, 128 * n_batches)
    chosen = cmudict.batches(some, 128, random.Random(seed))
    models = [Speller(SIZES[size]).train() for size in ("small", "small-fixed")]
    optimisers = [torch.optim.AdamW(m.parameters(), lr=1e-3) for m in models]
    times: list[list[float]] = [[], []]
    for i, chunk in enumerate(chosen):
        letters, lengths = letter_ids([word for word, _ in chunk])
        targets = phoneme_ids([said for _, said in chunk])
        for which in (0, 1) if i % 2 else (1, 0):
            began = time.process_time()
            logits = models[which](letters, lengths, targets)
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
            optimisers[which].zero_grad()
            loss.backward()
            optimisers[which].step()
            times[which].append(time.process_time() - began)
    return statistics.median(times[0]), statistics.median(times[1])


def efficiency_claim(runs: Path) -> Claim:
    """1.c: attention makes the model more efficient, by examples needed and by time an example."""

    def history(size: str, seed: int) -> list[dict[str, float]]:
        lines = (runs / f"speller-{size}-{seed}" / "history.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def values(size: str, epoch: int, field: str) -> Numbers:
        return _numbers([history(size, seed)[epoch][field] for seed in SEEDS])

    steps = [step_seconds(seed) for seed in SEEDS]
    n_validation = read_manifest(TWIN_WITH).raw["data"][0]["split_sizes"]
    conditions = (
        Condition(
            "one_pass",
            values("small", 0, "word_error_rate"),
            values("small-fixed", 0, "word_error_rate"),
            n_validation["validation"],
        ),
        Condition(
            "time",
            _numbers([with_ for with_, _ in steps]),
            _numbers([without for _, without in steps]),
            24,
            metric="training_seconds",
        ),
    )
    measure = Measure("word_error_rate", "ratio", "lower", 1.05, conditions, comparison="ratio")
    return Claim("1.c", "1", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--out", type=Path, default=Path("assets/claims"))
    args = parser.parse_args()
    for claim in (accuracy_claim(), dynamic_claim(args.runs), efficiency_claim(args.runs)):
        path = write(dataclasses.replace(claim, recorded=provenance()), args.out)
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
