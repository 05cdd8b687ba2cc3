"""Lesson 4.1 as a learner uses it: pick a patch, upload a photograph, hide, cut out, compare."""

import io
import re

import numpy as np
import pytest
from conftest import new_page, settled, view
from PIL import Image
from playwright.sync_api import expect

from attn_core.inputs.photo import SAMPLES

PATH = "/4-1-segmentation"
PHOTO = "[data-photo]"


def wait_photo(page, what):
    page.wait_for_function(
        f"() => {{ const h = document.querySelector('{PHOTO}'); "
        f"return h?.attnPhoto && ({what})(h.attnPhoto); }}",
        timeout=30_000,
    )


def ready(page, url):
    page.goto(url)
    settled(page)
    wait_photo(page, "p => p.ready")


def photo(page, what):
    return page.evaluate(f"document.querySelector('{PHOTO}').attnPhoto.{what}")


def wait_row(page, query):
    page.wait_for_function(
        "q => document.querySelector('[data-painted]').attnViewer.view.open.query === q",
        arg=query,
        timeout=30_000,
    )


def portrait(tmp_path, size=(900, 1200)):
    """The astronaut as a telephone would send it: another size, turned by its EXIF."""
    picture = Image.open(SAMPLES / "astronaut.jpg").resize(size)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "me.jpg"
    picture.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=92)
    return path


def test_a_click_on_the_photograph_opens_the_row_and_back(page, server, fresh):
    ready(page, server + PATH)
    at = photo(page, "patchPoint(52)")
    page.mouse.click(at["x"], at["y"])
    wait_row(page, 52)
    expect(page).to_have_url(re.compile("open=bottleneck~0~52"))
    wait_photo(page, "p => p.view.marked === 52")
    other = fresh()
    ready(other, page.url)
    assert view(other)["open"]["query"] == 52
    assert photo(other, "view.marked") == 52


def test_arrow_keys_and_enter_pick_a_patch(page, server):
    ready(page, server + f"{PATH}?open=bottleneck~0~52")
    page.locator(f"{PHOTO} .stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_row(page, 52 + 1 + 16)


def test_a_photograph_is_uploaded_and_cut_out_at_its_own_size(page, server, tmp_path):
    ready(page, server + f"{PATH}?picture_from=upload&overlay=cutout&background=blur")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(portrait(tmp_path))
    wait_photo(page, "p => p.ready && p.view.source.length === 64")
    assert [photo(page, "view.width"), photo(page, "view.height")] == [900, 1200]
    assert photo(page, "view.grid") == [16, 12]
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="Cut-out (PNG)").click()
    found = np.asarray(Image.open(io.BytesIO(waiting.value.path().read_bytes())))
    assert found.shape == (1200, 900, 4)
    assert found[300, 400, 3] == 255  # the face
    assert found[300, 860, 3] == 0  # the wall
    settled(page)
    assert page.problems == []


def test_one_upload_replaces_another(page, server):
    ready(page, server + f"{PATH}?picture_from=upload")
    chooser = page.get_by_test_id("stFileUploaderDropzoneInput").first
    for shade in (40, 90, 140, 190):
        blob = io.BytesIO()
        Image.new("RGB", (64, 48), (shade,) * 3).save(blob, "PNG")
        was = photo(page, "view.source")
        chooser.set_input_files(
            {"name": f"{shade}.png", "mimeType": "image/png", "buffer": blob.getvalue()}
        )
        wait_photo(page, f"p => p.ready && p.view.source !== '{was}'")
        settled(page)
    assert photo(page, "view.width") == 64
    expect(page.get_by_text("Upload it to see the same view")).to_have_count(0)


def test_patches_are_hidden_and_the_mask_before_stays_as_a_line(page, server):
    ready(page, server + f"{PATH}?open=bottleneck~0~52&reach=5")
    page.get_by_role("button", name="Grey out").click()
    wait_photo(page, "p => p.view.cut.length === 25 && p.view.layers.length === 2")
    expect(page).to_have_url(re.compile("hidden="))
    page.get_by_role("button", name="Mask as key").click()
    expect(page).to_have_url(re.compile("changes="))
    page.wait_for_function(
        "() => document.querySelector('[data-painted]').attnViewer.view.changed.tokens.length == 25"
    )
    page.locator(".st-key-undo-all button").click()
    wait_photo(page, "p => p.view.cut.length === 0")
    expect(page).not_to_have_url(re.compile("hidden=|changes="))


@pytest.mark.parametrize("overlay", ["looks", "gate", "cutout"])
def test_overlays_lie_on_the_photograph(page, server, overlay):
    ready(page, server + f"{PATH}?overlay={overlay}&background=rocket")
    kinds = {"looks": "heat", "gate": "heat", "cutout": "cutout"}
    assert [layer["kind"] for layer in photo(page, "view.layers")] == [kinds[overlay]]


def test_twins_on_this_picture_and_chinese(page, server):
    ready(page, server + f"{PATH}?lang=zh&part=claim&sample=rocket")
    expect(page.get_by_text("注意力提高图像分割的准确率", exact=False).first).to_be_visible()
    page.locator(".st-key-start-hide button").click()
    expect(page.get_by_text("线越高，掩膜保持得越久", exact=False)).to_be_visible(timeout=90_000)


def test_a_prediction_is_answered_by_counting(page, server):
    ready(page, server + PATH)
    page.get_by_role("button", name="Predict first").click()
    page.get_by_text("only behind the self-attention").click()
    page.get_by_role("button", name="Change it and count").click()
    expect(page.get_by_text("behind the added 1×1 convolutions 0", exact=False)).to_be_visible()


def test_the_camera_s_picture_is_read(chromium, server):
    page = new_page(chromium, permissions=["camera"])
    ready(page, server + f"{PATH}?picture_from=camera")
    page.get_by_role("button", name="Take a picture").click()
    page.wait_for_function(  # a picture taken before the camera's first frame is none
        "() => [...document.querySelectorAll('video')].some(v => v.readyState > 2 && v.videoWidth)",
        timeout=30_000,
    )
    page.wait_for_timeout(500)
    page.get_by_test_id("stCameraInputButton").click()
    wait_photo(page, "p => p.ready && p.view.source.length === 64")
    assert page.problems == []
    page.context.close()
