"""What costs nothing or little: pointing at cells, and opening the ledger.

``hover_messages``: messages that a browser sends while its pointer rests on cells of each lesson's
map. ``ledger_open_ms``: processor time of the server for a visit of the ledger, median.
"""

import asyncio
import statistics
from collections.abc import Iterator

from attn_core.contract.registry import LESSONS
from benchmarks.browser import chromium, fresh, idle, painted
from tests.load.client import WHOLE, Session, connected, problems
from tests.load.server import Server, serving

CELLS, VISITS = 8, 12
RESTS_MS = 400
"""On each cell; the viewer once asked after 150."""
POINT = """
(at) => { const { view, cellAt } = document.querySelector('[data-painted]').attnViewer;
  return cellAt(at % view.n[0], (at * 3) % view.n[1]); }
"""
COUNT = """
() => { const send = WebSocket.prototype.send; window.sentSince = 0;
  WebSocket.prototype.send = function (m) { window.sentSince++; return send.call(this, m); }; }
"""


def hovered(server: Server) -> int:
    """Messages sent while the pointer rests on cells, over all lessons."""
    sent = 0
    with chromium() as browser:
        page = fresh(browser).new_page()
        for lesson in LESSONS:
            page.goto(f"{server.url}/{lesson.url}?lang=en")
            painted(page)
            idle(page)
            page.wait_for_timeout(1000)
            page.evaluate(COUNT)
            page.locator("[data-painted]").first.scroll_into_view_if_needed()
            for at in range(CELLS):
                place = page.evaluate(POINT, at)
                scrolled = page.evaluate("() => [window.scrollX, window.scrollY]")
                page.mouse.move(place["x"] - scrolled[0], place["y"] - scrolled[1])
                page.wait_for_timeout(RESTS_MS)
            sent += page.evaluate("() => window.sentSince")
    return sent


async def _visited(server: Server) -> list[float]:
    """Processor milliseconds of the server for each visit of the ledger."""
    spent = []
    for visit in range(VISITS):
        async with connected(server.port) as socket:
            await asyncio.sleep(0.3)
            before = server.cpu_ms()
            errors = problems(await Session(socket).open("ledger"), WHOLE)
            await asyncio.sleep(0.1)
            if errors:
                raise RuntimeError(errors[0])
            if visit > 1:
                spent.append(server.cpu_ms() - before)
    return spent


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    with serving() as server:
        yield "ledger_open_ms", statistics.median(asyncio.run(_visited(server))), "ms"
        yield "hover_messages", hovered(server), "messages"
