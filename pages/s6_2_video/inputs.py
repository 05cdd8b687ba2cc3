"""Where lesson 6.2's clip or path comes from: a camera over a photograph, a file, a pen."""

from typing import Any

import streamlit as st

from attn_core.inputs.clip import Clip, find, last_start, made_name, read_clip
from attn_core.inputs.limits import MAX_CLIP_SECONDS
from attn_core.inputs.motion import LONGEST, MOTIONS, N_FRAMES, SHORTEST, SPEEDS, Motion
from attn_core.inputs.strokes import DRAWN
from attn_core.lessons.s6_2_video import experiment, signs
from pages.frame import controls, inputs, link
from pages.frame.i18n import t
from pages.frame.media import picture_inputs

BEGINS, LASTS = 7, 6
"""Frames as learners count them, from 1."""


def _stored() -> str:
    """The camera motion that the address names, while its controls are away."""
    of = controls.stored
    first = of("begins", range(2, N_FRAMES - SHORTEST + 2), BEGINS)
    return _motion(
        of("over", experiment.PHOTOS, experiment.PHOTOS[0]),
        of("motion", MOTIONS, "pan_right"),
        first,
        of("lasts", range(SHORTEST, LONGEST + 1), LASTS),
        of("speed", SPEEDS, 1.0),
    )


def _motion(picture: str, kind: str, first: int, length: int, speed: float) -> str:
    last = min(first - 1 + length, N_FRAMES) - 1
    return made_name(picture, Motion(kind, first - 1, last, speed))


def _made() -> str:
    """A camera motion over a sample photograph."""
    what = st.columns([0.26, 0.24, 0.18, 0.18, 0.14])
    with what[0]:
        picture = controls.choice("over", experiment.PHOTOS, experiment.PHOTOS[0])
    with what[1]:
        kind = controls.choice("motion", MOTIONS, "pan_right")
    with what[2]:
        first = controls.slider("begins", BEGINS, 2, N_FRAMES - SHORTEST + 1)
    with what[3]:
        length = controls.slider("lasts", LASTS, SHORTEST, LONGEST)
    with what[4]:
        speed = controls.stops("speed", SPEEDS, 1.0)
    return _motion(picture, kind, first, length, speed)


def _sent(name: str) -> str | None:
    """A file, with what was read of it."""
    label = t("clip.upload", limit=MAX_CLIP_SECONDS)
    inputs.upload(name, label, lambda data: read_clip(data).name)
    found = inputs.medium((name,), find)
    if found is None:
        st.caption(t("clip.ask"))
    else:
        _told(find(found))
    return found


def _told(clip: Clip) -> None:
    st.caption(
        t(
            "clip.read",
            seconds=f"{clip.seconds:.1f}",
            width=clip.width,
            height=clip.height,
            n=clip.n_decoded,
        )
    )
    if clip.cut:
        st.caption(t("clip.cut", limit=MAX_CLIP_SECONDS))


def choose(number: str) -> dict[str, Any]:
    """Draw the row of inputs and answer which model reads what.

    While nothing was uploaded yet, the last clip stays.
    """
    which, source = st.columns([0.24, 0.76])
    with which:
        model = controls.segments("watch", experiment.MODELS, "clip")
        if model == "clip":
            kind = controls.segments("clip_from", ("made", "upload"), "made")
        else:
            kind = controls.segments("path_from", ("rule", "pen"), "rule")
    name, path = f"clip-{number}", str(signs.PATH)
    clip = _stored()
    with source:
        if model == "sign" and kind == "rule":
            path = controls.choice("path", signs.SAMPLES, signs.PATH)
        elif model == "sign":
            st.caption(t("clip.pen"))
            path = DRAWN
        elif kind == "made":
            clip = _made()
        else:
            clip = _sent(name) or clip
    if model == "sign" or kind == "made":  # no file is shown: a link has none to ask for
        link.put(link.FILE, None)
    return {"model": model, "clip": clip, "path": path}


def longest_start(clip: str) -> int:
    """The last frame at which the part that is read can begin."""
    return last_start(find(clip))


def path_now(path: str) -> str:
    """The path to run on: strokes that came since the inputs were drawn are in it."""
    drawn = picture_inputs.now(path)
    if drawn != DRAWN:
        return drawn
    return signs.PATH  # an empty canvas
