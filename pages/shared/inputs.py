"""Inputs that all lessons share: text that lives in the link where it fits, and uploads."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from attn_core.inputs.limits import MAX_TEXT_CHARACTERS, MAX_UPLOAD_BYTES
from attn_core.inputs.refused import Refused
from pages.shared import state
from pages.shared.i18n import plain, refusal, t

T = TypeVar("T")


def _changed(name: str, default: str) -> None:
    state.keep_text(name, st.session_state[f"input-{name}"], default)


def put(name: str, text: str, default: str) -> None:
    """Set a text input from outside (an example, an upload); for callbacks."""
    st.session_state[f"input-{name}"] = text
    state.keep_text(name, text, default)


def text(name: str, label: str, default: str, *, area: bool = False, height: int = 68) -> str:
    """A text input kept in the link as ``name``; too long for a link, its digest is kept."""
    key = f"input-{name}"
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(name, default)[:MAX_TEXT_CHARACTERS]
    draw = st.text_area if area else st.text_input
    more = {"height": height} if area else {}
    value = str(
        draw(
            label, default[:MAX_TEXT_CHARACTERS], key=key, on_change=_changed,
            args=(name, default), **more,
        )
    )  # fmt: skip
    asked = state.asked_for(name)
    if asked and state.digest(value.encode()) != asked.split("~")[0]:
        st.info(t("inputs.asked", digest=asked.split("~")[0], n=asked.split("~")[-1]))
    return value


def upload(name: str, label: str, read: Callable[[bytes], T]) -> T | None:
    """An uploaded file, read from memory by content; a refusal is a sentence under it.

    No list of file types is given: Streamlit goes by the name's ending, and raises where a crafted
    message has another one.
    """
    limit = MAX_UPLOAD_BYTES // 2**20
    file = st.file_uploader(label, key=f"upload-{name}", max_upload_size=limit)
    if file is None:
        return None
    try:
        if file.size > MAX_UPLOAD_BYTES:
            raise Refused(
                "refused.large",
                size=f"{file.size / 1e6:.1f}",
                limit=f"{MAX_UPLOAD_BYTES / 1e6:.1f}",
            )
        data = file.getvalue()
        found = read(data)
    except Refused as error:
        st.warning(refusal(error), icon=":material/upload_file:")
        return None
    st.query_params[state.FILE] = f"{file.name[:60]}~{state.digest(data)}"
    return found


def file_asked_for() -> None:
    """Where a link names an upload that is not here, say so and ask for it.

    Its place is always there: were it not, what follows would move when it appears, Streamlit would
    make the uploader anew, and a file that replaces another would be lost on its way.
    """
    place = st.empty()
    asked = st.query_params.get(state.FILE, "")
    if asked and not any(
        st.session_state.get(key) is not None
        for key in st.session_state
        if str(key).startswith("upload-")
    ):
        name, _, digest = asked.rpartition("~")
        place.info(t("inputs.file_asked", name=plain(name), digest=plain(digest)))
