"""Our MiniLM with every trace against Hugging Face's eager forward with its attentions.

The same weights, the same 64 tokens, one thread, no gradients; they take turns, and the medians of
their times are compared.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import transformers

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest, weights_path
from attn_core.inputs.tokens import tokenize

TURNS, WARM = 150, 10
N_TOKENS = 64
TEXT = "The animal didn't cross the street because it was too tired to walk any further. " * 8


def seconds(call: Callable[[], Any]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    folder = weights_path(read_manifest("minilm")).parent
    theirs = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    ours = zoo.get("minilm").module
    ids = tokenize(TEXT, N_TOKENS).ids
    calls: dict[str, Callable[[], Any]] = {
        "ours": lambda: ours(ids),
        "theirs": lambda: theirs(ids, output_attentions=True),
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
    yield "minilm_64_vs_hf_eager", medians["ours"] / medians["theirs"], ""
    yield "minilm_64_ms", medians["ours"], "ms"
    yield "minilm_64_hf_eager_ms", medians["theirs"], "ms"
