"""Controls keep what they hold where a page or the language changes."""

import re

import pytest
from conftest import settled
from playwright.sync_api import expect

SLIDER = "[class*=-temperature] [role=slider], [class*=-temperature] input[type=range]"


@pytest.mark.parametrize("start", ["/5-1-speech", "/2-1-self-attention"])
def test_another_lesson_opens_with_its_defaults(page, server, start):
    """A new page's controls, drawn twice in a row, must not fall back to their first option."""
    page.goto(server + start)
    settled(page)
    for url in ("5-2-ctc", "6-1-recommendation", "5-3-recogniser"):
        page.locator(f"[data-testid=stSidebar] a[href$='{url}']").click()
        expect(page).to_have_url(re.compile(url))
        settled(page)
        expect(page.locator(SLIDER).first).to_have_attribute("aria-valuetext", "1.0")
        assert "temperature" not in page.url
        assert "part=" not in page.url


def test_another_language_keeps_what_was_chosen(page, server):
    page.goto(f"{server}/5-2-ctc?noise=10&recogniser=convolution")
    settled(page)
    page.locator(".st-key-language [data-testid=stSelectbox] input").click()
    page.get_by_role("option", name="中文").click()
    expect(page.get_by_role("heading", name=re.compile("CTC 与注意力"))).to_be_visible()
    settled(page)
    expect(page).to_have_url(re.compile(r"\?noise=10&recogniser=convolution$"))
    expect(page.locator(".st-key-5-2-recogniser input")).to_have_value(re.compile("卷积"))
    page.reload()  # the language is kept, though the address does not say it
    settled(page)
    expect(page.locator(".st-key-5-2-recogniser input")).to_have_value(re.compile("卷积"))
