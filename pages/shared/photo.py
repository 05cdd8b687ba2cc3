"""The photo view on a page: sends the picture once, mounts what lies on it, hands events on."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from attn_core.inputs.photo import Photo, find
from attn_core.plots.photo import PhotoView, pack, pack_source
from pages.shared import i18n, preload

_LOAD = """
let module;
const load = () => (module ??= import(new URL('viewer/photo.js', ROOT)));
const ROOT = new URL(BASE, window.location.origin);
""".replace("BASE", json.dumps(f"{preload.base_path()}/"))
_VIEW = """
export default function (component) {
  let clean; let gone = false;
  load().then((m) => { if (!gone) clean = m.default(component); });
  return () => { gone = true; if (typeof clean === 'function') clean(); };
}
"""
_SOURCE = "export default function (component) { load().then((m) => m.receive(component)); }"

_photo = st.components.v2.component("attention_photo", js=_LOAD + _VIEW)
_source = st.components.v2.component("attention_photo_source", js=_LOAD + _SOURCE)

EVENTS = {"patch": "index", "box": "key", "strokes": "strokes", "missing": "source"}
"""Kinds of event, and the field that each brings."""


@st.cache_data(max_entries=32, show_spinner=False)
def _packed(name: str, _photo_: Photo) -> bytes:
    return pack_source(_photo_)


def give(name: str, photo: Photo) -> None:
    """Send a picture to the browser, once for as long as it stays the same."""
    _source(key=f"photo_source_{name}", data=_packed(photo.name, photo), height=1)


def _on_event(key: str, on_event: Callable[[dict[str, Any]], None]) -> None:
    log = st.session_state[key].get("log")
    if not isinstance(log, dict) or not isinstance(log.get("events"), list):
        return
    seen = st.session_state.get(f"{key}.seen", (None, 0))
    last = seen[1] if seen[0] == log.get("from") else 0
    for event in log["events"]:
        if not isinstance(event, dict) or not isinstance(event.get("number"), int):
            continue
        if event["number"] <= last or EVENTS.get(str(event.get("type"))) not in event:
            continue
        last = event["number"]
        st.session_state[f"{key}.seen"] = (log.get("from"), last)
        if event["type"] == "missing":
            st.session_state[f"{key}.missing"] = event["source"]
        else:
            on_event(event)


def show(name: str, view: PhotoView, on_event: Callable[[dict[str, Any]], None]) -> None:
    """Mount the photo view.

    ``on_event`` is called before the next run with ``{"type": "patch", "index": …}``,
    ``{"type": "box", "key": …}`` or ``{"type": "strokes", "strokes": […]}``; what they hold comes
    from a browser and is to be checked.
    """
    key = f"photo_{name}"
    if st.session_state.get(f"{key}.missing") == view.source:  # it was lost on its way
        give(f"{name}_again", find(view.source))
    words = i18n.viewer_strings(i18n.language())
    kept = {k: v for k, v in words.items() if k.startswith("photo_") or k == "lang"}
    _photo(
        key=key, data=pack(name, dataclasses.replace(view, strings=kept | view.strings)),
        on_log_change=lambda: _on_event(key, on_event),
    )  # fmt: skip
