"""The viewer on a page: mounts the canvas component and turns its events into changes."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from attn_core.attention.interventions import Cell, Intervention
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.wire.answers import exact, probe, stamp, strongest
from attn_core.wire.labels import Labels, images_of
from attn_core.wire.looked_at import opened
from attn_core.wire.travel import travelling
from attn_core.wire.view import pack
from pages.frame import controls, link, preload

# The modules are served as files and cached by the browser; what travels with each view is this.
_BOOT = """
let module;
const load = () => (module ??= import(new URL('viewer/viewer.js', ROOT)));
const ROOT = new URL(BASE, window.location.origin);
export default function (component) {
  let clean; let gone = false;
  load().then((m) => { if (!gone) clean = m.default(component); });
  return () => { gone = true; if (typeof clean === 'function') clean(); };
}
"""

_PROBE = """
export default function ({ data }) {
  if (!data) return;
  (window.attnProbes ??= {})[data.id] = data; // for a viewer whose module is still loading
  window.dispatchEvent(new CustomEvent('attn-probe', { detail: data }));
}
"""


# Thumbnails stay the same from turn to turn: in a message of their own Streamlit sends them once.
_IMAGES = """
export default function ({ data }) {
  if (!(data instanceof Uint8Array)) return;
  const kept = (window.attnImages ??= {}), found = JSON.parse(new TextDecoder().decode(data));
  if (Object.keys(found).every((name) => name in kept)) return;
  for (const name of Object.keys(found)) delete kept[name]; // what is shown now stands last
  Object.assign(kept, found);
  for (const old of Object.keys(kept).slice(0, -16)) delete kept[old];
  window.dispatchEvent(new CustomEvent('attn-images'));
}
"""

_viewer = st.components.v2.component(
    "attention_viewer", js=_BOOT.replace("BASE", json.dumps(f"{preload.base_path()}/"))
)
_probe = st.components.v2.component("attention_probe", js=_PROBE)
_images = st.components.v2.component("attention_images", js=_IMAGES)

_FIELDS = {"score": "scores", "mask": "mask_cells", "weight": "weights"}


def _without(cells: tuple[Cell, ...], cell: Cell) -> tuple[Cell, ...]:
    place = (cell.site, cell.head, cell.query, cell.key)
    return tuple(c for c in cells if (c.site, c.head, c.query, c.key) != place)


def _toggle(kept: tuple[Any, ...], item: Any, on: bool) -> tuple[Any, ...]:
    rest = tuple(k for k in kept if k != item)
    return (*rest, item) if on else rest


def apply(changes: Intervention, event: dict[str, Any]) -> Intervention:
    """Changes after one event; an event with values out of bounds raises ``ValueError``."""
    kind = event["type"]
    site = str(event["site"])
    if kind == "cut_token":
        tokens = _toggle(changes.tokens, (site, int(event["key"])), bool(event["on"]))
        return dataclasses.replace(changes, tokens=tokens)
    if kind == "cut_head":
        heads = _toggle(changes.heads, (site, int(event["head"])), bool(event["on"]))
        return dataclasses.replace(changes, heads=heads)
    name = _FIELDS[event["what"]]
    value = float(event["value"]) if kind == "set" else 0.0
    cell = Cell(site, int(event["head"]), int(event["query"]), int(event["key"]), value)
    cells = _without(getattr(changes, name), cell)
    if kind == "set":
        cells = (*cells, cell)
    kept: dict[str, Any] = {name: cells}
    return dataclasses.replace(changes, **kept)


def select(selection: Selection, event: dict[str, Any]) -> Selection:
    """What is open after one event."""
    kind = event["type"]
    if kind == "open":
        query = event.get("query")
        return dataclasses.replace(
            selection,
            site=str(event["site"]),
            head=int(event["head"]),
            query=None if query is None else int(query),
        )
    if kind == "scale":
        return dataclasses.replace(selection, scale="all" if event["scale"] == "all" else "head")
    region = event.get("region")
    if region is None:
        return dataclasses.replace(selection, region=None)
    q0, q1, k0, k1 = (int(x) for x in region)
    return dataclasses.replace(selection, region=(q0, q1, k0, k1))


def _on_event(key: str) -> None:
    log = st.session_state[key].get("log")
    if not isinstance(log, dict) or not isinstance(log.get("events"), list):
        return
    seen = st.session_state.get(f"{key}.seen", (None, 0))
    last = seen[1] if seen[0] == log.get("from") else 0
    for event in log["events"]:
        if not isinstance(event, dict) or not isinstance(event.get("number"), int):
            continue
        if event["number"] <= last:  # answered already
            continue
        last = event["number"]
        st.session_state[f"{key}.seen"] = (log.get("from"), last)
        if isinstance(event.get("at"), dict):
            st.session_state[f"{key}.probe"] = event["at"]
        try:
            if event.get("type") == "probe":
                st.session_state[f"{key}.probe"] = event
            elif event.get("type") == "exact":
                st.session_state[f"{key}.exact"] = event
            elif event.get("type") in ("open", "scale", "zoom"):
                link.set_selection(select(link.selection(), event))
            elif event.get("type") == "reset":
                controls.reset()
            else:
                link.set_changes(apply(link.changes(), event))
        except (KeyError, TypeError, ValueError, OverflowError):
            st.session_state[f"{key}.refused"] = True


def _answers(
    key: str, result: LessonResult, selection: Selection, before: LessonResult
) -> dict[str, Any] | None:
    """The exact numbers of the cell that was asked for and of the open row's strongest."""
    site, _, head = opened(result, selection)
    asked = st.session_state.get(f"{key}.probe")
    answers = [strongest(result, selection, before)]
    if isinstance(asked, dict) and (asked.get("site"), asked.get("head")) == (site, head):
        try:
            query, cell = int(asked["query"]), int(asked["key"])
            answers.append(probe(result, site, head, query, cell, before))
        except (KeyError, TypeError, ValueError, OverflowError):
            st.session_state.pop(f"{key}.probe")
    found: dict[str, Any] = {"answers": [answer for answer in answers if answer]}
    wanted = st.session_state.pop(f"{key}.exact", None)
    if isinstance(wanted, dict) and (wanted.get("site"), wanted.get("head")) == (site, head):
        found["exact"] = {"token": wanted.get("token")}
        found["exact"] |= exact(result, selection, before) or {}
    return found if len(found) > 1 or found["answers"] else None


def show(
    name: str,
    result: LessonResult,
    labels: Labels,
    selection: Selection,
    changes: Intervention,
    before: LessonResult,
    labels_before: Labels | None = None,
    turned: int = 0,
) -> None:
    """Mount the viewer for a result; its events go into the link."""
    key = f"viewer_{name}"
    site, _, head = opened(result, selection)
    number = stamp(result, before, site, head, selection.query)
    data = pack(name, result, selection, labels, changes, before, labels_before, turned, number)
    callback: Callable[[], None] = lambda: _on_event(key)  # noqa: E731 (bound to this key)
    _viewer(key=key, data=travelling(data), on_log_change=callback)
    answers = _answers(key, result, selection, before)
    told = None if answers is None else {"id": name, "stamp": number, **answers}
    _probe(key=f"{key}_probe", data=told, height=1)
    images = images_of((labels, labels_before or labels))
    _images(key=f"{key}_images", data=json.dumps(images).encode(), height=1)
