"""Record lesson 2.3's claims and the roles of MiniLM's heads over a corpus.

``python -m attn_core.lessons.s2_3_multi_head.claims --runs runs``; the sentiment runs are those of
``attn_core/training/sentiment.sh``, the corpus is lesson 2.1's English test sentences.
"""

import argparse
import dataclasses
import json
import random
import statistics
import sys
from pathlib import Path

import torch
from torch import nn

from attn_core import zoo
from attn_core.datasets.sentiment import english
from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.files import provenance, write
from attn_core.evidence.recording import numbers
from attn_core.inputs.tokens import tokenize
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.lessons.s2_3_multi_head import roles
from attn_core.lessons.s2_3_multi_head.experiment import N_HEADS, N_LAYERS
from attn_core.lessons.s2_3_multi_head.heads import HEADS, training

COMMAND = "python -m attn_core.lessons.s2_3_multi_head.claims --runs runs"
SEEDS = (0, 1, 2)
LOOKUP_SEEDS = (0, 1, 2, 3, 4)
N_SENTENCES = 150


@torch.inference_mode()
def corpus_roles(texts: list[str]) -> list[dict[str, object]]:
    """Each head's role over many sentences: shares and nulls averaged, then judged.

    Fields of ``Role`` and in how many sentences the same role passed by itself.
    """
    sums: dict[str, dict[str, torch.Tensor]] = {}
    passed: list[dict[str, int]] = [{} for _ in range(N_LAYERS * N_HEADS)]
    for i, text in enumerate(texts):
        tokens = tokenize(text, 64)
        _, traces = zoo.get("minilm").module(tokens.ids)
        weights = torch.cat([t.weights[0] for t in traces.values()])
        found = roles.shares(weights, tokens.pieces, seed=i)
        for role, parts in found.items():
            null = parts["null"][: roles.LEAST_NULL]
            kept = sums.setdefault(
                role, {"share": 0 * parts["share"], "null": 0 * null, "n": torch.zeros(())}
            )
            kept["share"] += parts["share"]
            kept["null"] += null
            kept["n"] += 1
        for j, one in enumerate(roles.judge(found, N_HEADS)):
            if one.role:
                passed[j][one.role] = passed[j].get(one.role, 0) + 1
    mean = {
        role: {"share": k["share"] / k["n"], "null": k["null"] / k["n"], "rows": int(k["n"])}
        for role, k in sums.items()
    }
    return [
        dataclasses.asdict(r) | {"sentences": passed[i].get(r.best, 0)}
        for i, r in enumerate(roles.judge(mean, N_HEADS))
    ]


@torch.inference_mode()
def split_claim(texts: list[str]) -> Claim:
    """2.3.a: a head sees all of the sequence and a twelfth of the channels."""
    seen = torch.zeros(N_LAYERS)
    for text in texts:
        _, traces = zoo.get("minilm").module(tokenize(text, 64).ids)
        for i, trace in enumerate(traces.values()):
            seen[i] += float((trace.weights[0] > 0).float().mean()) / len(texts)
    stated = [1 / N_HEADS] * N_LAYERS
    measure = Measure(
        "share_of_sequence",
        "fraction",
        "equal",
        0.02,
        (Condition("minilm", numbers(seen.tolist()), numbers(stated), len(texts)),),
        spread="range",
    )
    module = zoo.get("minilm").module
    channels = [
        layer.attention.query_projection.out_features
        / layer.attention.n_heads
        / module.config.d_model
        for layer in module.layers
    ]
    errors = []
    for seed in range(3):
        torch.manual_seed(seed)
        ours, theirs = MultiHeadAttention(48, 4), nn.MultiheadAttention(48, 4, batch_first=True)
        theirs.in_proj_weight.copy_(
            torch.cat(
                [
                    p.weight
                    for p in (ours.query_projection, ours.key_projection, ours.value_projection)
                ]
            )
        )
        theirs.in_proj_bias.copy_(
            torch.cat(
                [
                    p.bias
                    for p in (ours.query_projection, ours.key_projection, ours.value_projection)
                ]
            )
        )
        theirs.out_proj.load_state_dict(ours.output_projection.state_dict())
        x = torch.randn(2, 9, 48)
        errors.append(float((ours(x, x, x)[0] - theirs(x, x, x)[0]).abs().max()))
    right = Measure(
        "share_of_channels",
        "fraction",
        "equal",
        1e-6,
        (
            Condition("channels", numbers(channels), numbers(stated), N_LAYERS),
            Condition(
                "torch", numbers(errors), numbers([0.0] * 3), 2 * 9 * 48, metric="largest_error"
            ),
        ),
        spread="range",
    )
    return Claim("2.3.a", "2.3", "reworded", COMMAND, "recorded", measure, right)


def several_claim(runs: Path) -> Claim:
    """2.3.b: several heads against one at equal parameters, on two tasks."""
    lookups = {h: [list(training(h, seed))[-1][1] for seed in LOOKUP_SEEDS] for h in HEADS}
    sys.stdout.write(f"two look-ups {lookups}\n")

    def sentiment(heads: int) -> tuple[list[float], int]:
        middle = "" if heads == 4 else f"-h{heads}"  # the small size has four
        found = [
            json.loads(
                (runs / f"sentiment-zh-attention{middle}-w1-{s}" / "result.json").read_text()
            )
            for s in SEEDS
        ]
        return [f["accuracy"] for f in found], found[0]["n"]

    conditions = [
        Condition(f"lookups_{h}", numbers(lookups[h]), numbers(lookups[1]), 512) for h in HEADS[1:]
    ]
    one, n = sentiment(1)
    conditions += [
        Condition(f"sentiment_{h}", numbers(sentiment(h)[0]), numbers(one), n) for h in HEADS[1:]
    ]
    sys.stdout.write(f"sentiment { ({h: statistics.mean(sentiment(h)[0]) for h in HEADS}) }\n")
    measure = Measure("accuracy", "fraction", "higher", 0.01, tuple(conditions))
    return Claim("2.3.b", "2.3", "measured", COMMAND, "recorded", measure)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", nargs="+", default=["roles", "2.3.a", "2.3.b"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    texts = [
        r.text
        for r in random.Random(0).sample(english(args.data)["test"], N_SENTENCES)
        if len(r.text.split()) >= 8
    ]
    if "roles" in args.only:
        with torch.inference_mode():
            found = corpus_roles(texts)
        roles.CORPUS.write_text(
            json.dumps(
                {
                    "what": "roles of MiniLM's heads, means over sentences; no sentence is here",
                    "corpus": "Stanford sentiment, test sentences of lesson 2.1",
                    "n": len(texts),
                    "command": COMMAND,
                    "roles": found,
                },
                indent=0,
            )
            + "\n"
        )
    for name, make in (
        ("2.3.a", lambda: split_claim(texts)),
        ("2.3.b", lambda: several_claim(args.runs)),
    ):
        if name in args.only:
            claim = dataclasses.replace(make(), recorded=provenance())
            sys.stdout.write(f"{write(claim)}\n")


if __name__ == "__main__":
    main()
