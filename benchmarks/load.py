"""Learners who each turn a control of lesson 3.2 every two seconds: 1, 10 and 40 of them.

Milliseconds from sending the fragment's rerun to its ``script_finished``, over a real websocket
and through the whole server; the learners run in this process, so on few cores they compete with
the server that they measure. Each learner has random vectors of its own (64 × 64, d_k 64), so that
no learner is served another's result.
"""

import asyncio
from collections.abc import Iterator

from tests.load.client import crowd, quantile
from tests.load.server import serving

SESSIONS = (1, 10, 40)
EVERY_S = 2.0
TURNS = 15


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    for sessions in SESSIONS:
        with serving() as server:
            # One learner first: what is loaded on first use is loaded.
            asyncio.run(crowd(server.port, sessions=1, turns=3, every=0.5))
            before = server.cpu_ms()
            visits = asyncio.run(crowd(server.port, sessions, TURNS, EVERY_S))
            used = server.cpu_ms() - before
        answers = [turn.answer for visit in visits for turn in visit.turns]
        spent = [answer.milliseconds for answer in answers]
        errors = [error for visit in visits for error in visit.errors]
        errors += ["turns are missing"] * (sessions * TURNS - len(answers) > 0)
        for error in errors[:5]:
            print(f"# {error}")
        yield f"load_{sessions}_p50_ms", quantile(spent, 0.5), "ms"
        yield f"load_{sessions}_p95_ms", quantile(spent, 0.95), "ms"
        yield f"load_{sessions}_errors", len(errors), "errors"
        yield f"load_{sessions}_cpu_ms_per_turn", used / len(answers), "ms"
        bytes_each = sum(answer.n_bytes for answer in answers) / len(answers)
        yield f"load_{sessions}_kb_per_turn", bytes_each / 1000, "kB"
        opened = [visit.opening.milliseconds for visit in visits if visit.opening]
        yield f"load_{sessions}_open_p95_ms", quantile(opened, 0.95), "ms"
