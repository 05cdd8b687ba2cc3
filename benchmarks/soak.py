"""An hour of forty learners over all lessons, and where memory stands then.

Learners come for some minutes, leave, and others come. Memory is read once a minute. Growth is what
the last ten minutes' mean is above the mean of the ten minutes after the first ten, during which
models are loaded and caches fill. ``MINUTES=15`` in the environment shortens it; growth is then
told for the time it had.
"""

import asyncio
import os
import statistics
from collections.abc import Iterator

from benchmarks.load_all import crowd
from tests.load.client import quantile
from tests.load.server import Server, serving

MINUTES = int(os.environ.get("MINUTES", "60"))
LEARNERS, TURNS = 40, 60
"""At once, and of each visit: about two minutes."""


async def _watched(server: Server) -> tuple[list[float], list[float], list[str]]:
    """Memory by minute, milliseconds of all turns, what went wrong."""
    memory: list[float] = []
    spent: list[float] = []
    errors: list[str] = []

    async def watch() -> None:
        while True:
            memory.append(server.rss_mb())
            print(f"# minute {len(memory) - 1}: {memory[-1]:.0f} MB", flush=True)
            await asyncio.sleep(60)

    watching = asyncio.create_task(watch())
    loop = asyncio.get_running_loop()
    end = loop.time() + 60 * MINUTES
    while loop.time() < end:
        answers, wrong = await crowd(server.port, LEARNERS, TURNS)
        spent += [answer.milliseconds for answer in answers]
        errors += wrong + ["lost turns"] * (LEARNERS * TURNS - len(answers))
    watching.cancel()
    return memory, spent, errors


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    with serving() as server:
        memory, spent, errors = asyncio.run(_watched(server))
        for error in errors[:5]:
            print(f"# {error}")
        part = max(1, len(memory) // 6)
        early, late = statistics.mean(memory[part : 2 * part]), statistics.mean(memory[-part:])
        yield "soak_minutes", len(memory) - 1, "min"
        yield "soak_growth_percent", 100 * (late / early - 1), "%"
        yield "rss_after_soak_mb", server.rss_mb(), "MB"
        yield "soak_p50_ms", quantile(spent, 0.5), "ms"
        yield "soak_p95_ms", quantile(spent, 0.95), "ms"
        yield "soak_turns", len(spent), "turns"
        yield "soak_errors", len(errors), "errors"
