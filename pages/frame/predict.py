"""Predict, act, reveal: the misconception that a lesson cures, met before it is explained."""

from typing import Any

import streamlit as st

from attn_core.contract.taught import Taught
from pages.frame import controls, devices, i18n
from pages.frame.i18n import t


def _act(slug: str, sets: dict[str, Any]) -> None:
    st.session_state[f"{slug}.acted"] = st.session_state.get("guess")
    st.session_state.pop(f"{slug}.found", None)
    for key, value in sets.items():
        controls.put(key, value)


def _found(taught: Taught[Any]) -> dict[str, Any]:
    """What was measured when the button was pressed, on the input that was open then."""
    slug, experiment = taught.lesson.slug, taught.experiment
    key = f"{slug}.found"
    if key not in st.session_state:
        config, _ = st.session_state.get(f"{slug}.good", (experiment.Config(), None))
        with st.spinner(t("shell.working")):
            st.session_state[key] = taught.quiz.reveal(experiment.before(config), devices.current())
    return dict(st.session_state[key])


def show(taught: Taught[Any]) -> None:
    """The question, three answers, a button that does it, and what was just measured."""
    slug, quiz = taught.lesson.slug, taught.quiz
    with st.popover(t("predict.open"), icon=":material/psychology_alt:"):
        st.markdown(t(f"{slug}.predict.question"))
        guess = st.radio(
            t("predict.yours"),
            quiz.GUESSES,
            index=None,
            key="guess",
            format_func=lambda name: t(f"{slug}.predict.{name}"),
            label_visibility="collapsed",
        )
        st.button(
            t(f"{slug}.predict.act"),
            key="predict-act",
            type="primary",
            disabled=guess is None,
            help=t("predict.first") if guess is None else None,
            on_click=_act,
            args=(slug, quiz.ACT),
        )
        acted = st.session_state.get(f"{slug}.acted")
        if acted:
            found = _found(taught)
            right = acted == quiz.truth(found)
            (st.success if right else st.info)(
                t("predict.right" if right else "predict.wrong")
                + " "
                + t(f"{slug}.predict.reveal", **i18n.marked(found))
            )
            st.markdown(i18n.prose(slug, "misconception"))
