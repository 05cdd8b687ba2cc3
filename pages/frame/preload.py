"""Modules that a lesson needs at first paint, named to the browser with the page itself.

Streamlit loads the code of each kind of element when the first one arrives, and of that code the
imports after it: three round trips behind the connection, and the viewer's own modules behind
those. Named in the page's head (``<link rel="modulepreload">``) they load beside the start; in a
``Link`` header they would fill the 4 kB that a proxy takes of a response's head.
"""

import re
from functools import cache
from pathlib import Path

import streamlit as st

VIEWER = Path(__file__).resolve().parents[2] / "assets" / "viewer"
STATIC = Path(st.__file__).parent / "static"
ELEMENTS = (
    "BidiComponent", "ButtonGroup", "Checkbox", "DownloadButton", "Html", "PageLink", "Selectbox",
    "Slider", "TextInput", "rehype-katex",
)  # fmt: skip
_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")


def _with_imports(folder: Path, names: list[str], known: set[str]) -> list[str]:
    """Modules and all that they import, each once, those of ``known`` left out."""
    found: dict[str, None] = {}
    while names:
        name = names.pop(0)
        if name not in found and name not in known and (folder / name).is_file():
            found[name] = None
            names += _IMPORT.findall((folder / name).read_text(encoding="utf-8"))
    return list(found)


def base_path() -> str:
    """The folder that the app is served under, empty for the root."""
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


@cache
def links(base: str = "") -> str:
    """Tags for the page's head; elements that this Streamlit does not know are left out."""
    chunks = STATIC / "static" / "js"
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    known = set(re.findall(r"static/js/([\w.-]+\.js)", index))
    wanted = [p.name for name in ELEMENTS for p in sorted(chunks.glob(f"{name}.*.js"))]
    urls = [f"{base}/viewer/{name}" for name in _with_imports(VIEWER, ["viewer.js"], set())]
    urls += [f"{base}/static/js/{name}" for name in _with_imports(chunks, wanted, known)]
    return "".join(f'<link rel="modulepreload" href="{url}">' for url in urls)


def with_links(page: bytes, base: str) -> bytes:
    """Streamlit's page with the tags at the end of its head."""
    return page.replace(b"</head>", links(base).encode() + b"</head>", 1)
