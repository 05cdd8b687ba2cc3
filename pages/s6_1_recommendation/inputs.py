"""A history of films that the learner builds: search, pick, move, take out, a file, an example."""

from functools import cache

import streamlit as st

from attn_core.inputs.film_lists import FilmList, named, read_csv, to_csv
from attn_core.inputs.films import by_id, catalogue, from_text, to_text
from attn_core.inputs.limits import MAX_FILMS
from attn_core.lessons.s6_1_recommendation import experiment
from pages.frame import controls, i18n, inputs
from pages.frame.i18n import t

NAME, SEARCH, PICKED = "films", "film_search", "picked"
DEFAULT = to_text(experiment.Config().history)
NONE = "none"
"""What a link holds for an empty history."""


@cache
def every() -> tuple[int, ...]:
    """Ids of all films by their names."""
    return tuple(f.id for f in sorted(catalogue(), key=lambda f: (f.name.casefold(), f.year)))


@cache
def label(film: int) -> str:
    """A film's name and year; a list of three thousand asks for each of them at every turn."""
    return by_id(film).label


def _keep(history: tuple[int, ...]) -> None:
    controls.put(NAME, to_text(history) or NONE, DEFAULT)
    if _picked() not in history:
        controls.put(PICKED, None)


def _picked() -> int | None:
    """The film of the history that the buttons move."""
    return controls.value(PICKED, None)


def _add(history: tuple[int, ...]) -> None:
    film = st.session_state[SEARCH]
    st.session_state[SEARCH] = None
    if film is not None:
        _keep((*(f for f in history if f != film), film)[-MAX_FILMS:])
        controls.put(PICKED, film)


def _move(history: tuple[int, ...], by: int) -> None:
    film = _picked()
    if film not in history:
        return
    rest = [f for f in history if f != film]
    at = min(max(history.index(film) + by, 0), len(rest))
    _keep((*rest[:at], film, *rest[at:]))


def _remove(history: tuple[int, ...]) -> None:
    film = _picked()
    if film in history:
        at = history.index(film)
        rest = tuple(f for f in history if f != film)
        controls.put(PICKED, rest[min(at, len(rest) - 1)] if rest else None)
        _keep(rest)


def _example() -> None:
    name = st.session_state["film_example"]
    st.session_state["film_example"] = None
    if name in experiment.SAMPLES:
        _keep(experiment.SAMPLES[name])


def _file(history: tuple[int, ...]) -> None:
    """Upload, what could be read of it, and the history as a file."""
    found = inputs.upload("films", t("s6_1.upload", n=MAX_FILMS), read_csv)
    if found is not None:
        _told(found)
        st.button(
            t("s6_1.use_upload", n=len(found.history)),
            key="use-films",
            on_click=_keep,
            args=(found.history,),
            type="primary",
        )
    st.download_button(
        t("s6_1.download"),
        data=to_csv(history),
        file_name="history.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        disabled=not history,
    )


def _told(found: FilmList) -> None:
    if found.unknown:
        st.warning(t("s6_1.unknown", n=len(found.unknown), named=i18n.plain(named(found.unknown))))
    if found.n_repeated:
        st.info(t("s6_1.repeated", n=found.n_repeated))
    if found.n_left:
        st.info(t("s6_1.left", n=found.n_left, limit=MAX_FILMS))


def choose() -> tuple[int, ...]:
    """Draw the row of inputs and the history; answer the history."""
    history = from_text(controls.held(NAME, DEFAULT))
    search, example, more = st.columns([0.58, 0.24, 0.18], vertical_alignment="bottom")
    search.selectbox(
        t("s6_1.search"),
        every(),
        index=None,
        key=SEARCH,
        format_func=label,
        placeholder=t("s6_1.search_how", n=len(every())),
        on_change=_add,
        args=(history,),
    )
    example.selectbox(
        t("s1.examples"),
        tuple(experiment.SAMPLES),
        index=None,
        key="film_example",
        format_func=lambda name: t(f"s6_1.sample.{name}"),
        on_change=_example,
        placeholder=t("s1.examples_pick"),
    )
    with more, st.popover(t("s6_1.file"), icon=":material/table:", width="stretch"):
        _file(history)
    picked = st.pills(
        t("s6_1.history", n=len(history)),
        history,
        format_func=lambda film: f"{history.index(film) + 1} · {i18n.plain(by_id(film).name)}",
        **controls.seed(PICKED, history, None),
    )
    buttons = (
        ("earlier", "arrow_back", _move, (history, -1)),
        ("later", "arrow_forward", _move, (history, 1)),
        ("last", "last_page", _move, (history, len(history))),
        ("remove", "delete", _remove, (history,)),
    )
    with st.container(horizontal=True, key="film-buttons"):
        for name, icon, call, args in buttons:
            st.button(
                t(f"s6_1.{name}"),
                key=f"film-{name}",
                icon=f":material/{icon}:",
                disabled=picked is None,
                help=t("s6_1.pick_first") if picked is None else None,
                on_click=call,
                args=args,
            )
        st.button(
            t("s6_1.clear"),
            key="film-clear",
            icon=":material/clear_all:",
            on_click=_keep,
            args=((),),
            disabled=not history,
        )
    return history
