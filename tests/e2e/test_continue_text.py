"""Lesson 3.1 as a learner uses it: a text that goes on, blocks, windows, the lab, Chinese."""

import re
from pathlib import Path

import nbformat
import pytest
from conftest import painted, settled, view, wait_painted
from nbclient import NotebookClient
from playwright.sync_api import TimeoutError, expect

ROOT = Path(__file__).resolve().parents[2]
L31 = "/3-1-incremental"


def ready(page, url):
    page.goto(url)
    settled(page)


def typed(page, text):
    """Type a beginning; leaving the field sends it."""
    box = page.get_by_role("textbox", name=re.compile("A beginning"))
    box.fill(text)
    box.blur()


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


def shown(page):
    return "".join(k["label"] for k in view(page)["keys"])


def test_a_typed_beginning_goes_on_and_the_picture_follows(page, server):
    ready(page, server + L31)
    assert shown(page).startswith("MACBETH.⏎Is␣this")
    count = painted(page)
    typed(page, "ROMEO.\nGood night")
    wait_painted(page, count)
    expect(page.locator(".st-key-continued")).to_contain_text("Good night")
    assert shown(page).startswith("ROMEO.⏎Good␣night")
    assert view(page)["n"] == [17 + 47, 17 + 47]
    expect(page).to_have_url(re.compile("text_en=ROMEO"))
    written = page.locator(".st-key-continued strong").all_inner_texts()
    assert len("".join(written)) > 20


def test_a_head_that_is_cut_is_named_and_undone(page, server):
    ready(page, server + L31)
    was = page.locator(".st-key-continued").text_content()
    count = painted(page)
    page.get_by_role("button", name="Cut head").click()
    wait_painted(page, count)
    expect(page.get_by_text(re.compile("your changes", re.IGNORECASE)).first).to_be_visible()
    page.get_by_role("button", name="Reset all").last.click()
    expect(page.locator(".st-key-continued")).to_have_text(was)
    expect(page).not_to_have_url(re.compile("changes="))


def test_a_window_forgets(page, server):
    ready(page, f"{server}{L31}?window=8&sinks=2&part=apart&aspect=cells")
    first = re.compile("row by row, from the cache: [0-9,]+ of 9,025")
    expect(page.get_by_text(first)).to_be_visible()
    expect(page.get_by_role("columnheader", name="no window")).to_be_visible()
    page.get_by_text("whole map, then mask", exact=True).click()
    expect(page.get_by_text(re.compile("9,025 of 9,025"))).to_be_visible()


def test_stepping_through_blocks_ends_in_the_answer(page, server):
    ready(page, f"{server}{L31}?part=apart&block=16")
    expect(page.get_by_text(re.compile(r"block \d+ of 21"))).to_be_visible()
    slider = page.get_by_role("slider", name="Block computed")
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_text("block 21 of 21")).to_be_visible()
    expect(page.get_by_text(re.compile("largest difference to torch's own"))).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_be_visible()


def test_predict_act_reveal(page, server):
    ready(page, server + L31)
    page.get_by_role("button", name="Predict first").click()
    page.get_by_text("About half", exact=True).click()
    page.get_by_role("button", name="Compute it both ways and count").click()
    expect(page.get_by_text("Counted just now on", exact=False)).to_be_visible()
    expect(page).to_have_url(re.compile("part=apart"))


def test_the_lab_draws_what_it_measures(page, server):
    ready(page, f"{server}{L31}?part=claim&trial=cost&longest=512")
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(3)  # of a claim, and what was recorded
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_role("button", name="Run it again")).to_be_enabled(timeout=90_000)
    expect(charts).to_have_count(3 + 2)
    expect(page.get_by_text("At 512 tokens here", exact=False)).to_have_count(1)


def test_with_and_without_the_cache(page, server):
    ready(page, f"{server}{L31}?part=claim&trial=cache&until=64")
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_text("Both wrote the same text: yes", exact=False)).to_be_visible(
        timeout=90_000
    )


def test_bits_by_window_can_be_stopped(page, server):
    ready(page, f"{server}{L31}?part=claim&trial=window&writer_of_trial=zh")
    page.get_by_role("button", name="Run it here").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Run it again")).to_be_enabled(timeout=90_000)


def test_chinese_in_chinese(fresh, server):
    page = fresh(locale="zh-CN")
    ready(page, f"{server}{L31}?writer=zh")
    assert shown(page).startswith("《春望》⏎国破山河在")
    expect(page.get_by_role("heading", name=re.compile("3.1"))).to_contain_text("增量注意力")
    expect(page.locator(".st-key-continued")).to_contain_text("国破山河在")
    count = painted(page)
    box = page.get_by_role("textbox", name=re.compile("开头"))
    box.fill("明月几时有")
    box.blur()
    wait_painted(page, count)
    assert shown(page).startswith("明月几时有")
    assert not page.problems


def test_a_text_file_is_read(page, server):
    ready(page, server + L31)
    page.get_by_role("button", name="File").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        {"name": "my.txt", "mimeType": "text/plain", "buffer": b"Once upon a time"}
    )
    count = painted(page)
    page.get_by_role("button", name=re.compile("Use this text")).click()
    wait_painted(page, count)
    assert shown(page).startswith("Once␣upon")


def test_notebook_of_the_view_reproduces_its_numbers(page, server):
    ready(page, f"{server}{L31}?window=16&sinks=4&sampling=0.7&seed=3&written=32")
    with page.expect_download() as info:
        page.get_by_role("button", name="Notebook").click()
    notebook = nbformat.read(info.value.path(), as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": ROOT}}).execute()
    assert "7 numbers as shown" in "".join(o.get("text", "") for o in notebook.cells[-1].outputs)
