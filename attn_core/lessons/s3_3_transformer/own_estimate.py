"""What a learner's training would need, said before it starts; too much is refused by name.

The time is estimated as a fixed cost for each layer of each step and a cost for each multiply-add.
Both are measured here and now with two tiny trainings.
"""

import time
from dataclasses import dataclass
from functools import cache

import torch

from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_3_transformer.own_settings import (
    MAX_SECONDS,
    Own,
    admit,
    multiply_adds,
    parameters,
    training_bytes,
)
from attn_core.lessons.s3_3_transformer.own_training import MOMENTS, Training

PROBES = (Own(layers=1, d_model=16, heads=2, d_ff=16, batch=8), Own(batch=128, heads=2))
"""Two trainings: one all overhead, one mostly arithmetic."""
DECODING = 0.65
"""What writing one token costs of a training step's overhead."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast this machine trains.

    Parameters
    ----------
    per_layer : float
        Seconds of each layer of each step, whatever its size.
    per_multiply_add : float
        Seconds.
    """

    per_layer: float
    per_multiply_add: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a training would need.

    Parameters
    ----------
    parameters : int
        Exactly.
    bytes : int
        As ``training_bytes``.
    seconds : float
        On one core that does nothing else.
    """

    parameters: int
    bytes: int
    seconds: float


def step_seconds(config: Own) -> float:
    """Processor time of a step, measured."""
    with torch.random.fork_rng(devices=[]):
        run = Training(config)
        run.step()
        taken = []
        for _ in range(4):
            began = time.thread_time()
            run.step()
            taken.append(time.thread_time() - began)
    return min(taken)


@cache
def speed() -> Speed:
    """How fast this machine trains, measured once, in a fifth of a second."""
    small, large = PROBES
    low, high = step_seconds(small), step_seconds(large)
    # low = layers · a + adds · b for both; b can't be below zero however unlucky the clock
    ratio = large.layers / small.layers
    adds = multiply_adds(large) - ratio * multiply_adds(small)
    each = max(high - ratio * low, 0.0) / adds
    return Speed((low - each * multiply_adds(small)) / small.layers, each)


def estimate(config: Own, fast: Speed | None = None) -> Estimate:
    """What a training would need."""
    fast = fast or speed()
    step = config.layers * fast.per_layer + multiply_adds(config) * fast.per_multiply_add
    tests = len(MOMENTS) * 2 * config.longest[1] * DECODING * config.layers * fast.per_layer
    return Estimate(parameters(config), training_bytes(config), config.steps * step + tests)


def admitted(config: Own, fast: Speed | None = None) -> Estimate:
    """The estimate of a training that may start."""
    admit(config)
    found = estimate(config, fast)
    if found.seconds > MAX_SECONDS:
        raise Refused(
            "s3_3.own.refused.seconds", n=f"{found.seconds:.0f}", most=f"{MAX_SECONDS:.0f}"
        )
    return found
