"""Memory of the server with every model loaded: lessons 1 and 3.2, every part opened.

Resident memory in MB (10⁶ bytes), after inputs that the stored defaults do not answer, so that
the speller, its twins and MiniLM are all read.
"""

import asyncio
from collections.abc import Iterator

from attn_core.contract.registry import LESSONS
from pages.frame.lesson_page import PARTS
from tests.load.client import Session, connected, problems
from tests.load.server import serving

INPUTS = {"1": "word=nightingale", "3.2": "text=A+dog+saw+the+cat+that+it+feared"}
FINISHED = 0


async def tour(port: int) -> list[str]:
    """Open every part of every lesson; what went wrong."""
    errors: list[str] = []
    for lesson in LESSONS:
        for part in PARTS:
            async with connected(port) as socket:
                session = Session(socket)
                query = f"{INPUTS.get(lesson.number, '')}&temperature=2.0&part={part}"
                errors += problems(await session.open(lesson.url, query), FINISHED)
                if not session.viewer:
                    errors.append(f"lesson {lesson.number} sent no view")
    return errors


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    with serving() as server:
        yield "server_rss_start_mb", server.rss_mb(), "MB"
        errors = asyncio.run(tour(server.port))
        if errors:
            raise RuntimeError("; ".join(errors[:5]))
        yield "server_rss_all_models_mb", server.rss_mb(), "MB"
