"""Lesson 4.2 as a learner uses it: pick a box, draw a digit, upload a picture, use the camera."""

import re

import pytest
from conftest import new_page, settled, view
from playwright.sync_api import expect

from attn_core.inputs.photo import SAMPLES

PATH = "/4-2-detection"
PHOTO = "[data-photo]"


def ready(page, url):
    page.goto(url)
    settled(page)
    wait_photo(page, "p => p.ready")


def wait_photo(page, what):
    page.wait_for_function(
        f"() => {{ const h = document.querySelector('{PHOTO}'); "
        f"return h?.attnPhoto && ({what})(h.attnPhoto); }}",
        timeout=30_000,
    )


def boxes(page):
    return page.evaluate(f"document.querySelector('{PHOTO}').attnPhoto.view.boxes")


def write(page, *strokes):
    sheet = page.locator(f"{PHOTO} .stage").bounding_box()

    def place(x, y):
        return sheet["x"] + x * sheet["width"], sheet["y"] + y * sheet["height"]

    for line in strokes:
        page.mouse.move(*place(*line[0]))
        page.mouse.down()
        for point in line[1:]:
            page.mouse.move(*place(*point), steps=5)
        page.mouse.up()


def test_a_box_picks_its_query(page, server):
    ready(page, server + PATH)
    found = boxes(page)
    assert sorted(b["label"].split()[0] for b in found) == ["1", "3", "4", "5", "7", "8"]
    other = next(b for b in found if b["key"] != view(page)["open"]["query"])
    page.locator(f"{PHOTO} button[data-key='{other['key']}']").click()
    expect(page).to_have_url(re.compile(rf"open=decoder\.2\.cross~\d~{other['key']}"))
    page.wait_for_function(
        "q => document.querySelector('[data-painted]').attnViewer.view.open.query === q",
        arg=other["key"],
    )
    assert page.problems == []


def test_a_drawn_seven_is_found_and_can_be_undone(page, server, fresh):
    ready(page, f"{server}{PATH}?picture_from=draw")
    assert boxes(page) == [] or all(b["faint"] for b in boxes(page))
    write(page, [(0.35, 0.25), (0.52, 0.25), (0.46, 0.45), (0.41, 0.7)])
    wait_photo(page, "p => p.view.boxes.some(b => !b.faint && b.label.startsWith('7'))")
    expect(page).to_have_url(re.compile("drawing="))
    other = fresh()
    ready(other, page.url)
    wait_photo(other, "p => p.view.boxes.some(b => !b.faint && b.label.startsWith('7'))")
    page.get_by_role("button", name="Undo the last stroke").click()
    wait_photo(page, "p => p.view.strokes.length === 0")
    expect(page).not_to_have_url(re.compile("drawing="))


def test_an_uploaded_picture_is_read(page, server):
    ready(page, f"{server}{PATH}?picture_from=upload")
    page.locator("input[type=file]").set_input_files(SAMPLES / "digits_coffee.jpg")
    wait_photo(page, "p => p.ready && p.view.source.length === 64")
    wait_photo(page, "p => p.view.boxes.filter(b => !b.faint).length >= 3")
    assert {b["label"].split()[0] for b in boxes(page) if not b["faint"]} >= {"2", "6", "9"}


def test_a_patch_is_picked_with_the_keyboard(page, server):
    ready(page, f"{server}{PATH}?lies=patch")
    page.locator(f"{PHOTO} .stage").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"open=encoder\.1~0~\d+"))


def test_a_knocked_out_query_loses_its_answer_and_comes_back(page, server):
    ready(page, server + PATH)
    before = len(boxes(page))
    page.get_by_role("button", name=re.compile("Knock out query")).click()
    expect(page.get_by_role("button", name=re.compile("Bring query"))).to_be_visible()
    expect(page.get_by_text(re.compile(f"{before}.* before your changes"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Bring query")).click()
    expect(page.get_by_role("button", name=re.compile("Knock out query"))).to_be_visible()


@pytest.fixture
def with_camera(chromium):
    """A page that may use Chromium's fake camera."""
    page = new_page(chromium, permissions=["camera"])
    yield page
    page.context.close()


def test_a_picture_from_the_camera_is_read(with_camera, server):
    page = with_camera
    ready(page, f"{server}{PATH}?picture_from=camera")
    page.get_by_role("button", name="Take a picture").click()
    page.wait_for_function(  # a picture taken before the camera's first frame is none
        "() => [...document.querySelectorAll('video')].some(v => v.readyState > 2 && v.videoWidth)",
        timeout=30_000,
    )
    page.wait_for_timeout(500)
    page.get_by_test_id("stCameraInputButton").click()
    wait_photo(page, "p => p.ready && p.view.source.length === 64")
    assert page.problems == []


def test_a_picture_that_got_lost_is_asked_for(page, server):
    ready(page, server + PATH)
    page.evaluate("window.attnPhotos.clear()")
    page.locator(f"{PHOTO} .boxes button").last.click()  # the next painting misses it
    wait_photo(page, "p => p.ready && window.attnPhotos.size === 1")
