"""The sound view on a page: sends the sound once, mounts what lies on it, hands events on."""

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st

from attn_core.inputs.sound import Sound, find
from attn_core.wire.sound import SoundView, pack, pack_source
from pages.frame import i18n
from pages.frame.media.mount import Media

_media = Media("sound", "sound.js", {"token": "index", "word": "key", "span": "span"})


@st.cache_data(max_entries=32, show_spinner=False)
def _packed(name: str, _sound_: Sound) -> bytes:
    return pack_source(_sound_)


def give(name: str, sound: Sound) -> None:
    """Send a sound to the browser, once for as long as it stays the same."""
    _media.give(name, _packed(sound.name, sound))


def show(name: str, view: SoundView, on_event: Callable[[dict[str, Any]], None]) -> None:
    """Mount the sound view.

    ``on_event`` is called before the next run with ``{"type": "token", "index": …}``,
    ``{"type": "word", "key": …}`` or ``{"type": "span", "span": [first, last]}``; what they hold
    comes from a browser and is to be checked.
    """
    if _media.lost(name, view.source):
        give(f"{name}_again", find(view.source))
    words = i18n.viewer_strings(i18n.language())
    kept = {k: v for k, v in words.items() if k.startswith("sound_") or k == "lang"}
    view = dataclasses.replace(view, strings=kept | view.strings)
    _media.show(name, pack(name, view), on_event)
