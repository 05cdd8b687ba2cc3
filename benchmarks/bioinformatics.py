"""Bioinformatics: whole answers of lesson 6.3, and its layers against torch's own.

The protein model's layers, with every trace, are held against torch's ``TransformerEncoder`` of the
same sizes on 256 residues. One thread; medians.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.lessons.s6_3_bioinformatics import experiment, genome, protein
from attn_core.lessons.s6_3_bioinformatics.samples import text
from attn_core.models.transformer_layers import How
from benchmarks.minilm import seconds

TURNS, WARM, LENGTH = 20, 3, 256


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield from _measure()
    finally:
        torch.set_num_threads(threads)


def _scan(dna: str) -> None:
    genome.scan.cache_clear()
    genome.scan(dna)


def _measure() -> Iterator[tuple[str, float, str]]:
    dna = genome.record_of(text("genome", experiment.SAMPLES["genome"][0])).sequence
    model = zoo.get(protein.CHECKPOINT).module
    config = model.config
    layer = nn.TransformerEncoderLayer(
        config.d_model, config.n_heads, config.d_ff, batch_first=True, norm_first=True
    )
    peer = nn.TransformerEncoder(layer, config.n_layers, enable_nested_tensor=False).eval()
    states = torch.randn(1, LENGTH, config.d_model)
    real = torch.ones(1, 1, 1, LENGTH, dtype=torch.bool)

    def layers() -> torch.Tensor:
        x = states
        for i, part in enumerate(model.encoder):
            x, _ = part(x, real, How(True, None), f"encoder.{i}")
        return x

    calls: dict[str, Callable[[], Any]] = {
        name: lambda n=name: experiment.run(experiment.Config(n), Intervention(temperature=1.1))
        for name in experiment.MODELS
    }
    calls |= {"layers": layers, "peer": lambda: peer(states)}
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(WARM + TURNS):
        for name, call in calls.items():
            found[name].append(seconds(call))
    middle = {name: statistics.median(values[WARM:]) for name, values in found.items()}
    scanned = statistics.median([seconds(lambda: _scan(dna)) for _ in range(5)])
    for name in experiment.MODELS:
        yield f"{name}_answer_ms", 1000 * middle[name], "ms"
    yield "genome_scan_ms_per_kb", 1000 * scanned / (len(dna) / 1000), "ms"
    yield "protein_layers_vs_torch", middle["layers"] / middle["peer"], ""
