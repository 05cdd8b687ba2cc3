"""Our Transformer against ``torch.nn.Transformer`` of the same shape and size, one thread.

The same embedded tokens (8 sentences of 32 source and 32 target tokens, d_model 192, 6 heads), a
causal mask, no gradients; they take turns, and the medians of their times are compared. Ours runs
fused (as when it trains and translates) and with every trace (as when it is shown); torch's gives
no weights at all.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from attn_core.models.transformer import Transformer
from attn_core.models.transformer_layers import TransformerConfig
from benchmarks.minilm import seconds

TURNS, WARM = 100, 10
BATCH, LENGTH = 8, 32


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    torch.manual_seed(0)
    config = TransformerConfig(100, 100)
    ours = Transformer(config).eval()
    theirs = nn.Transformer(
        config.d_model,
        config.n_heads,
        config.n_encoder_layers,
        config.n_decoder_layers,
        config.d_ff,
        0.0,
        batch_first=True,
        norm_first=config.pre_norm,
    ).eval()
    x, y = (torch.randn(BATCH, LENGTH, config.d_model) for _ in range(2))
    mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)

    def own(traced: bool) -> Any:
        states, _ = ours.run_encoder(x, traced=traced)
        return ours.run_decoder(y, ours.remember(states), traced=traced)

    calls: dict[str, Callable[[], Any]] = {
        "fused": lambda: own(False),
        "traced": lambda: own(True),
        "torch": lambda: theirs(x, y, tgt_mask=mask, tgt_is_causal=True),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            for turn in range(WARM + TURNS):
                for name in sorted(calls, reverse=bool(turn % 2)):
                    spent = seconds(calls[name])
                    if turn >= WARM:
                        times[name].append(spent)
    finally:
        torch.set_num_threads(threads)
    medians = {name: 1000 * statistics.median(spent) for name, spent in times.items()}
    yield "transformer_vs_torch", medians["fused"] / medians["torch"], ""
    yield "transformer_traced_vs_torch", medians["traced"] / medians["torch"], ""
    yield "transformer_ms", medians["fused"], "ms"
