"""The sound view by itself: picked with pointer and keyboard, silenced, played, followed."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT, free_port, settled
from playwright.sync_api import expect

SOUND = "[data-sound]"


@pytest.fixture(scope="module")
def page_url():
    port = free_port()
    process = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "streamlit"),
            "run",
            "tests/e2e/sound_page.py",
            "--server.port",
            str(port),
            "--server.address",
            "127.0.0.1",
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    base = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{base}/_stcore/health", timeout=1)
            break
        except OSError:
            time.sleep(0.25)
    yield base
    process.terminate()
    process.wait(10)


@pytest.fixture
def opened(page, page_url):
    page.goto(page_url)
    settled(page)
    page.wait_for_function(f"document.querySelector('{SOUND}')?.attnSound?.ready", timeout=30_000)
    return page


def ask(page, what):
    return page.evaluate(f"document.querySelector('{SOUND}').attnSound.{what}")


def told(page, n):
    """The last event, once there are ``n``."""
    page.wait_for_function(
        "n => { try { return JSON.parse(document.querySelector('code').textContent).length === n } "
        "catch { return false } }",
        arg=n,
        timeout=30_000,
    )
    event = json.loads(page.locator("code").inner_text())[-1]
    return {k: v for k, v in event.items() if k != "number"}


def test_a_click_picks_a_token_and_a_word_its_key(opened):
    at = ask(opened, "tokenPoint(40)")
    opened.mouse.click(at["x"], at["y"])
    assert told(opened, 1) == {"type": "token", "index": 40}
    opened.get_by_role("button", name="5", exact=True).click()
    assert told(opened, 2) == {"type": "word", "key": 0}


def test_a_span_is_dragged_and_silenced(opened):
    one, two = ask(opened, "tokenPoint(30)"), ask(opened, "tokenPoint(36)")
    opened.mouse.move(one["x"], one["y"])
    opened.mouse.down()
    opened.mouse.move(two["x"], two["y"], steps=4)
    opened.mouse.up()
    opened.get_by_role("button", name="Silence 1.20–1.48 s").click()
    assert told(opened, 1) == {"type": "span", "span": [30, 36]}
    expect(opened.get_by_role("button", name="Silence")).to_have_count(0)


def test_the_keyboard_picks_and_chooses_a_span(opened):
    opened.locator(f"{SOUND} .stage").focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        opened.keyboard.press(key)
    assert told(opened, 1) == {"type": "token", "index": 5}
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "Enter"):
        opened.keyboard.press(key)
    event = told(opened, 2)
    assert event["type"] == "span"
    assert event["span"][1] - event["span"][0] == 2


def test_the_play_head_moves_the_row_here_and_in_the_map(opened):
    opened.get_by_role("button", name="Play").click()
    opened.wait_for_function(
        f"() => {{ const s = document.querySelector('{SOUND}').attnSound; "
        "const v = document.querySelector('[data-painted]').attnViewer; "
        "return s.playing && s.row > 5 && v.hover?.r === s.row && v.hover?.c === s.row + 2; }",
        timeout=20_000,
    )
    opened.get_by_role("button", name="Stop").click()
    assert not ask(opened, "playing")
    opened.wait_for_function(
        "() => document.querySelector('[data-painted]').attnViewer.hover === null"
    )
    expect(opened.get_by_role("button", name="Play")).to_be_visible()
