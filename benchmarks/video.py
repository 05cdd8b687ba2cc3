"""Video: a whole answer of lesson 6.2, a clip's decoding, and divided attention's cost.

Divided attention is held against torch's own ``TransformerEncoder`` of the same width and as many
layers over all tokens at once; reading an upload (bounds checked, made small) against PyAV alone on
its bytes. One thread; medians.
"""

import statistics
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import av
import torch
from torch import nn

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.inputs.clip import decoded, find
from attn_core.lessons.s6_2_video import experiment
from attn_core.models.transformer_layers import How
from attn_core.wire.clip import as_webm
from benchmarks.minilm import seconds

TURNS, WARM = 20, 3


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield from _measure()
    finally:
        torch.set_num_threads(threads)


def _decoded(data: bytes) -> int:
    with av.open(BytesIO(data)) as container:
        return sum(1 for _ in container.decode(video=0))


def _measure() -> Iterator[tuple[str, float, str]]:
    data = as_webm(find(experiment.CLIP).frames)
    model = zoo.get(experiment.CHECKPOINTS["divided"]).module
    config = model.config
    frames, seen = experiment.given(experiment.Config())
    tokens = model.tubelets(frames)
    layer = nn.TransformerEncoderLayer(
        config.d_model, config.n_heads, config.d_ff, batch_first=True, norm_first=True
    )
    peer = nn.TransformerEncoder(layer, config.n_layers, enable_nested_tensor=False).eval()

    def divided() -> torch.Tensor:
        x = tokens
        for i, part in enumerate(model.layers):
            x, _ = part(x, seen, How(False, None), f"{i}")
        return x

    calls: dict[str, Callable[[], Any]] = {
        "answer": lambda: experiment.run(experiment.Config(), Intervention(temperature=1.1)),
        "divided": divided,
        "whole": lambda: peer(tokens.flatten(1, 2)),
        "read": lambda: decoded("a", data),
        "decoded": lambda: _decoded(data),
    }
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(WARM + TURNS):
        for name, call in calls.items():
            found[name].append(seconds(call))
    middle = {name: statistics.median(values[WARM:]) for name, values in found.items()}
    yield "video_answer_ms", 1000 * middle["answer"], "ms"
    yield "video_divided_vs_torch_joint", middle["divided"] / middle["whole"], ""
    yield "clip_read_vs_pyav", middle["read"] / middle["decoded"], ""
