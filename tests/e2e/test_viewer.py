"""The viewer alone on 4096 × 4096, and what uploads leave behind."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import free_port, new_page, settled, wait_painted

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def large():
    port = free_port()
    process = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "streamlit"),
            "run",
            "tests/e2e/large_view.py",
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


def test_4096_tokens_stay_interactive_under_300_kb(chromium, large):
    page = new_page(chromium)
    page.goto(large)
    settled(page)
    size = int(page.locator("[data-bytes]").first.get_attribute("data-bytes"))
    assert size < 300_000
    page.evaluate("document.querySelector('[data-painted]').attnViewer.focusCell(2000, 1000)")
    # The exact score of one cell comes back; the weight of a whole block alone would be "≈".
    page.get_by_text(re.compile(r"^−?-?\d\.\d{3}$")).first.wait_for()
    before = int(page.locator("[data-painted]").first.get_attribute("data-painted"))
    page.keyboard.press("+")
    wait_painted(page, before)
    page.wait_for_function(
        "() => { const v = document.querySelector('[data-painted]').attnViewer.view;"
        " return v.region[1] - v.region[0] < 4096 }"
    )
    assert int(page.locator("[data-bytes]").first.get_attribute("data-bytes")) < 300_000
    assert not page.problems
    page.context.close()
