"""Pictures from strangers: bounded before they are decoded, told by content, upright."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from attn_core.inputs.image import read_image
from attn_core.inputs.limits import MAX_IMAGE_SIDE, MAX_UPLOAD_BYTES, PHOTO_SIDE
from attn_core.inputs.photo import Photo, find, for_model, read_photo
from attn_core.inputs.refused import Refused
from attn_core.inputs.store import Kept


def saved(image, kind, **more):
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(out, **more)
    else:
        image.save(out, kind, **more)
    return out.getvalue()


def noise(width, height):
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def png_of_size(width, height):
    """A header that promises pixels which are not there."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(name, data):
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "HEIF"])
def test_pictures_come_small_and_in_colour(kind):
    smooth = Image.linear_gradient("L").resize((1500, 900)).convert("RGB")  # noise takes minutes
    found = read_image(saved(smooth, kind))
    assert (found.width, found.height) == (1500, 900)
    assert found.pixels.shape[1] == MAX_IMAGE_SIDE
    assert found.pixels.shape == (384, 640, 3)
    assert found.pixels.dtype == np.uint8


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "I;16", "CMYK"])
def test_every_mode(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new(mode, (20, 10)) if mode == "I;16" else noise(20, 10).convert(mode)
    assert read_image(saved(image, kind)).pixels.shape == (10, 20, 3)


def test_transparent_is_white():
    assert read_image(saved(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG")).pixels.min() == 255


def test_a_photograph_taken_sideways_stands_up():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (60, 30), "black")
    image.paste("white", (0, 0, 30, 30))  # white on the left: on top once turned
    found = read_image(saved(image, "JPEG", exif=exif, quality=95))
    assert (found.width, found.height) == (30, 60)
    assert found.pixels.shape == (60, 30, 3)
    assert found.pixels[10, 15].min() > 200
    assert found.pixels[50, 15].max() < 50


def test_a_telephone_s_picture_taken_sideways_stands_up():
    image = Image.new("RGB", (64, 32), "black")
    image.paste("white", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6
    found = read_image(saved(image, "HEIF", exif=exif.tobytes(), quality=95))
    assert (found.width, found.height) == (32, 64)
    assert found.pixels[10, 15].min() > 200
    assert found.pixels[50, 15].max() < 50


def test_sixteen_bits_keep_their_greys():
    ramp = (np.arange(256, dtype=np.uint16) * 257)[None].repeat(8, 0)
    found = read_image(saved(Image.fromarray(ramp), "PNG"))
    assert (found.pixels[4, :, 0] == np.arange(256)).all()


def test_inks_of_a_printer_become_colours():
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    pixel = read_image(saved(red, "JPEG", quality=95)).pixels[4, 4].astype(int)
    assert pixel[0] > 200
    assert pixel[1:].max() < 60


def test_a_palette_s_transparent_colour_is_white():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.paste(1, (0, 0, 4, 8))
    pixels = read_image(saved(image, "GIF", transparency=0)).pixels
    assert pixels[4, 6].tolist() == [255, 255, 255]
    assert pixels[4, 1].tolist() == [0, 0, 200]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_counts(kind):
    frames = [Image.new("RGB", (9, 9), c) for c in ("lime", "red", "blue")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    assert read_image(data).pixels[4, 4, 1] > 200


def test_a_thread_of_a_picture_is_brought_to_patches():
    photo = read_photo(saved(noise(1, 60_000), "PNG"))
    assert (photo.width, photo.height) == (1, 60_000)
    assert photo.pixels.shape == (PHOTO_SIDE, 1, 3)
    assert for_model(photo.pixels, 256).shape == (1, 3, 256, 32)


def test_a_photograph_keeps_its_own_size_up_to_the_bound():
    assert read_photo(saved(noise(640, 480), "PNG")).pixels.shape == (480, 640, 3)
    large = read_photo(saved(noise(2000, 1000), "JPEG"))
    assert large.pixels.shape == (640, 1280, 3)
    assert (large.width, large.height) == (2000, 1000)
    assert find(large.name) is large


def test_a_picture_that_nobody_sent_is_asked_for():
    with pytest.raises(Refused, match="photo_gone"):
        find("0" * 64)
    with pytest.raises(Refused, match="photo_gone"):
        find("../photos/astronaut")


def test_kept_photographs_are_bounded_by_their_bytes():
    kept = Kept(3_000)
    for i in range(9):
        kept.put(Photo(str(i), np.zeros((10, 30, 3), np.uint8), 30, 10, b"." * 100))
    assert kept.get("8") is not None
    assert [str(i) for i in range(9) if kept.get(str(i))] == ["6", "7", "8"]


def test_one_pixel():
    assert read_image(saved(noise(1, 1), "PNG")).pixels.shape == (1, 1, 3)


def test_a_strip_of_one_pixel_keeps_a_row():
    assert min(read_image(saved(noise(3000, 1), "PNG")).pixels.shape[:2]) == 1


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "refused.empty"),
        (b"\x89PNG" + b"\0" * MAX_UPLOAD_BYTES, "refused.large"),
        (b"just some words, renamed to picture.png", "refused.image_format"),
        (b"%PDF-1.7 ...", "refused.image_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "refused.image_format"),
        (saved(noise(20, 20), "TIFF"), "refused.image_format"),
        (saved(noise(200, 200), "PNG")[:900], "refused.image_broken"),
        (saved(noise(200, 200), "JPEG")[:900], "refused.image_broken"),
        (saved(noise(200, 200), "WEBP")[:900], "refused.image_broken"),
        (saved(noise(200, 200), "GIF")[:900], "refused.image_broken"),
        (saved(noise(200, 200), "BMP")[:900], "refused.image_broken"),
        (saved(noise(200, 200), "HEIF")[:900], "refused.image_broken"),
        (saved(noise(200, 200), "HEIF")[:12], "refused.image_format"),
        (png_of_size(30_000, 2_000), "refused.image_pixels"),
        (png_of_size(2**31 - 1, 2**31 - 1), "refused.image_pixels"),
        (png_of_size(100, 100), "refused.image_broken"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data, key):
    with pytest.raises(Refused) as info:
        read_image(data)
    assert info.value.key == key


def test_a_bomb_is_refused_without_decoding_a_pixel(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(Refused, match="image_pixels"):
        read_image(png_of_size(20_000, 20_000))


SMALL = {kind: saved(noise(24, 16), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "HEIF")}


@given(
    kind=st.sampled_from(sorted(SMALL)),
    at=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8),
    end=st.integers(0, 3000),
)
@settings(max_examples=300, deadline=None)
def test_a_damaged_file_is_read_or_refused(kind, at, end):
    data = bytearray(SMALL[kind])
    for place, value in at:
        data[place % len(data)] = value
    with contextlib.suppress(Refused):  # anything else would reach the learner as an error
        found = read_image(bytes(data[: end or len(data)]))
        assert found.pixels.ndim == 3
        assert max(found.pixels.shape[:2]) <= MAX_IMAGE_SIDE
