"""Lesson 5.2 taken apart and put to the test: lattice, beam, λ, three models, noise."""

from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.lessons.s5_2_ctc import compared as recorded
from attn_core.lessons.s5_2_ctc import experiment, views
from attn_core.lessons.speech import charts as speech_charts
from attn_core.lessons.speech import compared
from attn_core.lessons.speech import tokens as speech
from pages.frame import controls, figures, i18n, long_work, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s5_2_ctc import drawings
from pages.speech import drawings as speech_parts


def apart(run: Run) -> None:
    """The lattice around the open moment, the beam there, ways of writing, and three models."""
    token = drawings.token(run)
    st.markdown(t("s5_2.apart.lattice_what"))
    quantity = controls.segments("quantity", views.QUANTITIES, "posterior")
    cells = views.lattice_cells(run.result, quantity, token)
    if cells:
        words = {
            "x": t("s5_2.apart.seconds"),
            "title": t(f"s5_2.apart.{quantity}"),
            "value": t(f"s5_2.apart.{quantity}_unit"),
        }
        figures.show(
            speech_charts.lattice(
                cells,
                words,
                logs=quantity != "posterior",
                marked=(token + 0.5) * speech.TOKEN_SECONDS,
            ),
            key=f"lattice-{quantity}",
        )
        st.caption(t("s5_2.apart.lattice_look"))
    else:
        st.info(t("s5_2.apart.no_lattice"))
    beam, ways, times = st.columns(3)
    with beam:
        _beam(run, token)
    with ways:
        _ways(run)
    with times:
        _times(run)
    _models(run)


def _times(run: Run) -> None:
    """When each digit is said, by forced alignment."""
    st.markdown(f"##### {t('s5_2.apart.times')}")
    tables.show(
        [
            {
                t("s5_2.apart.digit"): str(word["digit"]),
                t("s5_2.apart.spike"): f"{word['first'] * speech.TOKEN_SECONDS:.2f} s",
                t("s5_2.apart.stretch"): f"{word['heard'][0] * speech.TOKEN_SECONDS:.2f}–"
                f"{(word['heard'][1] + 1) * speech.TOKEN_SECONDS:.2f} s",
                "p": f"{word['score']:.2f}",
            }
            for word in run.result.details["words"]
        ]
    )
    st.caption(t("s5_2.apart.times_look"))


def _beam(run: Run, token: int) -> None:
    """What the prefix search holds at the open moment."""
    at = f"{(token + 1) * speech.TOKEN_SECONDS:.2f}"
    st.markdown(f"##### {t('s5_2.apart.beam', at=at)}")
    tables.show(
        [
            {
                t("s5_2.apart.prefix"): speech_parts.transcript(row["digits"]),
                t("s5_2.apart.ends_label"): f"{100 * row['label']:.1f} %",
                t("s5_2.apart.ends_blank"): f"{100 * row['blank']:.1f} %",
            }
            for row in views.beam_at(run.result, run.config.width, token)
        ]
    )
    st.caption(t("s5_2.apart.beam_look", width=run.config.width))


def _ways(run: Run) -> None:
    """Label by label, and beams of growing width."""
    st.markdown(f"##### {t('s5_2.apart.ways')}")
    tables.show(
        [
            {
                t("s5_2.apart.way"): t("control.decoding.greedy")
                if row["way"] == "greedy"
                else t("s5_2.apart.width", n=row["way"]),
                t("s5_1.apart.writes"): speech_parts.transcript(row["digits"]),
                "log P": f"{row['log_p']:.3f}",
            }
            for row in views.ways(run.result)
        ]
    )
    st.caption(t("s5_2.apart.ways_look"))


def _models(run: Run) -> None:
    """The three models on this sound, and the joint one's λ."""
    left, right = st.columns([0.55, 0.45])
    with left, st.spinner(t("shell.working")):
        st.markdown(f"##### {t('s5_2.apart.models')}")
        tables.show(
            [
                {
                    t("s4_1.live.model"): t(f"control.recogniser.{row['model']}"),
                    t("s5_1.apart.writes"): speech_parts.transcript(row["digits"]),
                    t("s4_1.live.parameters"): f"{row['parameters']:,}",
                    t("s4_1.live.multiply_adds"): f"{row['multiply_adds'] / 1e6:,.0f}",
                    t("s5_2.apart.milliseconds"): f"{row['milliseconds']:.0f}",
                }
                for row in views.side_by_side(run.config, run.device)
            ]
        )
        st.caption(t("s5_2.apart.models_look"))
    with right, st.spinner(t("shell.working")):
        st.markdown(f"##### {t('s5_2.apart.weights')}")
        tables.show(
            [
                {
                    "λ": row["weight"],
                    t("s5_1.apart.writes"): speech_parts.transcript(row["digits"]),
                    "log P CTC": f"{row['ctc']:.2f}",
                    t("s5_2.apart.attention_p"): f"{row['attention']:.2f}",
                }
                for row in views.by_weight(run.config, run.device)
            ]
        )
        st.caption(t("s5_2.apart.weights_look"))


def _compare(rows: list[dict[str, Any]]) -> None:
    named = [r | {"model": t(f"control.recogniser.{r['model']}")} for r in rows]
    words = {
        "x": t("speech.live.snr"),
        "series": t("s4_1.live.model"),
        "title": t("speech.live.noise_title"),
    }
    figures.show(charts.curves(named, "snr", "error", "model", words), key="noise-live")


def live() -> None:
    """Three models on the learner's sound in noise, and the recorded runs."""
    controls.tabs("live", {"s5_1.live.now": _now, "s4_1.live.recorded": _recorded})


def _now() -> None:
    kept = st.session_state.get("s5_2_ctc.good", (experiment.Config(), None))[0]
    known = compared.true_digits(kept.sound)
    st.markdown(t("s5_2.live.now_what"))
    st.caption(t("speech.live.truth" if known else "speech.live.own"))
    seed = controls.number("seed", 0, 0, 9999)
    found = long_work.job(
        "noise",
        compared.under_noise,
        _compare,
        wave=compared.as_sent(kept.sound),
        said=known,
        checkpoints=experiment.CHECKPOINTS,
        seed=seed,
    )
    if found:
        _compare(found)
        st.caption(t("s5_1.live.now_look"))


def _recorded() -> None:
    """Errors clean, in noise and of a stranger; by λ; and how far they reach."""
    st.markdown(t("s5_2.live.recorded_what"))
    rows = compared.clean(recorded.COMPARED)
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"s5_2.model.{r['model']}"),
                t("speech.live.known"): i18n.percent(r["known"], r["known_spread"]),
                t("speech.live.unseen"): i18n.percent(r["unseen"], r["unseen_spread"]),
                t("s5_2.live.runs"): r["seeds"],
                t("speech.live.steps"): r["steps"],
                t("s4_1.live.parameters"): f"{r['parameters']:,}",
            }
            for r in rows
        ]
    )
    st.caption(t("speech.live.table_look"))
    left, right = st.columns(2)
    for part, column in (("known", left), ("unseen", right)):
        named = [
            r | {"model": t(f"control.recogniser.{r['model']}")}
            for r in compared.by_noise(experiment.CHECKPOINTS, part)
        ]
        words = {
            "x": t("speech.live.snr"),
            "series": t("s4_1.live.model"),
            "title": t(f"s5_2.live.noise_{part}"),
        }
        with column:
            figures.show(charts.curves(named, "snr", "error", "model", words), key=f"noise-{part}")
    st.caption(t("s5_2.live.noise_look"))
    weights, reach = st.columns(2)
    with weights:
        words = {
            "x": t("s5_2.live.weight"),
            "series": t("s5_2.live.training"),
            "title": t("s5_2.live.by_weight"),
        }
        named = [r | {"seed": t("s5_2.live.seed", n=r["seed"])} for r in recorded.by_weight()]
        figures.show(charts.curves(named, "weight", "error", "seed", words), key="weights")
        st.caption(t("s5_2.live.weight_look"))
    with reach:
        words = {
            "x": t("s5_2.live.distance"),
            "series": t("s4_1.live.model"),
            "title": t("s5_2.live.reach"),
        }
        named = [
            r | {"model": t(f"control.recogniser.{r['model']}")}
            for r in compared.reach(experiment.CHECKPOINTS)
        ]
        figures.show(charts.curves(named, "distance", "added", "model", words), key="reach")
        st.caption(t("s5_2.live.reach_look"))
