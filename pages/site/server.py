"""The process around the pages: warm-up before the first visitor, headers, the viewer's files."""

import base64
import ctypes
import gc
import hashlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

from attn_core.inputs.limits import MAX_UPLOAD_BYTES
from pages.frame import preload

# Before torch is imported, whose OpenMP pool would start more threads than it is told to use.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ASSETS = Path(__file__).resolve().parents[2] / "assets"
_M_ARENA_MAX = -8  # of mallopt(3)


def _inline_scripts() -> str:
    """CSP hashes of the scripts that stand inside Streamlit's own page."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    bodies = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(b.encode()).digest()).decode() for b in bodies)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


FRAMES = "ATTN_FRAME_ANCESTORS"
"""Names the environment variable with the origins of pages that may hold the app in a frame."""
_ORIGIN = re.compile(r"https?://(\*\.)?[\w-]+(\.[\w-]+)*(:(?P<port>\d{1,5}|\*))?", re.ASCII)


def frame_ancestors() -> list[str]:
    """Origins of the pages that may hold the app, "https://lms.example.org" or with "*." before it.

    Raises
    ------
    ValueError
        If one is no origin: the variable would open or close more than it says.
    """
    named = os.environ.get(FRAMES, "").replace(",", " ").split()
    for origin in named:
        found = _ORIGIN.fullmatch(origin)
        port = (found and found["port"]) or ""
        if not found or (port.isdigit() and int(port) > 65535):
            raise ValueError(f"{FRAMES} has {origin!r}; it takes origins, https://lms.example.org")
    return named


HEADERS = {
    "content-security-policy": (
        f"default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval' {_inline_scripts()}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "media-src 'self' blob: data:; "
        "font-src 'self' data:; connect-src 'self' ws: wss: blob: data:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; "
        + " ".join(["frame-ancestors 'self'", *frame_ancestors()])
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}

_OF_THE_FILE = (b"content-length", b"etag", b"last-modified", b"accept-ranges")
"""What Streamlit says of its page's file, which is not what is sent."""


def _for_frames(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A cookie for foreign frames, kept for each holding site apart: others browsers refuse."""
    name, text = header
    if name == b"set-cookie" and b"SameSite=None" in text:
        return name, text + b"; Partitioned"
    return header


def _is_page(headers: dict[bytes, bytes]) -> bool:
    page = headers.get(b"content-type", b"").startswith(b"text/html")
    return page and b"content-encoding" not in headers


HIDDEN = ("/_stcore/metrics",)


class Guard:
    """Headers on every answer, modules to preload in a page's head, nothing for hidden paths."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].endswith(HIDDEN):
            await PlainTextResponse("", status_code=404)(scope, receive, send)
            return

        start: Message | None = None  # of a page, until its body is whole
        body = b""

        async def with_headers(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                message["headers"] = [_for_frames(h) for h in message["headers"]]
                message["headers"] += [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                if message["status"] == 200 and _is_page(dict(message["headers"])):
                    start = message
                    return
            elif start is not None and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                start["headers"] = [h for h in start["headers"] if h[0] not in _OF_THE_FILE]
                if body:  # an answer to HEAD has none
                    body = preload.with_links(body, preload.base_path())
                    start["headers"].append((b"content-length", str(len(body)).encode()))
                await send(start)
                message = {"type": "http.response.body", "body": body}
            await send(message)

        await self.app(scope, receive, with_headers)


def keep_uploads_in_memory() -> None:
    """Raise Starlette's bound above which a part of a form is spooled to disk."""
    MultiPartParser.spool_max_size = MAX_UPLOAD_BYTES + 64 * 1024


def share_arenas() -> None:
    """Let all threads allocate from two arenas.

    glibc gives each of forty threads an arena of its own, and what is free in one is no use to the
    others: 100 MB more, measured, for the same turns. Elsewhere there is nothing to set.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def warm_up() -> None:
    """Import what lessons need, so that no visitor waits for it; then freeze what stays.

    One torch thread serves a request: with forty learners two threads each are slower than one.
    """
    import altair  # noqa: F401 (loaded for what comes)
    import pandas  # type: ignore[import-untyped]  # noqa: F401
    import torch

    from attn_core.lessons.every import EVERY
    from pages.frame import i18n, results

    # The folder is named pages/, but st.navigation rules; until its first run Streamlit would take
    # the folder for an app of the old kind, and a first visitor's deep link for a missing page.
    PagesManager.uses_pages_directory = False
    torch.set_num_threads(int(os.environ.get("ATTENTION_TORCH_THREADS", "1")))
    i18n.warm_up()
    results.warm_up(EVERY.values())
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Before the first request: uploads in memory, imports done, garbage frozen."""
    share_arenas()
    keep_uploads_in_memory()
    if frame_ancestors():
        # In a foreign frame the browser keeps back the cookie that an upload must show.
        config.set_option("server.xsrfCookieSameSite", "none")
    warm_up()
    yield {}


def middleware() -> list[Middleware]:
    """What wraps every request."""
    return [Middleware(Guard)]


def routes() -> list[BaseRoute]:
    """Files of our own that the browser fetches: the viewer's modules."""
    return [Mount("/viewer", StaticFiles(directory=ASSETS / "viewer"))]
