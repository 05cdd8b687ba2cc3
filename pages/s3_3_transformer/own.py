"""Lesson 3.3's "Train your own": settings, curves, attention as it forms, runs compared."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_3_transformer import (
    own_charts,
    own_estimate,
    own_settings,
    own_training,
    own_views,
    toy_tasks,
)
from attn_core.lessons.s3_3_transformer.own_settings import Own
from pages.frame import controls, figures, guard, i18n, link, long_work, tables
from pages.frame.i18n import t
from pages.s3_3_transformer.own_controls import NAME, OPTIONS, option, pick
from pages.s3_3_transformer.own_heads import forming, heat_of

LENGTHS = {"add": (2, 3, 4), "dates": (18,)}
OF_LETTERS = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24)
NORMS = {"before": True, "after": False}
WORDS = {"copy": "hello", "reverse": "hello", "sort": "hello", "add": "17+25",
         "dates": "14 July 1989"}  # fmt: skip


@link.fragment
@guard.guarded
def own() -> None:
    """The whole piece: it works alone, whatever else is on the page."""
    i18n.settle()
    st.markdown(f"#### {t('s3_3.own.title')}")
    st.markdown(t("s3_3.own.what", share=toy_tasks.HELD_OUT))
    config = _settings()
    refused = ""
    try:
        own_settings.admit(config)
        _estimate(own_estimate.estimate(config))
        own_estimate.admitted(config)
    except Refused as error:
        refused = i18n.refusal(error)
        st.warning(refused, icon=":material/block:")
    found = long_work.job(NAME, own_training.train, _curves, refused=refused, **asdict(config))
    if found is None:
        return
    _remember(found)
    _curves(found)
    _compared()
    forming(found)
    _try(found)


def _settings() -> Own:
    """Three settings in view, the others one click away; a task brings its own defaults."""
    first, second, third = st.columns([0.5, 0.25, 0.25])
    with first:
        task = pick("task", "reverse", toy_tasks.TASKS)
    usual = asdict(own_settings.defaults(task))
    if controls.turned("own", task):
        for name in (*OPTIONS, "length"):
            controls.put(f"own_{name}", usual[name], usual[name])
    found: dict[str, Any] = {"task": task}
    with second:
        found["layers"] = pick("layers", usual["layers"])
    with third:
        found["steps"] = pick("steps", usual["steps"])
    with st.expander(t("s3_3.own.more"), icon=":material/tune:"):
        cells = [column for _ in range(3) for column in st.columns(3)]
        for cell, name in zip(
            cells, ("heads", "d_model", "d_ff", "dropout", "batch", "rate", "warm_up"), strict=False
        ):
            with cell:
                found[name] = pick(name, usual[name])
        with cells[7]:
            found["pre_norm"] = NORMS[pick("norm", "before", tuple(NORMS))]
        with cells[8]:
            found["seed"] = controls.number("own_seed", 0, 0, 9999)
        lengths = LENGTHS.get(task, OF_LETTERS)
        found["length"] = lengths[0]
        if len(lengths) > 1:
            found["length"] = pick("length", usual["length"], lengths)
    return Own(**found)


def _rough(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _estimate(found: own_estimate.Estimate) -> None:
    st.markdown(
        t(
            "s3_3.own.estimate",
            parameters=f"{found.parameters:,}",
            bytes=_rough(found.bytes / 2**20),
            seconds=_rough(found.seconds),
        ),
        help=t(
            "s3_3.own.estimate.help",
            parameters=f"{own_settings.MAX_PARAMETERS:,}",
            bytes=f"{own_settings.MAX_BYTES / 2**20:.0f}",
            seconds=f"{own_settings.MAX_SECONDS:.0f}",
        ),
    )


def _runs() -> list[dict[str, Any]]:
    """Summaries of the last two runs, the latest first."""
    return list(st.session_state.get("own-runs", []))


def _remember(found: dict[str, Any]) -> None:
    """Keep a run's summary, once."""
    job = long_work.latest(NAME)
    if st.session_state.get("own-kept") is not job:
        st.session_state["own-kept"] = job
        st.session_state["own-runs"] = [own_views.summary(found), *_runs()][:2]


def _curves(found: dict[str, Any]) -> None:
    """Loss and accuracy so far, over those of the run before."""
    kept = _runs()
    if st.session_state.get("own-kept") is long_work.latest(NAME):
        kept = kept[1:]
    shown = [(t("s3_3.own.this"), found), *((t("s3_3.own.before"), run) for run in kept[:1])]
    steps = max(run["settings"]["steps"] for _, run in shown)
    words = {"x": t("s3_3.own.step"), "series": t("s3_3.own.run")}
    for column, name in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        rows = [row | {"run": run_name} for run_name, run in shown for row in run[name]]
        title = t(f"s3_3.own.curve.{name}")
        with column:
            figures.show(
                own_charts.training(
                    rows,
                    name,
                    words | {"title": title, "y": title},
                    steps=steps,
                    percent=name == "accuracy",
                ),
                key=f"own-{name}",
            )
    if found["diverged"]:
        st.warning(t("s3_3.own.diverged", step=found["steps"]), icon=":material/trending_up:")
    if not found["accuracy"]:
        return
    last = found["accuracy"][-1]
    st.caption(
        t(
            "s3_3.own.curve_look",
            task=option("task", found["settings"]["task"]),
            step=last["step"],
            accuracy=f"{100 * last['accuracy']:.0f}",
            n=found["n_test"],
            seconds=f"{found['seconds']:.0f}",
        )
    )
    if found["weights"]:
        with st.expander(t("shell.table")):
            st.dataframe(
                [
                    {
                        t("s3_3.own.step"): row["step"],
                        t("s3_3.own.curve.accuracy"): f"{100 * row['accuracy']:.1f} %",
                    }
                    for row in found["accuracy"]
                ],
                hide_index=True,
            )


def _value(name: str, value: Any) -> str:
    if name == "pre_norm":
        return t(f"control.own_norm.{'before' if value else 'after'}")
    return f"{value:g}" if isinstance(value, float) else option(name, value)


def _label(name: str) -> str:
    return t("control.own_norm") if name == "pre_norm" else t(f"control.own_{name}")


def _compared() -> None:
    """What was set differently in the last two runs, and what came of it."""
    runs = _runs()
    if len(runs) < 2:
        st.caption(t("s3_3.own.compare_none"))
        return
    st.markdown(f"##### {t('s3_3.own.compare')}")
    rows = [
        (_label(name), *(_value(name, run["settings"][name]) for run in runs))
        for name in own_views.differences(*runs)
    ]
    ends = [(run["accuracy"][-1], run["loss"][-1:] or [{"loss": None}]) for run in runs]
    rows += [
        (t("s3_3.own.curve.accuracy"), *(f"{100 * end['accuracy']:.1f} %" for end, _ in ends)),
        (
            t("s3_3.own.last_loss"),
            *("–" if last[0]["loss"] is None else f"{last[0]['loss']:.3f}" for _, last in ends),
        ),
        (t("s3_3.own.made"), *(f"{run['steps']:,}" for run in runs)),
        (t("s3_3.own.parameters"), *(f"{run['parameters']:,}" for run in runs)),
        (t("s3_3.own.seconds"), *(f"{run['seconds']:.0f}" for run in runs)),
    ]
    head = (t("s3_3.own.what_differs"), t("s3_3.own.this"), t("s3_3.own.before"))
    tables.show([dict(zip(head, row, strict=True)) for row in rows])
    if not own_views.differences(*runs):
        st.caption(t("s3_3.own.compare_same"))


def _try(found: dict[str, Any]) -> None:
    """The learner's own input to the trained model; a new module each time, shared with nobody."""
    settings = found["settings"]
    task = settings["task"]
    st.markdown(f"##### {t('s3_3.own.try')}")
    most = toy_tasks.SPECS[task].longest(settings["length"])[0]
    label = t("s3_3.own.try.label")
    text = st.text_input(label, WORDS[task][:most], key=f"own-text-{task}", max_chars=60)
    try:
        source = toy_tasks.read_input(task, text, settings["length"])
    except Refused as error:
        st.warning(i18n.refusal(error), icon=":material/edit:")
        return
    model = own_training.restored(found["weights"], settings)
    moment = own_training.look(model, task, source, settings["length"])
    right = toy_tasks.solve(task, source)
    ok = moment["written"] == right
    key = "s3_3.own.try.right" if ok else "s3_3.own.try.wrong" if right else "s3_3.own.try.none"
    said = t(
        key, written=i18n.plain(moment["written"] or t("s3_3.own.nothing")), right=i18n.plain(right)
    )
    if len(source) > most:
        said = f"{said} {t('s3_3.own.try.longer', n=len(source), length=settings['length'])}"
    elif toy_tasks.is_test(task, source):
        said = f"{said} {t('s3_3.own.try.test')}"
    st.markdown(said)
    heat_of(moment, "cross", settings["layers"] - 1, None, "own-try")
