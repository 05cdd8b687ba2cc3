"""Lesson 4.2 through ``app.py``: samples, drawings from links, uploads, settings, refusals."""

import io
import random

import numpy as np
import pytest
from PIL import Image
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.inputs.strokes import DRAWN, as_text, digit_strokes
from attn_core.lessons.s4_2_detection import config as entry
from attn_core.lessons.s4_2_detection import experiment

PAGE = "s4_2_detection"


def written(digit, left, seed=1):
    """A digit by rule, placed on the canvas."""
    lines = digit_strokes(digit, random.Random(seed))
    return [[(left + 0.28 * (x + 0.5), 0.25 + 0.5 * (y + 0.5)) for x, y in line] for line in lines]


def png(pixels):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("sample", entry.SAMPLES)
def test_every_sample_is_read(sample):
    at = opened(PAGE, sample=sample)
    assert not at.exception
    found = experiment.run(experiment.Config(sample))
    assert str(len(found.details["found"])) in words(at)


def test_a_drawing_in_a_link_is_read():
    text = as_text(written(3, 0.1) + written(7, 0.6))
    at = opened(PAGE, picture_from="draw", drawing=text.removeprefix(DRAWN))
    assert not at.exception
    assert not at.warning
    result = experiment.run(experiment.Config(text))
    labels = {result.details["queries"][i]["label"] for i in result.details["found"]}
    assert labels & {3, 7}


@pytest.mark.parametrize("code", ["!!", "AAA", "Zm9v" * 9])
def test_a_spoilt_drawing_in_a_link_is_an_empty_sheet(code):
    at = opened(PAGE, picture_from="draw", drawing=code)
    assert not at.exception
    assert experiment.run(experiment.Config(DRAWN)).details["found"] == []


@pytest.mark.parametrize("shape", [(480, 640), (1280, 720), (40, 2000), (1, 1)])
def test_an_upload_of_any_shape_is_read(shape):
    at = opened(PAGE, picture_from="upload")
    pixels = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    at.file_uploader(key="upload-photo-4.2").set_value(("a.png", png(pixels), "image/png")).run()
    assert not at.exception
    assert not at.warning


def test_what_is_no_picture_is_refused_and_the_sample_stays():
    at = opened(PAGE, picture_from="upload")
    file = ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")
    at.file_uploader(key="upload-photo-4.2").set_value(file).run()
    assert not at.exception
    assert any(title("en", "refused.image_format") in w.value for w in at.warning)
    assert "6" in words(at)


def test_cells_ask_for_a_smear_and_read_one():
    at = opened(PAGE, detector="cells")
    assert not at.exception
    assert at.info
    pixels = np.full((480, 640, 3), 220, np.uint8)
    at.file_uploader(key="upload-cells").set_value(("a.png", png(pixels), "image/png")).run()
    assert at.select_slider(key="4.2:cell_queries").value == experiment.MOST["cells"]
    assert all(b.key != "undo-all" for b in at.button)  # the learner has changed nothing
    assert not at.exception


def test_fewer_queries_find_fewer():
    few = experiment.run(experiment.Config(n_queries=1))
    assert len(few.details["queries"]) == 1
    at = opened(PAGE, queries="1")
    assert not at.exception


@pytest.mark.parametrize("typed", ["12x", "३", "1" * 21, "-1"])
def test_what_is_no_digit_is_refused_with_a_sentence(typed):
    at = opened(PAGE, part="apart", digits=typed)
    assert not at.exception
    assert any("0–9" in w.value for w in at.warning)


def test_the_matching_of_a_drawing_follows_what_was_typed():
    text = as_text(written(3, 0.1) + written(7, 0.6))
    drawing = text.removeprefix(DRAWN)
    at = opened(PAGE, picture_from="draw", drawing=drawing, part="apart", digits="37")
    assert not at.exception
    truth = experiment.run(experiment.Config(text, written="37")).details["truth"]
    assert [item["label"] for item in truth] == [3, 7]
    assert truth[0]["box"][2] < truth[1]["box"][0]
    at = opened(PAGE, picture_from="draw", drawing=drawing, part="apart", digits="371")
    assert not at.exception
    assert any(title("en", "s4_2.apart.no_pair") in i.value for i in at.info)
