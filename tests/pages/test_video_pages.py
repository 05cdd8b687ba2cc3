"""Lesson 6.2 through ``app.py``: made clips, uploads of many kinds, paths, hostile files, links."""

import numpy as np
import pytest
from clip_samples import encoded, gif, ramp
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.inputs.clip import find, made_name
from attn_core.inputs.motion import MOTIONS, Motion
from attn_core.inputs.strokes import as_text
from attn_core.lessons.s6_2_video import compared, experiment, signs
from attn_core.wire.clip import as_webm

PAGE = "s6_2_video"


def upload(at, data, name="a.mp4"):
    at.file_uploader(key="upload-clip-6.2").set_value((name, data, "video/mp4")).run()


def named(at, motion, language="en", kind="motion"):
    return f"**{title(language, f's6_2.{kind}.{motion}')}**" in words(at).replace("\\", "")


@pytest.mark.parametrize("photo", experiment.PHOTOS)
def test_what_is_made_is_what_is_read(photo):
    at = opened(PAGE, over=photo, motion="tilt_up", begins="4", lasts="8")
    config = experiment.Config(clip=made_name(photo, Motion("tilt_up", 3, 10)))
    assert named(at, experiment.run(config).details["motion"])


@pytest.mark.parametrize("kind", ["mp4", "webm", "mov"])
def test_uploads_are_read(kind):
    clip = find(made_name("coffee", Motion("pan_left", 3, 12)))
    at = opened(PAGE, clip_from="upload")
    upload(at, encoded([np.ascontiguousarray(f) for f in clip.frames], kind), f"a.{kind}")
    assert not at.exception
    assert not at.warning
    assert any("144 × 144" in c.value for c in at.caption)
    assert title("en", "s6_2.reading.unknown") in words(at)


def test_a_longer_clip_has_a_part_to_choose():
    clip = find(made_name("coffee", Motion("pan_left", 3, 12)))
    at = opened(PAGE, clip_from="upload")
    upload(at, gif([*clip.frames, *clip.frames[::-1]]))
    assert not at.exception
    at.slider(key="6.2:start").set_value(10).run()
    assert not at.exception


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "refused.empty"),
        (b"hello " * 99, "refused.clip_format"),
        (gif(ramp(1)), "refused.clip_one"),
        (as_webm(np.zeros((16, 8, 8, 3), np.uint8))[:300], "refused.clip_broken"),
    ],
)
def test_what_is_no_clip_is_refused_and_the_last_one_stays(data, key):
    at = opened(PAGE, clip_from="upload")
    upload(at, data)
    assert not at.exception
    assert any(title("en", key)[:20] in w.value for w in at.warning)
    assert named(at, experiment.run(experiment.Config()).details["motion"])


@pytest.mark.parametrize(
    "link",
    [
        {"dropped": "1-99-x"},
        {"frozen": "2-3"},
        {"cell": "9999"},
        {"cell": "x"},
        {"motion": "fly"},
        {"begins": "0"},
        {"lasts": "99"},
        {"open": "x~9~9"},
        {"watch": "nothing"},
        {"dropped": "-".join(map(str, range(1, 17)))},
        {"watch": "sign", "path": "square"},
        {"watch": "sign", "drawing": "!!"},
    ],
)
def test_a_spoilt_link_opens_all_the_same(link):
    at = opened(PAGE, **link)
    assert not at.exception


def test_a_dropped_frame_is_marked_and_taken_back():
    at = opened(PAGE, dropped="8")
    config = experiment.Config(dropped=(7,))
    assert named(at, experiment.run(config).details["motion"])
    at.button(key="undo-dropped").click().run()
    assert "dropped" not in at.query_params


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_frames_talk_or_are_kept_apart(lang):
    at = opened(PAGE, lang)
    assert title(lang, "s6_2.reading.divided_off") in words(at)
    at = opened(PAGE, lang, talk="space")
    assert title(lang, "s6_2.reading.space_on") in words(at)
    shown = compared.card("space")
    assert any(f"{shown['pointing']:.1f} %" in c.value for c in at.caption)


@pytest.mark.parametrize("path", signs.SAMPLES)
def test_every_sample_path_is_named(path):
    at = opened(PAGE, watch="sign", path=path)
    assert named(at, signs.run(path).details["motion"], kind="sign")


def test_a_drawn_line_is_named_and_an_empty_canvas_says_nothing_wrong():
    line = as_text([[(0.2, 0.5), (0.4, 0.5), (0.8, 0.5)]])
    at = opened(PAGE, watch="sign", path_from="pen", drawing=line.removeprefix("draw:"))
    assert named(at, signs.run(line).details["motion"], kind="sign")
    at = opened(PAGE, watch="sign", path_from="pen")
    assert not at.exception


@pytest.mark.parametrize("part", ["apart", "claim", "code", "check"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_part_opens_on_both_models(part, lang):
    for link in (
        {"watch": "sign"},
        {"motion": "still"},
        {"frozen": "8-9", "dropped": "3"},
        {"talk": "space", "open": "2.time~1~3"},
    ):
        at = opened(PAGE, part=part, lang=lang, **link)
        assert not at.exception


def test_every_motion_has_a_name():
    for language in ("en", "zh"):
        assert all(title(language, f"s6_2.motion.{m}") != f"s6_2.motion.{m}" for m in MOTIONS)
