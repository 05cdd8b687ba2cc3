"""Lesson 6.2's own drawings: the clip as a sheet of frames, the path, their reading."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from attn_core.inputs.motion import N_FRAMES
from attn_core.inputs.photo import Photo
from attn_core.lessons.s6_2_video import compared, experiment, signs, views
from attn_core.lessons.s6_2_video.frames import ACROSS, N_PATCHES, patch_names
from attn_core.wire.photo import Layer, PhotoView, thumbnails
from pages.frame import controls, i18n, link
from pages.frame.i18n import t
from pages.frame.media import photo
from pages.frame.run import Run
from pages.s6_2_video.film import frame_path, timeline, tools

NUMBER = "6.2"
LIES = ("where", "row", "plain")


def held_frames(name: str, clip: str) -> tuple[int, ...]:
    """Frames that are dropped or frozen, as the link holds them; another clip has none."""
    if controls.turned(name, clip):
        controls.put(name, "", "")
    text = controls.held(name, "")
    frames = sorted({int(f) - 1 for f in text.split("-") if f.isdigit() and 0 < int(f) <= N_FRAMES})
    controls.hold_as(name, t(f"s6_2.held.{name}", frames=", ".join(str(f + 1) for f in frames)))
    return tuple(frames[: N_FRAMES - 1])


def opened() -> tuple[int, int]:
    """Frame and patch that the attention map shows, as the link holds them."""
    default = str(views.cell(8, 14))
    text = link.get("cell", default)
    index = int(text) if text.isdigit() and int(text) < N_PATCHES * N_FRAMES else 0
    return views.place(index if text.isdigit() else int(default))


def kind_of(run: Run) -> str:
    """What is open: "time", "space", "pool.time", "pool.space", "path" or "pool"."""
    site = run.selection.site
    if run.result.details["model"] == "sign":
        return "pool" if site == "pool" else "path"
    return site if site.startswith("pool") else site.rpartition(".")[2]


def site_name(site: str) -> str:
    """A site in the learner's words."""
    first, _, last = site.partition(".")
    if first.isdigit():
        return t(f"s6_2.site.{last}", n=int(first) + 1)
    return t("s6_2.site.encoder", n=int(last) + 1) if first == "encoder" else t(f"s6_2.site.{site}")


def facts(run: Run) -> dict[str, Any]:
    """The open row as sentences name it."""
    found = experiment.reading(
        run.result, run.selection.site, run.selection.head, run.selection.query or 0
    )
    patch = patch_names()[run.config.patch]
    return found | {
        "weight": f"{found['weight']:.2f}",
        "frame": run.config.frame + 1,
        "patch": patch,
    }


@st.cache_data(max_entries=32, show_spinner=False)
def _thumbnails(name: str, rows: int, _picture: Photo) -> tuple[str, ...]:
    return thumbnails(_picture, rows, rows)


def images(run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Thumbnails of the open map's rows and columns."""
    kind = kind_of(run)
    if kind in ("path", "pool"):
        return (), ()
    if kind.endswith("time"):
        whole = views.as_photo(run.config)
        found = _thumbnails(whole.name, 4, whole)
    else:
        one = views.as_photo(run.config, run.config.frame)
        found = _thumbnails(one.name, ACROSS, one)
    return (() if kind.startswith("pool") else found), found


def _events(run: Run) -> Callable[[dict[str, Any]], None]:
    """What the photo view's events do: open a frame's patch, and its row of the open map."""
    kind, now = kind_of(run), run.selection

    def happened(event: dict[str, Any]) -> None:
        index = event.get("index")
        most = N_PATCHES * N_FRAMES
        if event.get("type") != "patch" or type(index) is not int or not 0 <= index < most:
            return
        controls.put("cell", str(index), str(views.cell(8, 14)))
        frame, patch = views.place(index)
        if kind in ("time", "space"):
            row = frame if kind == "time" else patch
            link.set_selection(dataclasses.replace(now, query=row, region=None))

    return happened


def _row_layer(run: Run) -> Layer:
    """The open row of the attention map, on the frames or patches that it is about."""
    weights = run.result.traces[run.selection.site].weights[0].float().nan_to_num()
    head = min(run.selection.head, weights.shape[0] - 1)
    row = weights[head, min(run.selection.query or 0, weights.shape[1] - 1)].numpy()
    return Layer(
        views.row_on_sheet(row, run.config.frame, run.config.patch, kind_of(run)),
        smooth=False,
        opacity=0.95,
    )


def picture(run: Run) -> None:
    """The clip as a sheet of its frames and what lies on it, or the path."""
    if run.result.details["model"] == "sign":
        frame_path(run)
        return
    lies = controls.segments("lies_clip", LIES, "where")
    whole = views.as_photo(run.config)
    photo.give(NUMBER, whole)
    layers: tuple[Layer, ...] = ()
    if lies == "where":
        layers = (Layer(views.overlay(run.result, by_frame=True), smooth=False, opacity=0.75),)
    elif lies == "row":
        layers = (_row_layer(run),)
    side = 4 * ACROSS
    words = i18n.safe(facts(run) | {"most": int(np.argmax(run.result.details["frames"])) + 1})
    title = t(f"s6_2.photo.title.{lies}", **words)
    silent = lies == "where" and not any(run.result.details["frames"])
    look = t(f"s6_2.photo.look.{'none' if silent else lies}", **words)
    if lies == "row":
        look = run.of_row("s6_2.photo.look.row", words)
    gone = run.result.details["dropped"]
    photo.show(
        "clip",
        PhotoView(
            source=whole.name,
            width=whole.width,
            height=whole.height,
            title=title,
            look=look,
            summary=f"{title} {look}",
            layers=layers,
            grid=(side, side),
            marked=views.cell(run.config.frame, run.config.patch),
            cut=tuple(views.cell(f, p) for f in gone for p in range(N_PATCHES)),
        ),
        _events(run),
    )
    tools(run)
    timeline(run)


def named(run: Run) -> str:
    """What the model names, in the learner's words."""
    details = run.result.details
    return t(f"s6_2.{'sign' if details['model'] == 'sign' else 'motion'}.{details['motion']}")


def reading(run: Run) -> None:
    """What is named, what it was, and where the attention lies."""
    details, numbers = run.result.details, run.result.numbers
    prefix = "sign" if details["model"] == "sign" else "motion"
    ranked = sorted(details["probabilities"].items(), key=lambda item: -item[1])
    words = {
        "named": named(run),
        "p": f"{numbers['probability']:.2f}",
        "second": t(f"s6_2.{prefix}.{ranked[1][0]}"),
        "q": f"{numbers['second']:.2f}",
    }
    st.markdown(t("s6_2.reading.named", **i18n.marked(words)))
    if prefix == "motion":
        _truth(run)
    if run.before is not run.result:
        before = t(f"s6_2.{prefix}.{run.before.details['motion']}")
        same = "same" if run.before.details["motion"] == details["motion"] else "other"
        old = f"{run.before.numbers['probability']:.2f}"
        st.markdown(t(f"s6_2.reading.{same}", named=before, p=old))
    st.markdown(run.of_row(f"s6_2.reading.row.{kind_of(run)}", i18n.marked(facts(run))))
    if prefix == "motion":
        card = compared.card(details["attention"])
        words = {name: f"{value:.1f}".removesuffix(".0") for name, value in card.items()}
        st.caption(t("s6_2.card", **i18n.safe(words)))
    else:
        st.caption(t("s6_2.card.sign", **i18n.safe(signs.card())))


def _truth(run: Run) -> None:
    """What the camera did, where that is known, and how much of the attention lies there."""
    details, numbers = run.result.details, run.result.numbers
    truth = details["truth"]
    if truth is None:
        rest = views.under_freeze(run.config)
        if rest is None:
            st.markdown(t("s6_2.reading.unknown"))
        else:
            kind = "still" if rest["motion"] == "still" else "moves"
            motion = t(f"s6_2.motion.{rest['motion']}")
            words = i18n.marked(rest | {"motion": motion})
            st.markdown(t(f"s6_2.reading.frozen_{kind}", **words))
        return
    words = {
        "motion": t(f"s6_2.motion.{truth['motion']}"),
        "first": truth["first"] + 1,
        "last": truth["last"] + 1,
        "in_span": f"{100 * numbers.get('in_span', 0):.0f}",
        "share": f"{100 * numbers.get('span_share', 0):.0f}",
    }
    if truth["motion"] == "still":
        st.markdown(t("s6_2.reading.still", **i18n.marked(words)))
        return
    st.markdown(t("s6_2.reading.moves", **i18n.marked(words)))
    lies = "on" if numbers["in_span"] > numbers["span_share"] else "off"
    st.markdown(t(f"s6_2.reading.{details['attention']}_{lies}"))
