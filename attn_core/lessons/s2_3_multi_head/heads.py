"""Does one head do what several do? A task with two look-ups at once, at equal parameters.

Every position of a sequence of digits must name the digit before it *and* the digit after it, from
one attention layer. A single head has one softmax a row; two heads have two.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attn_core.jobs.line import Report
from attn_core.layers.multi_head import MultiHeadAttention

N_DIGITS, LENGTH, D_MODEL, BATCH = 10, 12, 32, 64
HEADS = (1, 2, 4, 8)
STEPS = 600
CHANCE = 1 / N_DIGITS


class TwoLookups(nn.Module):
    """Digits and learned positions, one attention layer, two answers a position.

    Parameters
    ----------
    n_heads : int
        The number of parameters does not depend on it.
    """

    def __init__(self, n_heads: int) -> None:
        super().__init__()
        self.digits = nn.Embedding(N_DIGITS, D_MODEL)
        self.positions = nn.Embedding(LENGTH, D_MODEL)
        self.attention = MultiHeadAttention(D_MODEL, n_heads)
        self.output = nn.Linear(D_MODEL, 2 * N_DIGITS)

    def forward(self, digits: Int[Tensor, "batch token"]) -> Float[Tensor, "batch token two digit"]:
        """Logits of the digit before and of the digit after."""
        x = self.digits(digits) + self.positions.weight
        attended, _ = self.attention(x, x, x)
        return self.output(attended).unflatten(-1, (2, N_DIGITS))  # (b, t, 2·10) -> (b, t, 2, 10)


def _batch(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
    digits = torch.randint(N_DIGITS, (size, LENGTH), generator=generator)
    return digits, torch.stack([digits[:, :-2], digits[:, 2:]], dim=-1)  # inner positions


def _both_right(model: TwoLookups, digits: Tensor, wanted: Tensor) -> float:
    with torch.inference_mode():
        found = model(digits)[:, 1:-1].argmax(-1)
    return float((found == wanted).all(-1).float().mean())


def training(n_heads: int, seed: int, steps: int = STEPS) -> Iterator[tuple[int, float]]:
    """Train, and tell the held-out accuracy (both digits right) as it goes."""
    # A generator of our own: a learner's training must not disturb another's random numbers.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TwoLookups(n_heads)
    data = torch.Generator().manual_seed(1000 + seed)
    held = _batch(torch.Generator().manual_seed(9999), 512)
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.0)
    for step in range(1, steps + 1):
        digits, wanted = _batch(data, BATCH)
        logits = model(digits)[:, 1:-1]
        loss = nn.functional.cross_entropy(logits.flatten(0, 2), wanted.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % max(1, steps // 20) == 0:
            yield step, _both_right(model, *held)


def train_side_by_side(
    report: Report, should_stop: Callable[[], bool], seed: int = 0
) -> list[dict[str, Any]]:
    """One training for each number of heads, as a job.

    "heads", "step", "accuracy".
    """
    rows: list[dict[str, Any]] = []
    for i, heads in enumerate(HEADS):
        for step, accuracy in training(heads, seed):
            rows.append({"heads": str(heads), "step": step, "accuracy": accuracy})
            if should_stop():
                return rows
            report((i + step / STEPS) / len(HEADS), "s2_3.live.training", list(rows))
    return rows
