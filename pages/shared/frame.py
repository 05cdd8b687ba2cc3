"""The one frame of all lessons: question, see it, the parts under it, foot.

A lesson page fills a ``LessonPage`` with its controls and words and calls ``lesson``; everything
else is here, so that lesson fifteen is content, model and configuration.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attn_core.checkpoints import WeightsMissing
from attn_core.inputs.refused import Refused
from attn_core.interventions import Intervention
from attn_core.lessons import Lesson
from attn_core.lessons import lesson as find_lesson
from attn_core.plots.view import Labels, Selection
from attn_core.result import LessonResult
from pages.shared import (
    compute,
    controls,
    devices,
    foot,
    i18n,
    inputs,
    parts,
    predict,
    state,
    viewer,
)
from pages.shared.i18n import t

PARTS = ("read", "apart", "claim", "code", "check")
OF_THE_RUN = ("apart", "code", "check")
"""Parts that show the run on screen, and so change with it."""


@dataclass(frozen=True)
class Run:
    """One run of a lesson for one learner, handed to everything that draws."""

    lesson: Lesson
    config: Any
    changes: Intervention
    result: LessonResult
    before: LessonResult
    selection: Selection
    device: str
    milliseconds: float


@dataclass(frozen=True)
class LessonPage:
    """What a lesson brings to the frame.

    Parameters
    ----------
    number : str
        The document's.
    inputs : callable
        Draws what the learner gives; answers it as values for ``controls``. A change of it runs
        the whole lesson again.
    controls : callable
        Draws the controls below the picture; from the inputs' values and its own answers the
        experiment's ``Config`` and the changes that the controls make (temperature, scale), as an
        ``Intervention`` with nothing else set. A change of them runs little more than the picture.
    labels : callable
        Words around the viewer's picture, from the run.
    reading : callable
        Draws the column beside the viewer.
    apart : callable
        Draws "Take it apart".
    live : callable
        Draws the lesson's live experiments under "Test the claim"; a fragment of its own.
    default_query : int or None
        The row open at first.
    """

    number: str
    inputs: Callable[[], dict[str, Any]]
    controls: Callable[[dict[str, Any]], tuple[Any, Intervention]]
    labels: Callable[[Run], Labels]
    reading: Callable[[Run], None]
    apart: Callable[[Run], None]
    live: Callable[[], None]
    default_query: int | None = None


def refusal(error: Refused) -> str:
    """The sentence for refused input; what it quotes is shown as plain text."""
    values = {k: i18n.plain(v) if isinstance(v, str) else v for k, v in error.values.items()}
    return t(error.key, **values)


def _merge(drawn: Intervention, edits: Intervention) -> Intervention:
    """Edits from the viewer and the link, under the controls' temperature and scale."""
    return dataclasses.replace(
        edits, temperature=drawn.temperature, scale=drawn.scale, normaliser=drawn.normaliser
    )


def _run(page: LessonPage, lesson: Lesson, values: dict[str, Any]) -> Run:
    device = devices.current()
    key = f"{lesson.slug}.good"
    try:
        config, drawn = page.controls(values)
        changes = _merge(drawn, state.changes())
        result, milliseconds = compute.run(lesson, config, changes, device)
        before = compute.run(lesson, config, Intervention(), device)[0] if changes else result
        st.session_state[key] = (config, changes)
    except Refused as error:
        # The sentence, and the last good picture with it: nothing is lost.
        st.warning(refusal(error), icon=":material/edit:")
        config, changes = st.session_state.get(
            key, (compute.experiment(lesson).Config(), Intervention())
        )
        result, milliseconds = compute.run(lesson, config, changes, device)
        before = result
    except WeightsMissing as error:
        st.warning(t("shell.weights_missing", what=i18n.plain(str(error))))
        config, changes = compute.experiment(lesson).Config(), Intervention()
        result, milliseconds = compute.run(lesson, config, changes, device)
        before = result
    selection = state.selection()
    if selection.query is None and page.default_query is not None:
        row = min(page.default_query, len(result.queries) - 1)
        selection = dataclasses.replace(selection, query=row)
    return Run(lesson, config, changes, result, before, selection, device, milliseconds)


def _notes(run: Run) -> None:
    if st.session_state.pop("_bad_link", False):
        st.warning(t("shell.bad_link"))
    if st.session_state.pop(f"viewer_{run.lesson.slug}.refused", False):
        st.warning(t("shell.bad_edit"))
    where = run.result.details.get("device", run.device)
    if run.milliseconds and where != run.device:
        st.info(t("shell.fell_back", wanted=run.device, device=where))


def _changes_bar(run: Run) -> None:
    """What the learner changed, each with its own reset, and one for all."""
    edits = state.changes()
    items = [
        (f"{kind}-{i}", t(f"changes.{kind}", **words), dataclasses.replace(edits, **without))
        for kind, i, words, without in parts.change_items(edits, run.result)
    ]
    if not items:
        return
    with st.container(horizontal=True, key="changes"):
        for key, label, rest in items[:8]:
            st.button(
                f":material/undo: {label}", key=f"undo-{key}", type="tertiary",
                on_click=state.set_changes, args=(rest,),
            )  # fmt: skip
        st.button(
            t("changes.reset_all"), key="undo-all", icon=":material/restart_alt:",
            on_click=state.set_changes, args=(Intervention(),),
        )  # fmt: skip


@st.fragment
def _stage(
    page: LessonPage, lesson: Lesson, values: dict[str, Any], part: str, body: DeltaGenerator
) -> None:
    """The picture, its reading, its controls, and an open part that shows the same run."""
    see, below = st.container(key="see"), st.container(key="below")
    with below:
        run = _run(page, lesson, values)
        _notes(run)
        foot.took(run)
    with see:
        picture, words = st.columns([0.68, 0.32], gap="medium")
        with picture:
            viewer.show(
                lesson.slug, run.result, page.labels(run), run.selection, run.changes, run.before
            )
            _changes_bar(run)
        with words:
            page.reading(run)
    foot.keep(run)
    if part in OF_THE_RUN:
        with body:
            if part == "apart":
                page.apart(run)
            elif part == "code":
                parts.printed_code(run)
            else:
                parts.check(run)


@st.fragment
def _inputs(page: LessonPage, lesson: Lesson, part: str, body: DeltaGenerator) -> None:
    with st.container(key="inputs"):
        inputs.file_asked_for()
        key = f"{lesson.slug}.values"
        try:
            values = page.inputs()
            st.session_state[key] = values
        except Refused as error:
            st.warning(refusal(error), icon=":material/edit:")
            values = st.session_state.get(key, {})
    _stage(page, lesson, values, part, body)


def lesson(page: LessonPage) -> None:
    """Draw a lesson.

    Two nested fragments: an input runs the outer one, a control below the picture the inner one,
    which is little more than the picture. What does not depend on the run stands outside both.
    """
    entry = find_lesson(page.number)
    st.title(f"{entry.number}  {t(f'section.{entry.number}')}")
    with st.container(key="question"):
        words, button = st.columns([0.84, 0.16], vertical_alignment="center")
        words.markdown(i18n.prose(entry.slug, "question"))
        with button:
            predict.show(entry)
    stage = st.container(key="stage")
    part = st.segmented_control(
        t("frame.parts"),
        PARTS,
        format_func=lambda name: t(f"frame.part.{name}"),
        label_visibility="collapsed",
        **controls.seed("part", PARTS, "read"),
    )
    body = st.container(key="part-body")
    with stage:
        _inputs(page, entry, part or "", body)
    if part == "read":
        with body:
            parts.read(entry)
    elif part == "claim":
        with body:
            parts.claims(entry)
            page.live()
    foot.show(entry)
