"""What the learner did on each page, and the address that says it.

The session holds the truth, page by page, so that a page that is left and opened again is as it
was. The address follows it, once at the end of a turn: whatever is written there is a step of the
browser's history. The session follows the address only where the learner comes by one: a link, a
reload, Back and Forward.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attn_core.attention.interventions import Intervention
from attn_core.contract.selection import Selection
from attn_core.inputs.address import DIGEST, fit, pack, unpack
from pages.frame import lane

P = ParamSpec("P")
CHANGES, OPEN, FILE, LANGUAGE = "changes", "open", "file", "lang"
_STORE, _LONG = "_store", "_long"
MOST_KEPT, MOST_NAMES = 16, 64
"""Long texts that a session keeps, and parameters that are read from an address."""

SETTLED = 1.0
"""Seconds after which the browser has drawn the controls that Back or Forward led to."""

_run = threading.local()


def walked() -> bool:
    """Whether this run comes from the browser's Back or Forward; Streamlit says so only here."""
    context = get_script_run_ctx()
    return bool(context and context.is_history_navigation)


def page() -> str:
    """The page that is open: "home", "ledger", or a lesson's number."""
    return str(st.session_state.get("_page", ""))


def key(name: str) -> str:
    """A widget's key on this page; ``forget`` drops what stands under such keys."""
    return f"{page()}:{name}"


def _box() -> dict[str, str]:
    """What this page's address says: name and text."""
    found: dict[str, str] = st.session_state.setdefault(_STORE, {}).setdefault(page(), {})
    return found


def get(name: str, default: str = "") -> str:
    """A text of this page."""
    return _box().get(name, default)


def put(name: str, text: str | None) -> None:
    """Set a text of this page; ``None`` takes it out of the address."""
    box = _box()
    box.pop(name + DIGEST, None)
    if text is None:
        box.pop(name, None)
    else:
        box[name] = text


def asked_for(name: str) -> str:
    """The "digest~length" of a text that this link was made with and that is not here."""
    return get(name + DIGEST)


def files() -> dict[str, str]:
    """The files that this page's address names."""
    return {name: text for name, text in _box().items() if name.split("_")[0] == FILE}


def forget() -> None:
    """Drop what widgets of this page hold, so that they are drawn by what the session holds."""
    start = key("")
    for each in [k for k in st.session_state if str(k).startswith(start)]:
        del st.session_state[each]


def enter(name: str) -> None:
    """Open a page; where the learner came by an address, the session follows it."""
    first = "_page" not in st.session_state
    st.session_state["_page"] = name
    store = st.session_state.setdefault(_STORE, {})
    here = st.query_params.to_dict()
    here.pop(LANGUAGE, None)
    if not (first or walked() or (here and name not in store)):
        return
    had = files()
    store[name] = _recalled(here)
    if walked():
        held = {k: v for k, v in st.session_state.items() if str(k).startswith(key(""))}
        st.session_state["_left"] = (time.monotonic(), held)
    if files() != had:  # a widget can't be emptied; another one takes its place
        st.session_state["_uploaders"] = st.session_state.get("_uploaders", 0) + 1
    forget()
    _run.arrived = True


def late(each: str) -> bool:
    """Whether a widget only says what it held before Back or Forward; for its callback.

    A message that the browser sent before it had drawn the older page says so, and would undo the
    step. Such a widget is drawn anew.
    """
    when, held = st.session_state.get("_left", (0.0, {}))
    if time.monotonic() - when > SETTLED or held.get(each) != st.session_state[each]:
        return False
    del st.session_state[each]
    _run.late = True
    return True


def _recalled(here: dict[str, str]) -> dict[str, str]:
    """What an address says, with the long texts that this session knows by their digest."""
    long, found = st.session_state.get(_LONG, {}), {}
    for name, text in list(here.items())[:MOST_NAMES]:
        if name.endswith(DIGEST) and text in long:
            found[name.removesuffix(DIGEST)] = long[text]
        else:
            found[name] = text
    return found


def address(of: str) -> dict[str, str]:
    """The parameters that open a page as it is now."""
    fitted, named = fit(st.session_state.get(_STORE, {}).get(of, {}))
    if named:
        kept = st.session_state.get(_LONG, {}) | named
        st.session_state[_LONG] = dict(list(kept.items())[-MOST_KEPT:])
    return fitted


def _flush() -> None:
    """Make the address say what the session holds, in one message: one step of the history.

    An address that the learner came by stays as it is, though it may say the same in other words:
    mended, it would stand between the learner and the page before.
    """
    here, want = st.query_params.to_dict(), address(page())
    if _run.arrived:
        st.session_state["_same"] = (here, want)
    elif here != want and st.session_state.get("_same") != (here, want):
        st.query_params.from_dict(want)


@contextmanager
def turn() -> Iterator[None]:
    """One run of the script or of a fragment; the address is written at its end, once."""
    depth = getattr(_run, "depth", 0)
    if depth:
        with _deeper(depth):
            yield
        return
    with lane.TURNS, _deeper(0):
        yield


@contextmanager
def _deeper(depth: int) -> Iterator[None]:
    if not depth:
        _run.arrived = False
    _run.depth = depth + 1
    try:
        yield
        if not depth:
            _flush()
            if not (_run.arrived or getattr(_run, "late", False)):
                st.session_state.pop("_left", None)  # the browser said nothing old: it has drawn
    finally:
        _run.depth = depth
        if not depth:
            _run.late = False


def fragment(body: Callable[P, None]) -> Callable[P, None]:
    """A fragment whose run is a turn of its own."""

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with turn():
            body(*args, **kwargs)

    return st.fragment(run)


def changes() -> Intervention:
    """What the learner changed; nothing where the link can't be read."""
    text = get(CHANGES, "{}")
    try:
        return Intervention.from_json(text if text.startswith("{") else unpack(text))
    except ValueError:
        st.session_state["_bad_link"] = True
        put(CHANGES, None)
        return Intervention()


def set_changes(value: Intervention) -> None:
    """Keep changes."""
    put(CHANGES, pack(value.to_json()) if value else None)


def selection() -> Selection:
    """What is open in the viewer: ``site~head~query~scale~q0~q1~k0~k1``, any tail left out."""
    parts = get(OPEN).split("~")
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
        put(OPEN, None)
        return
    parts = [value.site, str(value.head), "" if value.query is None else str(value.query)]
    if value.scale != "head" or value.region:
        parts += [value.scale, *map(str, value.region or ())]
    put(OPEN, "~".join(parts))


def link() -> str:
    """The address of this exact state, language included."""
    pairs = address(page())
    if st.session_state.get(LANGUAGE):
        pairs = {**pairs, LANGUAGE: st.session_state[LANGUAGE]}
    base = (st.context.url or "").split("?")[0]
    return f"{base}?{urlencode(pairs)}" if pairs else base


def to(key: str, label: str, icon: str | None = None) -> None:
    """A link to a page as the learner left it.

    Without its address a link is two steps of the history, the first with the address of the page
    that is left.
    """
    pages = st.session_state["_pages"]
    st.page_link(pages[key], label=label, icon=icon, query_params=address(key))
