"""Drawings: text and back, bounds, pixels; digits written by rule."""

import base64
import contextlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_core.inputs.refused import Refused
from attn_core.inputs.strokes import (
    CANVAS,
    DRAWN,
    MAX_POINTS,
    MAX_STROKES,
    as_text,
    digit_strokes,
    draw_strokes,
    drawing,
    from_text,
)

points = st.tuples(st.floats(0, 1), st.floats(0, 1))


@given(st.lists(st.lists(points, min_size=1, max_size=40), max_size=6))
def test_a_drawing_comes_back_from_its_text(strokes):
    found = from_text(as_text(strokes))
    assert [len(line) for line in found] == [len(line) for line in strokes]
    for line, other in zip(strokes, found, strict=True):
        assert np.allclose(line, other, atol=0.5 / 255 + 1e-9)


def test_a_long_stroke_is_carried_on():
    line = [(i / 600, 0.5) for i in range(600)]
    parts = from_text(as_text([line]))
    assert len(parts) == 3
    assert all(a[-1] == b[0] for a, b in zip(parts, parts[1:], strict=False))  # no gap


@given(st.binary(max_size=60))
def test_a_stranger_s_text_is_a_drawing_or_refused(blob):
    code = base64.urlsafe_b64encode(blob).decode().rstrip("=")
    with contextlib.suppress(Refused):
        strokes = from_text(DRAWN + code)
        assert all(0 <= v <= 1 for line in strokes for point in line for v in point)


@pytest.mark.parametrize("code", ["!", "A", "é", "AA A", "BQ", "AA"])
def test_what_is_no_drawing_is_refused(code):
    with pytest.raises(Refused, match="drawing_text"):
        from_text(DRAWN + code)


@pytest.mark.parametrize(
    "strokes", [[[(0, 0)]] * (MAX_STROKES + 1), [[(0.5, 0.5)] * (MAX_POINTS + 1)]]
)
def test_too_much_ink_is_refused(strokes):
    with pytest.raises(Refused, match="drawing"):
        as_text(strokes)


def test_a_text_beyond_any_drawing_is_not_decoded():
    with pytest.raises(Refused, match="drawing"):
        from_text(DRAWN + "A" * 100_000)


def test_ink_lies_where_the_pen_went():
    pixels = drawing(as_text([[(0.25, 0.5), (0.75, 0.5)]]))
    assert pixels.shape == (CANVAS[1], CANVAS[0], 3)
    assert pixels[CANVAS[1] // 2, CANVAS[0] // 2].max() < 60
    assert pixels[CANVAS[1] // 4, CANVAS[0] // 2].min() == 255
    assert drawing(DRAWN).min() == 255


@pytest.mark.parametrize("digit", range(10))
def test_written_digits_have_the_height_asked_for(digit):
    ink = draw_strokes(digit_strokes(digit, random.Random(digit)), 60, 0.1)
    rows = np.where(ink.max(1) > 0.5)[0]
    assert 60 <= rows[-1] - rows[0] <= 72
    assert ink.max() <= 1


def test_no_digit_no_strokes():
    with pytest.raises(ValueError, match="10"):
        digit_strokes(10, random.Random(0))
