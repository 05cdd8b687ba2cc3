"""Lesson 6.2's strip of frames: freeze, drop, play."""

import streamlit as st

from attn_core.inputs.motion import N_FRAMES
from attn_core.inputs.photo import find
from attn_core.inputs.strokes import DRAWN, from_text
from attn_core.lessons.s6_2_video import charts, experiment, views
from attn_core.wire.clip import as_webm
from attn_core.wire.photo import PhotoView
from pages.frame import controls, figures
from pages.frame.i18n import t
from pages.frame.media import photo, picture_inputs
from pages.frame.run import Run


def _turn(name: str, frame: int) -> None:
    """Drop or freeze a frame, or undo it."""
    text = controls.held(name, "")
    frames = {int(f) for f in text.split("-") if f.isdigit()} ^ {frame + 1}
    if len(frames) < N_FRAMES:
        controls.put(name, "-".join(str(f) for f in sorted(frames)), "")


def tools(run: Run) -> None:
    """Drop or freeze the open frame; play the clip."""
    frame = run.config.frame
    with st.container(horizontal=True, key="frame-tools", vertical_alignment="center"):
        for name, icon in (("dropped", "visibility_off"), ("frozen", "ac_unit")):
            done = "undo" if frame in getattr(run.config, name) else "do"
            st.button(
                t(f"s6_2.{name}.{done}", n=frame + 1),
                key=f"frame-{name}",
                icon=f":material/{icon}:",
                help=t(f"s6_2.{name}.help"),
                disabled=name == "frozen" and frame == 0,
                on_click=_turn,
                args=(name, frame),
            )
        play = st.popover(
            t("s6_2.play"), icon=":material/play_arrow:", on_change="rerun", key="play-open"
        )
        if play.open:
            with play:
                st.video(_played(run.config), format="video/webm")
                st.caption(t("s6_2.play_look"))


@st.cache_data(max_entries=16, show_spinner=False)
def _played(config: experiment.Config) -> bytes:
    return as_webm(views.pictures(config))


def timeline(run: Run) -> None:
    """Attention over frames, what each says alone, where the motion is."""
    details = run.result.details
    words = {
        "x": t("s6_2.timeline.x"),
        "title": t("s6_2.timeline"),
        "weight": t("s6_2.timeline.weight"),
        "alone": t("s6_2.timeline.alone"),
        "moved": t("s6_2.timeline.moved"),
    }
    figure = charts.timeline(
        details["frames"], views.moves(run.result), details["moved"], run.config.frame, words
    )
    figures.show(figure, key="timeline")
    known = "known" if any(details["moved"]) else "unknown"
    st.caption(t(f"s6_2.timeline.look.{known}"))


def frame_path(run: Run) -> None:
    """The path with attention along it; a canvas beside it where the learner draws."""
    details = run.result.details
    words = {
        "title": t("s6_2.path", sign=t(f"s6_2.sign.{details['motion']}")),
        "point": t("s6_2.path.point"),
        "weight": t("s6_2.timeline.weight"),
    }
    marked = run.selection.query or 0
    if controls.value("path_from", "rule") == "pen":
        canvas = find(picture_inputs.drawing())
        title, look = t("s6_2.canvas"), t("s6_2.canvas_look")
        photo.show(
            "canvas",
            PhotoView(
                source=canvas.name,
                width=canvas.width,
                height=canvas.height,
                title=title,
                look=look,
                summary=f"{title} {look}",
                draw=True,
                strokes=tuple(from_text(picture_inputs.drawing())),
            ),
            picture_inputs.on_strokes,
        )
        if not run.config.path.startswith(DRAWN):
            return
    figure = charts.walked(details["path"], details["frames"], marked, words)
    figures.show(figure, key="walked")
    st.caption(t("s6_2.path_look"))
