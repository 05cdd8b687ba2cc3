"""A causal map of 4096 × 4096: bytes of its view, time to pack it, and one click's exact numbers.

The round trip is from the question leaving the browser (after the 150 ms for which the pointer
must rest) to the exact numbers' arrival in the page: a rerun of the page's fragment included.
"""

import statistics
import time
from collections.abc import Iterator

from attn_core.contract.selection import Selection
from attn_core.wire.view import pack
from benchmarks import views
from benchmarks.browser import chromium, fresh, idle, painted
from tests.load.server import serving

SIDE = 4096
ROUNDS = 12


def asked() -> list[float]:
    """Milliseconds from a cell's question to its answer, the keyboard on it."""
    spent = []
    with serving("benchmarks/minilm_page/app.py") as server, chromium() as browser:
        page = fresh(browser).new_page()
        page.goto(f"{server.url}/?causal={SIDE}")
        painted(page)
        idle(page)
        go = "(q) => document.querySelector('[data-painted]').attnViewer.focusCell(q, q >> 2)"
        for i in range(ROUNDS):
            page.evaluate(
                """() => { bench.sent = null; bench.answered = null;
                window.addEventListener('attn-probe',
                  () => { bench.answered = performance.now(); }, { once: true }); }"""
            )
            page.evaluate(go, SIDE // 2 + i * 100)
            end = time.perf_counter() + 20
            while not page.evaluate("bench.answered"):
                if time.perf_counter() > end:
                    raise RuntimeError("no answer")
                page.wait_for_timeout(20)
            spent.append(page.evaluate("bench.answered - bench.sent"))
            idle(page)
    return spent[2:]


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    result = views.causal(SIDE)
    labels = views.labels(result)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        data = pack("map", result, Selection(query=SIDE - 1), labels)
        times.append(1000 * (time.perf_counter() - began))
    yield "viewer_4096_bytes", len(data), "bytes"
    yield "viewer_4096_pack_ms", statistics.median(times), "ms"
    yield "viewer_4096_asked_ms", statistics.median(asked()), "ms"
