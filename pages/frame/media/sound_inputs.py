"""Where a lesson's sound comes from: a sample, a file, or the learner's own voice."""

from collections.abc import Sequence

import streamlit as st

from attn_core.inputs.limits import MAX_SECONDS
from attn_core.inputs.sound import CLIPPED_SHARE, Sound, find, read_sound
from attn_core.inputs.speech_features import RATE
from pages.frame import controls, inputs, link
from pages.frame.i18n import t
from pages.frame.media import sound

KINDS = ("sample", "upload", "record")


def _named(data: bytes) -> str:
    return read_sound(data).name


def _record(name: str) -> None:
    """What the microphone takes."""
    shot = st.audio_input(
        t("sound.record"),
        key=inputs.turned_over("microphone"),
        label_visibility="collapsed",
        sample_rate=2 * RATE,
    )
    if inputs.sent(name, shot, _named) is None and shot is None:
        st.caption(t("sound.record_help"))


def choose(number: str, samples: Sequence[str], default: str) -> str:
    """Draw the row of inputs and answer the sound's name.

    While nothing was uploaded or recorded yet, the last sound stays.
    """
    sent, taken = f"sound-{number}", f"microphone-{number}"
    kind_column, widget = st.columns([0.36, 0.64], vertical_alignment="center")
    with kind_column:
        kind = controls.segments("sound_from", KINDS, "sample")
    with widget:
        if kind == "sample":
            controls.choice("said", samples, default)
            link.put(link.FILE, None)  # no file is heard: a link has none to ask for
        elif kind == "upload":
            inputs.upload(sent, t("sound.upload"), _named)
        else:
            _record(taken)
    chosen = find(inputs.medium((sent, taken), find) or controls.stored("said", samples, default))
    sound.give(number, chosen)
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
        t(
            "sound.level",
            seconds=f"{chosen.seconds:.1f}",
            peak=_decibels(chosen.peak_db),
            level=_decibels(chosen.rms_db),
            rate=f"{chosen.rate / 1000:g}",
            n=chosen.channels,
        )
    )
    notes = (
        ("clipped", chosen.clipped > CLIPPED_SHARE),
        ("cut", chosen.cut),
        ("repaired", chosen.repaired > 0),
    )
    for note, so in notes:
        if so:
            st.caption(
                t(
                    f"sound.{note}",
                    share=f"{100 * chosen.clipped:.1f}",
                    limit=MAX_SECONDS,
                    n=chosen.repaired,
                )
            )


def _decibels(value: float) -> str:
    return f"{value:.0f}" if value > -200 else "−∞"
