"""Where a lesson's picture comes from: a sample, a file, the camera, or the learner's own pen."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.inputs.photo import find, read_photo
from attn_core.inputs.refused import Refused
from attn_core.inputs.strokes import DRAWN, as_text, from_text
from pages.frame import controls, inputs, link
from pages.frame.i18n import refusal, t
from pages.frame.media import photo

DRAWING = "drawing"


def _named(data: bytes) -> str:
    return read_photo(data).name


def _take(name: str) -> None:
    """What the camera takes."""
    with st.popover(t("picture.camera"), icon=":material/photo_camera:", width="stretch"):
        shot = st.camera_input(t("picture.camera_help"), key=inputs.turned_over("camera"))
        inputs.sent(name, shot, _named)


def drawing() -> str:
    """The learner's drawing as text; nothing where the link's can't be read."""
    wanted = DRAWN + link.get(DRAWING)
    try:
        from_text(wanted)
    except Refused:
        return DRAWN
    return wanted


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
    link.put(DRAWING, text.removeprefix(DRAWN) or None)
    link.set_changes(Intervention())  # edits of one drawing mean nothing in another


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
    sent, taken = f"photo-{number}", f"camera-{number}"
    kinds = ["sample", "upload"] + ["camera"] * camera + ["draw"] * draw
    kind_column, widget = st.columns([0.42, 0.58], vertical_alignment="center")
    with kind_column:
        kind = controls.segments("picture_from", kinds, "sample")
    with widget:
        if kind == "upload":
            inputs.upload(sent, t("picture.upload"), _named)
        elif kind == "camera":
            _take(taken)
        else:  # no file is shown: a link has none to ask for
            link.put(link.FILE, None)
        if kind == "sample":
            controls.choice("sample", samples, default)
        elif kind == "draw":
            st.caption(t("picture.draw_help"))
            return DRAWN
    name = inputs.medium((sent, taken), find) or controls.stored("sample", samples, default)
    photo.give(number, find(name))
    return name
