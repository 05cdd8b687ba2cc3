"""Inputs that all lessons share: text that lives in the link where it fits, and files."""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attn_core.inputs.address import digest
from attn_core.inputs.limits import MAX_TEXT_CHARACTERS, MAX_UPLOAD_BYTES
from attn_core.inputs.refused import Refused
from pages.frame import link
from pages.frame.i18n import plain, refusal, t

T = TypeVar("T")
_FILES = "_files"
MOST_FILES = 16
"""What was read of files that a session keeps; of media these are names."""


def _key(name: str) -> str:
    return link.key(f"input-{name}")


def _typed(name: str, default: str) -> None:
    if not link.late(_key(name)):
        _changed(name, default)


def _changed(name: str, default: str) -> None:
    now = st.session_state[_key(name)]
    link.put(name, None if now == default else now)


def put(name: str, text: str, default: str) -> None:
    """Set a text input from outside (an example, an upload); for callbacks."""
    st.session_state[_key(name)] = text
    _changed(name, default)


def text(name: str, label: str, default: str, *, area: bool = False, height: int = 68) -> str:
    """A text input kept in the link as ``name``; too long for a link, its digest is kept."""
    key = _key(name)
    if key not in st.session_state:
        st.session_state[key] = link.get(name, default)[:MAX_TEXT_CHARACTERS]
    draw = st.text_area if area else st.text_input
    more = {"height": height} if area else {}
    value = str(
        draw(
            label,
            default[:MAX_TEXT_CHARACTERS],
            key=key,
            on_change=_typed,
            args=(name, default),
            **more,
        )
    )
    asked = link.asked_for(name)
    if asked:
        st.info(t("inputs.asked", digest=plain(asked.split("~")[0]), n=plain(asked.split("~")[-1])))
    return value


def _kept() -> dict[tuple[str, str], Any]:
    """What was read of a file, by the input that it came through and what the address says."""
    found: dict[tuple[str, str], Any] = st.session_state.setdefault(_FILES, {})
    return found


def sent(
    name: str, file: Any, read: Callable[[bytes], T], param: str = link.FILE, called: str = ""
) -> T | None:
    """What was read of a file that came through ``name``, or of the last one that could be read.

    The address names the file, so that another visit knows what to ask for.
    """
    kept = _kept()
    if file is not None:
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
        else:
            link.put(param, f"{called[:60]}~{digest(data)}")
            kept.pop((name, link.get(param)), None)
            kept[name, link.get(param)] = found
            for old in list(kept)[:-MOST_FILES]:
                del kept[old]
            return found
    return kept.get((name, link.get(param)))


def _emptied(key: str, param: str) -> None:
    if st.session_state[key] is None:
        link.put(param, None)


def upload(name: str, label: str, read: Callable[[bytes], T], param: str = link.FILE) -> T | None:
    """An uploaded file, read from memory by content; a refusal is a sentence under it.

    No list of file types is given: Streamlit goes by the name's ending, and raises where a crafted
    message has another one.
    """
    key = turned_over(f"upload-{name}")
    file = st.file_uploader(
        label,
        key=key,
        max_upload_size=MAX_UPLOAD_BYTES // 2**20,
        on_change=_emptied,
        args=(key, param),
    )
    return sent(name, file, read, param, file.name if file else "")


def turned_over(key: str) -> str:
    """A file widget's key: another one once Back or Forward led to another file."""
    return key + "+" * st.session_state.get("_uploaders", 0)


def medium(
    names: tuple[str, ...], find: Callable[[str], object], param: str = link.FILE
) -> str | None:
    """Name of the picture, sound or clip that the address names, by whichever input it came."""
    kept, called = _kept(), link.get(param)
    for each in [(name, called) for name in names if (name, called) in kept]:
        try:
            find(kept[each])
        except Refused:  # it was kept too long ago
            del kept[each]
        else:
            return str(kept[each])
    return None


def asked_for(place: DeltaGenerator) -> None:
    """Where a link names a file or edits that are not here, say so and ask for them.

    Its place is always there: were it not, what follows would move when it appears, Streamlit would
    make the uploader anew, and a file that replaces another would be lost on its way.
    """
    here = {text for _, text in _kept()}
    for asked in link.files().values():
        if asked not in here:
            name, _, found = asked.rpartition("~")
            words = {"name": plain(name), "digest": plain(found)}
            place.info(t("inputs.file_asked" if name else "inputs.take_asked", **words))
    if link.asked_for(link.CHANGES):
        found, _, n = link.asked_for(link.CHANGES).partition("~")
        place.info(t("inputs.changes_asked", digest=plain(found), n=plain(n)))
