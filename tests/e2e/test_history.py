"""Back, Forward and the sidebar: address, controls and picture agree at every step."""

import json
import re
import time
from urllib.parse import quote

import pytest
from conftest import cell, settled, view
from playwright.sync_api import Page, expect

from attn_core.contract.registry import LESSONS
from attn_core.inputs.sound import SAMPLES

SLIDERS = {"2.2": "shift", "3.1": "sampling"}
"""A control that changes the picture, where it is not the temperature."""
STARTS = {"6.3": "?molecule=protein"}
"""Where the first picture has one row."""


def slider(page: Page, number: str):
    name = SLIDERS.get(number, "temperature")
    place = f".st-key-{number.replace('.', '-')}-{name}"
    return page.locator(f"{place} [role=slider], {place} input[type=range]").first


def state(page: Page, number: str) -> tuple:
    """The address, the control, the chosen part and the picture."""
    shown = view(page)
    return (
        page.evaluate("location.pathname + location.search"),
        slider(page, number).get_attribute("aria-valuetext"),
        page.locator(
            "[data-testid=stMain] .st-key-" + number.replace(".", "-") + "-part"
            " button[aria-checked=true]"
        ).inner_text(),
        shown["open"],
        shown["summary"],
        shown["changed"],
    )


def becomes(page: Page, number: str, wanted: tuple) -> None:
    """Wait until all agree, and see that they stay so."""
    end = time.monotonic() + 20
    found = None
    while time.monotonic() < end:
        try:
            found = state(page, number)
        except Exception as error:  # the page is being drawn
            found = error
        if found == wanted:
            break
        page.wait_for_timeout(100)
    assert found == wanted


def pick(page: Page) -> None:
    """Pick another row of the viewer's picture by the keyboard."""
    page.evaluate(
        """() => { const v = document.querySelector('[data-painted]').attnViewer;
          const open = (v.view.header ?? v.view).open.query ?? 0, n = v.view.n[0];
          v.focusCell(open ? open - 1 : Math.min(1, n - 1), 0); }"""
    )
    page.keyboard.press("Enter")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_back_forward_and_away(page, server, lesson):
    number = lesson.number
    page.goto(f"{server}/{lesson.url}{STARTS.get(number, '')}")
    settled(page)
    steps = [state(page, number)]
    acts = (
        (lambda: slider(page, number).press("ArrowRight"), SLIDERS.get(number, "temperature")),
        (lambda: pick(page), "open"),
    )
    for act, said in acts:
        act()
        expect(page).to_have_url(re.compile(rf"[?&]{said}="))
        page.wait_for_timeout(300)
        steps.append(state(page, number))
    length = page.evaluate("history.length")
    for way, at in (("back", 1), ("back", 0), ("forward", 1), ("forward", 2)):
        page.evaluate(f"history.{way}()")
        becomes(page, number, steps[at])
    page.get_by_test_id("stSidebar").get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("heading", name="Ledger")).to_be_visible()
    page.get_by_test_id("stSidebar").locator(f"a[href*='{lesson.url}']").click()
    becomes(page, number, steps[2])
    assert page.evaluate("history.length") == length + 2


def test_an_open_tab_stays_open(page, server):
    page.goto(f"{server}/4-1-segmentation?part=claim")
    settled(page)
    page.get_by_role("tab", name="Recorded runs").click()
    expect(page).to_have_url(re.compile("live=recorded"))
    page.get_by_test_id("stSidebar").get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("heading", name="Ledger")).to_be_visible()
    page.get_by_test_id("stSidebar").locator("a[href*='4-1-segmentation']").click()
    expect(page.get_by_role("tab", name="Recorded runs")).to_have_attribute("aria-selected", "true")
    page.locator(".st-key-language [data-testid=stSelectbox] input").click()
    page.get_by_role("option", name="中文").click()
    tab = page.get_by_role("tab").nth(1)
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(tab).not_to_have_text(re.compile("ecorded"))
    page.evaluate("history.back()")
    expect(page.get_by_role("heading", name="台账")).to_be_visible()


def length(page: Page) -> int:
    return page.evaluate("history.length")


def search(page: Page) -> str:
    return page.evaluate("location.search")


def walk(page: Page, way: str, shows: str) -> None:
    """Go back or forward and wait until the picture answers a condition on its view ``v``."""
    page.evaluate(f"history.{way}()")
    page.wait_for_function(
        f"""() => {{ const found = document.querySelector('[data-painted]')?.attnViewer?.view;
          if (!found) return false; const v = found.header ?? found; return {shows}; }}"""
    )


def test_a_drag_is_one_step_and_looking_is_none(page, server):
    old = quote('{"tokens":[["sdp",3]]}')
    page.goto(f"{server}/3-2-scaled-dot-product?lang=zh&layer=99&changes={old}")
    settled(page)
    assert view(page)["changed"]["tokens"] == [3]
    began = length(page)
    page.mouse.move(*cell(page, 4, 2))
    page.mouse.move(*cell(page, 6, 3))
    page.locator(".st-key-language [data-testid=stSelectbox] input").click()
    page.get_by_role("option", name="English").click()
    expect(page.get_by_role("heading", name=re.compile("Scaled dot-product"))).to_be_visible()
    settled(page)
    page.mouse.move(*cell(page, 5, 5))
    page.wait_for_timeout(600)
    assert length(page) == began
    assert view(page)["changed"]["tokens"] == [3]
    thumb = slider(page, "3.2")
    thumb.scroll_into_view_if_needed()
    box = page.locator(".st-key-3-2-temperature [role=group]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y, steps=9)
    page.mouse.up()
    expect(page).to_have_url(re.compile("temperature="))
    page.wait_for_timeout(600)
    assert length(page) == began + 1
    page.evaluate(  # what the pointer asks just after Back must not bring the old slider back
        """() => { document.querySelector('[data-painted]').attnViewer.focusCell(2, 1);
          setTimeout(() => history.back(), 110); }"""
    )
    expect(thumb).to_have_attribute("aria-valuetext", "1.0")
    expect(page.get_by_role("heading", name=re.compile("Scaled dot-product"))).to_be_visible()
    page.wait_for_timeout(600)
    assert "temperature" not in search(page)
    expect(thumb).to_have_attribute("aria-valuetext", "1.0")
    assert length(page) == began + 1
    assert view(page)["changed"]["tokens"] == [3]
    page.reload()  # the language was chosen after the link was opened
    expect(page.get_by_role("heading", name=re.compile("Scaled dot-product"))).to_be_visible()


def test_inputs_edits_and_parts_are_steps(page, server):
    page.goto(f"{server}/1-additive")
    settled(page)
    began = length(page)
    box = page.get_by_label("An English word")
    box.fill("psychology")
    box.press("Enter")
    expect(page).to_have_url(re.compile("word=psychology"))
    settled(page)
    page.evaluate("document.querySelector('[data-painted]').attnViewer.focusCell(3, 3)")
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile("changes="))
    page.locator(".st-key-1-part").get_by_text("Take it apart").click()
    expect(page).to_have_url(re.compile("part=apart"))
    settled(page)
    box.fill("queue")  # the edit of another word leaves with it, in the same step
    box.press("Enter")
    expect(page).to_have_url(re.compile("word=queue"))
    settled(page)
    assert "changes=" not in search(page)
    assert length(page) == began + 4
    walk(page, "back", "v.keys.length === 10 && v.changed.tokens.length === 1")
    expect(box).to_have_value("psychology")
    expect(page.locator(".st-key-1-part [aria-checked=true]")).to_have_text("Take it apart")
    page.evaluate("history.back()")
    expect(page.locator(".st-key-1-part [aria-checked=true]")).to_have_text("Read")
    walk(page, "back", "v.keys.length === 10 && v.changed.tokens.length === 0")
    expect(page.locator(".st-key-changes")).to_have_count(0)
    walk(page, "back", "v.keys.length === 13")
    expect(box).to_have_value("gravitational")
    assert search(page) == ""
    walk(page, "forward", "v.keys.length === 10 && v.changed.tokens.length === 0")
    walk(page, "forward", "v.changed.tokens.length === 1")


def test_the_viewer_and_the_bar_undo_the_same_in_one_step(page, server):
    page.goto(f"{server}/1-additive")
    settled(page)
    page.evaluate("document.querySelector('[data-painted]').attnViewer.focusCell(3, 3)")
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile("changes="))
    slider(page, "1").press("ArrowRight")
    expect(page).to_have_url(re.compile("temperature="))
    settled(page)
    began = length(page)
    page.locator("[data-painted]").get_by_role("button", name=re.compile("^Reset all")).click()
    expect(page.locator(".st-key-changes")).to_have_count(0)
    expect(slider(page, "1")).to_have_attribute("aria-valuetext", "1.0")
    expect(page).not_to_have_url(re.compile("changes=|temperature="))
    assert length(page) == began + 1


def test_a_sound_steps_back_and_is_asked_for_after_a_reload(page, server):
    page.goto(f"{server}/5-1-speech?sound_from=upload")
    settled(page)
    asked = page.get_by_text("This link was made with the file double.flac", exact=False)
    page.locator("input[type=file]").set_input_files(SAMPLES / "double.flac")
    expect(page).to_have_url(re.compile("file=double.flac"))
    settled(page)
    heard = view(page)["summary"]
    page.evaluate("history.back()")
    page.wait_for_function(
        "s => { const v = document.querySelector('[data-painted]').attnViewer.view;"
        " return (v.header ?? v).summary !== s }",
        arg=heard,
    )
    expect(page.get_by_test_id("stFileUploaderFile")).to_have_count(0)
    assert "file=" not in search(page)
    walk(page, "forward", f"v.summary === {json.dumps(heard)}")
    page.get_by_test_id("stSidebar").get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("heading", name="Ledger")).to_be_visible()
    page.get_by_test_id("stSidebar").locator("a[href*='5-1-speech']").click()
    settled(page)
    assert view(page)["summary"] == heard
    expect(asked).to_have_count(0)
    page.reload()
    expect(asked).to_be_visible()
    page.locator("input[type=file]").set_input_files(SAMPLES / "double.flac")
    expect(asked).to_have_count(0)
    settled(page)
    assert view(page)["summary"] == heard
