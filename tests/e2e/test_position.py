"""Lesson 2.2 as a learner uses it: codes, shuffles, pictures, training."""

import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from conftest import painted, settled, view, wait_painted
from nbclient import NotebookClient
from PIL import Image
from playwright.sync_api import TimeoutError, expect

ROOT = Path(__file__).resolve().parents[2]
L22 = "/2-2-positional-encoding"


def ready(page, url):
    page.goto(url)
    settled(page)


def pick(page, label, option):
    """Choose in a list; what is drawn anew just then closes it, so it may take a second click."""
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(5):
        page.get_by_role("combobox", name=label).click()
        try:
            wanted.click(timeout=3000)
        except TimeoutError:
            continue
        return
    pytest.fail(f"{option} can't be chosen")


def png(width, height):
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_change_the_code_then_shuffle_then_undo(page, server):
    ready(page, server + L22)
    written, count = view(page), painted(page)
    assert [k["label"] for k in written["keys"]][:4] == ["[CLS]", "the", "dog", "bit"]
    pick(page, re.compile("Position code"), "none")
    wait_painted(page, count)
    expect(page).to_have_url(re.compile("position=none"))
    expect(page.get_by_text("its rows differ by up to 0.000")).to_be_visible()
    count = painted(page)
    pick(page, re.compile("Words"), "shuffled")
    wait_painted(page, count)
    shuffled = view(page)
    assert [k["label"] for k in shuffled["keys"]] != [k["label"] for k in written["keys"]]
    assert sorted(k["label"] for k in shuffled["keys"]) == sorted(
        k["label"] for k in written["keys"]
    )
    page.get_by_role("button", name="Words: shuffled").click()
    expect(page).not_to_have_url(re.compile("order="))


def test_predict_act_reveal(page, server):
    ready(page, server + L22)
    page.get_by_role("button", name="Predict first").click()
    page.get_by_text("It stays exactly the same").click()
    page.get_by_role("button", name="Take the code away and shuffle").click()
    expect(page.get_by_text("Measured just now over all heads", exact=False)).to_be_visible()
    expect(page).to_have_url(re.compile("position=none"))
    expect(page).to_have_url(re.compile("order=shuffled"))


def test_link_opens_the_same_view(page, server, fresh):
    url = f"{server}{L22}?position=rotary&base=100.0&order=shuffled&seed=3&shift=8"
    ready(page, url)
    mine = view(page)
    other = fresh(locale="zh-CN")
    ready(other, url)
    theirs = view(other)
    assert theirs["keys"] == mine["keys"]
    assert "旋转" in theirs["title"]
    expect(other.get_by_role("heading", name=re.compile("2.2"))).to_contain_text("位置编码")
    assert not other.problems


@pytest.mark.parametrize("side", ["heat", "similarity", "clocks", "shift"])
def test_sides_that_plotly_draws(page, server, side):
    ready(page, f"{server}{L22}?part=apart&view={side}")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("Look for:", exact=False).nth(1)).to_be_visible()


@pytest.mark.parametrize("side", ["waves", "bias"])
def test_sides_that_altair_draws(page, server, side):
    ready(page, f"{server}{L22}?part=apart&view={side}")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()


def test_the_shift_is_checked_now(page, server):
    ready(page, f"{server}{L22}?part=apart&view=shift")
    expect(page.get_by_text("Checked just now over 64 places", exact=False)).to_be_visible()
    page.get_by_role("slider", name="Shift by k").press("ArrowRight")
    expect(page.get_by_text("for k = 6", exact=False)).to_be_visible()


def test_patches_of_an_uploaded_picture(page, server):
    ready(page, f"{server}{L22}?part=apart&view=plane")
    expect(page.get_by_text("No picture has been given", exact=False)).to_be_visible()
    expect(page.locator(".js-plotly-plot image")).to_have_count(1)
    chooser = page.get_by_test_id("stFileUploaderDropzoneInput").last
    chooser.set_input_files(
        {"name": "holiday.png", "mimeType": "image/png", "buffer": png(320, 160)}
    )
    expect(page.get_by_text("the code knows where, not what", exact=False)).to_be_visible()
    expect(page.locator(".js-plotly-plot image")).to_have_count(2)  # the picture, and the colours
    row = page.get_by_role("slider", name="Row of the picked patch")
    expect(row).to_have_attribute("max", "3")
    page.get_by_role("slider", name="Column of the picked patch").press("ArrowRight")
    expect(page).to_have_url(re.compile("column=4"))
    page.wait_for_timeout(1000)
    box = page.locator(".js-plotly-plot .nsewdrag").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.12)
    expect(page).to_have_url(re.compile("row=0"))
    expect(page).to_have_url(re.compile("column=7"))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("words.png", b"just words", "not a PNG, JPEG, WebP, GIF, BMP or HEIC"),
        ("broken.png", png(80, 80)[:500], "breaks off or is damaged"),
    ],
)
def test_what_is_no_picture_gets_a_sentence(page, server, name, data, says):
    ready(page, f"{server}{L22}?part=apart&view=plane")
    page.get_by_test_id("stFileUploaderDropzoneInput").last.set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": data}
    )
    expect(page.get_by_text(says, exact=False)).to_be_visible()
    expect(page.get_by_text("No picture has been given", exact=False)).to_be_visible()


def test_training_shows_its_curve_and_stops(page, server):
    ready(page, f"{server}{L22}?part=claim")
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_text("Share of right answers while training", exact=False)).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Run it again")).to_be_enabled()
    expect(page.get_by_text("which curves leave the bottom", exact=False)).to_be_visible()


def test_the_challenge_is_reached_with_the_controls(page, server):
    ready(page, f"{server}{L22}?part=check&position=sinusoidal")
    expect(page.get_by_text("Reached: at distance", exact=False)).to_be_hidden()
    pick(page, re.compile("^Base"), "1")
    expect(page.get_by_text("Reached: at distance", exact=False)).to_be_visible()


def test_notebook_of_the_view_reproduces_its_numbers(page, server):
    ready(page, f"{server}{L22}?position=alibi&order=shuffled&seed=5")
    with page.expect_download() as info:
        page.get_by_role("button", name="Notebook").click()
    notebook = nbformat.read(info.value.path(), as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": ROOT}}).execute()
    assert "4 numbers as shown" in "".join(o.get("text", "") for o in notebook.cells[-1].outputs)
