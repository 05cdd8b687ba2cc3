"""Lessons 2.1 and 2.3 as a learner uses them: type, swap, cut, measure, follow a link."""

import re

from conftest import painted, settled, view, wait_painted
from playwright.sync_api import expect

L21, L23 = "/2-1-self-attention", "/2-3-multi-head"


def ready(page, url):
    page.goto(url)
    settled(page)


def typed(page, label, text):
    count = painted(page)
    box = page.get_by_label(label)
    box.fill(text)
    box.press("Enter")
    wait_painted(page, count)


def test_a_typed_review_is_judged_and_markup_stays_text(page, server):
    ready(page, server + L21)
    typed(page, "A review in English", "<b>Awful</b>, boring and *far* too long.")
    expect(page.get_by_role("heading", name=re.compile("Negative"))).to_be_visible()
    labels = [k["label"] for k in view(page)["keys"]]
    assert labels[1:4] == ["<", "b", ">"]
    expect(page).to_have_url(re.compile("text_en="))


def test_chinese_review_in_a_chinese_page(page, server):
    ready(page, f"{server}{L21}?lang=zh&reader=zh")
    typed(page, "一条中文评论", "太难吃了，再也不会点了")
    expect(page.get_by_role("heading", name=re.compile("差评"))).to_be_visible()
    assert [k["label"] for k in view(page)["keys"]][:3] == list("太难吃")


def test_swap_the_pooling_and_cut_in_it(page, server):
    ready(page, f"{server}{L21}?open=pool~0~0")
    assert view(page)["n"][0] == 1
    assert view(page)["queries"][0]["label"] == "verdict"
    page.evaluate("document.querySelector('[data-painted]').attnViewer.focusCell(0, 4)")
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile("changes="))
    expect(page.get_by_text("before your change", exact=False)).to_be_visible()
    count = painted(page)
    # The row of changes has just pushed the control down; a list opened before that closes again.
    box, choice = page.get_by_role("combobox", name=re.compile("Pooling")), "twin: mean"
    for _ in range(5):
        page.wait_for_timeout(700)
        if page.get_by_role("option", name=choice).is_visible():
            break
        box.click()
    page.get_by_role("option", name=choice).click()
    wait_painted(page, count)
    expect(page).to_have_url(re.compile("model=mean"))


def test_evidence_summary_and_curves(page, server):
    ready(page, f"{server}{L21}?part=apart")
    for name in ("attention weight", "gradient × input", "fall when hidden"):
        expect(page.get_by_text(name).first).to_be_attached()
    page.goto(f"{server}{L21}?part=claim")
    wait_painted(page)
    page.get_by_role("tab", name="Your text, now").click()
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_text("the steeper fall", exact=False)).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="A summary").click()
    expect(page.get_by_text("Where attention centres").first).to_be_visible()


def test_a_prediction_is_answered_by_hiding_every_word(page, server):
    ready(page, server + L21)
    page.get_by_role("button", name="Predict first").click()
    page.get_by_text("Next to nothing").click()
    page.get_by_role("button", name="Hide every word in turn").click()
    expect(page.get_by_text("Measured just now", exact=False)).to_be_visible()


def test_open_a_head_from_the_grid_and_cut_it(page, server):
    ready(page, server + L23)
    assert view(page)["open"] == {"site": "encoder.0", "head": 2, "query": 8}
    expect(page.get_by_text("the previous token").first).to_be_visible()
    before = page.get_by_role("table").first.inner_text()
    page.get_by_role("button", name="Cut head").click()
    expect(page).to_have_url(re.compile("changes="))
    page.wait_for_function(
        "old => document.querySelector('.st-key-see table')?.innerText !== old", arg=before
    )
    expect(page.get_by_role("button", name="Layer 1, head 3, cut")).to_be_visible()
    assert view(page)["open"]["head"] == 2


def test_a_layer_off_and_the_link_of_it(page, server, fresh):
    ready(page, f"{server}{L23}?layer_off=2&part=apart")
    assert len(view(page)["changed"]["heads"]) in (0, 12)
    expect(page.get_by_text("12 of 12", exact=False).first).to_be_visible()
    expect(page.locator(".st-key-see table").get_by_text("12")).to_be_visible()
    other = fresh(locale="zh-CN")
    other.goto(page.url + "&lang=zh")
    settled(other)
    expect(other.locator(".st-key-see table").get_by_text("12")).to_be_visible()


def test_train_heads_now(page, server):
    page.goto(f"{server}{L23}?part=claim")
    wait_painted(page)
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_text("one head has one softmax", exact=False)).to_be_visible(timeout=120_000)
