"""Learners without a browser: sessions that speak Streamlit's protocol over websockets.

Each session opens a lesson and then turns one of its controls at a time, types, clicks a cell or
sets a score, as the front end does: a fragment rerun with the widget's new state. Messages that the
front end would have cached are kept, and their hashes sent, so the server answers with references
as it does to a browser.
"""

import asyncio
import json
import random
import struct
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from attn_core.wire.travel import arrived

LESSON = "3-2-scaled-dot-product"
TURNED = ("temperature", "mask", "scaled")
VIEWER = "attention_viewer"
VALUE_FIELDS = {
    "slider": "double_array_value", "selectbox": "string_value", "checkbox": "bool_value",
    "text_input": "string_value", "text_area": "string_value", "number_input": "double_value",
    "button_group": "string_array_value",
}  # fmt: skip
MAX_CACHED = 64
TIMEOUT_S = 30.0
WHOLE = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
PART = ForwardMsg.ScriptFinishedStatus.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


@dataclass(frozen=True)
class Answer:
    """What came of one message: milliseconds from sending to ``script_finished``, and bytes."""

    milliseconds: float
    n_bytes: int
    n_messages: int
    exceptions: tuple[str, ...]
    status: int


@dataclass(frozen=True)
class Turn:
    """One interaction: which control, what it cost, and whether the viewer's map changed."""

    control: str
    answer: Answer
    map_changed: bool


@dataclass
class Visit:
    """Everything that one session saw."""

    opening: Answer | None = None
    turns: list[Turn] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Widget:
    """A control on the page, with the fragment that it reruns."""

    id: str
    kind: str
    options: tuple[Any, ...]
    fragment: str


def header_of(packed: bytes) -> dict[str, Any]:
    """What a view's bytes say before the arrays (layout: ``attn_core.wire.view``)."""
    (length,) = struct.unpack_from("<I", packed)
    header: dict[str, Any] = json.loads(packed[4 : 4 + length])
    return header


def map_bytes(packed: bytes) -> bytes:
    """The cells of the big map inside a view's bytes (layout: ``attn_core.wire.view``)."""
    header = header_of(packed)
    found, body = header["map"], 4 + struct.unpack_from("<I", packed)[0]
    if "fine" in found:  # scores, mask and sums, one after the other
        return packed[body + found["fine"]["scores"] : body + found["row"]["scores"]]
    start = body + found["offset"]
    return packed[start : start + found["rows"] * found["cols"]]


class Session:
    """One learner's websocket, with what the front end would remember."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.widgets: dict[str, Widget] = {}
        self.states: dict[str, WidgetState] = {}
        self.viewer = b""
        self.page_hash = ""
        self.query = ""
        self._cached: OrderedDict[str, ForwardMsg] = OrderedDict()
        self._log: list[dict[str, Any]] = []

    async def open(self, page: str, query: str = "") -> Answer:
        """Ask for a page as a browser does when it connects."""
        self.query = query
        message = BackMsg()
        message.rerun_script.page_name = page
        return await self._run(message)

    async def turn(self, control: str, value: Any) -> Answer:
        """Set a control and rerun its fragment."""
        widget = self.widgets[control]
        self._set(widget, value)
        message = BackMsg()
        message.rerun_script.fragment_id = widget.fragment
        return await self._run(message)

    async def tell(self, event: dict[str, Any]) -> Answer:
        """Say what was done in the viewer: its log, as the component sends it."""
        widget = self.widgets[VIEWER]
        self._log = [*self._log, {**event, "number": len(self._log) + 1}]
        said = {"log": {"from": "load", "events": self._log[-8:]}}
        self.states[widget.id] = WidgetState(id=widget.id, json_value=json.dumps(said))
        message = BackMsg()
        message.rerun_script.fragment_id = widget.fragment
        return await self._run(message)

    async def _run(self, message: BackMsg) -> Answer:
        rerun = message.rerun_script
        rerun.query_string = self.query
        rerun.page_script_hash = self.page_hash
        rerun.widget_states.widgets.extend(self.states.values())
        rerun.cached_message_hashes.extend(self._cached)
        rerun.context_info.locale = "en-US"
        rerun.context_info.timezone = "UTC"
        rerun.context_info.url = "http://127.0.0.1/"
        exceptions: list[str] = []
        size = count = 0
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            data = await asyncio.wait_for(self.socket.recv(decode=False), TIMEOUT_S)
            arrived = time.perf_counter()
            size, count = size + len(data), count + 1
            forward = ForwardMsg.FromString(data)
            if forward.WhichOneof("type") == "script_finished":
                spent = 1000 * (arrived - began)
                while len(self._cached) > MAX_CACHED:  # after a run, as the front end does
                    self._cached.popitem(last=False)
                return Answer(spent, size, count, tuple(exceptions), forward.script_finished)
            self._take(forward, exceptions)

    def _take(self, forward: ForwardMsg, exceptions: list[str]) -> None:
        kind = forward.WhichOneof("type")
        if kind == "ref_hash":
            forward = self._cached[forward.ref_hash]
            self._cached.move_to_end(forward.hash)
            kind = "delta"
        elif forward.metadata.cacheable:
            self._cached[forward.hash] = forward
        if kind == "new_session":
            self.page_hash = forward.new_session.page_script_hash
        elif kind == "navigation":
            self.page_hash = forward.navigation.page_script_hash
        elif kind == "page_not_found":
            exceptions.append(f"page not found: {forward.page_not_found.page_name}")
        elif kind == "page_info_changed":
            self.query = forward.page_info_changed.query_string
        elif kind == "delta" and forward.delta.WhichOneof("type") == "new_element":
            self._element(forward.delta.new_element, forward.delta.fragment_id, exceptions)

    def _element(self, element: Any, fragment: str, exceptions: list[str]) -> None:
        kind = element.WhichOneof("type")
        body = getattr(element, kind)
        if kind == "exception":
            exceptions.append(f"{body.type}: {body.message}")
        elif kind == "bidi_component" and VIEWER in body.component_name and body.bytes:
            self.viewer = arrived(body.bytes)
            self.widgets[VIEWER] = Widget(body.id, kind, (), fragment)
        elif kind in VALUE_FIELDS:
            options = tuple(body.options) if kind in ("slider", "selectbox") else ()
            if kind == "button_group":
                options = tuple(option.content for option in body.options)
            elif kind == "slider" and not options:
                options = tuple(range(int(body.min), int(body.max) + 1))
            name = body.id.rpartition("-")[2].rpartition(":")[2]  # "…-3.2:scaled"
            self.widgets[name] = Widget(body.id, kind, options, fragment)
            # Like the front end: the default holds at first sight, and the server may set it.
            if body.set_value or body.id not in self.states:
                self._set(self.widgets[name], first_value(kind, body))

    def _set(self, widget: Widget, value: Any) -> None:
        state = WidgetState(id=widget.id)
        field_name = VALUE_FIELDS[widget.kind]
        if widget.kind == "slider" and isinstance(value, list) and isinstance(value[0], str):
            field_name = "string_array_value"
        if value is None:
            return
        if field_name.endswith("_array_value"):
            getattr(state, field_name).data.extend(value)
        else:
            setattr(state, field_name, value)
        self.states[widget.id] = state

    def other_value(self, control: str, dice: random.Random) -> Any:
        """A value that the control does not have now."""
        widget = self.widgets[control]
        now = self.states[widget.id]
        if widget.kind == "checkbox":
            return not now.bool_value
        if widget.kind == "slider":
            (current,) = now.string_array_value.data or now.double_array_value.data
            return [dice.choice([option for option in widget.options if option != current])]
        if widget.kind == "button_group":
            current = next(iter(now.string_array_value.data), "")
            return [dice.choice([option for option in widget.options if option != current])]
        return dice.choice([option for option in widget.options if option != now.string_value])


def first_value(kind: str, body: Any) -> Any:
    """The value of a control as the server sent it."""
    if kind == "slider":
        if not body.options:
            return list(body.value if body.set_value else body.default)
        return list(body.raw_value) if body.set_value else [body.options[int(body.default[0])]]
    if kind == "button_group":
        if body.set_value:
            return list(body.raw_values) or None
        return [body.options[i].content for i in body.default] or None
    if kind == "selectbox":
        if body.set_value:
            return body.raw_value
        return body.options[body.default] if body.HasField("default") else None
    return body.value if body.set_value else body.default


def connected(port: int) -> connect:
    """A websocket to the server on a port, as the front end opens it."""
    return connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=64 * 2**20,
        compression=None,
        proxy=None,
    )


def problems(answer: Answer, wanted: int) -> list[str]:
    """What is wrong with an answer: exception elements, or a run that ended otherwise."""
    found = list(answer.exceptions)
    if answer.status != wanted:
        found.append(f"script ended with status {answer.status}, not {wanted}")
    return found


async def visit(port: int, number: int, turns: int, every: float, query: str) -> Visit:
    """One learner: opens lesson 3.2, then turns one control every ``every`` seconds."""
    seen, dice = Visit(), random.Random(number)
    await asyncio.sleep(every * dice.random())
    try:
        async with connected(port) as socket:
            session = Session(socket)
            seen.opening = await session.open(LESSON, query)
            seen.errors += problems(seen.opening, WHOLE)
            start = time.perf_counter()
            for i in range(turns):
                await asyncio.sleep(max(0.0, start + every * (i + 1) - time.perf_counter()))
                control = TURNED[(number + i) % len(TURNED)]
                before = map_bytes(session.viewer)
                answer = await session.turn(control, session.other_value(control, dice))
                changed = map_bytes(session.viewer) != before
                seen.turns.append(Turn(control, answer, changed))
                seen.errors += problems(answer, PART)
                if not changed:
                    seen.errors.append(f"{control}: the viewer's map did not change")
    except Exception as error:  # noqa: BLE001 (a lost learner is a result, not the end of the test)
        seen.errors.append(f"{type(error).__name__}: {error}")
    return seen


async def crowd(port: int, sessions: int, turns: int, every: float = 2.0) -> list[Visit]:
    """Many learners at once, each with random vectors of its own, so that no result is shared."""
    return await asyncio.gather(
        *(visit(port, i, turns, every, f"source=random&n=64&seed={i + 1}") for i in range(sessions))
    )


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which a part of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
