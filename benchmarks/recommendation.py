"""Recommendation: a whole answer of lesson 6.1, and its attention against torch's own layers.

The answer is the longest history that is read: both models' lists, all traces, and leave-one-out of
each of its films in both. The layers, with their traces, are held against torch's own
``TransformerEncoder`` of the same sizes. One thread; medians.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from attn_core import zoo
from attn_core.attention import masks
from attn_core.inputs.films import catalogue
from attn_core.inputs.limits import MAX_FILMS
from attn_core.lessons.s6_1_recommendation import experiment, films
from benchmarks.minilm import seconds

TURNS, WARM = 60, 5


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield from _measure()
    finally:
        torch.set_num_threads(threads)


def _answer(history: tuple[int, ...]) -> None:
    films.left_out.cache_clear()  # a learner's next history is another one
    experiment.run(experiment.Config(history))


def _measure() -> Iterator[tuple[str, float, str]]:
    history = tuple(film.id for film in catalogue()[:: len(catalogue()) // MAX_FILMS][:MAX_FILMS])
    spent = [seconds(lambda: _answer(history)) for _ in range(12)]
    yield "recommendation_answer_ms", 1000 * statistics.median(spent[2:]), "ms"
    model = zoo.get(films.SELF).module
    config = model.config
    layer = nn.TransformerEncoderLayer(
        config.d_model, config.n_heads, config.d_model, batch_first=True, norm_first=True
    )
    norm = nn.LayerNorm(config.d_model)
    peer = nn.TransformerEncoder(layer, config.n_layers, norm, enable_nested_tensor=False).eval()
    seen = torch.tensor([films.places(history)])
    vectors = films.table("long")[seen]
    later = ~masks.causal(MAX_FILMS, MAX_FILMS)
    calls: dict[str, Callable[[], Any]] = {
        "ours": lambda: model.states(seen, vectors),
        "theirs": lambda: peer(vectors, mask=later),
    }
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(WARM + TURNS):
        for name, call in calls.items():
            found[name].append(seconds(call))
    ours, theirs = (statistics.median(found[name][WARM:]) for name in calls)
    yield "recommender_layers_vs_torch", ours / theirs, ""
