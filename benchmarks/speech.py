"""Speech: how much of a sound's own time each model needs to write it, on two threads.

From samples at 8 kHz to digits: features, encoder, and the model's own way of writing (labels
collapsed, the joint search, or digit by digit). The encoder alone is held against torch's own
``TransformerEncoder`` of the same sizes.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from attn_core import zoo
from attn_core.inputs.sound import find
from attn_core.lessons.s5_3_recogniser import experiment as speller
from attn_core.lessons.s5_3_recogniser import spelling
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.compared import written
from attn_core.models.recogniser_search import joint_search
from benchmarks.minilm import seconds

TURNS, WARM = 20, 3
SOUND = "pi"
CTC = {"attention": "recogniser_attention", "convolution": "recogniser_convolution"}


def ways() -> dict[str, Callable[[], Any]]:
    """From samples to digits, by the name of the model."""
    wave = find(SOUND).wave
    joint = zoo.get("recogniser_joint").module

    def search() -> Any:
        states, real, _ = joint.encode(speech.features_of(wave), traced=False)
        return joint_search(joint, states, real, 0.5, width=8)

    calls: dict[str, Callable[[], Any]] = {
        name: lambda c=checkpoint: written(c, wave) for name, checkpoint in CTC.items()
    }
    calls["joint"] = search
    for name, checkpoint in speller.CHECKPOINTS.items():
        module = zoo.get(checkpoint).module
        calls[f"decoder_{name}"] = lambda m=module: spelling.spell(
            m, speech.features_of(wave), None, None
        )
    return calls


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with torch.inference_mode():
            yield from _measure()
    finally:
        torch.set_num_threads(threads)


def _median(call: Callable[[], Any]) -> float:
    spent = [seconds(call) for _ in range(WARM + TURNS)]
    return statistics.median(spent[WARM:])


def _measure() -> Iterator[tuple[str, float, str]]:
    length = find(SOUND).seconds
    for name, call in ways().items():
        yield f"speech_{name}_real_time_factor", _median(call) / length, ""
    model = zoo.get("recogniser_attention").module
    config = model.config
    layer = nn.TransformerEncoderLayer(
        config.d_model, config.n_heads, config.d_ff, batch_first=True, norm_first=True
    )
    peer = nn.TransformerEncoder(
        layer, config.n_layers, nn.LayerNorm(config.d_model), enable_nested_tensor=False
    ).eval()
    features = speech.features_of(find(SOUND).wave)
    tokens, _ = model.shorten(features)
    whole = _median(lambda: model.encode(features, traced=False))
    own = whole - _median(lambda: model.shorten(features))
    yield "speech_encoder_vs_torch", own / _median(lambda: peer(tokens)), ""
