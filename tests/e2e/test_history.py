"""Back, Forward and the sidebar: address, controls and picture agree at every step."""

import re
import time

import pytest
from conftest import settled, view
from playwright.sync_api import Page, expect

from attn_core.lessons import LESSONS

SLIDERS = {"2.2": "shift", "3.1": "sampling", "6.3": "moved"}
"""A control that changes the picture, where it is not the temperature."""


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
        page.locator("[data-testid=stMain] .st-key-" + number.replace(".", "-") + "-part"
                     " button[aria-checked=true]").inner_text(),
        shown["open"], shown["summary"], shown["changed"],
    )  # fmt: skip


def becomes(page: Page, number: str, wanted: tuple) -> None:
    """Wait until all agree, and see that they stay so."""
    end = time.monotonic() + 20
    found = None
    while time.monotonic() < end:
        try:
            found = state(page, number)
        except Exception as error:  # noqa: BLE001 (the page is being drawn)
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
    page.goto(f"{server}/{lesson.url}")
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
