"""Where a lesson's sound comes from: a sample, a file, or the learner's own voice."""

from collections.abc import Sequence

import streamlit as st

from attn_core.inputs.limits import MAX_SECONDS
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound import CLIPPED_SHARE, Sound, find, read_sound
from attn_core.inputs.speech_features import RATE
from pages.shared import controls, inputs, sound
from pages.shared.i18n import refusal, t

KINDS = ("sample", "upload", "record")
_LAST = "_sound"


def _recorded() -> str | None:
    """Name of what the microphone took, if it took something that can be read."""
    shot = st.audio_input(
        t("sound.record"), key="microphone", label_visibility="collapsed", sample_rate=2 * RATE
    )
    if shot is None:
        st.caption(t("sound.record_help"))
        return None
    try:
        return read_sound(shot.getvalue()).name
    except Refused as error:
        st.warning(refusal(error), icon=":material/mic:")
        return None


def choose(number: str, samples: Sequence[str], default: str) -> str:
    """Draw the row of inputs and answer the sound's name.

    While nothing was uploaded or recorded yet, the last sound stays.
    """
    kind_column, widget = st.columns([0.36, 0.64], vertical_alignment="center")
    with kind_column:
        kind = controls.segments("sound_from", KINDS, "sample")
    name: str | None = None
    with widget:
        if kind == "sample":
            name = controls.choice("said", samples, default)
        elif kind == "upload":
            found = inputs.upload(f"sound-{number}", t("sound.upload"), read_sound)
            name = None if found is None else found.name
        else:
            name = _recorded()
    last = st.session_state.get(f"{_LAST}-{number}", default)
    name = name or last
    try:
        chosen = find(name)
    except Refused:  # it was kept too long ago
        chosen = find(default)
    sound.give(number, chosen)
    st.session_state[f"{_LAST}-{number}"] = chosen.name
    if kind != "sample":
        with widget:
            _level(chosen)
    return chosen.name


def _level(chosen: Sound) -> None:
    """Duration and level, and what is wrong with them."""
    if chosen.silent:
        st.warning(t("sound.silent", level=_decibels(chosen.rms_db)), icon=":material/volume_off:")
        return
    st.caption(
        t("sound.level", seconds=f"{chosen.seconds:.1f}", peak=_decibels(chosen.peak_db),
          level=_decibels(chosen.rms_db), rate=f"{chosen.rate / 1000:g}", n=chosen.channels)
    )  # fmt: skip
    notes = (
        ("clipped", chosen.clipped > CLIPPED_SHARE), ("cut", chosen.cut),
        ("repaired", chosen.repaired > 0),
    )  # fmt: skip
    for note, so in notes:
        if so:
            st.caption(
                t(f"sound.{note}", share=f"{100 * chosen.clipped:.1f}", limit=MAX_SECONDS,
                  n=chosen.repaired)
            )  # fmt: skip


def _decibels(value: float) -> str:
    return f"{value:.0f}" if value > -200 else "−∞"
