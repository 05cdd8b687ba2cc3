"""Controls that live in the link, each as the query parameter of its name.

Streamlit's own binding writes what the learner reads ("part=检验论断"), which another language
can't open; ours writes the value. A value that the control does not know is ignored.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

from pages.shared.i18n import has, t

T = TypeVar("T")
TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)


def _help(name: str) -> str | None:
    return t(f"control.{name}.help") if has(f"control.{name}.help") else None


def _option(name: str) -> Callable[[Any], str]:
    return lambda value: (
        t(f"control.{name}.{value}") if has(f"control.{name}.{value}") else str(value)
    )


def put(name: str, value: object, default: object = None) -> None:
    """Set a control and its query parameter; for callbacks."""
    st.session_state[name] = value
    keep(name, default)


def keep(name: str, default: object) -> None:
    """Write a control's value into the link, or out of it where it is the default."""
    value = st.session_state[name]
    if value is None or value == default:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != str(value):
        st.query_params[name] = str(value)


@contextmanager
def noted() -> Iterator[None]:
    """Remember the controls drawn inside: those below the picture, which ``changed`` lists."""
    st.session_state["_below"] = {}
    st.session_state["_noting"] = True
    try:
        yield
    finally:
        st.session_state["_noting"] = False


def changed() -> list[tuple[str, Any, Any]]:
    """Name, value and default of the noted controls that are not at their default."""
    return [
        (name, st.session_state[name], default)
        for name, default in st.session_state.get("_below", {}).items()
        if st.session_state.get(name) != default
    ]


def shown(name: str, value: object) -> str:
    """A control's value in the learner's words."""
    held_as = st.session_state.get("_held", {}).get(name)
    if held_as:
        return str(held_as)
    if isinstance(value, bool):
        return t("control.on" if value else "control.off")
    return _option(name)(value)


def seed(name: str, options: Sequence[T], default: T | None) -> dict[str, Any]:
    """Key and callback of a widget whose first value comes from the link, if it is an option.

    A widget is given its default beside: where two runs follow each other before the browser has
    drawn the first, the value set here is not sent, and it would show its first option.
    """
    if st.session_state.get(name) not in options:
        wanted = st.query_params.get(name)
        st.session_state[name] = next((o for o in options if str(o) == wanted), default)
    if st.session_state.get("_noting"):
        st.session_state["_below"][name] = default
    st.session_state.setdefault("_seeded", set()).add(name)
    keep(name, default)  # a message sent before the address changed may have brought the old one
    return {"key": name, "on_change": keep, "args": (name, default)}


def reword() -> None:
    """Hold on to every control while its options change their words; for callbacks.

    A browser names an option by its words, which the next run does not know in another language.
    """
    for name in st.session_state.get("_seeded", ()):
        if name in st.session_state:
            st.session_state[name] = st.session_state[name]


def held(name: str, default: str) -> str:
    """A value that no widget of its own sets; ``hold_as`` says how the list of changes names it."""
    if name not in st.session_state:
        st.session_state[name] = st.query_params.get(name, default)
    if st.session_state.get("_noting"):
        st.session_state["_below"][name] = default
    keep(name, default)
    return str(st.session_state[name])


def turned(name: str, of: str) -> bool:
    """Whether what a value is about has become another since the last run."""
    was = st.session_state.get(f"_{name}_of", of)
    st.session_state[f"_{name}_of"] = of
    return bool(was != of)


def hold_as(name: str, text: str) -> None:
    """How a held value is shown."""
    st.session_state.setdefault("_held", {})[name] = text


def choice(
    name: str, options: Sequence[T], default: T, show: Callable[[T], str] | None = None
) -> T:
    """One of a few."""
    return st.selectbox(
        t(f"control.{name}"), list(options), list(options).index(default),
        format_func=show or _option(name), help=_help(name), **seed(name, options, default),
    )  # fmt: skip


def segments(name: str, options: Sequence[str], default: str) -> str:
    """One of two to four that should all be seen."""
    found = st.segmented_control(
        t(f"control.{name}"), list(options), default=default, required=True,
        format_func=_option(name), label_visibility="collapsed", **seed(name, options, default),
    )  # fmt: skip
    return str(found or default)


def stops(name: str, options: Sequence[T], default: T) -> T:
    """A slider over given values."""
    return st.select_slider(
        t(f"control.{name}"), list(options), default, format_func=_option(name), help=_help(name),
        **seed(name, options, default),
    )  # fmt: skip


def number(name: str, default: int, low: int, high: int) -> int:
    """A whole number, typed."""
    bound = seed(name, range(low, high + 1), default)
    return int(st.number_input(t(f"control.{name}"), low, high, default, help=_help(name), **bound))


def slider(name: str, default: int, low: int, high: int) -> int:
    """A whole number on a slider."""
    bound = seed(name, range(low, high + 1), default)
    return int(st.slider(t(f"control.{name}"), low, high, default, help=_help(name), **bound))


def toggle(name: str, default: bool) -> bool:
    """On or off."""
    return bool(
        st.toggle(
            t(f"control.{name}"), default, help=_help(name), **seed(name, (False, True), default)
        )
    )


def temperature() -> float:
    """What scores are divided by before the softmax."""
    return stops("temperature", TEMPERATURES, 1.0)
