"""Where a lesson's picture comes from: a sample, a file, the camera, or the learner's own pen."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from attn_core.inputs.photo import find, read_photo
from attn_core.inputs.refused import Refused
from attn_core.inputs.strokes import DRAWN, as_text, from_text
from attn_core.interventions import Intervention
from pages.shared import controls, inputs, photo, state
from pages.shared.i18n import refusal, t

DRAWING = "drawing"
_LAST = "_picture"


def _taken() -> str | None:
    """Name of what the camera took, if it took something that can be read."""
    with st.popover(t("picture.camera"), icon=":material/photo_camera:", width="stretch"):
        shot = st.camera_input(t("picture.camera_help"), key="camera")
        if shot is None:
            return None
        try:
            return read_photo(shot.getvalue()).name
        except Refused as error:
            st.warning(refusal(error), icon=":material/photo_camera:")
            return None


def drawing() -> str:
    """The learner's drawing as text: the session's own, and at first the link's."""
    if DRAWING not in st.session_state:
        wanted = DRAWN + st.query_params.get(DRAWING, "")
        try:
            from_text(wanted)
        except Refused:
            wanted = DRAWN
        st.session_state[DRAWING] = wanted
    return str(st.session_state[DRAWING])


def on_strokes(event: dict[str, Any]) -> None:
    """Keep what was drawn; for the photo view's callback. What is no drawing is left out."""
    try:
        strokes = [[(float(x), float(y)) for x, y in line] for line in event["strokes"]]
        text = as_text(strokes)
    except Refused as error:
        st.session_state["_drawing_refused"] = error
        return
    except (TypeError, ValueError, OverflowError):
        return
    st.session_state[DRAWING] = text
    state.keep_text(DRAWING, text.removeprefix(DRAWN), "")
    state.set_changes(Intervention())  # edits of one drawing mean nothing in another


def now(name: str) -> str:
    """The picture to run on; strokes that came since the inputs were drawn are in it."""
    refused = st.session_state.pop("_drawing_refused", None)
    if refused is not None:
        st.warning(refusal(refused), icon=":material/draw:")
    return drawing() if name == DRAWN else name


def choose(
    number: str, samples: Sequence[str], default: str, *, camera: bool = True, draw: bool = False
) -> str:
    """Draw the row of inputs and answer the picture's name; ``DRAWN`` stands for the canvas.

    While nothing was uploaded or taken yet, the last picture stays.
    """
    kinds = ["sample", "upload"] + ["camera"] * camera + ["draw"] * draw
    kind_column, widget = st.columns([0.42, 0.58], vertical_alignment="center")
    with kind_column:
        kind = controls.segments("picture_from", kinds, "sample")
    name: str | None = None
    with widget:
        if kind == "sample":
            name = controls.choice("sample", samples, default)
        elif kind == "upload":
            found = inputs.upload(f"photo-{number}", t("picture.upload"), read_photo)
            name = None if found is None else found.name
        elif kind == "camera":
            name = _taken()
        else:
            st.caption(t("picture.draw_help"))
            return DRAWN
    last = st.session_state.get(f"{_LAST}-{number}", default)
    name = name or last
    try:
        photo.give(number, find(name))
    except Refused:  # it was kept too long ago
        name = default
        photo.give(number, find(name))
    st.session_state[f"{_LAST}-{number}"] = name
    return name
