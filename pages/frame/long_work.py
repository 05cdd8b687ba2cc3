"""Long work on a page: a button, progress with an estimate, a stop, and then the result."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attn_core.jobs.line import Full, Job, Jobs, Work
from pages.frame import guard, i18n, link
from pages.frame.i18n import t

Draw = Callable[[Any], None]


def _owner() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else "nobody"


def _present(owner: str) -> bool:
    """Whether the learner's browser is connected; without a server nobody can leave."""
    return not runtime.exists() or runtime.get_instance().is_active_session(owner)


JOBS = Jobs(_present)


def _key(name: str) -> str:
    """Where a page's job is kept; no widget's key, for another language drops those."""
    return f"job-{link.page()}-{name}"


def latest(name: str) -> Job | None:
    """The job of this page that was started last under a name."""
    found: Job | None = st.session_state.get(_key(name))
    return found


def _start(name: str, work: Work, arguments: dict[str, Any]) -> None:
    try:
        st.session_state[_key(name)] = JOBS.submit(work, _owner(), **arguments)
    except Full:
        st.session_state[f"{_key(name)}-full"] = True


@st.fragment(run_every=0.4)
@guard.guarded
def _progress(name: str, draw: Draw | None) -> None:
    i18n.settle()
    job: Job = st.session_state[_key(name)]
    if not job.active:
        st.rerun()
    place = JOBS.place(job)
    left = job.seconds_left()
    text = t("work.waiting", n=place) if place else t(job.message or "shell.working")
    if left is not None:
        text = f"{text} · {t('work.left', s=f'{left:.0f}')}"
    bar, stop = st.columns([0.8, 0.2], vertical_alignment="center")
    bar.progress(job.fraction, text)
    stop.button(t("work.stop"), key=f"stop-{name}", icon=":material/stop:", on_click=job.stop)
    if draw and job.partial is not None:
        draw(job.partial)


def job(
    name: str, work: Work, draw: Draw | None = None, *, refused: str = "", **arguments: Any
) -> Any:
    """A learner's own run of ``work``, in the line of ``attn_core.jobs.line``.

    Parameters
    ----------
    name : str
        Of the run on its page; what it found stays until it is run again.
    work : callable
        ``work(report, should_stop, **arguments)``, a function of a module.
    draw : callable, optional
        Draws what the run reports as it goes; also what a run left that was stopped.
    refused : str
        Why these arguments can't be run, in the learner's words; empty where they can.
    **arguments
        Plain data for ``work``.

    Returns
    -------
    Any
        The result; ``None`` until there is one.
    """
    current = latest(name)
    if st.session_state.pop(f"{_key(name)}-full", False):
        st.warning(t("work.full"))
    running = current is not None and current.active
    st.button(
        t("work.again" if current else "work.start"),
        key=f"start-{name}",
        disabled=running or bool(refused),
        icon=":material/play_arrow:",
        on_click=_start,
        args=(name, work, arguments),
        help=t("work.running") if running else refused or None,
    )
    if current is None:
        return None
    if running:
        _progress(name, draw)
        return None
    if current.error:
        st.warning(t("work.failed"))
        return None
    if current.arguments != arguments:
        st.caption(t("work.other"))
    if current.result is None and current.partial is not None and draw:
        draw(current.partial)
    return current.result
