"""Clips: every format, hostile files, made motions whose truth is what was rendered."""

import io
import random

import av
import numpy as np
import pytest
import torch
from clip_samples import CODECS, encoded, gif, ramp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from attn_core.inputs import clip as clips
from attn_core.inputs import clip_file
from attn_core.inputs.limits import MAX_CLIP_SECONDS, MAX_UPLOAD_BYTES
from attn_core.inputs.motion import (
    MOTIONS,
    N_FRAMES,
    PAN,
    SIDE,
    Motion,
    as_read,
    look,
    path,
)
from attn_core.inputs.refused import Refused
from attn_core.wire.clip import as_webm


@pytest.mark.parametrize("container", CODECS)
def test_frames_come_back_in_order(container):
    found = clips.decoded("x", encoded(ramp(16), container))
    assert found.frames.shape == (16, clip_file.SHOWN_SIDE, clip_file.SHOWN_SIDE, 3)
    shades = found.frames.mean((1, 2, 3))
    assert np.all(np.diff(shades) > 5)
    assert shades[0] == pytest.approx(10, abs=6)
    assert shades[-1] == pytest.approx(240, abs=6)
    assert (found.width, found.height, found.n_decoded) == (64, 48, 16)


def test_a_gif_is_read_and_rests_where_its_frames_are_long():
    found = clips.decoded("x", gif(ramp(4), 500))
    shades = found.frames.mean((1, 2, 3))
    assert len(np.unique(shades.round())) == 4
    assert shades[1] == shades[2] == shades[3]  # half a second is four frames


@pytest.mark.parametrize("rate", [4, 8, 24, 60])
def test_eight_frames_of_each_second_are_kept(rate):
    found = clips.decoded("x", encoded(ramp(3 * rate), rate=rate))
    assert len(found.frames) == pytest.approx(3 * clip_file.PACE, abs=1)


def test_a_longer_clip_is_cut_and_says_so():
    found = clips.decoded("x", encoded(ramp(2 * MAX_CLIP_SECONDS), rate=1))
    assert found.cut
    assert len(found.frames) <= MAX_CLIP_SECONDS * clip_file.PACE
    assert not clips.decoded("x", encoded(ramp(8))).cut


def test_a_short_clip_rests_on_its_last_frame():
    found = clips.decoded("x", encoded(ramp(3)))
    assert len(found.frames) == N_FRAMES
    assert (found.frames[-1] == found.frames[2]).all()
    assert clips.last_start(found) == 0


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "refused.empty"),
        (b"hello, I am a film" * 99, "refused.clip_format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "refused.clip_format"),
        (b"GIF89a" + b"0" * 99, "refused.clip_size"),
        (b"\x1aE\xdf\xa3" + bytes(200), "refused.clip_broken"),
        (bytes(4) + b"ftypisom" + bytes(300), "refused.clip_broken"),
        (bytes(MAX_UPLOAD_BYTES + 1), "refused.large"),
    ],
)
def test_what_is_no_clip_is_refused(data, key):
    with pytest.raises(Refused) as refused:
        clips.decoded("x", data)
    assert refused.value.key == key


def test_one_picture_is_no_clip():
    with pytest.raises(Refused) as refused:
        clips.decoded("x", gif(ramp(1)))
    assert refused.value.key == "refused.clip_one"


def test_sound_alone_is_no_clip():
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as opened:
        stream = opened.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode()]:
            opened.mux(packet)
    with pytest.raises(Refused) as refused:
        clips.decoded("x", out.getvalue())
    assert refused.value.key == "refused.clip_none"


def test_frames_too_large_are_refused_before_they_are_decoded(monkeypatch):
    data = encoded(ramp(4))
    monkeypatch.setattr(clip_file, "MAX_CLIP_FRAME_PIXELS", 1000)
    monkeypatch.setattr(clip_file, "_small", lambda frame: pytest.fail("a frame was decoded"))
    with pytest.raises(Refused) as refused:
        clips.decoded("x", data)
    assert refused.value.key == "refused.clip_size"


def test_decoding_stops_at_its_budget(monkeypatch):
    monkeypatch.setattr(clip_file, "MAX_CLIP_PIXELS", 10 * 48 * 64)
    found = clips.decoded("x", encoded(ramp(40)))
    assert found.cut
    assert found.n_decoded == 11


def test_a_truncated_clip_keeps_what_came():
    data = encoded(ramp(60), "webm")
    found = clips.decoded("x", data[: int(len(data) * 0.8)])
    assert found.n_decoded >= 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_no_spoilt_byte_brings_anything_but_a_clip_or_a_sentence(place, byte):
    data = bytearray(SPOILT)
    data[place % len(data)] = byte
    try:
        found = clips.decoded("x", bytes(data))
    except Refused:
        return
    assert found.frames.shape[0] >= N_FRAMES


SPOILT = encoded(ramp(6))


def test_what_is_played_is_what_was_read():
    clip = clips.find(clips.made_name("coffee", Motion("zoom_in", 3, 9)))
    again = clips.decoded("x", as_webm(clip.frames))
    difference = np.abs(again.frames.astype(int) - clip.frames).mean()
    assert difference < 8


@pytest.mark.parametrize(
    "name",
    [
        "made:",
        "made:x~y",
        "made:coffee~fly~1~2~1.0",
        "0" * 64,
        "made:coffee~pan_left~9~3~1.0",
        "made:../x~still~1~2~1.0",
    ],
)
def test_a_spoilt_name_is_refused(name):
    with pytest.raises(Refused) as refused:
        clips.find(name)
    assert refused.value.key == "refused.clip_gone"


@pytest.mark.parametrize(("n", "ms"), [(16, 100), (8, 200), (32, 50)])
def test_a_clip_is_as_long_as_its_last_picture_stands(n, ms):
    found = clips.decoded("x", gif(ramp(n), ms))
    assert found.seconds == pytest.approx(n * ms / 1000)
    assert len(found.frames) >= 16


def test_frozen_frames_stand_still_and_the_clip_is_not_changed():
    clip = clips.find(clips.made_name("coffee", Motion("pan_left", 1, 15)))
    before = clip.frames.copy()
    found = clips.window(clip, 0, (4, 5))
    assert (found[5] == found[3]).all()
    assert (found[6] == before[6]).all()
    assert (clip.frames == before).all()


def picture():
    return torch.from_numpy(np.random.default_rng(0).random((1, 160, 160), np.float32))


@pytest.mark.parametrize(
    ("kind", "shift"),
    [("pan_right", (0, -1)), ("pan_left", (0, 1)), ("tilt_down", (-1, 0)), ("tilt_up", (1, 0))],
)
def test_pans_and_tilts_move_the_picture_the_other_way(kind, shift):
    """A camera that turns by a whole pixel shows the old picture, rolled by a pixel."""
    speed = 1 / (PAN * SIDE)
    frames = look(picture(), path(Motion(kind, 5, 5, speed)), SIDE / 160)[:, 0]
    rolled = torch.roll(frames[4], shift, (0, 1))[2:-2, 2:-2]
    assert torch.allclose(frames[5][2:-2, 2:-2], rolled, atol=1e-3)


def test_rolls_and_zooms_undo_each_other():
    for one, other in (("zoom_in", "zoom_out"), ("roll_left", "roll_right")):
        frames = [look(picture(), path(Motion(k, 4, 9)), 0.4)[:, 0] for k in (one, other)]
        assert torch.allclose(frames[0][0], frames[1][-1], atol=1e-4)
        assert torch.allclose(frames[0][-1], frames[1][0], atol=1e-4)
        assert not torch.allclose(frames[0][0], frames[1][0], atol=0.05)


def test_zooming_in_magnifies():
    dot = torch.zeros(1, 160, 160)
    dot[0, 76:84, 76:84] = 1
    areas = look(dot, path(Motion("zoom_in", 4, 9)), 0.5)[:, 0].sum((1, 2))
    assert areas[-1] > 1.2 * areas[0]


@pytest.mark.parametrize("kind", MOTIONS)
def test_only_the_motion_s_frames_change(kind):
    motion = Motion(kind, 4, 9)
    frames = look(picture(), path(motion), 0.4)[:, 0]
    changed = torch.diff(frames, dim=0, prepend=frames[:1]).abs().amax((1, 2)) > 1e-6
    assert torch.equal(changed, motion.moving)


def test_a_clip_of_one_shade_becomes_zeros():
    flat = as_read(torch.full((2, N_FRAMES, SIDE, SIDE), 0.4))
    assert torch.allclose(flat, torch.zeros_like(flat), atol=1e-3)
    clip = as_read(torch.rand(2, N_FRAMES, SIDE, SIDE) * 5 + 3)
    assert torch.allclose(clip.mean((1, 2, 3)), torch.zeros(2), atol=1e-4)
    assert torch.allclose(clip.std((1, 2, 3)), torch.ones(2), atol=1e-4)


@pytest.mark.parametrize(
    "values",
    [
        ("fly", 1, 2, 1.0),
        ("still", 0, 2, 1.0),
        ("still", 3, 2, 1.0),
        ("still", 1, 16, 1.0),
        ("still", 1, 2, 9.0),
    ],
)
def test_motions_out_of_bounds_name_the_value(values):
    with pytest.raises(ValueError, match=str(values[0] if values[0] == "fly" else "must")):
        Motion(*values)


def test_training_clips_are_the_same_for_the_same_seed():
    from attn_core.datasets import video

    image = Image.fromarray((np.random.default_rng(1).random((90, 120, 3)) * 255).astype(np.uint8))
    photos = [video.levels(image)]
    one, other = (video.clips(photos, 4, random.Random(5)) for _ in range(2))
    assert torch.equal(one.frames, other.frames)
    assert one.frames.shape == (4, N_FRAMES, SIDE, SIDE)
    still = one.motions == MOTIONS.index("still")
    assert torch.equal(one.moving.any(1), ~still)
