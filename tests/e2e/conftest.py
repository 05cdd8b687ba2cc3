"""One real server and one real Chromium for all browser tests."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

import browser as chosen  # noqa: E402 (lies beside this file)

expect.set_options(timeout=30_000)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The app as ``make run`` serves it, on a free port; its temporary folder is watched."""
    port = free_port()
    spool = tmp_path_factory.mktemp("spool")
    log = (tmp_path_factory.mktemp("log") / "server.log").open("w")
    process = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "streamlit"),
            "run",
            "app.py",
            "--server.port",
            str(port),
            "--server.address",
            "127.0.0.1",
        ],
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TMPDIR": str(spool)},
    )
    base = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{base}/_stcore/health", timeout=1)
            break
        except OSError:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended: {log.name}") from None
            time.sleep(0.25)
    yield base
    process.terminate()
    process.wait(10)
    said = Path(log.name).read_text(encoding="utf-8")
    assert "a part of a page failed" not in said, said[-4000:]


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chosen.find(), args=chosen.FLAGS)
        yield found
        found.close()


def _wrong(message: ConsoleMessage) -> bool:
    """Whether a line of the console is a fault of ours.

    Below a page's path the front end first asks in vain for the server's health, then at the root.
    """
    return message.type == "error" and "responded with a status of 404" not in message.text


def new_page(chromium: Browser, **options) -> Page:
    options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US"} | options
    context = chromium.new_context(**options)
    page = context.new_page()
    page.problems = []  # what the browser complained of, for tests to look at
    page.on("pageerror", lambda e: page.problems.append(str(e)))
    page.on("console", lambda m: page.problems.append(m.text) if _wrong(m) else None)
    page.on(
        "request",
        lambda r: (
            page.problems.append(f"left the machine: {r.url}")
            if r.url.startswith("http") and "127.0.0.1" not in r.url
            else None
        ),
    )
    return page


@pytest.fixture
def page(chromium):
    found = new_page(chromium)
    yield found
    found.context.close()
    assert not found.problems


@pytest.fixture
def fresh(chromium):
    """Further browsers of other people."""
    pages = []

    def make(**options) -> Page:
        pages.append(new_page(chromium, **options))
        return pages[-1]

    yield make
    for each in pages:
        each.context.close()
    assert [problem for each in pages for problem in each.problems] == []


HOST = "[data-painted]"


def painted(page: Page) -> int:
    """How often the viewer has painted."""
    return int(page.locator(HOST).first.get_attribute("data-painted") or 0)


def wait_painted(page: Page, more_than: int = 0) -> int:
    page.wait_for_function(
        f"n => +(document.querySelector('{HOST}')?.dataset.painted ?? 0) > n",
        arg=more_than,
        timeout=30_000,
    )
    return painted(page)


def settled(page: Page) -> None:
    """Wait until the picture no longer moves (fonts, layout)."""
    wait_painted(page)
    last = None
    for _ in range(40):
        page.wait_for_timeout(200)
        now = cell(page, 0, 0)
        if now == last:
            return
        last = now


def cell(page: Page, query: int, key: int) -> tuple[float, float]:
    """Where a cell of the picture is on the page."""
    at = page.evaluate(
        f"([q, k]) => document.querySelector('{HOST}').attnViewer.cellAt(q, k)", [query, key]
    )
    return at["x"], at["y"]


def view(page: Page) -> dict:
    """What the viewer shows, as it got it."""
    return page.evaluate(
        f"""() => {{
          const v = document.querySelector('{HOST}').attnViewer.view;
          const h = v.header ?? v;
          return JSON.parse(JSON.stringify({{open: h.open, n: h.n, changed: h.changed,
            title: h.title, summary: h.summary, queries: h.queries, keys: h.keys}}));
        }}"""
    )
