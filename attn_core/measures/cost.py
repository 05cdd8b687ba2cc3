"""Time, memory and multiply-adds of a call, each measured on its own."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch.profiler import ProfilerActivity, profile

SHARE = 0.5
"""Of the memory that is free, so much may be taken: other learners work here too."""


def best_of(call: Callable[[], Any], most: int = 5, budget: float = 0.5) -> float:
    """Seconds of the quickest of some calls, after one that is not counted.

    Processor time of the calling thread: for torch on one thread that is the time on an idle
    machine, and on a busy one what others do in between is left out.

    Parameters
    ----------
    call : callable
        Without arguments.
    most : int
        Calls at most, at least 1.
    budget : float
        No further call once so many seconds are spent.

    Returns
    -------
    float
        The least time: what disturbs a call only ever makes it slower.
    """
    call()
    best, spent = math.inf, 0.0
    for _ in range(max(1, most)):
        began = time.thread_time()
        call()
        seconds = time.thread_time() - began
        best, spent = min(best, seconds), spent + seconds
        if spent > budget:
            break
    return best


def peak_bytes(call: Callable[[], Any]) -> int:
    """The most memory that a call held at once beyond what was there before it.

    Every allocation and release of torch's CPU allocator is recorded by its profiler, those inside
    of fused kernels too; the peak is the largest running sum. A process's resident set would not
    do: the allocator keeps pages, so that a second measurement would see nothing.

    Parameters
    ----------
    call : callable
        Without arguments; what it returns counts.

    Returns
    -------
    int
        Bytes.

    Examples
    --------
    >>> import torch
    >>> peak_bytes(lambda: torch.ones(1024) + torch.ones(1024))
    12288
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        kept = call()
    changes: list[tuple[int, int]] = []
    nodes = list(found.profiler.kineto_results.experimental_event_tree())
    while nodes:
        node = nodes.pop()
        if node.tag.name == "Allocation":
            changes.append((node.start_time_ns, node.extra_fields.alloc_size))
        nodes.extend(node.children)
    del kept
    now = peak = 0
    for _, size in sorted(changes, key=lambda change: change[0]):
        now += size
        peak = max(peak, now)
    return peak


def multiply_adds(call: Callable[[], Any]) -> int:
    """Multiplications, each with its addition, in all matrix products of a call.

    Counted by torch's own counter, half a "flop" each. It does not see into the fused kernel.

    Parameters
    ----------
    call : callable
        Without arguments.

    Returns
    -------
    int
        Number.

    Examples
    --------
    >>> import torch
    >>> multiply_adds(lambda: torch.ones(2, 3) @ torch.ones(3, 4))
    24
    """
    # Where Triton is installed the counter loads it, 90 MB: only once something is counted.
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops()) // 2


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent of a power law through points, by least squares on logarithms.

    Parameters
    ----------
    sizes, values : sequence of float
        Above 0.

    Returns
    -------
    float
        NaN for fewer than two points.

    Examples
    --------
    >>> round(slope([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    if len(sizes) < 2:
        return math.nan
    x, y = ([math.log(v) for v in values_] for values_ in (sizes, values))
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    top = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return top / math.fsum((a - mean_x) ** 2 for a in x)


def free_bytes() -> int:
    """Memory that a new piece of work could have: the machine's, or its container's if less.

    Returns
    -------
    int
        Bytes; 2 GiB where the system does not say.
    """
    found = 2 * 2**30
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                found = 1024 * int(line.split()[1])
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text(encoding="utf-8").strip()
        used = int((group / "memory.current").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return found
    return min(found, max(0, int(limit) - used)) if limit.isdigit() else found


def most_bytes() -> int:
    """What one learner's run may take.

    Returns
    -------
    int
        ``SHARE`` of ``free_bytes``.
    """
    return int(SHARE * free_bytes())
