"""What the browser's photo view is sent."""

import base64
import io
import json
import struct

import numpy as np
import pytest
from PIL import Image

from attn_core.inputs.photo import find, grid_of
from attn_core.wire.photo import Box, Layer, PhotoView, pack, pack_source, thumbnails


def parts(data):
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length]), data[4 + length :]


def test_the_picture_travels_under_its_name():
    photo = find("astronaut")
    header, body = parts(pack_source(photo))
    assert header["source"] == "astronaut"
    seen = np.array(Image.open(io.BytesIO(body)), float)
    assert seen.shape == photo.pixels.shape
    assert abs(seen - photo.pixels).mean() < 4  # a JPEG's loss


def test_maps_come_whole_and_in_order():
    first, second = np.linspace(0, 1, 12).reshape(3, 4), np.eye(2)
    layers = (Layer(first), Layer(second, "mask", threshold=0.3))
    view = PhotoView("p", 4, 3, "title", "look", "summary", layers=layers)
    header, body = parts(pack("id", view))
    assert len(body) == 12 + 4
    for spec, levels in zip(header["layers"], (first, second), strict=True):
        end = spec["offset"] + spec["rows"] * spec["cols"]
        found = np.frombuffer(body[spec["offset"] : end], np.uint8).reshape(spec["rows"], -1)
        assert np.allclose(found / 255, levels, atol=0.5 / 255)
    assert header["layers"][1]["threshold"] == 0.3


def test_what_is_no_number_or_out_of_range_stays_in_range():
    view = PhotoView("p", 1, 1, "", "", "", layers=(Layer(np.array([[np.nan, -3.0, 7.0]])),))
    assert list(parts(pack("id", view))[1]) == [0, 0, 255]


def test_marks_and_boxes_come_through():
    view = PhotoView(
        "p",
        8,
        6,
        "",
        "",
        "",
        boxes=(Box(3, (0.1, 0.2, 0.3, 0.4), "7"),),
        grid=(3, 4),
        marked=5,
        cut=(1, 2),
        picked=3,
        draw=True,
        strokes=([(0.25, 0.5)],),
    )
    header, _ = parts(pack("id", view))
    assert header["boxes"][0] | {"colour": ""} == {
        "key": 3,
        "corners": [0.1, 0.2, 0.3, 0.4],
        "label": "7",
        "colour": "",
        "faint": False,
        "dashed": False,
    }
    assert (header["grid"], header["marked"], header["cut"]) == ([3, 4], 5, [1, 2])
    assert (header["picked"], header["strokes"]) == (3, [[[0.25, 0.5]]])


def test_a_kind_that_the_browser_does_not_know_is_refused():
    with pytest.raises(ValueError, match="spot"):
        Layer(np.zeros((1, 1)), "spot")


def test_thumbnails_are_the_patches():
    photo = find("astronaut")
    rows, columns = grid_of(photo.width, photo.height, 256)
    images = thumbnails(photo, rows, columns)
    assert len(images) == rows * columns
    assert sum(map(len, images)) < 120_000
    row, column = 3, 6
    blob = base64.b64decode(images[row * columns + column].partition(",")[2])
    seen = np.array(Image.open(io.BytesIO(blob)).convert("RGB"), float).mean((0, 1))
    h, w = photo.pixels.shape[0] / rows, photo.pixels.shape[1] / columns
    patch = photo.pixels[int(row * h) : int((row + 1) * h), int(column * w) : int((column + 1) * w)]
    assert np.allclose(seen, patch.mean((0, 1)), atol=8)
