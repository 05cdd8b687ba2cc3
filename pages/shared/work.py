"""Long work on a page: a button, progress with an estimate, a stop, and then the result."""

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attn_core.jobs import JOBS, Full, Job, Work
from pages.shared import i18n
from pages.shared.i18n import t


def _owner() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else "nobody"


def _start(name: str, work: Work) -> None:
    try:
        st.session_state[f"job-{name}"] = JOBS.submit(work, _owner())
    except Full:
        st.session_state[f"job-{name}-full"] = True


@st.fragment(run_every=0.4)
def _progress(name: str) -> None:
    i18n.settle()
    job: Job = st.session_state[f"job-{name}"]
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


def job(name: str, work: Work) -> Any:
    """The result of a learner's own run of ``work``; ``None`` until there is one."""
    current: Job | None = st.session_state.get(f"job-{name}")
    if st.session_state.pop(f"job-{name}-full", False):
        st.warning(t("work.full"))
    running = current is not None and current.active
    st.button(
        t("work.again" if current else "work.start"), key=f"start-{name}", disabled=running,
        icon=":material/play_arrow:", on_click=_start, args=(name, work),
        help=t("work.running") if running else None,
    )  # fmt: skip
    if current is None:
        return None
    if running:
        _progress(name)
        return None
    if current.error:
        st.warning(t("work.failed"))
        return None
    return current.result
