"""The parts under a lesson's picture that are the same for all: text, claims, code, questions."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.charts import interval as interval_charts
from attn_core.contract.question import Challenge, Question
from attn_core.contract.registry import Lesson
from attn_core.contract.result import LessonResult
from attn_core.evidence import files
from attn_core.evidence.claims import Claim, Measure
from attn_core.evidence.verdicts import ConditionResult, Verdict, verdict
from attn_core.inputs.address import digest
from attn_core.jobs.cache import Keep
from pages.frame import figures, i18n
from pages.frame.i18n import t
from pages.frame.run import Run

ROOT = Path(__file__).resolve().parents[2]
UNITS = {"training_seconds": "seconds", "milliseconds": "milliseconds", "largest_error": "none"}
"""Units of metrics that a condition has instead of its claim's."""

ICONS = {
    "holds": ":material/check_circle:",
    "holds_when": ":material/rule:",
    "does_not_hold": ":material/cancel:",
    "inconclusive": ":material/help:",
    "wrong_as_stated": ":material/edit_off:",
    "not_tested": ":material/hourglass_empty:",
}


def change_items(
    edits: Intervention, result: LessonResult, sites: Mapping[str, str]
) -> list[tuple[str, int, dict[str, str], dict[str, Any]]]:
    """Each change: its kind and number, the words that name it, and the field without it.

    Sites are named by ``sites`` where there are several.
    """

    def name(labels: tuple[str, ...], i: int) -> str:
        return i18n.plain(labels[i]) if i < len(labels) else str(i + 1)

    out: list[tuple[str, int, dict[str, str], dict[str, Any]]] = []
    for field, kind in (("scores", "score"), ("mask_cells", "mask"), ("weights", "weight")):
        cells = getattr(edits, field)
        for i, cell in enumerate(cells):
            words = {
                "query": name(result.names(cell.site)[0], cell.query),
                "key": name(result.names(cell.site)[1], cell.key),
                "value": f"{cell.value:.3g}",
            }
            out.append((kind, i, words, {field: cells[:i] + cells[i + 1 :]}))
    for i, (site, place) in enumerate(edits.heads):
        where = i18n.plain(sites.get(site, site)) if len(result.traces) > 1 else ""
        rest = edits.heads[:i] + edits.heads[i + 1 :]
        kind = "head_of" if where else "head"
        out.append((kind, i, {"name": str(place + 1), "site": where}, {"heads": rest}))
    alike: dict[str, list[int]] = {}
    for i, (site, place) in enumerate(edits.tokens):
        alike.setdefault(name(result.names(site)[1], place), []).append(i)
    for label, which in alike.items():  # what has one name is brought back at once
        kept = tuple(pair for i, pair in enumerate(edits.tokens) if i not in which)
        kind = "token" if len(which) == 1 else "tokens"
        out.append((kind, which[0], {"name": label, "n": str(len(which))}, {"tokens": kept}))
    return out


def read(lesson: Lesson) -> None:
    """The section in our words, the formula, the papers."""
    st.markdown(i18n.prose(lesson.slug, "answer"))


def _condition_row(claim_id: str, result: ConditionResult, measure: Measure) -> dict[str, str]:
    metric = next((c.metric for c in measure.conditions if c.key == result.key), "")
    times = "× " if measure.comparison == "ratio" else ""
    if result.verdict == "not_tested":
        numbers = {"value": "–", "baseline": "–", "effect": "–", "interval": "–"}
    else:
        numbers = {
            "value": f"{result.value:.4g}",
            "baseline": f"{result.baseline:.4g}",
            "effect": f"{times}{result.effect + 0.0:.4g}",
            "interval": "–"
            if result.n_seeds < 2
            else f"{times}{result.low + 0.0:.4g} … {result.high + 0.0:.4g}",
        }
    return {
        t("claim.condition"): t(f"claim.{claim_id}.condition.{result.key}"),
        t("claim.verdict"): t(f"verdict.{result.verdict}"),
        t("claim.value"): numbers["value"],
        t("claim.baseline"): numbers["baseline"],
        t("claim.effect"): numbers["effect"],
        t("claim.interval"): numbers["interval"],
        t("claim.unit"): t(f"unit.{UNITS.get(metric, measure.unit)}"),
        t("claim.runs"): str(result.n_seeds),
        t("claim.n"): str(result.n),
    }


@cache
def _judged(claim_id: str) -> tuple[Claim, Verdict]:
    claim = files.load(claim_id)
    return claim, verdict(claim)


def badge(name: str) -> str:
    """A verdict with its icon; never by colour alone."""
    return f"{ICONS[name]} **{t(f'verdict.{name}')}**"


def claim_card(claim_id: str) -> None:
    """One claim: what is said, the verdict, the numbers behind it, the command."""
    claim, found = _judged(claim_id)
    with st.container(border=True):
        st.markdown(f"`{claim_id}` {t(f'claim.{claim_id}.statement')}")
        when = [t(f"claim.{claim_id}.condition.{key}") for key in found.holds_when]
        st.markdown(
            badge(found.name) + (" " + "; ".join(when) if found.name == "holds_when" else "")
        )
        if claim.kind == "not_tested":
            st.markdown(t(f"claim.{claim_id}.reason"))
            return
        if i18n.has(f"claim.{claim_id}.note"):
            st.markdown(t(f"claim.{claim_id}.note"))
        measure = claim.measure
        if measure is None:
            return
        tested = [r for r in found.conditions if r.n_seeds > 1]
        if tested and measure.spread == "interval":
            rows = [
                {
                    "name": t(f"claim.{claim_id}.condition.{r.key}"),
                    "effect": r.effect,
                    "low": r.low,
                    "high": r.high,
                }
                for r in tested
            ]
            metrics = {c.metric or measure.metric for c in measure.conditions}
            names = " / ".join(t(f"metric.{m}") for m in sorted(metrics))
            title = t("claim.chart", metric=names)
            words = {"x": t("claim.effect"), "title": title, "bound": str(measure.smallest_effect)}
            figures.show(interval_charts.intervals(rows, words), key=f"claim-{claim_id}")
            st.caption(t("claim.chart_look"))
        # A data frame would cut the conditions' names; here they go on in the next line.
        with st.container(key=f"conditions-{claim_id}"):
            told = [_condition_row(claim_id, r, measure) for r in found.conditions]
            st.table(told, hide_index=True)
        unit = "ratio" if measure.comparison == "ratio" else measure.unit
        st.caption(
            f"{t(f'claim.source.{claim.source}')} · {t('claim.smallest')} "
            f"{measure.smallest_effect:g} {t(f'unit.{unit}')}"
        )
        if claim.right is not None:
            st.markdown(f"**{t('claim.right')}** {t(f'claim.{claim_id}.right')}")
            with st.container(key=f"conditions-right-{claim_id}"):
                right = [_condition_row(claim_id, r, claim.right) for r in found.right]
                st.table(right, hide_index=True)
        st.code(claim.command, language="bash")


def claims(lesson: Lesson) -> None:
    """Every claim of the section with its verdict."""
    st.markdown(t("claim.intro"))
    for claim_id in lesson.claims:
        if not claim_id.startswith("L"):
            claim_card(claim_id)


@cache
def recorded_listings() -> dict[str, Any]:
    """What each listing of the document did when it was run as printed."""
    path = ROOT / "assets" / "listings" / "recorded.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def printed_code(run: Run) -> None:
    """What the listing does as printed, why, and our working version from its own module."""
    lesson = run.lesson
    st.markdown(i18n.prose(lesson.slug, "printed"))
    if lesson.listing:
        found = next(x for x in recorded_listings()["listings"] if x["id"] == lesson.listing)
        printed = found["as_printed"]
        if printed["status"]:
            st.markdown(t("code.stops", seconds=f"{printed['seconds']:.1f}"))
            st.code(printed["last_line"], language=None, wrap_lines=True)
        else:
            st.markdown(t("code.runs", seconds=f"{printed['seconds']:.1f}"))
        claim_card(lesson.listing)
    st.markdown(f"#### {t('code.shapes')}")
    st.dataframe(shape_rows(run.result), hide_index=True)
    st.caption(t("code.shapes_look"))
    st.markdown(f"#### {t('code.ours')}")
    for name in lesson.modules:
        source = (ROOT / name.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
        with st.expander(f"`{name}`", expanded=name == lesson.modules[0]):
            st.code(source, language="python", line_numbers=True)


def shape_rows(result: LessonResult) -> list[dict[str, str]]:
    """Shapes of the tensors on screen, traced from this very run."""
    rows = []
    for site, trace in result.traces.items():
        for name in ("query", "key", "value", "location", "scores", "mask", "weights", "context"):
            tensor = getattr(trace, name)
            if tensor is not None:
                rows.append(
                    {
                        t("code.site"): site,
                        t("code.tensor"): name,
                        t("code.meaning"): t(f"tensor.{name}"),
                        t("code.shape"): " × ".join(map(str, tensor.shape)),
                        t("code.dtype"): str(tensor.dtype).removeprefix("torch."),
                    }
                )
    return rows


_ASKED = Keep("questions", 2 * 2**20)


def _asked(run: Run) -> tuple[tuple[Question, ...], Challenge]:
    """Questions and challenge of a run: some run models, and an answer picked makes no new ones."""
    quiz = run.taught.quiz
    return _ASKED.get(
        (
            run.lesson.slug,
            run.config,
            run.changes,
            run.selection,
            run.result.details.get("device"),
            run.device,
        ),
        lambda: (
            quiz.questions(run.config, run.result, run.selection, run.device),
            quiz.challenge(run.config, run.changes, run.result, run.device),
        ),
    )


def check(run: Run) -> None:
    """Questions made and graded from the run on screen, and one challenge."""
    questions, goal = _asked(run)
    st.markdown(t("check.intro"))
    for i, question in enumerate(questions):
        values = i18n.worded(question.values)
        with st.container(border=True):
            picked = st.radio(
                t(question.key, **values),
                range(len(question.options)),
                index=None,
                format_func=lambda n, q=question: (
                    t(q.options[n]) if q.option_keys else i18n.plain(q.options[n])
                ),
                key=f"quiz-{i}-{digest(repr(question).encode())}",
                horizontal=True,
            )
            if picked is not None:
                right = picked == question.answer
                option = question.options[question.answer]
                answer = t(option) if question.option_keys else i18n.plain(option)
                (st.success if right else st.info)(
                    (t("check.right") if right else t("check.wrong", answer=answer))
                    + " "
                    + t(f"{question.key}.why", **values)
                )
    with st.container(border=True):
        values = i18n.worded(goal.values)
        st.markdown(f"**{t('check.challenge')}** {t(goal.key, **values)}")
        st.progress(goal.progress, f"{100 * goal.progress:.0f} %")
        if goal.reached:
            st.success(t(f"{goal.key}.done", **values))


def verdict_name(claim_id: str) -> str:
    """The verdict of a claim, in words."""
    return t(f"verdict.{_judged(claim_id)[1].name}")


def ledger_row(claim_id: str, number: str) -> dict[str, str]:
    """One claim as a row of the ledger."""
    claim, found = _judged(claim_id)
    head = found.headline
    measured = head is not None and head.n_seeds > 0 and claim.measure is not None
    return {
        t("ledger.id"): claim_id,
        t("ledger.section"): number,
        t("ledger.claim"): t(f"claim.{claim_id}.statement"),
        t("claim.verdict"): t(f"verdict.{found.name}"),
        t("claim.effect"): f"{head.effect:.3g}" if measured and head else "–",
        t("claim.interval"): f"{head.low:.3g} … {head.high:.3g}" if measured and head else "–",
    }
