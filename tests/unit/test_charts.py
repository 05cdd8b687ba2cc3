"""Axes that a learner can read: no half letters, no warnings from an empty figure."""

import pytest

from attn_core.charts import common as charts
from attn_core.charts import interval, words

WORDS = {"x": "letters", "series": "model", "title": "errors"}


@pytest.mark.parametrize(("values", "step"), [([3, 4, 5.0], 1), ([0.5, 2], 0), ([], 0)])
def test_whole_numbers_have_whole_ticks(values, step):
    assert charts.whole(values) == step


def test_many_whole_numbers_have_whole_ticks():
    rows = [{"n": v, "y": v / 10, "who": "a"} for v in range(charts.FEW + 3)]
    spec = charts.curves(rows, "n", "y", "who", WORDS).to_dict()
    assert spec["encoding"]["x"]["axis"]["tickMinStep"] == 1
    assert spec["encoding"]["y"]["axis"]["tickMinStep"] == 0


@pytest.mark.parametrize("log", [False, True])
def test_an_empty_figure_has_a_domain(log):
    spec = charts.curves([], "n", "y", "who", WORDS, log_x=log, log_y=log).to_dict()
    assert spec["encoding"]["x"]["scale"]["domain"]
    assert spec["encoding"]["y"]["scale"]["domain"]


@pytest.mark.parametrize(
    "name",
    [
        "copying 25–32 letters, longer than any trained on",
        "比训练时见过的都长的字母串，逐个抄写下来",
    ],
)
def test_long_names_leave_room_on_a_phone(name):
    rows = [{"name": name, "effect": 1.0, "low": 0.5, "high": 1.5}]
    labels = {"x": "effect", "title": f"{name}: {name}", "bound": "0.1"}
    figure = interval.intervals(rows, labels)
    (row,) = figure.rows["found"]
    for lines, most in (
        (row["name"].split("\n"), words.NAME),
        (figure.values["title"], words.TITLE),
    ):
        # Chinese counts double, as in GBK; its comma may stand over.
        assert max(len(line.rstrip("，").encode("gbk")) for line in lines) <= most
    assert row["name"].replace("\n", "").replace(" ", "") == name.replace(" ", "")
