"""The photo view on a page: sends the picture once, mounts what lies on it, hands events on."""

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st

from attn_core.inputs.photo import Photo, find
from attn_core.wire.photo import PhotoView, pack, pack_source
from pages.frame import i18n
from pages.frame.media.mount import Media

_media = Media("photo", "photo.js", {"patch": "index", "box": "key", "strokes": "strokes"})


@st.cache_data(max_entries=32, show_spinner=False)
def _packed(name: str, _photo_: Photo) -> bytes:
    return pack_source(_photo_)


def give(name: str, photo: Photo) -> None:
    """Send a picture to the browser, once for as long as it stays the same."""
    _media.give(name, _packed(photo.name, photo))


def show(name: str, view: PhotoView, on_event: Callable[[dict[str, Any]], None]) -> None:
    """Mount the photo view.

    ``on_event`` is called before the next run with ``{"type": "patch", "index": …}``,
    ``{"type": "box", "key": …}`` or ``{"type": "strokes", "strokes": […]}``; what they hold comes
    from a browser and is to be checked.
    """
    if _media.lost(name, view.source):
        give(f"{name}_again", find(view.source))
    words = i18n.viewer_strings(i18n.language())
    kept = {k: v for k, v in words.items() if k.startswith("photo_") or k == "lang"}
    view = dataclasses.replace(view, strings=kept | view.strings)
    _media.show(name, pack(name, view), on_event)
