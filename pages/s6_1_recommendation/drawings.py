"""Lesson 6.1's own drawings: the ten films, weight beside effect, orders, models, curves."""

import html
from typing import Any

import streamlit as st

from attn_core.charts import common as charts
from attn_core.charts import maps
from attn_core.contract.selection import Selection
from attn_core.lessons.s6_1_recommendation import experiment, views
from attn_core.lessons.s6_1_recommendation import reading as reading_of
from pages.frame import controls, figures, i18n, link, long_work, tables
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s6_1_recommendation import inputs


def candidate_name(film: int) -> str:
    """A candidate as the control lists it."""
    return inputs.label(film) if film else t("s6_1.candidate_first")


def follow(config: experiment.Config) -> None:
    """Open the map of the model whose list is shown, when that or its candidate becomes another.

    What a link has open stays open, and so does a map that the learner opened, until then.
    """
    now = (config.ranker, config.candidate, config.history)
    key = link.key("followed")
    was = st.session_state.get(key, now)
    st.session_state[key] = now
    opened = link.selection()
    none = opened == Selection() and config.ranker == "target"
    if none or was[0] != now[0] or (was != now and opened.site == "target"):
        link.set_selection(experiment.own_map(config))


def _genres(names: list[str], most: int = 3) -> str:
    return ", ".join(t(f"genre.{name}") for name in names[:most]) or t("genre.none")


def picture(run: Run) -> None:
    """The ten films that come first; a press asks about one of them."""
    details, before = run.result.details, run.before.details
    was = [film["id"] for film in before["top"]]
    st.markdown(f"**{t(f's6_1.top.{run.config.ranker}')}**")
    with st.container(key="top-ten", gap=None):
        for i, film in enumerate(details["top"]):
            moved = _moved(film["id"], i, was) if run.before is not run.result else ""
            name = i18n.plain(film["label"])
            about = i18n.plain(_genres(film["genres"], 2))
            st.button(
                f"{i + 1}. **{name}** · {about} · {100 * film['probability']:.1f} %{moved}",
                key=f"top-{i}",
                width="stretch",
                type="secondary" if film["id"] == details["candidate"]["id"] else "tertiary",
                help=t("s6_1.top.help", other=film["other"], popular=film["popular"]),
                on_click=controls.put,
                args=("candidate", film["id"], 0),
            )
    st.caption(
        t(
            "s6_1.top.look",
            shared=f"{run.result.numbers['shared_top']:.0f}",
            films=len(inputs.every()),
        )
    )


def _moved(film: int, place: int, was: list[int]) -> str:
    if film not in was:
        return f" · {t('s6_1.top.new')}"
    by = was.index(film) - place
    return f" · {'↑' if by > 0 else '↓'}{abs(by)}" if by else ""


def reading(run: Run) -> None:
    """Each film's weight beside what its absence does, and what that says."""
    ranker = run.config.ranker
    candidate = run.result.details["candidate"]
    found = reading_of.strongest(run.result, ranker)
    facts = i18n.marked(found | {"candidate": candidate["label"]})
    st.markdown(t(f"s6_1.reading.{ranker}", **facts))
    kind = "single" if not found["needed"] else "same" if found["same"] else "other"
    st.markdown(t(f"s6_1.reading.{kind}", **facts))
    if run.before is not run.result:
        name = f"candidate_rank_{ranker}"
        was, now = (f"{of.numbers[name]:.0f}" for of in (run.before, run.result))
        kind = "stays" if was == now else "changed"
        st.markdown(t(f"s6_1.reading.{kind}", candidate=facts["candidate"], was=was, now=now))
    _beside(run)
    st.caption(t("s6_1.reading.beside_look"))
    if ranker == "target":
        st.caption(t("s6_1.reading.span", n=views.span(ranker)))
    known = views.card(ranker)
    st.caption(
        t(
            "s6_1.card",
            **i18n.safe(
                known
                | {
                    key: f"{known[key]:.1f}"
                    for key in ("hit", "popular", "times", "last", "pooled", "twin")
                }
            ),
        )
    )


def _bar(value: float, most: float, colour: str, text: str) -> str:
    """A cell with a bar behind its number; a negative value's bar is hatched."""
    width = round(100 * min(1.0, abs(value) / most)) if most else 0
    fill = f"color-mix(in srgb,{colour} 55%,transparent)"
    if value < 0:
        fill = f"repeating-linear-gradient(45deg,{fill} 0 3px,transparent 3px 6px)"
    return (
        f'<td style="position:relative;min-width:5.5rem;padding:2px 6px;text-align:right">'
        f'<span style="position:absolute;left:0;top:3px;bottom:3px;width:{width}%;'
        f'background:{fill};border-radius:3px"></span>'
        f'<span style="position:relative;background:color-mix(in srgb,Canvas 80%,transparent);'
        f'border-radius:3px;padding:0 2px">{html.escape(text)}</span></td>'
    )


def _beside(run: Run) -> None:
    """The table: films, weights, effects, ranks."""
    details, ranker = run.result.details, run.config.ranker
    weights, effects = details["weights"][ranker], details["effects"][ranker]
    most_weight = max(weights, default=0.0)
    most_effect = max((abs(e) for e in effects["effect"]), default=0.0)
    head = ("film", "weight", "effect", "rank_without")
    rows = ["<tr>" + "".join(f"<th>{html.escape(t(f's6_1.beside.{h}'))}</th>" for h in head)]
    for i, film in enumerate(details["history"]):
        known = bool(effects["effect"])
        effect = effects["effect"][i] if known else 0.0
        place = f"{effects['rank']} → {effects['ranks'][i]}" if known else "–"
        rows.append(
            f'<tr><td style="padding:2px 6px 2px 0">{html.escape(film["label"])}</td>'
            + _bar(weights[i], most_weight, charts.KEY, f"{weights[i]:.2f}")
            + _bar(effect, most_effect, charts.QUERY, f"{effect:+.2f}" if known else "–")
            + f'<td style="text-align:right;padding:2px 0 2px 6px">{place}</td>'
        )
    body = "</tr>".join(rows)
    st.html(
        f'<div style="max-height:26rem;overflow:auto" tabindex="0" role="region" '
        f'aria-label="{html.escape(t("s6_1.beside.title"))}">'
        f'<table style="width:100%;font-size:.85rem;border-collapse:collapse">'
        f'<caption style="text-align:left;font-weight:600">{html.escape(t("s6_1.beside.title"))}'
        f"</caption>{body}</tr></table></div>"
    )


def apart(run: Run) -> None:
    """Heads, the score as a sum, other orders, other models."""
    left, right = st.columns(2)
    with left:
        _heads(run)
    with right:
        _sum(run)
    _orders(run)
    _models(run)


def _heads(run: Run) -> None:
    found = views.by_head(run.result)
    st.markdown(f"##### {t('s6_1.apart.heads')}")
    rows = [t("s6_1.view.layer", n=layer + 1) for layer in range(len(found["last"]))]
    heads = [t("s5_1.apart.head", n=head + 1) for head in range(len(found["last"][0]))]
    for name, column in zip(("last", "back"), st.columns(2), strict=True):
        labels = {"title": t(f"s6_1.apart.{name}"), "value": t(f"s6_1.apart.{name}_unit")}
        figures.show(
            maps.heat(found[name], rows, heads, labels, signed=False),
            key=f"heads-{name}",
            where=column,
        )
    st.caption(t("s6_1.apart.heads_look", **views.extremes(found)))


def _sum(run: Run) -> None:
    candidate = i18n.plain(run.result.details["candidate"]["label"])
    st.markdown(f"##### {t('s6_1.apart.sum', candidate=candidate)}")
    tables.show(
        [
            {
                t(f"s6_1.apart.{key}"): value if key == "film" else f"{value:.2f}"
                for key, value in row.items()
            }
            for row in views.as_sum(run.result)
        ]
    )
    st.caption(t("s6_1.apart.sum_look", span=views.span("target")))


def _orders(run: Run) -> None:
    st.markdown(f"##### {t('s6_1.apart.orders')}")
    tables.show(
        [
            {
                t("s6_1.apart.order"): t(f"s6_1.order.{r['order']}"),
                t("s6_1.apart.first"): r["first"],
                t("s6_1.apart.shared"): r["shared"],
                t("s6_1.apart.rank"): r["rank"],
                t("s6_1.apart.target_rank"): r["target_rank"],
            }
            for r in views.orders(run.config, run.device)
        ]
    )
    st.caption(t("s6_1.apart.orders_look", span=views.span("target")))


def _models(run: Run) -> None:
    st.markdown(f"##### {t('s6_1.apart.models')}")
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"s6_1.model.{r['model']}"),
                t("s6_1.apart.three"): " · ".join(r["top"]),
                t("s6_1.apart.shared"): r["shared"],
                t("s6_1.apart.rank"): r["rank"],
            }
            for r in views.models(run.config, run.device)
        ]
    )
    st.caption(t("s6_1.apart.models_look"))


def live() -> None:
    """Films of the learner's history taken out one by one, and the recorded runs."""
    controls.tabs("live", {"s6_1.live.now": _now, "s4_1.live.recorded": _recorded})


def _now() -> None:
    kept = st.session_state.get("s6_1_recommendation.good", (experiment.Config(), None))[0]
    st.markdown(t("s6_1.live.now_what", draws=views.DRAWS))
    found = long_work.job(
        "taken-out",
        views.taken_out,
        _curves,
        history=kept.history,
        ranker=kept.ranker,
        candidate=kept.candidate,
    )
    if found:
        _curves(found)
        st.caption(t("s6_1.live.now_look"))


def _curves(rows: list[dict[str, Any]]) -> None:
    named = [r | {"method": t(f"s6_1.method.{r['method']}")} for r in rows]
    words = {"x": t("s6_1.live.gone"), "series": t("s6_1.live.order"), "title": t("s6_1.live.lost")}
    figures.show(charts.curves(named, "gone", "lost", "method", words), key="taken-out-curves")


def _recorded() -> None:
    """Every model on the users' last films, and how often weight and effect agree."""
    st.markdown(t("s6_1.live.recorded_what", n=views.card("self")["n"]))
    tables.show(
        [
            {
                t("s4_1.live.model"): t(f"s6_1.model.{r['model']}"),
                t("metric.hit_rate_at_10"): i18n.percent(r["hit"], r["hit_spread"]),
                t("metric.ndcg_at_10"): i18n.percent(r["ndcg"], r["ndcg_spread"]),
                t("s5_2.live.runs"): r["seeds"],
                t("s4_1.live.parameters"): f"{r['parameters']:,}" if r["parameters"] else "–",
            }
            for r in views.recorded()
        ]
    )
    st.caption(t("s6_1.live.table_look"))
    found = views.needed()
    st.markdown(t("s6_1.live.agree_what", n=f"{found['self']['n']:.0f}"))
    names = ("agree", "last", "chance", "attention", "newest", "best", "random", "correlation")
    tables.show(
        [
            {t("s6_1.live.share"): t(f"s6_1.agree.{name}")}
            | {
                t(f"control.ranker.{ranker}"): f"{each[name]:.2f}"
                if name == "correlation"
                else f"{100 * each[name]:.0f} %"
                for ranker, each in found.items()
            }
            for name in names
        ]
    )
    st.caption(t("s6_1.live.agree_look"))
