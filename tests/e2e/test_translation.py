"""Lesson 3.3 as a learner uses it: type, choose another word, cut a source word, follow a link."""

import re

from conftest import painted, settled, view, wait_painted
from playwright.sync_api import expect

PATH = "/3-3-transformer"


def ready(page, url):
    page.goto(url)
    settled(page)


def test_a_typed_sentence_is_translated(page, server):
    ready(page, server + PATH)
    count = painted(page)
    box = page.get_by_label("An English sentence")
    box.fill("I like dogs.")
    box.press("Enter")
    wait_painted(page, count)
    expect(page.get_by_role("heading", name=re.compile("狗"))).to_be_visible()
    assert [k["label"] for k in view(page)["keys"]][:2] == ["I", "like"]
    expect(page).to_have_url(re.compile("text_en_zh="))


def test_choose_another_word_and_take_it_back(page, server, fresh):
    ready(page, server + PATH)
    heading = page.locator(".st-key-see [data-testid=stMarkdown] h3")
    before = heading.inner_text()
    page.locator(".st-key-choices button:enabled").first.click()
    expect(page).to_have_url(re.compile("prefix="))
    expect(heading).not_to_have_text(before)
    after = heading.inner_text()
    other = fresh()
    other.goto(page.url)
    settled(other)
    expect(other.locator(".st-key-see [data-testid=stMarkdown] h3")).to_have_text(after)
    page.get_by_role("button", name=re.compile("Translation begins with")).click()
    expect(heading).to_have_text(before)


def test_a_hidden_source_word_and_three_kinds_of_attention(page, server):
    ready(page, server + PATH)
    site = view(page)["open"]["site"]
    assert site.endswith("cross")
    page.evaluate("document.querySelector('[data-painted]').attnViewer.focusCell(0, 0)")
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile("changes="))
    expect(
        page.get_by_text(re.compile("Before your changes|leave the translation"))
    ).to_be_visible()
    page.goto(f"{server}{PATH}?open=encoder.0~1~0")
    settled(page)
    assert view(page)["queries"] == view(page)["keys"]
    page.goto(f"{server}{PATH}?open=decoder.0.self~1~2")
    settled(page)
    assert view(page)["keys"][0]["label"] == "▶"
    assert view(page)["queries"][-1]["label"] == "■"


def test_apart_and_claims_in_chinese(page, server):
    ready(page, f"{server}{PATH}?lang=zh&direction=zh-en&part=apart")
    expect(page.get_by_text("一个公式，三种配对")).to_be_visible()
    page.goto(f"{server}{PATH}?lang=zh&part=claim")
    wait_painted(page)
    expect(page.get_by_text("编码器把输入序列变成", exact=False).first).to_be_visible()


def test_a_prediction_is_answered_by_counting(page, server):
    ready(page, server + PATH)
    page.get_by_role("button", name="Predict first").click()
    page.get_by_text("one for each token").click()
    page.get_by_role("button", name="Count them").click()
    expect(page.get_by_text("Just now there were", exact=False)).to_be_visible()
