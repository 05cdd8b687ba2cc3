"""From a key on the temperature slider to the painted picture, against a bare page.

Both pages are open in one browser, each from a server of its own, and take turns: a key on one, a
key on the other. Every key asks for a value that neither server has computed before (a new seed or
word for each round of the slider's 15 steps), so both run the same forward pass once. The clock
starts with the browser's key event and stops with the painter's performance mark
(``…_to_frame_ratio``: with the browser's next frame).
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack

from playwright.sync_api import BrowserContext, Page

from benchmarks.browser import chromium, fresh, idle, painted
from pages.shared.controls import TEMPERATURES
from tests.load.server import Server, serving

ROUNDS = 4
WORDS = ("nightingale", "photograph", "constellation", "neighbourly", "architecture", "melancholy")


def queries(number: str, turn: int) -> str:
    """An input that no server has seen, the slider at its left end."""
    if number == "3.2":
        return f"source=random&n=64&seed={100 + turn}&temperature={TEMPERATURES[0]}"
    return f"word={WORDS[turn]}&temperature={TEMPERATURES[0]}"


def opened(context: BrowserContext, server: Server, path: str) -> Page:
    """A page in front, painted and quiet, its slider in focus."""
    page = context.new_page()
    page.goto(f"{server.url}/{path}")
    painted(page)
    idle(page)
    page.locator(".st-key-temperature input[type=range]").focus()
    return page


def pressed(page: Page) -> dict[str, float]:
    """One step to the right; milliseconds from the key to sending, to paint, and to the frame."""
    page.bring_to_front()
    page.keyboard.press("ArrowRight")
    seen = painted(page)
    idle(page)
    return {name: seen[name] - seen["key"] for name in ("sent", "painted", "frame")}


def compare(number: str, url: str) -> dict[str, list[dict[str, float]]]:
    """Samples of the lesson and of the bare page, taken in turn."""
    samples: dict[str, list[dict[str, float]]] = {"lesson": [], "bare": []}
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(s)) for s in ("app.py", "benchmarks/bare/app.py")]
        context = fresh(stack.enter_context(chromium()))
        for turn in range(ROUNDS):
            query = queries(number, turn)
            paths = (f"{url}?{query}&lang=en", f"?lesson={number}&{query}")
            pages = [opened(context, s, p) for s, p in zip(servers, paths, strict=True)]
            for step in range(1, len(TEMPERATURES)):
                pair = list(zip(samples, pages, strict=True))
                for name, page in pair if step % 2 else reversed(pair):
                    seen = pressed(page)
                    # The first round warms up; at 1.0 the lesson has no "before" to draw.
                    if turn and TEMPERATURES[step] != 1.0:
                        samples[name].append(seen)
            for page in pages:
                page.close()
    return samples


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    for number, url in (("3.2", "3-2-scaled-dot-product"), ("1", "1-additive")):
        samples = compare(number, url)
        middle = {
            (name, what): statistics.median(s[what] for s in seen)
            for name, seen in samples.items()
            for what in ("sent", "painted", "frame")
        }
        ratio = middle["lesson", "painted"] / middle["bare", "painted"]
        if number == "3.2":
            yield "slider_to_paint_ratio", ratio, "x"
        yield f"lesson_{number}_slider_to_paint_ratio", ratio, "x"
        yield (
            f"lesson_{number}_slider_to_frame_ratio",
            middle["lesson", "frame"] / middle["bare", "frame"],
            "x",
        )
        for name in samples:
            yield f"lesson_{number}_slider_{name}_ms", middle[name, "painted"], "ms"
        yield f"lesson_{number}_slider_key_to_send_ms", middle["lesson", "sent"], "ms"
        yield f"lesson_{number}_slider_samples", len(samples["lesson"]), "samples"
