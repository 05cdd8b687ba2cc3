"""Both lessons as a learner uses them, in a real browser against the real server."""

import re
from pathlib import Path

import nbformat
import pytest
from conftest import cell, painted, settled, view, wait_painted
from nbclient import NotebookClient
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[2]
L1, L32 = "/1-additive", "/3-2-scaled-dot-product"
VIEWER = "document.querySelector('[data-painted]').attnViewer"


def ready(page, url):
    page.goto(url)
    settled(page)


def test_map_leads_to_a_lesson_and_back(page, server):
    page.goto(server)
    expect(page.get_by_role("heading", name="Attention by touch")).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("link", name=re.compile("Scaled dot-product")).click()
    wait_painted(page)
    expect(page.get_by_role("heading", name=re.compile("3.2"))).to_be_visible()
    page.get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("heading", name="Ledger")).to_be_visible()


def test_type_a_word(page, server):
    ready(page, server + L1)
    box = page.get_by_label("An English word")
    box.fill("psychology")
    box.press("Enter")
    expect(page.get_by_text("/saɪk", exact=False).first).to_be_visible()
    assert [k["label"] for k in view(page)["keys"]] == list("psychology")
    expect(page).to_have_url(re.compile(r"\?word=psychology$"))  # written when the turn is over


def test_wrong_word_gets_a_sentence_and_the_picture_stays(page, server):
    ready(page, server + L1)
    box = page.get_by_label("An English word")
    box.fill("日本")
    box.press("Enter")
    expect(page.get_by_text("can't be spelled", exact=False)).to_be_visible()
    assert view(page)["n"][1] == len("gravitational")


def test_slider_moves_the_picture(page, server):
    ready(page, server + L32)
    before, count = view(page), painted(page)
    slider = page.get_by_role("slider", name="Temperature")
    slider.press("ArrowRight")
    wait_painted(page, count)
    expect(page).to_have_url(re.compile("temperature=1.5"))
    assert view(page)["summary"] != before["summary"]


def test_scrubbing_and_the_picture_go_together(page, server):
    ready(page, server + L1)
    page.get_by_role("slider", name="Step of decoding").press("Home")
    expect(page).to_have_url(re.compile("open="))
    page.wait_for_function(
        "() => document.querySelector('[data-painted]').attnViewer.view.open?.query === 0"
        " || document.querySelector('[data-painted]').attnViewer.view.header?.open.query === 0"
    )


def test_click_picks_a_query_and_hover_tells_exact_numbers(page, server):
    ready(page, server + L32)
    x, y = cell(page, 4, 2)
    page.mouse.click(x, y)
    expect(page).to_have_url(re.compile("open=sdp"))
    expect(page.get_by_role("heading", name=re.compile("“'” looks at"))).to_be_visible()
    page.mouse.move(*cell(page, 10, 2))
    # The weight of "it" on "animal", exact, and the vectors behind it.
    expect(page.get_by_text("0.677").first).to_be_visible()


def test_a_click_is_one_message_and_its_exact_numbers_come_with_the_answer(page, server):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda m: sent.append(m)))
    ready(page, server + L32)
    page.wait_for_function(f"() => {VIEWER}.facts?.queryVector")
    page.mouse.move(*cell(page, 4, 2))
    page.wait_for_function(f"() => {VIEWER}.facts?.q === 4 && {VIEWER}.facts.exact")
    sent.clear()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function(
        f"() => {{ const v = {VIEWER}; "
        "return v.view.open.query === 4 && v.facts.exact && v.facts.queryVector; }"
    )
    page.wait_for_timeout(800)  # longer than the viewer waits before it asks
    assert len(sent) == 1


def test_a_hover_costs_no_message(page, server):
    """Small maps tell all that there is; of large ones the panel says what a click would tell."""
    for path, rows in ((L32, 5), ("/3-1-incremental?lang=en", 40), ("/4-2-detection?lang=en", 5)):
        ready(page, server + path)
        page.wait_for_timeout(800)
        page.evaluate(
            "() => { const send = WebSocket.prototype.send; window.attnSent = 0;"
            "WebSocket.prototype.send = function (m) {"
            "  window.attnSent++; return send.call(this, m); }; }"
        )
        for row in range(rows - 4, rows):
            page.mouse.move(*cell(page, row, 1))
            page.wait_for_function(f"q => {VIEWER}.facts?.q === q", arg=row)
            page.wait_for_timeout(250)
        assert page.evaluate("() => window.attnSent") == 0, path


def test_edit_a_cell_and_the_real_forward_pass_goes_on_from_it(page, server):
    ready(page, server + L1)
    page.get_by_role("button", name="score").or_(
        page.get_by_role("radio", name="score")
    ).first.click()
    page.mouse.click(*cell(page, 0, 5))
    field = page.locator("[data-painted]").get_by_role("spinbutton").first
    field.fill("60")
    field.press("Enter")
    expect(page).to_have_url(re.compile("changes="))
    undo = page.get_by_role("button", name=re.compile("score . → t = 60"))
    expect(undo).to_be_visible()
    expect(page.get_by_text("Before your changes", exact=False)).to_be_visible()
    assert view(page)["changed"]["cells"] == [[0, 5, "score"]]
    undo.click()
    expect(undo).to_be_hidden()


def test_keyboard_alone_walks_and_cuts_a_token(page, server):
    ready(page, server + L1)
    page.evaluate("document.querySelector('[data-painted]').attnViewer.focusCell(7, 7)")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile("changes="))
    page.wait_for_function(
        "() => { const v = document.querySelector('[data-painted]').attnViewer.view;"
        " return (v.header ?? v).changed.tokens.length === 1 }"
    )
    assert view(page)["changed"]["tokens"] == [6]


def test_link_opens_the_same_state_in_a_fresh_browser_language_included(page, server, fresh):
    ready(page, f"{server}{L1}?lang=zh")
    page.evaluate("document.querySelector('[data-painted]').attnViewer.focusCell(7, 7)")
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile("changes="))
    page.get_by_role("button", name="链接").click()
    link = page.get_by_test_id("stCode").first.inner_text().strip()
    page.wait_for_timeout(500)
    other = fresh(locale="en-US")
    ready(other, link)
    for each in (page, other):
        each.wait_for_function(
            "() => { const v = document.querySelector('[data-painted]').attnViewer.view;"
            " return (v.header ?? v).changed.tokens.length === 1 }"
        )
    expect(other.get_by_role("heading", name=re.compile("注意力的基本概念"))).to_be_visible()
    mine, theirs = view(page), view(other)
    assert theirs["changed"] == mine["changed"] == {"cells": [], "tokens": [7], "heads": []}
    assert theirs["summary"] == mine["summary"]


def test_language_is_the_browsers_and_switches_in_place(server, fresh):
    page = fresh(locale="zh-CN")
    ready(page, server + L32)
    expect(page.get_by_role("heading", name=re.compile("缩放点积注意力"))).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("combobox").first.click()
    page.get_by_role("option", name="English").click()
    expect(page.get_by_role("heading", name=re.compile("Scaled dot-product"))).to_be_visible()
    assert not page.problems


def test_upload_a_list_and_open_a_word_of_it(page, server):
    ready(page, server + L1)
    page.get_by_role("button", name="File").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "words.txt", "mimeType": "text/plain", "buffer": b"enough through 123 queue"}
    )
    expect(page.get_by_text("1 entries are not English words", exact=False)).to_be_visible()
    page.get_by_role("button", name="Look at this word").click()
    page.wait_for_function(
        "() => { const v = document.querySelector('[data-painted]').attnViewer.view;"
        " return (v.header ?? v).keys.length === 6 }"
    )
    expect(page).to_have_url(re.compile("file=words.txt"))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.txt", b"", "empty"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "not a text file"),
        ("latin.txt", "café ".encode("latin-1") * 100, "characters can't be read"),
        ("big.txt", b"word " * 400_000, "at most"),
        ("program.exe", b"MZ\x90\x00" * 100, "not a text file"),
        ("huge.txt", b"a" * 50_000_000, "5.0MB or smaller"),
    ],
)
def test_hostile_uploads_are_refused_with_a_sentence(page, server, tmp_path, name, data, says):
    ready(page, server + L1)
    page.get_by_role("button", name="File").click()
    (tmp_path / name).write_bytes(data)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / name)
    expect(page.get_by_text(says, exact=False).first).to_be_visible()
    assert view(page)["n"][1] == len("gravitational")


def test_a_100_000_token_text_is_cut_with_a_note(page, server):
    ready(page, server + L32)
    page.get_by_role("button", name="File").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "long.txt", "mimeType": "text/plain", "buffer": b"a " * 100_000}
    )
    page.get_by_role("button", name=re.compile("Use this text")).click()
    expect(page.get_by_text("beyond the limit of 128", exact=False)).to_be_visible()
    page.wait_for_function(  # the picture comes a moment after the sentence
        "() => String(document.querySelector('[data-painted]').attnViewer.view.n) === '128,128'"
    )


def test_downloads(page, server, tmp_path):
    ready(page, server + L1)
    for name, start in (("PNG", b"\x89PNG"), ("SVG", b"<"), ("CSV", b"")):
        with page.expect_download() as info:
            page.locator("[data-painted]").get_by_role("button", name=name).click()
        data = Path(info.value.path()).read_bytes()
        assert data.lstrip(b"\xef\xbb\xbf").startswith(start)
        assert len(data) > 300
    with page.expect_download() as info:
        page.get_by_role("button", name="Numbers (CSV)").click()
    assert b"probability" in Path(info.value.path()).read_bytes()


@pytest.mark.parametrize("url", [L1, L32 + "?source=random&n=16&scaled=False&temperature=2.0"])
def test_notebook_of_the_view_reproduces_its_numbers(page, server, url):
    ready(page, server + url)
    with page.expect_download() as info:
        page.get_by_role("button", name="Notebook").click()
    notebook = nbformat.read(info.value.path(), as_version=4)
    nbformat.validate(notebook)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": ROOT}}).execute()
    said = "".join(o.get("text", "") for o in notebook.cells[-1].outputs)
    assert "numbers as shown" in said
    if "temperature" in url:
        assert '"temperature":2.0' in notebook.cells[1].source


def test_predict_act_reveal(page, server):
    ready(page, server + L32)
    page.get_by_role("button", name="Predict first").click()
    page.get_by_text("Numbers overflow to infinity").click()
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("Measured just now", exact=False)).to_be_visible()
    expect(page).to_have_url(re.compile("scaled=False"))


def test_live_timing_runs_in_the_queue_and_stops(page, server):
    ready(page, f"{server}{L32}?part=claim")
    page.get_by_role("tab", name="Time").click()
    page.get_by_role("button", name="Run it here").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Run it again")).to_be_enabled()


def test_the_ledger_makes_a_card_when_it_is_opened(page, server):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server}/ledger")
    box = page.get_by_text("3.2.b ·", exact=False).first
    expect(box).to_be_visible()
    assert page.get_by_test_id("stVegaLiteChart").count() == 0
    box.click()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    page.wait_for_timeout(500)  # the chart's own complaints come after it is drawn
    assert not [text for text in said if "Infinite extent" in text]


def test_quiz_is_graded(page, server):
    ready(page, f"{server}{L1}?part=check")
    page.get_by_role("radiogroup").last.get_by_text("1", exact=True).click()
    expect(page.get_by_text("Right.", exact=False)).to_be_visible()


def test_headers_and_hidden_paths(page, server):
    response = page.request.get(server)
    assert '<link rel="modulepreload" href="/viewer/viewer.js">' in response.text()
    assert len(response.body()) == int(response.headers["content-length"])
    assert sum(len(k) + len(v) + 4 for k, v in response.headers.items()) < 2000
    assert "etag" not in response.headers  # the page is not the file that it is made of
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert "'unsafe-eval'" not in response.headers["content-security-policy"].replace(
        "'wasm-unsafe-eval'", ""
    )
    assert response.headers["x-content-type-options"] == "nosniff"
    assert page.request.get(server + "/_stcore/metrics").status == 404
