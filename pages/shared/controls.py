"""Controls that live in the link: each is a widget bound to the query parameter of its name."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from pages.shared.i18n import has, t

T = TypeVar("T")


def _help(name: str) -> str | None:
    return t(f"control.{name}.help") if has(f"control.{name}.help") else None


def _option(name: str) -> Callable[[Any], str]:
    return lambda value: t(f"control.{name}.{value}") if has(f"control.{name}.{value}") else str(value)


def choice(
    name: str, options: Sequence[T], default: T, show: Callable[[T], str] | None = None
) -> T:
    """One of a few."""
    found = st.selectbox(
        t(f"control.{name}"), list(options), index=list(options).index(default), key=name,
        format_func=show or _option(name), help=_help(name), bind="query-params",
    )  # fmt: skip
    return default if found is None else found


def segments(name: str, options: Sequence[str], default: str) -> str:
    """One of two to four that should all be seen."""
    found = st.segmented_control(
        t(f"control.{name}"), list(options), default=default, key=name, required=True,
        format_func=_option(name), label_visibility="collapsed", bind="query-params",
    )  # fmt: skip
    return str(found or default)


def stops(name: str, options: Sequence[T], default: T) -> T:
    """A slider over given values."""
    return st.select_slider(
        t(f"control.{name}"), list(options), value=default, key=name, help=_help(name),
        bind="query-params",
    )  # fmt: skip


def number(name: str, default: int, low: int, high: int, why: str = "") -> int:
    """A whole number; ``why`` disables it and says why."""
    return int(
        st.number_input(
            t(f"control.{name}"), low, high, default, key=name, disabled=bool(why),
            help=why or _help(name), bind="query-params",
        )
    )  # fmt: skip


def slider(name: str, default: int, low: int, high: int) -> int:
    """A whole number on a slider."""
    return int(
        st.slider(
            t(f"control.{name}"), low, high, default, key=name, help=_help(name),
            bind="query-params",
        )
    )  # fmt: skip


def toggle(name: str, default: bool) -> bool:
    """On or off."""
    return st.toggle(
        t(f"control.{name}"), default, key=name, help=_help(name), bind="query-params"
    )


TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)


def temperature() -> float:
    """What scores are divided by before the softmax."""
    return stops("temperature", TEMPERATURES, 1.0)
