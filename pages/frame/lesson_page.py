"""The one frame of all lessons: question, see it, the parts under it, foot.

A lesson page fills a ``LessonPage`` with its controls and words and calls ``show``; everything
else is here, so that lesson fifteen is content, model and configuration.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import WeightsMissing
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.contract.taught import Taught
from attn_core.inputs.refused import Refused
from attn_core.wire import looked_at
from attn_core.wire.labels import Labels
from pages.frame import (
    below as parts,
)
from pages.frame import (
    controls,
    devices,
    foot,
    guard,
    i18n,
    inputs,
    link,
    predict,
    results,
    viewer,
)
from pages.frame.changes import changes_bar, notes
from pages.frame.i18n import t
from pages.frame.run import Run

C = TypeVar("C")

PARTS = ("read", "apart", "claim", "code", "check")
OF_THE_RUN = ("apart", "code", "check")
"""Parts that show the run on screen, and so change with it."""


@dataclass(frozen=True)
class LessonPage(Generic[C]):
    """What a lesson brings to the frame.

    Parameters
    ----------
    taught : Taught
        The lesson: its entry, its experiment, its quiz.
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
    picture : callable, optional
        Draws what the attention is about, where that is more than words: a photograph. It stands at
        the left, the reading under it, and the viewer at the right.
    """

    taught: Taught[C]
    inputs: Callable[[], dict[str, Any]]
    controls: Callable[[dict[str, Any]], tuple[C, Intervention]]
    labels: Callable[[Run], Labels]
    reading: Callable[[Run], None]
    apart: Callable[[Run], None]
    live: Callable[[], None]
    picture: Callable[[Run], None] | None = None


def _merge(drawn: Intervention, edits: Intervention) -> Intervention:
    """Edits from the viewer and the link, under the controls' temperature and scale."""
    return dataclasses.replace(
        edits, temperature=drawn.temperature, scale=drawn.scale, normaliser=drawn.normaliser
    )


def _before(
    taught: Taught[C], config: C, changes: Intervention, result: LessonResult, device: str
) -> LessonResult:
    """The run without the learner's changes: this very one where there are none."""
    plain = taught.experiment.before(config)
    if not changes and plain == config:
        return result
    return results.run(taught, plain, Intervention(), device)[0]


def _last_good(
    taught: Taught[C], key: str, device: str
) -> tuple[C, Intervention, LessonResult, LessonResult, float]:
    """The last picture that could be drawn; the stored default needs no model."""
    try:
        config, changes = st.session_state[key]
        result, milliseconds = results.run(taught, config, changes, device)
        before = _before(taught, config, changes, result, device)
    except Exception:  # it was told already
        config, changes = taught.experiment.Config(), Intervention()
        result, milliseconds = results.run(taught, config, changes, device)
        before = result
    return config, changes, result, before, milliseconds


def _run(page: LessonPage[C], values: dict[str, Any], note: DeltaGenerator) -> Run:
    device = devices.current()
    taught, experiment = page.taught, page.taught.experiment
    key = f"{taught.lesson.slug}.good"
    try:
        with controls.noted():
            config, drawn = page.controls(values)
        changes = _merge(drawn, link.changes())
        result, milliseconds = results.run(taught, config, changes, device)
        st.session_state[key] = (config, changes)
        before = _before(taught, config, changes, result, device)
    except Exception as error:  # a sentence, and the last good picture with it
        if isinstance(error, WeightsMissing):
            said = t("shell.weights_missing", what=i18n.plain(str(error)))
        elif isinstance(error, ValueError) and not isinstance(error, Refused):
            said = f"{t('refused.setting')} {t('shell.still')}"
        else:
            said = f"{guard.sentence(error)} {t('shell.still')}"
        note.warning(said, icon=":material/edit:")
        config, changes, result, before, milliseconds = _last_good(taught, key, device)
    selection = link.selection()
    if selection.site not in result.traces:
        # Nothing is open, or what a link or another model had open; an edit opens no other head.
        # How it is looked at (zoom, colours) stays.
        found = experiment.opened(before)
        if not selection.site and selection.query is not None:  # a row was picked, no head yet
            found = dataclasses.replace(found, query=selection.query)
        selection = dataclasses.replace(found, region=selection.region, scale=selection.scale)
    site, trace, head = looked_at.opened(result, selection)
    selection = dataclasses.replace(selection, site=site, head=head)
    n_rows = trace.weights.shape[2]
    if selection.query is None or not 0 <= selection.query < n_rows:
        # Of the run before the changes: an edit does not move what is looked at.
        row = min(experiment.opened(before).query or 0, n_rows - 1)
        selection = dataclasses.replace(selection, query=row)
    return Run(taught, config, changes, result, before, selection, device, milliseconds)


def _labels(page: LessonPage[Any], run: Run) -> Labels:
    """The lesson's words around the picture; other words where the open row has no weight."""
    found = page.labels(run)
    if not run.silent:
        return found
    said = t("frame.silent")
    return dataclasses.replace(found, look=said, summary=said)


def _labels_before(page: LessonPage[Any], run: Run) -> Labels | None:
    """The words around the picture as they were before the learner's changes."""
    site, _, head = looked_at.opened(run.result, run.selection)
    if looked_at.comparable(run.result, run.before, site, head) is None:
        return None
    plain = run.taught.experiment.before(run.config)
    was = dataclasses.replace(run, config=plain, changes=Intervention(), result=run.before)
    return _labels(page, was)


@link.fragment
def _stage(page: LessonPage[Any], values: dict[str, Any], part: str, body: DeltaGenerator) -> None:
    """The picture, its reading, its controls, and an open part that shows the same run."""
    i18n.settle()
    note, see, below = (st.container(key=key) for key in ("note", "see", "below"))
    with below:
        run = _run(page, values, note)
        foot.took(run)
    notes(run, note)
    with see:
        if page.picture is None:
            attention, words = st.columns([0.68, 0.32], gap="medium")
        else:
            words, attention = st.columns([0.42, 0.58], gap="medium")
            with words, guard.part():
                page.picture(run)
        sites: dict[str, str] = {}
        with attention, guard.part():
            labels = _labels(page, run)
            sites = labels.sites
            viewer.show(
                run.lesson.slug,
                run.result,
                labels,
                run.selection,
                run.changes,
                run.before,
                _labels_before(page, run),
                len(controls.changed()),
            )
        with attention, guard.part():  # a part of its own: undoing must not depend on the picture
            changes_bar(run, sites)
        with words, guard.part():
            page.reading(run)
    foot.keep(run)
    if part in OF_THE_RUN:
        with body, guard.part():
            if part == "apart":
                page.apart(run)
            elif part == "code":
                parts.printed_code(run)
            else:
                parts.check(run)


@link.fragment
def _inputs(page: LessonPage[Any], part: str, body: DeltaGenerator) -> None:
    i18n.settle()
    with st.container(key="inputs"):
        asked = st.empty()
        slug = page.taught.lesson.slug
        key = link.key("values")
        try:
            values = page.inputs()
            if link.changes() and st.session_state.get(key, values) != values:
                # Cells of one input mean nothing in another.
                link.set_changes(Intervention())
                link.set_selection(Selection())
                st.session_state["_dropped"] = True
            st.session_state[key] = st.session_state[f"{slug}.values"] = values
        except Refused as error:
            st.warning(f"{i18n.refusal(error)} {t('shell.still')}", icon=":material/edit:")
            values = st.session_state.get(f"{slug}.values", {})
        except Exception as error:  # the picture goes on with what was given last
            st.warning(f"{guard.sentence(error)} {t('shell.still')}", icon=":material/edit:")
            values = st.session_state.get(f"{slug}.values", {})
        inputs.asked_for(asked)
    _stage(page, values, part, body)


@link.fragment
@guard.guarded
def _live(draw: Callable[[], None]) -> None:
    i18n.settle()
    draw()


def show(page: LessonPage[Any]) -> None:
    """Draw a lesson.

    Two nested fragments: an input runs the outer one, a control below the picture the inner one,
    which is little more than the picture. What does not depend on the run stands outside both.
    """
    entry = page.taught.lesson
    st.title(f"{entry.number}  {t(f'section.{entry.number}')}")
    with st.container(key="question"):
        words, button = st.columns([0.84, 0.16], vertical_alignment="center")
        words.markdown(i18n.prose(entry.slug, "question"))
        with button, guard.part():
            predict.show(page.taught)
    stage = st.container(key="stage")
    part = st.segmented_control(
        t("frame.parts"),
        PARTS,
        default="read",
        format_func=lambda name: t(f"frame.part.{name}"),
        label_visibility="collapsed",
        required=True,
        **controls.seed("part", PARTS, "read"),
    )
    body = st.container(key="part-body")
    with stage:
        _inputs(page, part or "", body)
    if part == "read":
        with body, guard.part():
            parts.read(entry)
    elif part == "claim":
        with body, guard.part():
            parts.claims(entry)
        with body:
            _live(page.live)
    foot.show(entry)
