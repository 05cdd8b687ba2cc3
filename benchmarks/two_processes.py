"""A hundred learners over all lessons on two processes of the app, fifty each.

How a proxy shares learners out is not part of it: each stays with one process, as a cookie would
keep them.
"""

import asyncio
from collections.abc import Iterator

from benchmarks.load_all import RECIPES, TURNS, crowd, learner
from tests.load.client import quantile
from tests.load.server import serving

LEARNERS = 100


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    with serving() as one, serving() as other:
        ports = (one.port, other.port)
        for port in ports:
            asyncio.run(crowd(port, len(RECIPES), 3))  # models are loaded
        before = one.cpu_ms() + other.cpu_ms()

        async def all_of_them() -> tuple[list[float], list[str]]:
            found = await asyncio.gather(
                *(learner(ports[i % 2], i // 2, TURNS) for i in range(LEARNERS))
            )
            spent = [answer.milliseconds for answers, _ in found for answer in answers]
            return spent, [error for _, errors in found for error in errors]

        spent, errors = asyncio.run(all_of_them())
        used = one.cpu_ms() + other.cpu_ms() - before
        for error in errors[:5]:
            print(f"# {error}")
        yield "load_all_100_two_processes_p50_ms", quantile(spent, 0.5), "ms"
        yield "load_all_100_two_processes_p95_ms", quantile(spent, 0.95), "ms"
        missing = LEARNERS * TURNS - len(spent)
        yield "load_all_100_two_processes_errors", len(errors) + missing, "errors"
        yield "load_all_100_two_processes_cpu_ms_per_turn", used / len(spent), "ms"
        yield "load_all_100_two_processes_rss_mb", one.rss_mb() + other.rss_mb(), "MB"
