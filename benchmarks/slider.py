"""From a key on the temperature slider to the painted picture, against a bare page.

Both pages are open in one browser, each from a server of its own, and take turns: a key on one, a
key on the other. Every key asks for a value that neither server has computed before (a new seed,
word, hidden patch or number of object queries for each round of the slider's 15 steps), so both run
the same forward pass once. The clock starts with the browser's key event and stops with the
painter's performance mark (``…_to_frame_ratio``: with the browser's next frame).
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page

from attn_core.lessons.s2_2_positional_encoding.experiment import SHIFTS
from attn_core.lessons.s3_1_incremental.experiment import TEMPERATURES as SAMPLING
from benchmarks.browser import chromium, fresh, idle, painted
from pages.frame.controls import TEMPERATURES
from tests.load.server import Server, serving

ROUNDS = 4
SENTENCES = (
    "A {} film, and nobody who sees it in a good mood will want to leave early or look away once.",
    "The {} story was told twice, first by the old captain and then by those who knew him better.",
)
PATHS = {
    "3.2": "3-2-scaled-dot-product", "1": "1-additive", "2.1": "2-1-self-attention",
    "2.2": "2-2-positional-encoding", "2.3": "2-3-multi-head", "3.1": "3-1-incremental",
    "3.3": "3-3-transformer", "4.1": "4-1-segmentation", "4.2": "4-2-detection",
    "5.1": "5-1-speech", "5.2": "5-2-ctc", "5.3": "5-3-recogniser",
    "6.1": "6-1-recommendation", "6.2": "6-2-video", "6.3": "6-3-bioinformatics",
}  # fmt: skip
SLIDERS = {"2.2": ("shift", SHIFTS, 0), "3.1": ("sampling", SAMPLING, 0.5)}
"""Name, values and default of each lesson's slider; else temperature, whose default is 1."""
TEXTS = {"2.1": "text_en", "3.1": "text_en", "3.3": "text_en_zh"}
"""Name of each lesson's text in its link, else "text"."""
WORDS = ("nightingale", "photograph", "constellation", "neighbourly", "architecture", "melancholy")
ASKED = (5, 8, 10, 15)
SEEN = (4886, 541, 6377, 1200)


def queries(number: str, turn: int) -> str:
    """An input that no server has seen, the slider at its left end."""
    name, steps, _ = SLIDERS.get(number, ("temperature", TEMPERATURES, 1.0))
    start = f"{name}={steps[0]}"
    if number == "3.2":
        return f"source=random&n=64&seed={100 + turn}&{start}"
    if number == "4.1":
        return f"hidden={20 + turn}&{start}"
    if number == "4.2":
        return f"queries={ASKED[turn]}&{start}"
    if number.startswith("5"):
        return f"silenced={20 + turn}-{24 + turn}&{start}"
    if number == "6.1":
        return f"films=1-1214-588-1240-{SEEN[turn]}&{start}"
    if number == "6.2":
        return f"begins={turn + 3}&{start}"
    if number == "6.3":
        return f"moved={turn + 1}&{start}"
    if number == "1":
        return f"word={WORDS[turn]}&{start}"
    text = quote(" ".join(SENTENCES).format(WORDS[turn], WORDS[turn + 1]))
    return f"{TEXTS.get(number, 'text')}={text}&{start}"


def opened(context: BrowserContext, server: Server, path: str, key: str) -> Page:
    """A page in front, painted and quiet, its slider in focus."""
    page = context.new_page()
    page.goto(f"{server.url}/{path}")
    painted(page)
    idle(page)
    page.locator(f".st-key-{key} input[type=range]").focus()
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
    slider, steps, plain = SLIDERS.get(number, ("temperature", TEMPERATURES, 1.0))
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(s)) for s in ("app.py", "benchmarks/bare/app.py")]
        context = fresh(stack.enter_context(chromium()))
        for turn in range(ROUNDS):
            query = queries(number, turn)
            bare = query.replace(f"{TEXTS.get(number, 'text')}=", "text=")
            paths = (f"{url}?{query}&lang=en", f"?lesson={number}&{bare}")
            keys = (f"{number.replace('.', '-')}-{slider}", slider)
            given = zip(servers, paths, keys, strict=True)
            pages = [opened(context, *each) for each in given]
            for step in range(1, len(steps)):
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
    for number, url in PATHS.items():
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
