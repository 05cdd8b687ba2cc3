"""What a lesson's picture or sound needs in the browser: sent once, drawn upon with each run."""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from attn_core.wire.travel import travelling
from pages.frame import preload

_LOAD = """
let module;
const load = () => (module ??= import(new URL('viewer/MODULE', ROOT)));
const ROOT = new URL(BASE, window.location.origin);
"""
_VIEW = """
export default function (component) {
  let clean; let gone = false;
  load().then((m) => { if (!gone) clean = m.default(component); });
  return () => { gone = true; if (typeof clean === 'function') clean(); };
}
"""
_SOURCE = "export default function (component) { load().then((m) => m.receive(component)); }"


class Media:
    """A view of one kind and the door through which its source comes.

    ``events`` are the kinds of event that the browser sends, and the field that each brings; a
    source that was lost on its way is asked for with "missing".
    """

    def __init__(self, kind: str, module: str, events: dict[str, str]) -> None:
        load = _LOAD.replace("BASE", json.dumps(f"{preload.base_path()}/"))
        load = load.replace("MODULE", module)
        self.kind, self.events = kind, events | {"missing": "source"}
        self._view = st.components.v2.component(f"attention_{kind}", js=load + _VIEW)
        self._source = st.components.v2.component(f"attention_{kind}_source", js=load + _SOURCE)

    def give(self, name: str, data: bytes) -> None:
        """Send a source to the browser, once for as long as it stays the same."""
        self._source(key=f"{self.kind}_source_{name}", data=data, height=1)

    def lost(self, name: str, source: str) -> bool:
        """Whether the browser says that this source has not come."""
        return st.session_state.get(f"{self.kind}_{name}.missing") == source

    def show(self, name: str, data: bytes, on_event: Callable[[dict[str, Any]], None]) -> None:
        """Mount the view; ``on_event`` is called before the next run with what came from it."""
        key = f"{self.kind}_{name}"
        self._view(key=key, data=travelling(data), on_log_change=lambda: self._told(key, on_event))

    def _told(self, key: str, on_event: Callable[[dict[str, Any]], None]) -> None:
        log = st.session_state[key].get("log")
        if not isinstance(log, dict) or not isinstance(log.get("events"), list):
            return
        seen = st.session_state.get(f"{key}.seen", (None, 0))
        last = seen[1] if seen[0] == log.get("from") else 0
        for event in log["events"]:
            if not isinstance(event, dict) or not isinstance(event.get("number"), int):
                continue
            if event["number"] <= last or self.events.get(str(event.get("type"))) not in event:
                continue
            last = event["number"]
            st.session_state[f"{key}.seen"] = (log.get("from"), last)
            if event["type"] == "missing":
                st.session_state[f"{key}.missing"] = event["source"]
            else:
                on_event(event)
