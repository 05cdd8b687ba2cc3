"""The state of a lesson that lives in the link: changes, what is open, text that fits."""

import hashlib
from urllib.parse import urlencode

import streamlit as st

from attn_core.inputs.limits import MAX_LINK_BYTES
from attn_core.interventions import Intervention
from attn_core.plots.view import Selection

CHANGES, OPEN, FILE = "changes", "open", "file"


def _kept(name: str) -> str:
    """A parameter of this page: the session's own, and at first the link's.

    The address alone can't be trusted: a message that the browser sent before it had heard of a
    new parameter brings the old address back. So the session keeps the truth and mends the address.
    """
    key = f"_link-{name}"
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(name, "")
    value = str(st.session_state[key])
    if st.query_params.get(name, "") != value:
        _write(name, value)
    return value


def _write(name: str, value: str) -> None:
    st.session_state[f"_link-{name}"] = value
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def enter(page: str) -> None:
    """Another page was opened: what the session kept for the last one is over."""
    if st.session_state.get("_page") != page:
        st.session_state["_page"] = page
        for name in (CHANGES, OPEN):
            st.session_state.pop(f"_link-{name}", None)


def fresh() -> bool:
    """Whether this page was just opened: what is open is still the link's own."""
    return f"_link-{OPEN}" not in st.session_state


def changes() -> Intervention:
    """What the learner changed; nothing where the link can't be read."""
    try:
        return Intervention.from_json(_kept(CHANGES) or "{}")
    except ValueError:
        st.session_state["_bad_link"] = True
        _write(CHANGES, "")
        return Intervention()


def set_changes(value: Intervention) -> None:
    """Keep changes."""
    _write(CHANGES, value.to_json() if value else "")


def selection() -> Selection:
    """What is open in the viewer: ``site~head~query~scale~q0~q1~k0~k1``, any tail left out."""
    parts = _kept(OPEN).split("~")
    try:
        region = [int(p) for p in parts[4:8]]
        return Selection(
            site=parts[0][:64],
            head=int(parts[1]) if len(parts) > 1 and parts[1] else 0,
            query=int(parts[2]) if len(parts) > 2 and parts[2] else None,
            scale="all" if len(parts) > 3 and parts[3] == "all" else "head",
            region=(region[0], region[1], region[2], region[3]) if len(region) == 4 else None,
        )
    except ValueError:
        return Selection()


def set_selection(value: Selection) -> None:
    """Keep what is open."""
    if value == Selection():
        _write(OPEN, "")
        return
    parts = [value.site, str(value.head), "" if value.query is None else str(value.query)]
    if value.scale != "head" or value.region:
        parts += [value.scale, *map(str, value.region or ())]
    _write(OPEN, "~".join(parts))


def digest(data: bytes) -> str:
    """Short name of bytes that do not fit into a link."""
    return hashlib.sha256(data).hexdigest()[:12]


def keep_text(name: str, text: str, default: str) -> None:
    """Keep a text in the link where it fits; else its digest, so that it can be asked for."""
    data = text.encode()
    st.query_params.pop(name, None)
    st.query_params.pop(f"{name}_digest", None)
    if len(data) > MAX_LINK_BYTES:
        st.query_params[f"{name}_digest"] = f"{digest(data)}~{len(text)}"
    elif text != default:
        st.query_params[name] = text


def asked_for(name: str) -> str:
    """The "digest~length" of a text that this link was made with and that is not here."""
    return st.query_params.get(f"{name}_digest", "")


def link() -> str:
    """The address of this exact state."""
    pairs = [(k, v) for k in st.query_params for v in st.query_params.get_all(k)]
    base = (st.context.url or "").split("?")[0]
    known = {k for k, _ in pairs}
    if "lang" not in known and st.session_state.get("lang"):
        pairs.append(("lang", st.session_state["lang"]))
    return f"{base}?{urlencode(pairs)}" if pairs else base
