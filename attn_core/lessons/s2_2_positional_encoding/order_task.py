"""Six position codes learn the same task side by side: say the token that stood before.

Random digits; at each position the answer is the digit ``back`` places before. A guess is right one
time in ten; who knows which digits there are, and not where, names the most frequent one and is a
little better. What knows how far but not on which side can at best toss a coin between two places.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from jaxtyping import Int
from torch import Generator, Tensor, nn

from attn_core.evidence.files import SAMPLES
from attn_core.jobs.line import Report
from attn_core.layers.positional.attention import KINDS
from attn_core.models.order import OrderConfig, OrderModel

DIGITS = 10
BATCH = 32
RATE = 3e-3
WARM_UP = 50
N_TEST = 256
TIMES = (1, 2, 3, 4)
"""Tested lengths, as multiples of the trained one."""
RECORDED = SAMPLES / "order_task.json"


def _start(model: nn.Module, draw: Generator) -> None:
    """PyTorch's usual first weights, drawn from a generator of our own: same seed, same run."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=draw)
            nn.init.uniform_(module.bias, -bound, bound, generator=draw)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.5, generator=draw)


def _draw(n: int, length: int, draw: Generator) -> Int[Tensor, "batch position"]:
    return torch.randint(DIGITS, (n, length), generator=draw)


@torch.inference_mode()
def accuracy(model: OrderModel, length: int, back: int, seed: int = 0) -> float:
    """Share of right answers on sequences that training never drew."""
    tokens = _draw(N_TEST, length, torch.Generator().manual_seed(10_000 + seed))
    logits, _ = model(tokens)
    return float((logits[:, back:].argmax(-1) == tokens[:, :-back]).float().mean())


class Run:
    """One model in training.

    Parameters
    ----------
    kind : str
        Its position code.
    steps, length, back, seed : int
        As in ``train_side_by_side``.
    """

    def __init__(self, kind: str, steps: int, length: int, back: int, seed: int) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.kind, self.length, self.back, self.seed = kind, length, back, seed
        self.model = OrderModel(OrderConfig(kind, DIGITS, max_length=TIMES[-1] * length))
        _start(self.model, draw)
        self.draw = torch.Generator().manual_seed(1_000 + seed)  # the same digits for every kind
        self.optimiser = torch.optim.AdamW(self.model.parameters(), RATE, weight_decay=0.01)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda s: min(1, (s + 1) / WARM_UP) * max(0.05, 1 - s / steps)
        )

    def step(self) -> None:
        """Learn from one batch."""
        tokens = _draw(BATCH, self.length, self.draw)
        logits, _ = self.model(tokens)
        loss = nn.functional.cross_entropy(
            logits[:, self.back :].flatten(0, 1), tokens[:, : -self.back].flatten()
        )
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()

    def accuracy(self, times: int = 1) -> float:
        """At a multiple of the trained length."""
        return accuracy(self.model, times * self.length, self.back, self.seed)


def train_side_by_side(
    report: Report,
    should_stop: Callable[[], bool],
    kinds: Sequence[str] = KINDS,
    steps: int = 400,
    length: int = 16,
    seed: int = 0,
    back: int = 1,
    measure_every: int = 40,
) -> dict[str, Any]:
    """Train one model for each kind on the same sequences, in turns, as a job.

    "curve": "kind", "step", "accuracy" at the trained length; "lengths": "kind", "length",
    "accuracy" at the end; "steps": how many were made; "length", "back", "seed".
    """
    if not 1 <= back < length:
        raise ValueError(f"back is {back}; it must be in [1, {length - 1}]")
    if steps < 1 or measure_every < 1:
        raise ValueError(f"steps is {steps}, measure_every {measure_every}; both at least 1")
    runs = [Run(kind, steps, length, back, seed) for kind in kinds]
    curve: list[dict[str, Any]] = []

    def measure(step: int) -> None:
        curve.extend({"kind": r.kind, "step": step, "accuracy": r.accuracy()} for r in runs)

    def found() -> dict[str, Any]:
        about = {"steps": made, "length": length, "back": back, "seed": seed}
        return {"curve": list(curve), "lengths": lengths, **about}

    made = 0
    lengths: list[dict[str, Any]] = []
    measure(0)
    while made < steps and not should_stop():
        for run in runs:
            run.step()
        made += 1
        if made % measure_every == 0 or made == steps:
            measure(made)
        if made % 4 == 0:
            report(0.95 * made / steps, "s2_2.live.training", found())
    lengths = [
        {"kind": r.kind, "length": times * length, "accuracy": r.accuracy(times)}
        for r in runs
        for times in TIMES
    ]
    report(1.0, "s2_2.live.training", found())
    return found()


def coin(digits: int = DIGITS) -> float:
    """What a coin between the right place and its mirror image gets right.

    Examples
    --------
    >>> round(coin(10), 2)
    0.55
    """
    return (1 + 1 / digits) / 2


def most_frequent(length: int, back: int = 1, seed: int = 0) -> float:
    """What naming each test sequence's most frequent digit at every place gets right."""
    tokens = _draw(N_TEST, length, torch.Generator().manual_seed(10_000 + seed))
    named = tokens.mode(dim=1, keepdim=True).values
    return float((tokens[:, :-back] == named).float().mean())


@cache
def recorded() -> dict[str, Any]:
    """The recorded runs of ``attn_core.lessons.s2_2_positional_encoding.claims``.

    "length", "back", "steps", "seeds", and "rows": "kind", "length", "seed", "accuracy".
    """
    return dict(json.loads(RECORDED.read_text(encoding="utf-8")))


def recorded_means() -> list[dict[str, Any]]:
    """The recorded accuracy of each kind at each length, mean over seeds.

    "kind", "length", "accuracy", "low", "high" (the seeds' extremes).
    """
    rows = recorded()["rows"]
    out = []
    for kind, length in dict.fromkeys((r["kind"], r["length"]) for r in rows):
        here = [r["accuracy"] for r in rows if (r["kind"], r["length"]) == (kind, length)]
        out.append(
            {
                "kind": kind,
                "length": length,
                "accuracy": sum(here) / len(here),
                "low": min(here),
                "high": max(here),
            }
        )
    return out


def recorded_facts() -> dict[str, float]:
    """Numbers for the sentence under the recorded chart.

    Per cent right of each kind at the trained length ("rotary_short") and at four times that length
    ("rotary_long"); "coin", and "frequent": ``most_frequent`` at the trained length.
    """
    rows = recorded_means()
    longest = max(r["length"] for r in rows)
    shortest = min(r["length"] for r in rows)
    seeds = recorded()["seeds"]
    frequent = [most_frequent(shortest, recorded()["back"], seed) for seed in seeds]
    out = {"coin": 100 * coin(), "frequent": 100 * sum(frequent) / len(frequent)}
    for row in rows:
        for name, length in (("short", shortest), ("long", longest)):
            if row["length"] == length:
                out[f"{row['kind']}_{name}"] = 100 * row["accuracy"]
    return out
