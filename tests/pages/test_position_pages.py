"""Lesson 2.2 through ``app.py``: odd input, odd links, every side, every code."""

import pytest
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.layers.positional.attention import KINDS
from attn_core.lessons.s2_2_positional_encoding import experiment

PAGE = "s2_2_positional_encoding"
SIDES = ("heat", "similarity", "waves", "spiral", "clocks", "bias", "shift", "plane")


@pytest.mark.parametrize("table", ["sinusoidal", "learned"])
@pytest.mark.parametrize("side", SIDES)
def test_every_side_of_both_codes(side, table):
    at = opened(PAGE, part="apart", view=side, table=table)
    assert title("en", f"s2_2.apart.{side}.what")[:20] in words(at)
    assert any("Look for" in c.value for c in at.caption)


@pytest.mark.parametrize("order", experiment.ORDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_code_in_every_order(kind, order):
    at = opened(PAGE, position=kind, order=order, shift="8")
    assert not at.warning
    assert title("en", f"s2_2.reading.made.{kind}")[:30] in words(at)
    if kind == "none":
        assert "e-07" in words(at)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "🙂🙂",
        "مرحبا بالعالم",
        "混合 mixed 文本",
        "\x00\x01 control",
        "<script>alert(1)</script>",
        "# **md** $x$ | a",
        "[SEP] [MASK]",
        "dog dog dog dog",
    ],
)
def test_odd_text_is_handled(text):
    at = opened(PAGE, position="rotary", order="shuffled")
    at.text_input(key="2.2:input-text").set_value(text).run()
    assert not at.exception
    assert not at.warning


def test_no_text_gets_a_sentence_and_the_picture_stays():
    at = opened(PAGE)
    at.text_input(key="2.2:input-text").set_value("   ").run()
    assert not at.exception
    assert any(title("en", "refused.no_text") in w.value for w in at.warning)
    assert "bit" in words(at)


def test_long_text_is_cut_with_a_note():
    at = opened(PAGE)
    at.text_input(key="2.2:input-text").set_value("word " * 1000).run()
    assert any("128" in w.value for w in at.warning)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("position", "fourier"),
        ("order", "x"),
        ("shift", "3"),
        ("shift", "-1"),
        ("base", "nan"),
        ("base", "0"),
        ("head", "12"),
        ("seed", "99999"),
        ("view", "x"),
        ("row", "99"),
        ("width", "1e9"),
        ("length", "100000"),
        ("table", "y"),
        ("steps", "-4"),
        ("patches", "0"),
    ],
)
def test_values_out_of_bounds_in_a_link_are_ignored(key, value):
    more = {"position": "sinusoidal", "order": "shuffled", "part": "apart", "view": "plane"}
    at = opened(PAGE, **(more | {key: value}))
    assert not at.exception
    assert not at.warning


def test_the_largest_sentence_at_the_last_start():
    at = opened(PAGE, shift="256", order="shuffled")
    at.text_input(key="2.2:input-text").set_value("word other " * 100).run()
    assert not at.exception
