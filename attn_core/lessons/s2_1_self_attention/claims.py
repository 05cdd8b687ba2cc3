"""Record lesson 2.1's claims, and 2.2.b and 2.3.b, which its twins measure too.

``python -m attn_core.lessons.s2_1_self_attention.claims --runs runs``, once the models' weights
are written. Reads the held-out reviews again (see ``attn_core.datasets.sentiment``).
"""

import argparse
import importlib
import inspect
import json
import pkgutil
import random
import statistics
import sys
from pathlib import Path
from typing import Any

import torch

from attn_core import zoo
from attn_core.datasets.sentiment import chinese, english
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import numbers
from attn_core.inputs.tokens import tokenize
from attn_core.lessons.s2_1_self_attention.evidence import area, curves
from attn_core.lessons.s2_1_self_attention.experiment import Config, read
from attn_core.lessons.s2_1_self_attention.summary import sentences, summarise

COMMAND = "python -m attn_core.lessons.s2_1_self_attention.claims --runs runs"
SEEDS = (0, 1, 2)
N_SENTENCES, N_REVIEWS, N_FOLDS = 100, 60, 5
PACKAGES = ("numpy", "pandas", "sklearn")


def _accuracy(runs: Path, names: str) -> list[float]:
    return [
        json.loads((runs / names.format(s) / "result.json").read_text())["accuracy"] for s in SEEDS
    ]


@torch.inference_mode()
def rows_differ(texts: list[str]) -> list[float]:
    """Mean total variation distance between two positions' rows, for each layer of MiniLM."""
    sums = [0.0] * 6
    for text in texts:
        _, traces = zoo.get("minilm").module(tokenize(text, 64).ids)
        for i, trace in enumerate(traces.values()):
            w = trace.weights[0]  # (h, q, k)
            n = w.shape[-1]
            far = (w[:, :, None] - w[:, None]).abs().sum(-1) / 2  # (h, q, q)
            sums[i] += float(far.sum() / (w.shape[0] * n * (n - 1)))
    return [s / len(texts) for s in sums]


def positions_claim(texts: list[str]) -> Claim:
    """2.1.a: each position has a row of its own."""
    conditions = tuple(
        Condition(f"layer_{i + 1}", numbers([value]), numbers([0.0]), len(texts))
        for i, value in enumerate(rows_differ(texts))
    )
    measure = Measure("total_variation", "fraction", "higher", 0.1, conditions, spread="range")
    return Claim("2.1.a", "2.1", "exact", COMMAND, "recorded", measure)


def _twin(language: str, runs: Path, seed: int) -> Any:
    """The attention twin of a seed."""
    from attn_core.models.sentiment import CharacterSentiment, SentimentConfig, SentimentTail

    end = "-w1" if language == "zh" else ""
    folder = runs / f"sentiment-{language}-attention{end}-{seed}"
    config = SentimentConfig(**json.loads((folder / "result.json").read_text())["config"])
    module = CharacterSentiment(config) if config.characters else SentimentTail(config)
    module.load_state_dict(torch.load(folder / "best.pt", weights_only=True))
    module.eval().requires_grad_(False)
    return module


def deletion(language: str, runs: Path, reviews: list[Any]) -> dict[str, list[float]]:
    """Mean area under the deletion curve by method, for the attention twin of each seed.

    One number for each seed.
    """
    out: dict[str, list[float]] = {"attention": [], "random": [], "occlusion": []}
    for seed in SEEDS:
        twin = _twin(language, runs, seed)
        areas: dict[str, list[float]] = {name: [] for name in out}
        for i, review in enumerate(reviews):
            reader = read(Config(review.text, language), classifier=twin)
            lines = curves(reader, seed=i, kinds=("deletion",))["deletion"]
            for name in out:
                areas[name].append(area(lines[name]))
        for name, values in areas.items():
            out[name].append(statistics.mean(values))
        sys.stdout.write(f"deletion {language} {seed} { ({k: v[-1] for k, v in out.items()}) }\n")
        sys.stdout.flush()
    return out


def key_words_claim(runs: Path, parts: dict[str, list[Any]]) -> Claim:
    """2.1.b: attention pooling against the mean, and the words it picks."""
    conditions = []
    for language, reviews in parts.items():
        end = "-w1" if language == "zh" else ""
        ours = _accuracy(runs, f"sentiment-{language}-attention{end}-{{}}")
        mean = _accuracy(runs, f"sentiment-{language}-mean{end}-{{}}")
        conditions.append(
            Condition(f"pooling_{language}", numbers(ours), numbers(mean), len(reviews))
        )
    for language in ("en", "zh"):
        most = 30 if language == "en" else 48
        short = [
            r
            for r in parts[language]
            if len(r.text.split() if language == "en" else r.text) <= most
        ]
        chosen = random.Random(1).sample(short, N_REVIEWS)
        found = deletion(language, runs, chosen)
        conditions += [
            Condition(
                f"{name}_{language}",
                numbers(found["attention"]),
                numbers(found[against]),
                N_REVIEWS,
                better="lower",
                metric="deletion_area",
            )
            for name, against in (("deletion", "random"), ("occlusion", "occlusion"))
        ]
    measure = Measure("accuracy", "fraction", "higher", 0.01, tuple(conditions))
    return Claim("2.1.b", "2.1", "measured", COMMAND, "recorded", measure)


def documentation() -> list[tuple[str, list[str]]]:
    """Python functions' documentation: the author's summary line, and the sentences after it.

    Summary and at least four sentences of description.
    """
    found: dict[str, list[str]] = {}
    for package in PACKAGES:
        top = importlib.import_module(package)  # noqa: TID251 (others' packages, to read)
        modules = [top]
        for info in pkgutil.iter_modules(top.__path__):
            if not info.name.startswith("_") and info.name not in ("tests", "conftest", "f2py"):
                try:
                    part = importlib.import_module(f"{package}.{info.name}")  # noqa: TID251
                    modules.append(part)
                except Exception:
                    continue
        for module in modules:
            for _, thing in inspect.getmembers(module):
                if not callable(thing):
                    continue
                paragraphs = (inspect.getdoc(thing) or "").split("\n\n")
                body: list[str] = []
                for paragraph in paragraphs[1:]:
                    lines = paragraph.splitlines()
                    if len(lines) > 1 and set(lines[1].strip()) == {"-"}:
                        break
                    if paragraph.startswith((" ", "..", ">>>", "*", "-")):
                        continue
                    body.append(paragraph)
                text = sentences(" ".join(body))
                if len(text) >= 4 and len(paragraphs[0].split()) >= 4:
                    found.setdefault(" ".join(paragraphs[0].split()), text)
    return sorted(found.items())


def summary_claim() -> Claim:
    """2.1.d: the sentence that attention centres on against the first and against chance."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1"], use_stemmer=True)
    documents = documentation()
    random.Random(0).shuffle(documents)
    folds: list[dict[str, list[float]]] = [
        {"ours": [], "first": [], "chance": []} for _ in range(N_FOLDS)
    ]
    for i, (title, text) in enumerate(documents):
        found = summarise(" ".join(text))
        chosen = {
            "ours": found.sentences[found.best(1)[0]],
            "first": found.sentences[0],
        }
        scores = [scorer.score(title, sentence)["rouge1"].fmeasure for sentence in found.sentences]
        fold = folds[i % N_FOLDS]
        for name, sentence in chosen.items():
            fold[name].append(scorer.score(title, sentence)["rouge1"].fmeasure)
        fold["chance"].append(statistics.mean(scores))
    means = {n: [statistics.mean(f[n]) for f in folds] for n in ("ours", "first", "chance")}
    sys.stdout.write(f"summaries of {len(documents)}: {means}\n")
    conditions = tuple(
        Condition(key, numbers(means["ours"]), numbers(means[base]), len(documents) // N_FOLDS)
        for key, base in (("documentation", "first"), ("chance", "chance"))
    )
    measure = Measure("rouge_1_f", "fraction", "higher", 0.01, conditions)
    return Claim("2.1.d", "2.1", "measured", COMMAND, "recorded", measure)


def order_claim(runs: Path, n: int) -> Claim:
    """2.2.b: the Chinese classifier with positions against without, no neighbour seen otherwise."""
    with_ = _accuracy(runs, "sentiment-zh-attention-w1-{}")
    without = _accuracy(runs, "sentiment-zh-attention-nopos-w1-{}")
    condition = Condition("classification_zh", numbers(with_), numbers(without), n)
    measure = Measure("accuracy", "fraction", "higher", 0.01, (condition,))
    return Claim("2.2.b", "2.2", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", nargs="+", default=["2.1.a", "2.1.b", "2.1.d", "2.2.b"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts = {"en": english(args.data)["test"], "zh": chinese(args.data)["test"]}
    texts = [r.text for r in random.Random(0).sample(parts["en"], N_SENTENCES)]
    made = {
        "2.1.a": lambda: positions_claim(texts),
        "2.1.b": lambda: key_words_claim(args.runs, parts),
        "2.1.d": summary_claim,
        "2.2.b": lambda: order_claim(args.runs, len(parts["zh"])),
    }
    for name in args.only:
        claim = made[name]()
        sys.stdout.write(f"{write(_stamped(claim))}\n")


def _stamped(claim: Claim) -> Claim:
    from dataclasses import replace

    return replace(claim, recorded=provenance()) if claim.measure else claim


if __name__ == "__main__":
    main()
