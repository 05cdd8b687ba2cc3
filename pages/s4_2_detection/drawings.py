"""Lesson 4.2's own drawings: the picture with its boxes, the reading, the twins, the cells."""

import dataclasses
from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.inputs.photo import find
from attn_core.inputs.strokes import DRAWN, from_text
from attn_core.lessons.s4_2_detection import config as given
from attn_core.lessons.s4_2_detection import experiment, places, queries, views
from attn_core.wire.photo import Box, Layer, PhotoView
from pages.frame import controls, figures, i18n, link
from pages.frame.i18n import t
from pages.frame.media import photo, picture_inputs
from pages.frame.run import Run

LIES = ("query", "patch", "boxes")
ENCODER = "encoder.1"


def kind_of(site: str) -> str:
    """What kind of attention a site is: "encoder", "self" or "cross"."""
    return "encoder" if site.startswith("encoder") else site.rsplit(".", 1)[-1]


def picked_query(run: Run) -> int:
    """The query that is picked, whichever site is open."""
    query = run.selection.query
    if query is None or kind_of(run.selection.site) == "encoder":
        return experiment.default_row(run.result)
    return min(query, len(run.result.details["queries"]) - 1)


def _patch(run: Run) -> int:
    """The patch that is picked; the middle of the picked query's box until one is."""
    if kind_of(run.selection.site) == "encoder" and run.selection.query is not None:
        return run.selection.query
    return places.middle(run.result, picked_query(run))


def facts(run: Run) -> dict[str, Any]:
    """The picked query, and the picked patch, as sentences name them."""
    head = run.selection.head if kind_of(run.selection.site) == "cross" else 0
    found = experiment.reading(run.result, picked_query(run), head)
    names = run.result.names(ENCODER)[0]
    return found | {"patch": names[_patch(run)], "head": run.selection.head + 1}


def _open(run: Run, site: str, row: int) -> None:
    link.set_selection(dataclasses.replace(run.selection, site=site, query=row, region=None))


def _events(run: Run) -> Any:
    """What the photo view's events do."""
    site = run.selection.site if kind_of(run.selection.site) == "cross" else experiment.LAST
    encoder = run.selection.site if kind_of(run.selection.site) == "encoder" else ENCODER

    def happened(event: dict[str, Any]) -> None:
        row = event.get("key" if event["type"] == "box" else "index")
        if event["type"] == "strokes":
            picture_inputs.on_strokes(event)
        elif type(row) is int and row >= 0:
            _open(run, site if event["type"] == "box" else encoder, row)

    return happened


def _boxes(run: Run, picked: int) -> tuple[Box, ...]:
    """What was found, and the picked query's box whether it answers or not."""
    details, heirs = run.result.details, queries.took_over(run.result, run.before)
    shown = [*details["found"], *([] if picked in details["found"] else [picked])]
    return tuple(
        Box(
            key=item["query"],
            corners=tuple(item["box"]),
            label=_box_label(details, item, item["query"] in heirs),
            colour=charts.KEY
            if item["query"] in heirs
            else charts.QUERY
            if item["query"] == picked
            else charts.OUTPUT,
            faint=item["query"] not in details["found"],
            dashed=item["out"],
        )
        for item in (details["queries"][i] for i in shown)
    )


def _box_label(details: dict[str, Any], item: dict[str, Any], took_over: bool) -> str:
    """Class and score; one that answers for a query that is out is named."""
    label = f"{details['classes'][item['label']]}  {item['score']:.2f}"
    return t("s4_2.box.took_over", query=item["query"], label=label) if took_over else label


def picture(run: Run) -> None:
    """The picture with what was found, and where the picked query or patch looks."""
    drawn = run.config.picture.startswith(DRAWN)
    lies = controls.segments("lies_drawn" if drawn else "lies", LIES, "boxes" if drawn else "query")
    source, picked = find(run.config.picture), picked_query(run)
    layers: tuple[Layer, ...] = ()
    kind, head = kind_of(run.selection.site), run.selection.head
    if lies == "query":
        site = run.selection.site if kind == "cross" else experiment.LAST
        chosen = head if kind == "cross" else None
        layers = (Layer(places.looks(run.result, site, chosen, picked), smooth=False),)
    elif lies == "patch":
        site = run.selection.site if kind == "encoder" else ENCODER
        chosen = head if kind == "encoder" else None
        layers = (Layer(places.looks(run.result, site, chosen, _patch(run)), smooth=False),)
    words = i18n.safe(facts(run) | {"n": len(run.result.details["found"])})
    title = t(f"s4_2.photo.title.{lies}", **words)
    look = t(f"s4_2.photo.look.{'draw' if drawn and lies == 'boxes' else lies}", **words)
    photo.show(
        "scene",
        PhotoView(
            source=source.name,
            width=source.width,
            height=source.height,
            title=title,
            look=look,
            summary=f"{title} {look}",
            layers=layers,
            boxes=_boxes(run, picked),
            grid=tuple(run.result.details["grid"]) if lies == "patch" else None,
            marked=_patch(run) if lies == "patch" else None,
            picked=picked,
            draw=drawn,
            strokes=tuple(from_text(run.config.picture)) if drawn else (),
        ),
        _events(run),
    )


def _knock(query: int, n_layers: int, out: bool) -> None:
    """Take a query out of every layer's self-attention, or back in."""
    changes = link.changes()
    sites = {(f"decoder.{i}.self", query) for i in range(n_layers)}
    tokens = set(changes.tokens)
    tokens = tokens - sites if out else tokens | sites
    link.set_changes(dataclasses.replace(changes, tokens=tuple(sorted(tokens))))


def reading(run: Run) -> None:
    """What the picked query says, what all found, and one thing to do to it."""
    found = facts(run)
    words = i18n.marked(found) | {
        "score": f"{found['score']:.2f}",
        "in_box": f"{100 * found['in_box']:.0f}",
        "area": f"{100 * found['area']:.1f}",
        "moved": f"{100 * found['moved']:.0f}",
    }
    words["answer"] = t(f"s4_2.reading.{'answers' if found['answers'] else 'silent'}", **words)
    st.markdown(t("s4_2.reading.out" if found["out"] else "s4_2.reading.query", **words))
    if not found["out"]:
        looks = "in_box" if found["looks"] else "nowhere"
        st.markdown(t(f"s4_2.reading.{looks}", **words))
    truth = run.result.details["truth"]
    st.markdown(_sum_up(run, len(truth)))
    if run.config.model == "digits" and run.config.picture not in given.SAMPLES:
        st.caption(t("s4_2.reading.only_digits"))
    if run.config.model == "digits":
        kept = views.of_query(found["query"])
        if kept["n"]:
            st.markdown(
                t(
                    "s4_2.reading.record",
                    **i18n.marked(
                        kept
                        | {
                            "share": f"{100 * kept['share']:.0f}",
                            "across": f"{kept['across']:.0f}",
                            "down": f"{kept['down']:.0f}",
                            "scenes": views.card()["n"],
                        }
                    ),
                )
            )
    st.button(
        t(f"s4_2.knock.{'undo' if found['out'] else 'do'}", query=found["query"]),
        key="knock",
        icon=":material/block:",
        help=t("s4_2.knock.help"),
        on_click=_knock,
        args=(found["query"], len(experiment.LAYERS), found["out"]),
    )
    card = views.card(run.config.model)
    st.caption(
        t(
            f"s4_2.card.{run.config.model}",
            **i18n.safe(
                card
                | {
                    "ap50": f"{card['ap50']:.3f}",
                    "ap": f"{card['ap']:.3f}",
                }
            ),
        )
    )


def _sum_up(run: Run, objects: int) -> str:
    now, before = (len(r.result.details["found"]) for r in (run, run))
    if run.before is not run.result:
        before = len(run.before.details["found"])
        return t("s4_2.reading.changed", n=now, before=before)
    if objects:
        return t("s4_2.reading.of", n=now, objects=objects)
    return t("s4_2.reading.found", n=now)


def compare_rows(rows: list[dict[str, Any]]) -> None:
    """Models side by side, as bars."""
    named = [r | {"model": t(f"s4_2.model.{r['model']}")} for r in rows]
    words = {
        "x": t("s4_2.live.noise"),
        "series": t("s4_2.live.model"),
        "title": t("s4_2.live.noise_title"),
    }
    figures.show(charts.curves(named, "noise", "kept", "model", words), key="noise-live")
