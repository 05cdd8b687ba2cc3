"""Time of additive, bilinear and dot-product attention, measured here and now.

Every method goes from queries, keys and values of equal size to outputs: scores, softmax, weighted
sum. Projections before the scores are not counted, W of the bilinear form is: it is its score.
"""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from jaxtyping import Float
from torch import Tensor

from attn_core.attention.functional import (
    additive_scores,
    attend,
    bilinear_scores,
    dot_product_scores,
    masked_softmax,
)
from attn_core.jobs.line import Report
from attn_core.lessons.s3_2_scaled_dot_product.steps import MAX_BYTES, bounded, random_qkv

METHODS = ("additive", "bilinear", "dot_product", "dot_product_unscaled", "fused", "loop")
"""``fused`` is ``F.scaled_dot_product_attention``, ``loop`` the dot product, a query at a time."""


@dataclass(frozen=True, slots=True)
class TimingRow:
    """One method at one length.

    Parameters
    ----------
    method : str
        One of ``METHODS``; its name is ``method.<method>`` in the locale.
    n : int
        Number of queries and of keys.
    milliseconds : float
        Median of all repeats, one call each.
    ratio : float
        To the dot product with its scale at the same length; 2 is twice the time.
    """

    method: str
    n: int
    milliseconds: float
    ratio: float


@dataclass(frozen=True, slots=True)
class TimingResult:
    """All that was timed before the end, or before it was stopped.

    Parameters
    ----------
    d_k : int
        Size of each vector.
    repeats : int
        Calls per method and length.
    threads : int
        Threads that torch used for one call.
    stopped : bool
        Whether it was stopped; lengths not finished are left out.
    rows : tuple of TimingRow
        In order of length and ``METHODS``.
    """

    d_k: int
    repeats: int
    threads: int
    stopped: bool
    rows: tuple[TimingRow, ...]


def memory_estimate(n: int, d_k: int) -> int:
    """Bytes of the largest method, the additive one: its pairs and their tanh, in float32.

    Examples
    --------
    >>> memory_estimate(512, 64) / 2**20
    131.0
    """
    return 2 * n * n * d_k * 4 + 3 * n * n * 4


def methods(
    query: Float[Tensor, "query d_head"],
    key: Float[Tensor, "key d_head"],
    value: Float[Tensor, "key d_head"],
) -> dict[str, Callable[[], Float[Tensor, "query d_head"]]]:
    """The ways to attend, each as a call without arguments.

    Examples
    --------
    >>> tuple(methods(*random_qkv(0, 2, 2, 4))) == METHODS
    True

    By name, in the order of ``METHODS``.
    """
    d_k = query.shape[-1]
    energy = torch.full((d_k,), d_k**-0.5, dtype=query.dtype)
    weight = torch.eye(d_k, dtype=query.dtype) * d_k**-0.5

    def loop() -> Tensor:
        rows = [
            attend(masked_softmax(dot_product_scores(q[None], key)), value) for q in query.unbind()
        ]
        return torch.cat(rows)

    return {
        "additive": lambda: attend(masked_softmax(additive_scores(query, key, energy)), value),
        "bilinear": lambda: attend(masked_softmax(bilinear_scores(query, key, weight)), value),
        "dot_product": lambda: attend(masked_softmax(dot_product_scores(query, key)), value),
        "dot_product_unscaled": lambda: attend(
            masked_softmax(query @ key.transpose(-2, -1)), value
        ),
        # (l, d) -> (1, 1, l, d): the fused kernels want batch and head
        "fused": lambda: F.scaled_dot_product_attention(
            query[None, None], key[None, None], value[None, None]
        )[0, 0],
        "loop": loop,
    }


def timing(
    report: Report,
    should_stop: Callable[[], bool],
    n_list: tuple[int, ...] = (64, 128, 256, 512),
    d_k: int = 64,
    repeats: int = 15,
    seed: int = 0,
) -> TimingResult:
    """Median milliseconds of each method: a job that reports and can be stopped.

    Methods take turns within a repeat, so that a machine that slows down slows all of them, and in
    an order drawn anew for each: what ran before (the additive form fills every cache) costs too.

    Examples
    --------
    >>> timing(lambda done, key: None, lambda: True).stopped
    True
    """
    bounded("number of lengths", len(n_list), (1, 16))
    bounded("d_k", d_k, (4, 4096))
    bounded("repeats", repeats, (1, 200))
    for n in n_list:
        bounded("n", n, (1, 2048))
        if memory_estimate(n, d_k) > MAX_BYTES:
            raise ValueError(
                f"n is {n} and d_k {d_k}: the additive form needs {memory_estimate(n, d_k)} bytes; "
                f"at most {MAX_BYTES} are allowed"
            )
    rows: list[TimingRow] = []
    threads = torch.get_num_threads()
    total = len(n_list) * (repeats + 1)
    generator = random.Random(seed)
    done = 0
    for n in n_list:
        calls = methods(*random_qkv(seed, n, n, d_k))
        times: dict[str, list[float]] = {name: [] for name in calls}
        for repeat in range(repeats + 1):
            if should_stop():
                return TimingResult(d_k, repeats, threads, True, tuple(rows))
            report(done / total, "job.timing.running")
            for name in generator.sample(list(calls), len(calls)):
                call = calls[name]
                with torch.inference_mode():
                    start = time.perf_counter()
                    call()
                    spent = time.perf_counter() - start
                if repeat:  # the first call warms caches and allocator
                    times[name].append(spent * 1000)
            done += 1
        medians = {name: statistics.median(spent) for name, spent in times.items()}
        rows += [
            TimingRow(name, n, ms, ms / medians["dot_product"]) for name, ms in medians.items()
        ]
    report(1.0, "job.timing.done")
    return TimingResult(d_k, repeats, threads, False, tuple(rows))
