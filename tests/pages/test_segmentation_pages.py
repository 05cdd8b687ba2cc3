"""Lesson 4.1 through ``app.py``: pictures, links, hidden patches, every overlay, refusals."""

import io

import numpy as np
import pytest
from PIL import Image
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.attention.interventions import Intervention
from attn_core.inputs.address import unpack
from attn_core.inputs.photo import read_photo
from attn_core.lessons.photographs import patches
from attn_core.lessons.s4_1_segmentation import experiment
from pages.frame import i18n
from pages.s4_1_segmentation import drawings

PAGE = "s4_1_segmentation"


def png(width=120, height=90):
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def asked(at, name):
    """A query parameter, which AppTest gives as text or as a list."""
    value = at.query_params[name]
    return value if isinstance(value, str) else value[0]


def button(at, key):
    return next(b for b in at.button if b.key == key)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("picture", experiment.SAMPLES)
def test_each_sample_in_each_language(picture, language):
    at = opened(PAGE, language, sample=picture, part="apart")
    alarm = title(language, "s4_1.reading.nobody").split("{share}")[0]
    numbers = experiment.run(experiment.Config(picture)).numbers
    nobody, tinted = picture in experiment.NOBODY, numbers["person_share"] > 0
    assert [alarm in w.value for w in at.warning] == [True] * (nobody and tinted)
    assert len(at.success) == (nobody and not tinted)
    assert title(language, "s4_1.reading.gate8") in words(at)
    assert f"**{numbers['gate_8_on']:.2f}**" in words(at) or not tinted


@pytest.mark.parametrize("overlay", drawings.OVERLAYS)
@pytest.mark.parametrize("background", ["checker", "blur", "rocket"])
def test_every_overlay_and_background(overlay, background):
    assert not opened(PAGE, overlay=overlay, background=background, scale="2").exception


def test_patches_are_greyed_out_marked_and_undone():
    at = opened(PAGE, open="bottleneck~0~100", reach="3")
    button(at, "patch-grey").click().run()
    hidden = patches.from_text(asked(at, "hidden"))
    assert hidden == (83, 84, 85, 99, 100, 101, 115, 116, 117)
    found = experiment.run(experiment.Config(hidden=hidden)).numbers["mask_iou"]
    assert f"**{found:.2f}**" in words(at)
    assert button(at, "patch-grey").label == title("en", "s4_1.grey.undo")
    button(at, "undo-hidden").click().run()
    assert "hidden" not in at.query_params
    assert not at.exception


def test_a_key_is_masked_and_shown_again():
    at = opened(PAGE, open="bottleneck~0~0")
    button(at, "patch-key").click().run()
    assert Intervention.from_json(unpack(asked(at, "changes"))).tokens == ((experiment.SITE, 0),)
    assert button(at, "patch-key").label == title("en", "s4_1.key.undo")
    button(at, "patch-key").click().run()
    assert "changes" not in at.query_params


def test_patches_at_the_rim_have_fewer_neighbours():
    at = opened(PAGE, open="bottleneck~0~255", reach="5")
    button(at, "patch-grey").click().run()
    assert len(patches.from_text(asked(at, "hidden"))) == 9


def test_another_picture_forgets_hidden_patches():
    at = opened(PAGE, hidden="3-9")
    assert asked(at, "hidden") == "3-9"
    at.selectbox(key="4.1:sample").set_value("rocket").run()
    assert "hidden" not in at.query_params
    assert not at.exception


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden", "5-1"),
        ("hidden", "<b>"),
        ("hidden", "9" * 3000),
        ("threshold", "7"),
        ("overlay", "evil"),
        ("scale", "3"),
        ("background", "photo:../x"),
        ("sample", "../app"),
        ("open", "bottleneck~9~999"),
        ("open", "gate.8~0~0"),
        ("reach", "99"),
        ("opacity", "-1"),
    ],
)
def test_values_out_of_bounds_in_a_link_are_ignored(key, value):
    at = opened(PAGE, **{key: value})
    assert not at.exception
    assert title("en", "s4_1.reading.gate8") in words(at)


def test_a_link_with_changes_of_more_patches_than_there_are_is_obeyed_as_far_as_it_can():
    at = opened(PAGE, sample="rocket", hidden="170-255", changes='{"tokens":[["bottleneck",255]]}')
    assert not at.exception


@pytest.mark.parametrize("size", [(120, 90), (1, 1), (40, 2000)])
def test_an_uploaded_picture_is_answered(size):
    at = opened(PAGE, picture_from="upload")
    data = png(*size)
    at.file_uploader(key="upload-photo-4.1").set_value(("me.png", data, "image/png")).run()
    assert not at.exception
    found = experiment.run(experiment.Config(read_photo(data).name)).numbers["gate_8_on"]
    shown = "–" if found != found else f"{found:.2f}"
    assert f"**{shown}**" in words(at)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "refused.empty"),
        (b"no picture at all", "refused.image_format"),
        (png()[:200], "refused.image_broken"),
    ],
)
def test_what_is_no_picture_gets_a_sentence_and_the_last_one_stays(data, says):
    at = opened(PAGE, picture_from="upload")
    at.file_uploader(key="upload-photo-4.1").set_value(("me.png", data, "image/png")).run()
    assert not at.exception
    assert any(title("en", says)[:20] in w.value for w in at.warning)
    assert title("en", "s4_1.reading.gate8") in words(at)


def test_where_nobody_is_the_page_still_answers():
    at = opened(PAGE, sample="rocket", threshold="0.95", part="check")
    assert not at.exception


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_recorded_runs_and_the_live_experiment_are_offered(language):
    at = opened(PAGE, language, part="claim")
    assert title(language, "s4_1.live.now_what") in words(at)
    assert any(b.key == "start-hide" for b in at.button)
    at = opened(PAGE, language, part="claim", live="recorded")
    assert title(language, "s4_1.live.table_look").split("{gap}")[0] in words(at)
