"""Lesson 2.2's own drawings: what order does, a code from eight sides, live training."""

import streamlit as st

from attn_core.inputs.image import Picture, read_image
from attn_core.lessons.s2_2_positional_encoding import charts as position_charts
from attn_core.lessons.s2_2_positional_encoding import experiment, views
from pages.frame import controls, figures, i18n, inputs
from pages.frame.i18n import t
from pages.frame.run import Run
from pages.s2_2_positional_encoding.figure import bare, chart_of, small

GAPS = ("order_gap", "output_gap", "shift_gap")


def reading(run: Run) -> None:
    """The picked row, what a shuffle and a shift change, and what is trained and what a formula."""
    facts = i18n.marked(experiment.reading(run.result, run.selection.query or 0))
    numbers, before = run.result.numbers, run.before.numbers
    details = run.result.details
    other = "unseen_shuffled" if run.config.order == "written" else "unseen_written"
    own = run.before is not run.result and run.config.order != "sorted"
    head = [t("s2_2.reading.largest"), t("s2_2.reading.now"), t("s2_2.reading.own")][: 2 + own]
    lines = [
        f"##### {t('s2_2.reading.title', **facts)}",
        t("s2_2.reading.row", **facts) + " " + t(f"s2_2.reading.{other}", **facts),
    ]
    if run.silent:
        lines = [t("frame.silent")]
    lines += [
        "",
        f"| {' | '.join(head)} |",
        "|:--|--:|" + "--:|" * own,
    ]
    for name in GAPS:
        label = t(f"s2_2.reading.{name}", start=details["start"])
        cells = [label, f"**{small(numbers[name])}**", small(before[name])][: 2 + own]
        lines.append(f"| {' | '.join(cells)} |")
    st.markdown("\n".join(lines), help=t("s2_2.reading.help"))
    if details["twins"]:
        twins = i18n.marked({"word": details["twins"]["word"], "n": details["twins"]["n"]})
        st.markdown(t("s2_2.reading.twins", gap=small(details["twins"]["gap"]), **twins))
    st.caption(t(f"s2_2.reading.made.{run.config.kind}"))
    if details["n_left"]:
        st.warning(t("s3_2.reading.cut", n=details["n_left"]))


def apart(run: Run) -> None:
    """One side of a position code at a time."""
    view = controls.choice("view", tuple(DRAW), "heat")
    st.markdown(t(f"s2_2.apart.{view}.what"))
    DRAW[view](run)


def _heat(run: Run) -> None:
    view = bare(run)
    table = views.code(view, run.device)
    words = {
        "title": t("s2_2.apart.heat.title", code=t(f"control.position.{view.table}")),
        "x": t("s2_2.apart.channel"),
        "y": t("s2_2.apart.place"),
        "value": t("s2_2.apart.value"),
    }
    most = 1.0 if view.table == "sinusoidal" else 0.25
    chart_of(
        position_charts.matrix(table.tolist(), words, first=(view.shift, 0), most=most), "heat"
    )
    if view.table == "sinusoidal":
        last = views.wavelength(view.d_model - 1, view.d_model, view.base)
        st.caption(t("s2_2.apart.heat.look", length=f"{last:,.0f}"))
    else:
        st.caption(t("s2_2.apart.heat.look_learned"))


def _similarity(run: Run) -> None:
    view = bare(run)
    cosines = views.similarity(views.code(view, run.device))
    words = {
        "title": t("s2_2.apart.similarity.title", code=t(f"control.position.{view.table}")),
        "x": t("s2_2.apart.place"),
        "y": t("s2_2.apart.place"),
        "value": t("s2_2.apart.cosine"),
    }
    first = (view.shift, view.shift)
    chart_of(
        position_charts.matrix(cosines.tolist(), words, first=first, square=True, most=1.0),
        "similarity",
    )
    found = views.nearest(cosines)
    st.caption(
        t(
            f"s2_2.apart.similarity.look_{view.table}",
            near=f"{found['near']:.2f}",
            half=f"{found['half']:.2f}",
            distance=view.length // 2,
            spread=small(found["spread"]),
        )
    )


def _waves(run: Run) -> None:
    view = bare(run)
    width = views.code(view, run.device).shape[1]
    picked = st.multiselect(
        t("s2_2.apart.waves.pick"),
        range(width),
        default=_spread(width),
        max_selections=5,
        key=f"waves-{width}",
    )
    words = {
        "title": t("s2_2.apart.waves.title"),
        "x": t("s2_2.apart.place"),
        "series": t("s2_2.apart.channel"),
    }
    rows = views.waves(view, picked, run.device)
    figures.show(position_charts.lines(rows, "place", "channel", words), key="waves")
    if view.table == "sinusoidal" and picked:
        lengths = "; ".join(
            f"{c}: {views.wavelength(c, view.d_model, view.base):,.1f}" for c in picked
        )
        st.caption(t("s2_2.apart.waves.look", lengths=lengths))
    else:
        st.caption(t("s2_2.apart.waves.look_learned"))


def _spread(width: int) -> list[int]:
    """A fast channel, its partner, and two slower ones."""
    return sorted({0, 1, width // 4, width // 2})


def _spiral(run: Run) -> None:
    view = bare(run)
    table = views.code(view, run.device)
    width = table.shape[1]
    names = ("x", "y", "z")
    pair = width // 10 // 2 * 2
    start = (pair, pair + 1, width * 7 // 16)
    picked = []
    for column, name, first in zip(st.columns(3), names, start, strict=True):
        with column:
            picked.append(
                st.selectbox(
                    t(f"s2_2.apart.spiral.{name}"),
                    range(width),
                    index=first,
                    key=f"spiral-{name}-{width}",
                )
            )
    words = {n: t("s2_2.apart.spiral.axis", n=c) for n, c in zip(names, picked, strict=True)}
    words |= {"title": t("s2_2.apart.spiral.title"), "place": t("s2_2.apart.place")}
    chart_of(position_charts.spiral(table[:, picked].tolist(), view.shift, words), "spiral")
    st.caption(t(f"s2_2.apart.spiral.look_{view.table}"))


def _clocks(run: Run) -> None:
    query, key, width = st.columns(3)
    with query:
        place = controls.slider("place", 3, 0, 127)
    with key:
        key_place = controls.slider("key_place", 5, 0, 127)
    with width:
        channels = controls.stops("width", views.WIDTHS, 64)
    hands = views.hands(
        place + run.config.shift, key_place + run.config.shift, channels, run.config.base
    )
    names = ("pair", "query", "key", "degrees")
    words = {name: t(f"s2_2.apart.clocks.{name}") for name in names}
    words["title"] = t("s2_2.apart.clocks.title")
    chart_of(position_charts.clocks(hands, words), "clocks")
    first = hands[0]
    st.caption(
        t("s2_2.apart.clocks.look", between=f"{first['between']:.0f}", steps=key_place - place)
    )


def _bias(run: Run) -> None:
    head = run.config.head
    curve, square = st.columns(2)
    rows = [
        row | {"kind": t(f"control.position.{row['kind']}")}
        for row in views.by_distance(head, run.device)
    ]
    words = {
        "title": t("s2_2.apart.bias.title", head=head + 1),
        "x": t("s2_2.apart.bias.distance"),
        "series": t("control.position"),
    }
    with curve:
        figures.show(position_charts.lines(rows, "distance", "kind", words), key="bias-curve")
    with square:
        kind = controls.choice(
            "bias", ("relative", "alibi"), "relative", lambda n: t(f"control.position.{n}")
        )
    words = {
        "title": t("s2_2.apart.bias.matrix", code=t(f"control.position.{kind}")),
        "x": t("s2_2.apart.bias.key"),
        "y": t("s2_2.apart.bias.query"),
        "value": t("s2_2.apart.bias.value"),
    }
    matrix = views.bias_matrix(kind, head, 32, run.device).tolist()
    with square:
        chart_of(position_charts.matrix(matrix, words, square=True), "bias-matrix")
    st.caption(t("s2_2.apart.bias.look", head=head + 1))


def _shift(run: Run) -> None:
    view = bare(run)
    steps = controls.slider("steps", 5, 0, 64)
    if view.table == "learned":
        view = views.View("sinusoidal", view.length, 64, experiment.BASE, view.shift)
    found = views.shift_check(view, steps, run.device)
    facts = {
        "k": steps,
        "n": view.length,
        "error": f"{found.error:.0e}",
        "single": f"{found.error_float32:.0e}",
        "learned": f"{100 * found.learned_error:.0f}",
    }
    st.markdown(t("s2_2.apart.shift.found", **facts))
    words = {
        "title": t("s2_2.apart.shift.title", k=steps),
        "x": t("s2_2.apart.shift.from"),
        "y": t("s2_2.apart.shift.to"),
        "value": t("s2_2.apart.value"),
    }
    chart_of(
        position_charts.matrix(found.matrix[:32, :32].tolist(), words, square=True, most=1.0),
        "shift",
    )
    st.caption(t("s2_2.apart.shift.look", **facts))


def _picked() -> None:
    """A patch was clicked: the sliders follow."""
    points = st.session_state["position-plane"].selection.points
    if points:
        controls.put("row", round(points[0]["y"]), 3)
        controls.put("column", round(points[0]["x"]), 3)


def _plane(run: Run) -> None:
    found: Picture | None = None
    upload, patches, width, speed = st.columns([0.4, 0.2, 0.2, 0.2])
    with upload:
        found = inputs.upload("picture", t("s2_2.apart.plane.upload"), read_image, "file_picture")
    with patches:
        along = controls.slider("patches", 8, 4, 16)
    with width:
        channels = controls.stops("width", views.WIDTHS, 64)
    with speed:
        base = controls.choice("grid_base", experiment.BASES, 10.0, lambda x: f"{x:,.0f}")
    size = (found.width, found.height) if found else (1, 1)
    rows, columns = views.grid_of(*size, along)
    down, across = st.columns(2)
    for name, limit in (("row", rows - 1), ("column", columns - 1)):
        at = controls.value(name, None)
        if at is not None:  # a slider of another range would start at 0
            controls.put(name, min(at, limit), 3)
    with down:
        row = controls.slider("row", min(3, rows - 1), 0, rows - 1) if rows > 1 else 0
    with across:
        column = (
            controls.slider("column", min(3, columns - 1), 0, columns - 1) if columns > 1 else 0
        )
    values = views.patch_similarity(rows, columns, channels, base, row, column)
    words = {name: t(f"s2_2.apart.plane.{name}") for name in ("row", "column")}
    words |= {"title": t("s2_2.apart.plane.title"), "value": t("s2_2.apart.cosine")}
    figure = position_charts.over_picture(
        values.tolist(), (row, column), found.pixels if found else None, words
    )
    chart_of(figure, "plane", on_select=_picked, selection_mode="points")
    st.caption(t("s2_2.apart.plane.look" if found else "s2_2.apart.plane.look_grid"))


DRAW = {
    "heat": _heat, "similarity": _similarity, "waves": _waves, "spiral": _spiral,
    "clocks": _clocks, "bias": _bias, "shift": _shift, "plane": _plane,
}  # fmt: skip
"""One drawing for each of the sides."""
