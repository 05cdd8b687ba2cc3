"""Controls that live in the address, each as the parameter of its name.

Streamlit's own binding writes what the learner reads ("part=检验论断"), which another language
can't open; ours writes the value. A value that the control does not know is ignored.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

from attn_core.attention.interventions import Intervention
from pages.frame import link
from pages.frame.i18n import has, t

T = TypeVar("T")
TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)


def _help(name: str) -> str | None:
    return t(f"control.{name}.help") if has(f"control.{name}.help") else None


def _option(name: str) -> Callable[[Any], str]:
    return lambda value: (
        t(f"control.{name}.{value}") if has(f"control.{name}.{value}") else str(value)
    )


def put(name: str, value: object, default: object = None) -> None:
    """Set a control, in the address too; for callbacks."""
    st.session_state[link.key(name)] = value
    keep(name, default)


def keep(name: str, default: object) -> None:
    """Write a control's value into the address, or out of it where it is the default."""
    value = st.session_state[link.key(name)]
    link.put(name, None if value is None or value == default else str(value))


def _moved(name: str, default: object) -> None:
    if not link.late(link.key(name)):
        keep(name, default)


def value(name: str, default: T) -> T:
    """What a control holds that is drawn elsewhere on the page, or not drawn yet."""
    found: T = st.session_state.get(link.key(name), default)
    return found


def stored(name: str, options: Sequence[T], default: T) -> T:
    """The option that the address names."""
    wanted = link.get(name)
    return next((o for o in options if str(o) == wanted), default)


@contextmanager
def noted() -> Iterator[None]:
    """Remember the controls drawn inside: those below the picture, which ``changed`` lists."""
    st.session_state["_below"] = {}
    st.session_state["_noting"] = True
    try:
        yield
    finally:
        st.session_state["_noting"] = False


def _note(name: str, value: object, default: object) -> None:
    if st.session_state.get("_noting"):
        st.session_state["_below"][name] = (value, default)


def changed() -> list[tuple[str, Any, Any]]:
    """Name, value and default of the noted controls that are not at their default."""
    noted = st.session_state.get("_below", {})
    return [(name, value, default) for name, (value, default) in noted.items() if value != default]


def reset() -> None:
    """Undo all that the bar of changes lists: edits, and the noted controls; for callbacks."""
    link.set_changes(Intervention())
    for name, _, default in changed():
        put(name, default, default)


def shown(name: str, value: object) -> str:
    """A control's value in the learner's words."""
    held_as = st.session_state.get("_held", {}).get(name)
    if held_as:
        return str(held_as)
    if isinstance(value, bool):
        return t("control.on" if value else "control.off")
    return _option(name)(value)


def seed(name: str, options: Sequence[T], default: T | None) -> dict[str, Any]:
    """Key and callback of a widget whose first value comes from the address, if it is an option.

    A widget is given its default beside: where two runs follow each other before the browser has
    drawn the first, the value set here is not sent, and it would show its first option.
    """
    key = link.key(name)
    if st.session_state.get(key) not in options:
        st.session_state[key] = stored(name, options, default)
    keep(name, default)  # what the address names may be no option
    _note(name, st.session_state[key], default)
    return {"key": key, "on_change": _moved, "args": (name, default)}


def held(name: str, default: str) -> str:
    """A value that no widget of its own sets; ``hold_as`` says how the list of changes names it."""
    found = link.get(name, default)
    _note(name, found, default)
    return found


def turned(name: str, of: str) -> bool:
    """Whether what a value is about has become another since the last run."""
    key = link.key(f"{name} of")
    was = st.session_state.get(key, of)
    st.session_state[key] = of
    return bool(was != of)


def hold_as(name: str, text: str) -> None:
    """How a held value is shown."""
    st.session_state.setdefault("_held", {})[name] = text


def choice(
    name: str, options: Sequence[T], default: T, show: Callable[[T], str] | None = None
) -> T:
    """One of a few."""
    return st.selectbox(
        t(f"control.{name}"),
        list(options),
        list(options).index(default),
        format_func=show or _option(name),
        help=_help(name),
        **seed(name, options, default),
    )


def segments(name: str, options: Sequence[str], default: str) -> str:
    """One of two to four that should all be seen."""
    found = st.segmented_control(
        t(f"control.{name}"),
        list(options),
        default=default,
        required=True,
        format_func=_option(name),
        label_visibility="collapsed",
        **seed(name, options, default),
    )
    return str(found or default)


def stops(name: str, options: Sequence[T], default: T) -> T:
    """A slider over given values."""
    return st.select_slider(
        t(f"control.{name}"),
        list(options),
        default,
        format_func=_option(name),
        help=_help(name),
        **seed(name, options, default),
    )


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


def _tab(name: str, options: dict[str, str]) -> None:
    key = link.key(name)
    if not link.late(key):
        found = options[st.session_state[key]]
        link.put(name, None if found == next(iter(options.values())) else found)


def tabs(name: str, draw: dict[str, Callable[[], None]]) -> None:
    """Tabs, of which the open one alone is drawn; each by its label's key, whose end names it."""
    options = {t(label): label.rpartition(".")[2] for label in draw}
    labels, names = list(options), list(options.values())
    if st.session_state.get(link.key(name)) not in options:
        st.session_state[link.key(name)] = labels[names.index(stored(name, names, names[0]))]
    drawn = st.tabs(labels, key=link.key(name), on_change=_tab, args=(name, options))
    for tab, show in zip(drawn, draw.values(), strict=True):
        if tab.open:
            with tab:
                show()
