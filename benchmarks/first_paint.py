"""A first visitor of a freshly started server: request → title and default picture painted.

Lesson 3.2 against the bare page, each time a new server (already answering: its warm-up is over)
and a browser that has cached nothing, in turn. From the browser's start of navigation to the later
of the title in the page and the painter's performance mark.
"""

import statistics
from collections.abc import Iterator

from benchmarks.browser import chromium, fresh, painted
from tests.load.server import serving

ROUNDS = 7
PAGES = {
    "lesson": ("app.py", "3-2-scaled-dot-product"),
    "bare": ("benchmarks/bare/app.py", "?lesson=3.2"),
}


def first(script: str, path: str) -> tuple[float, float]:
    """Seconds from the server's start to its first answer, and from request to painted."""
    with serving(script) as server, chromium() as browser:
        warm = browser.new_page()  # the browser's own first page is not the server's doing
        warm.goto("about:blank")
        page = fresh(browser).new_page()
        page.goto(f"{server.url}/{path}", wait_until="commit")
        seen = painted(page)
        return server.started_s, max(seen["title"], seen["painted"]) / 1000


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in PAGES}
    for turn in range(ROUNDS):
        for name in PAGES if turn % 2 else reversed(PAGES):
            samples[name].append(first(*PAGES[name]))
    middle = {name: statistics.median(s for _, s in seen) for name, seen in samples.items()}
    yield "first_paint_ratio", middle["lesson"] / middle["bare"], "x"
    for name, seen in samples.items():
        yield f"first_paint_{name}_s", middle[name], "s"
        yield f"server_start_{name}_s", statistics.median(s for s, _ in seen), "s"
