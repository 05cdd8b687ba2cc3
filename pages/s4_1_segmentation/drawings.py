"""Lesson 4.1's own drawings: the photograph, what lies on it, and its reading."""

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.inputs.photo import find
from attn_core.lessons.photographs import patches
from attn_core.lessons.s4_1_segmentation import compared, experiment, views
from attn_core.wire.photo import Layer, PhotoView
from pages.frame import controls, i18n, link
from pages.frame.i18n import t
from pages.frame.media import photo
from pages.frame.run import Run

OVERLAYS = ("person", "looks", "gate", "cutout")
SCALES = ("8", "4", "2")
OPACITY = 0.4
BACKGROUNDS = {
    "checker": "checker", "white": "#FFFFFF", "green": "#009E73", "blur": "blur",
    "coffee": "photo:coffee", "rocket": "photo:rocket",
}  # fmt: skip
"""Names of backgrounds as the link has them, and what the photo view makes of each."""
PLACE = "picture"
REACHES = (1, 3, 5)


def facts(run: Run) -> dict[str, Any]:
    """The open row as sentences name it."""
    return experiment.reading(run.result, run.selection.query or 0, run.selection.head)


def row_layer(run: Run, head: int) -> Layer:
    """Where the picked patch looks, scaled so that its largest weight is 1."""
    levels = experiment.looks(run.result, run.selection.query or 0, head)
    return Layer(levels, smooth=False, opacity=0.95)


def map_layer(run: Run, name: str, **more: Any) -> Layer:
    """One of the result's maps as a layer."""
    levels = patches.unpacked(run.result.details["maps"][name]) / 255
    return Layer(patches.halved(levels) if name == "mask" else levels, **more)


def _layers(run: Run, overlay: str, scale: str, opacity: float) -> tuple[Layer, ...]:
    """What lies on the photograph, from below upwards."""
    at = {"threshold": run.config.threshold}
    if overlay == "looks":
        return (row_layer(run, run.selection.head),)
    if overlay == "gate":
        return (map_layer(run, f"gate.{scale}", opacity=0.95),)
    if overlay == "cutout":
        return (map_layer(run, "mask", kind="cutout", **at),)
    now = map_layer(run, "mask", kind="mask", colour=charts.OUTPUT, opacity=opacity, **at)
    if run.before is run.result:
        return (now,)
    levels = patches.unpacked(run.before.details["maps"]["mask"]) / 255
    return now, Layer(patches.halved(levels), "mask", charts.CHANGED, opacity=0.0, **at)


def _pick(run: Run) -> Callable[[dict[str, Any]], None]:
    n = len(run.result.queries)

    def picked(event: dict[str, Any]) -> None:
        index = event.get("index")
        if event.get("type") == "patch" and type(index) is int and 0 <= index < n:
            link.set_selection(
                dataclasses.replace(run.selection, site=experiment.SITE, query=index)
            )

    return picked


def show(
    run: Run, name: str, layers: tuple[Layer, ...], title: str, look: str, behind: str = "checker"
) -> None:
    """The photograph with some layers; a patch can be picked on it."""
    source = find(run.config.picture)
    rows, columns = run.result.details["grid"]
    cut = {key for site, key in run.changes.tokens if site == experiment.SITE}
    photo.show(
        name,
        PhotoView(
            source=source.name,
            width=source.width,
            height=source.height,
            title=title,
            look=look,
            summary=f"{title} {look}",
            layers=layers,
            grid=(rows, columns),
            marked=run.selection.query,
            cut=tuple(
                k for k in sorted(cut | set(run.result.details["hidden"])) if k < rows * columns
            ),
            behind=behind,
        ),
        _pick(run),
    )


def picture(run: Run) -> None:
    """The photograph, what lies on it, and what can be done to the picked patch."""
    with st.container(horizontal=True, key="overlays", vertical_alignment="center"):
        overlay, scale = controls.segments("overlay", OVERLAYS, "person"), ""
        if overlay == "gate":
            scale = controls.segments("scale", SCALES, "8")
    opacity = controls.value("opacity", OPACITY)
    background = BACKGROUNDS[controls.value("background", "checker")]
    if overlay == "cutout" and background.startswith("photo:"):
        photo.give("4.1-behind", find(background.removeprefix("photo:")))
    numbers = run.result.numbers
    words = i18n.safe(facts(run) | {"threshold": run.config.threshold} | _percent(numbers))
    if scale:
        words |= {
            "stride": scale,
            "on_gate": _number(numbers[f"gate_{scale}_on"]),
            "off_gate": _number(numbers[f"gate_{scale}_off"]),
        }
    kind = overlay + scale
    if overlay == "person" and run.before is not run.result:
        kind = "changed"
    look = t(f"s4_1.photo.look.{kind}", **words)
    if overlay == "looks":
        look = run.of_row("s4_1.photo.look.looks", words)
    show(
        run,
        PLACE,
        _layers(run, overlay, scale, opacity),
        t(f"s4_1.photo.title.{overlay}", **words),
        look,
        background,
    )
    _tools(run)


def _percent(numbers: dict[str, float]) -> dict[str, str]:
    return {"share": f"{100 * numbers['person_share']:.0f}", "iou": f"{numbers['mask_iou']:.2f}"}


def _around(run: Run, reach: int) -> set[int]:
    """The picked patch and its neighbours."""
    rows, columns = run.result.details["grid"]
    row, column = divmod(min(run.selection.query or 0, rows * columns - 1), columns)
    span = range(-(reach // 2), reach // 2 + 1)
    return {
        (row + r) * columns + column + c
        for r in span
        for c in span
        if 0 <= row + r < rows and 0 <= column + c < columns
    }


def _hide(run: Run, chosen: set[int]) -> None:
    """Paint patches grey before the model sees them, or show them again."""
    hidden = set(run.config.hidden)
    hidden = hidden - chosen if chosen <= hidden else hidden | chosen
    controls.put("hidden", patches.as_text(hidden), "")


def _mask(run: Run, chosen: set[int]) -> None:
    """Let no patch look at these, or allow it again."""
    changes = link.changes()
    items = {(experiment.SITE, patch) for patch in chosen}
    now = set(changes.tokens)
    now = now - items if items <= now else now | items
    try:
        link.set_changes(dataclasses.replace(changes, tokens=tuple(sorted(now))))
    except ValueError:  # more edits than are kept
        st.session_state[f"viewer_{run.lesson.slug}.refused"] = True


def _tools(run: Run) -> None:
    """Grey out, mask as a key, download."""
    with st.container(horizontal=True, key="patch-tools", vertical_alignment="center"):
        reach = controls.choice("reach", REACHES, 1)
        chosen = _around(run, reach)
        now = {key for site, key in link.changes().tokens if site == experiment.SITE}
        for name, act, done in (
            ("grey", _hide, chosen <= set(run.config.hidden)),
            ("key", _mask, chosen <= now),
        ):
            st.button(
                t(f"s4_1.{name}.{'undo' if done else 'do'}"),
                key=f"patch-{name}",
                icon=":material/visibility_off:" if name == "grey" else ":material/link_off:",
                help=t(f"s4_1.{name}.help"),
                on_click=act,
                args=(run, chosen),
            )
        st.download_button(
            t("s4_1.download"),
            key="cutout-png",
            icon=":material/content_cut:",
            data=lambda: views.cutout(run.config, run.changes, run.device),
            file_name="person.png",
            mime="image/png",
            on_click="ignore",
            help=t("s4_1.download.help"),
        )


def reading(run: Run) -> None:
    """The picked patch's row, the gates on and off the person, what the model knows."""
    found = facts(run)
    words = i18n.marked(found)
    words["where"] = t(f"s4_1.reading.{'on' if found['on'] else 'off'}")
    words["key_where"] = t(f"s4_1.reading.{'on' if found['key_on'] else 'off'}")
    st.markdown(run.of_row("s4_1.reading.row", words))
    numbers, before = run.result.numbers, run.before.numbers
    if run.config.picture in experiment.NOBODY and numbers["person_share"]:
        st.warning(t("s4_1.reading.nobody", **_percent(numbers)), icon=":material/person_off:")
    elif run.config.picture in experiment.NOBODY:
        st.success(t("s4_1.reading.nobody_found"), icon=":material/person_off:")
    changed = run.before is not run.result
    if changed:
        st.markdown(t("s4_1.reading.changed", **_percent(numbers)))
    head = ["", t("s4_1.reading.on_person"), t("s4_1.reading.off_person")]
    head += [t("s4_1.reading.before")] if changed else []
    lines = [f"| {' | '.join(head)} |", "|:--|--:|--:|" + "--:|" * changed]
    pairs = [("attention", "person_to_person", "rest_to_person")]
    pairs += [(f"gate{s}", f"gate_{s}_on", f"gate_{s}_off") for s in (8, 4, 2)]
    for name, one, other in pairs:
        cells = [t(f"s4_1.reading.{name}"), f"**{_number(numbers[one])}**", _number(numbers[other])]
        cells += [f"{_number(before[one])} · {_number(before[other])}"] if changed else []
        lines.append(f"| {' | '.join(cells)} |")
    st.markdown("\n".join(lines), help=t("s4_1.reading.help"))
    card = compared.card()
    st.caption(
        t(
            "s4_1.reading.card",
            **i18n.safe(
                card
                | {
                    "iou": f"{card['iou']:.3f}",
                    "baseline": f"{card['baseline']:.2f}",
                }
            ),
        )
    )


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"
