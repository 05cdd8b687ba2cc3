"""Lesson 4.2 taken apart: the matching, one query's way, what they settle, their record."""

import streamlit as st

from attn_core.lessons.s4_2_detection import charts, experiment, queries, views
from attn_core.lessons.s4_2_detection import config as given
from pages.frame import controls, figures, link, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s4_2_detection import drawings

PARTS = ("cost", "classes", "distance", "overlap")


def apart(run: Run) -> None:
    """The matching, the layers, what a query alone would do."""
    st.markdown(f"##### {t('s4_2.apart.matching')}")
    st.markdown(t("s4_2.apart.matching_what"))
    _matching(run)
    _path(run)
    left, right = st.columns(2)
    with left:
        st.markdown(f"##### {t('s4_2.apart.layers')}")
        tables.show(
            [
                {
                    t("s4_2.apart.layer"): r["layer"],
                    t("s4_2.apart.found"): r["found"],
                    t("s4_2.apart.mean_score"): f"{r['score']:.2f}",
                    t("s4_2.apart.iou"): f"{r['iou']:.2f}",
                }
                for r in views.by_layer(run.result, run.config.threshold)
            ]
        )
        st.caption(t("s4_2.apart.layers_look"))
    with right:
        _doubles(run)
        _heir(run)
    if run.config.model == "digits":
        _record()


def _path(run: Run) -> None:
    """How the picked query's box goes from its anchor to its answer."""
    query = drawings.picked_query(run)
    steps = queries.path(run.result, query)
    name = {r["layer"]: t("s4_2.apart.after", layer=r["layer"]) for r in steps}
    name[0] = t("s4_2.apart.anchor")
    st.markdown(f"##### {t('s4_2.apart.path', query=query)}")
    where, what = st.columns([0.45, 0.55], vertical_alignment="center")
    with where:
        words = {
            "title": t("s4_2.apart.path_title"),
            "step": t("s4_2.apart.step"),
            "x": t("s4_2.apart.across"),
            "y": t("s4_2.apart.down"),
        }
        rows = [{"step": name[r["layer"]], "box": r["box"]} for r in steps]
        chart = charts.path(rows, words)
        figures.show(chart, key="query-path")
    with what:
        tables.show(
            [
                {
                    t("s4_2.apart.step"): name[r["layer"]],
                    t("s4_2.apart.says"): "–" if r["class"] is None else r["class"],
                    t("s4_2.apart.score"): "–" if r["score"] is None else f"{r['score']:.2f}",
                    t("s4_2.apart.iou"): f"{r['iou']:.2f}",
                }
                for r in steps
            ]
        )
        st.caption(t("s4_2.apart.path_look"))


def _doubles(run: Run) -> None:
    """What keeps two queries from answering for one object: here, and over held-out pictures."""
    st.markdown(f"##### {t('s4_2.apart.alone')}")
    with st.spinner(t("shell.working")):
        found = queries.doubles(run.config, run.device)
    kept = queries.recorded_doubles(run.config.model)
    tables.show(
        [
            {
                t("s4_2.apart.see"): t(f"s4_2.apart.see.{r['way']}"),
                t("s4_2.apart.found"): r["found"],
                t("s4_2.apart.duplicates"): r["pairs"],
                t("s4_2.apart.recorded"): "{found} · {pairs}".format(**kept[r["way"]]),
            }
            for r in found
        ]
    )
    st.caption(t("s4_2.apart.alone_look", n=kept["n"], objects=kept["objects"]))


def _heir(run: Run) -> None:
    query = drawings.picked_query(run)
    if query not in run.result.details["found"]:
        return
    with st.spinner(t("shell.working")):
        found = views.without(experiment.before(run.config), query, run.device)
    if found["heir"] is None:
        st.markdown(t("s4_2.apart.no_heir", query=query))
    else:
        words = {
            "heir": found["heir"],
            "score": f"{found['score']:.2f}",
            "before": f"{found['before']:.2f}",
            "label": found["label"],
        }
        st.markdown(t("s4_2.apart.heir", query=query, **words))


def _keep_written() -> None:
    controls.put("digits", controls.value("written-typed", "").replace(" ", ""), "")


def _matching(run: Run) -> None:
    """The matrix of costs; the truth of one's own picture is typed."""
    truth, own = run.result.details["truth"], run.config.picture not in given.SAMPLES
    if run.config.model != "digits":
        st.info(t("s4_2.apart.no_truth"))
        return
    if own:
        st.session_state.setdefault(link.key("written-typed"), run.config.written)
        st.text_input(
            t("s4_2.apart.written"),
            key=link.key("written-typed"),
            on_change=_keep_written,
            max_chars=given.MAX_WRITTEN,
            help=t("s4_2.apart.written_help"),
        )
    if not truth:
        st.info(t("s4_2.apart.no_pair" if run.config.written else "s4_2.apart.ask"))
        return
    what, which, digit = st.columns([0.4, 0.3, 0.3], vertical_alignment="bottom")
    names = [f"{i + 1}: {item['label']}" for i, item in enumerate(truth)]
    with what:
        part = controls.choice("matching", PARTS, "cost")
    with which:
        place = controls.choice(
            "object", tuple(range(len(truth))), 0, lambda i: names[i] if i < len(names) else str(i)
        )
    with digit:
        label = controls.choice("suppose", ("as_it_is", *"0123456789"), "as_it_is")
    labels = None if label == "as_it_is" else views.suppose(run.result, place, int(label))
    found = views.matching(run.result, labels)
    objects = names if labels is None else [f"{i + 1}: {n}" for i, n in enumerate(labels)]
    asked = [str(q["query"]) for q in run.result.details["queries"]]
    words = {
        "title": t("s4_2.apart.matrix"),
        "value": t(f"control.matching.{part}"),
        "query": t("s4_2.apart.query"),
        "object": t("s4_2.apart.object"),
    }
    figures.show(
        charts.matching(found[part], found["pairs"], asked, objects, words),
        key="matching-matrix",
    )
    st.caption(t("s4_2.apart.matrix_look", n=len(found["pairs"]), free=len(asked) - len(truth)))


def _record() -> None:
    """What each query has answered over the held-out scenes."""
    st.markdown(f"##### {t('s4_2.apart.record')}")
    st.markdown(t("s4_2.apart.record_what", n=views.card()["n"]))
    where, which = st.columns(2)
    words = {
        "query": t("s4_2.apart.query"),
        "n": t("s4_2.apart.answers"),
        "kinds": t("s4_2.apart.kinds"),
        "digit": t("s4_2.apart.digit"),
        "x": t("s4_2.apart.across"),
        "y": t("s4_2.apart.down"),
    }
    rows = views.record()
    with where:
        chart = charts.answers(rows, words | {"title": t("s4_2.apart.where")})
        figures.show(chart, key="record-where")
    with which:
        chart = charts.classes(rows, words | {"title": t("s4_2.apart.which")})
        figures.show(chart, key="record-classes")
    st.caption(t("s4_2.apart.record_look"))
