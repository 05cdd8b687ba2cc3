"""Modules that a lesson needs at first paint, named to the browser with the page itself.

Streamlit loads the code of each kind of element when the first one arrives, and of that code the
imports after it: three round trips behind the connection, and the viewer's own modules behind
those. Named in a ``Link`` header (RFC 8288, ``rel=modulepreload``) they load beside the start.
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
def link_header(base: str = "") -> str:
    """Value of the ``Link`` header; elements that this Streamlit does not know are left out."""
    chunks = STATIC / "static" / "js"
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    known = set(re.findall(r"static/js/([\w.-]+\.js)", index))
    wanted = [p.name for name in ELEMENTS for p in sorted(chunks.glob(f"{name}.*.js"))]
    urls = [f"{base}/viewer/{name}" for name in _with_imports(VIEWER, ["viewer.js"], set())]
    urls += [f"{base}/static/js/{name}" for name in _with_imports(chunks, wanted, known)]
    return ", ".join(f"<{url}>; rel=modulepreload" for url in urls)
