"""The process around the pages: warm-up before the first visitor, headers, the viewer's files."""

import base64
import gc
import hashlib
import importlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.pages_manager import PagesManager

from attn_core.inputs.limits import MAX_UPLOAD_BYTES
from pages.shared import preload

# Before torch is imported, whose OpenMP pool would start more threads than it is told to use.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def _inline_scripts() -> str:
    """CSP hashes of the scripts that stand inside Streamlit's own page."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    bodies = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(b.encode()).digest()).decode() for b in bodies)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


HEADERS = {
    "content-security-policy": (
        f"default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval' {_inline_scripts()}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "media-src 'self' blob: data:; "
        "font-src 'self' data:; connect-src 'self' ws: wss: blob: data:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}

HIDDEN = ("/_stcore/metrics",)


class Guard:
    """Security headers on every answer, and nothing for paths that are not for learners."""

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

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                headers = list(HEADERS.items())
                if dict(message["headers"]).get(b"content-type", b"").startswith(b"text/html"):
                    headers.append(("link", preload.link_header(preload.base_path())))
                message["headers"] += [(k.encode(), v.encode()) for k, v in headers]
            await send(message)

        await self.app(scope, receive, with_headers)


def keep_uploads_in_memory() -> None:
    """Raise Starlette's bound above which a part of a form is spooled to disk."""
    MultiPartParser.spool_max_size = MAX_UPLOAD_BYTES + 64 * 1024


def warm_up() -> None:
    """Import what lessons need, so that no visitor waits for it; then freeze what stays.

    One torch thread serves a request: with forty learners two threads each are slower than one.
    """
    for name in ("numpy", "pandas", "altair", "torch", "safetensors.torch"):
        importlib.import_module(name)
    import torch

    from pages.shared import compute, i18n

    # The folder is named pages/, but st.navigation rules; until its first run Streamlit would take
    # the folder for an app of the old kind, and a first visitor's deep link for a missing page.
    PagesManager.uses_pages_directory = False
    torch.set_num_threads(int(os.environ.get("ATTENTION_TORCH_THREADS", "1")))
    i18n.warm_up()
    compute.warm_up()
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Before the first request: uploads in memory, imports done, garbage frozen."""
    keep_uploads_in_memory()
    warm_up()
    yield {}


def middleware() -> list[Middleware]:
    """What wraps every request."""
    return [Middleware(Guard)]


def routes() -> list[BaseRoute]:
    """Files of our own that the browser fetches: the viewer's modules."""
    return [Mount("/viewer", StaticFiles(directory=ASSETS / "viewer"))]
