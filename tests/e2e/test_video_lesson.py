"""Lesson 6.2 as a learner uses it: open a patch, drop a frame, play, upload, draw a path."""

import re

import numpy as np
import pytest
from conftest import settled
from playwright.sync_api import expect

from attn_core.inputs.clip import find, made_name
from attn_core.inputs.motion import Motion
from attn_core.lessons.s6_2_video import views
from attn_core.wire.clip import as_webm

PATH = "/6-2-video"
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


def click(page, x, y):
    box = page.locator(f"{PHOTO} .stage").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_a_click_opens_a_frame_s_patch(page, server):
    ready(page, server + PATH)
    cell = views.cell(5, 20)
    click(page, (cell % 24 + 0.5) / 24, (cell // 24 + 0.5) / 24)
    expect(page).to_have_url(re.compile(rf"cell={cell}"))
    wait_photo(page, f"p => p.view.marked === {cell}")
    expect(page.get_by_role("button", name="Drop frame 6")).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('[data-painted]').attnViewer.view.open.query === 5"
    )


def test_a_dropped_frame_is_hatched_and_comes_back(page, server):
    ready(page, server + PATH)
    page.get_by_role("button", name="Drop frame 9").click()
    wait_photo(page, "p => p.view.cut.length === 36")
    expect(page).to_have_url(re.compile("dropped=9"))
    page.get_by_role("button", name="Take frame 9 back").click()
    wait_photo(page, "p => p.view.cut.length === 0")


def test_a_frame_cut_in_the_map_changes_the_answer(page, server):
    ready(page, f"{server}{PATH}?open=pool.time~0~0")
    page.get_by_role("button", name="Cut key").click()
    expect(page.get_by_text(re.compile("Before your changes it said"))).to_be_visible()
    expect(page).to_have_url(re.compile("pool.time"))


def test_kept_apart_the_frames_have_no_attention_over_time(page, server):
    ready(page, server + PATH)
    page.get_by_role("radio", name="Frames kept apart").or_(
        page.get_by_role("button", name="Frames kept apart")
    ).first.click()
    expect(page).to_have_url(re.compile("talk=space"))
    expect(page.get_by_text(re.compile("Kept apart, a frame knows only itself"))).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('[data-painted]').attnViewer.view.rows === 1 || "
        "document.querySelector('[data-painted]').attnViewer.view.queries?.length === 1"
    )


def test_the_clip_is_played(page, server):
    ready(page, server + PATH)
    page.get_by_role("button", name="Play", exact=True).click()
    video = page.locator("video")
    expect(video).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').readyState >= 2", timeout=30_000)
    assert page.evaluate("() => document.querySelector('video').duration") == pytest.approx(
        2, abs=0.3
    )


def test_an_uploaded_clip_is_read(page, server, tmp_path):
    ready(page, f"{server}{PATH}?clip_from=upload")
    frames = find(made_name("chelsea", Motion("zoom_in", 4, 11))).frames
    longer = np.concatenate([frames, frames[::-1]])
    path = tmp_path / "clip.webm"
    path.write_bytes(as_webm(longer))
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text(re.compile(r"32 frames decoded"))).to_be_visible()
    expect(page.get_by_text("Two seconds from frame")).to_be_visible()
    text = tmp_path / "clip.mp4"
    text.write_bytes(b"not a film " * 50)
    page.locator("input[type=file]").set_input_files(text)
    expect(page.get_by_text(re.compile("This is no mp4"))).to_be_visible()


def test_a_drawn_path_is_named(page, server):
    page.goto(f"{server}{PATH}?watch=sign&path_from=pen")
    settled(page)
    wait_photo(page, "p => p.view.draw")
    sheet = page.locator(f"{PHOTO} .stage").bounding_box()
    page.mouse.move(sheet["x"] + 0.2 * sheet["width"], sheet["y"] + 0.5 * sheet["height"])
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(
            sheet["x"] + (0.2 + 0.05 * step) * sheet["width"], sheet["y"] + 0.5 * sheet["height"]
        )
    page.mouse.up()
    expect(page.get_by_text(re.compile("The path, read as"))).to_be_visible()
    expect(page).to_have_url(re.compile("drawing="))
