"""Headless Chromium for benchmarks, and what is asked of a page in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # offline, but for this machine
)
WINDOW = {"width": 1440, "height": 900}

# Runs before the page's own scripts. A picture is painted when its host's data-painted changes:
# the viewer and the bare canvas set it last thing in their painting. The microtask that notices
# comes right after, and the time is the performance mark's. `view` is a new object for new data,
# so that a repaint of the old picture does not count. The frame is the browser's next one.
WATCH = """
(() => {
  const bench = (window.bench = { title: null, painted: null, key: null, sent: null, view: null });
  const host = () => document.querySelector('[data-painted]');
  const lastMark = () => performance.getEntriesByName('attn-viewer-painted').at(-1)?.startTime;
  const look = () => {
    if (bench.title === null && document.querySelector('h1')?.textContent)
      bench.title = performance.now();
    const view = host()?.attnViewer?.view;
    if (!view || view === bench.view) return;
    bench.view = view;
    bench.painted = lastMark();
    bench.frame = null;
    requestAnimationFrame(() => setTimeout(() => { bench.frame = performance.now(); }));
  };
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['data-painted'],
  });
  for (const kind of ['keydown', 'click']) window.addEventListener(kind, (e) => {
    Object.assign(bench, { key: e.timeStamp, sent: null, painted: null, frame: null });
  }, true);
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    bench.sent ??= performance.now();
    return send.call(this, data);
  };
})();
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser: the Chromium on the PATH, else Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def fresh(browser: Browser) -> BrowserContext:
    """A visitor who has never been here and can reach nothing but this machine."""
    context = browser.new_context(viewport=WINDOW, locale="en-US")
    context.set_default_timeout(30_000)
    context.add_init_script(WATCH)
    return context


def painted(page: Page, seconds: float = 30) -> dict[str, float]:
    """Wait until the picture of the latest data is painted and its frame is out; the times.

    Not ``wait_for_function``: the app's security policy forbids the ``eval`` that it needs.
    """
    return dict(
        page.evaluate(
            """(seconds) => new Promise((done, fail) => {
              const end = performance.now() + 1000 * seconds;
              const timer = setInterval(() => {
                const { title, key, sent, painted, frame } = window.bench;
                if (painted && frame) done({ title, key, sent, painted, frame });
                else if (performance.now() > end) fail(new Error('nothing was painted'));
                else return;
                clearInterval(timer);
              }, 10);
            })""",
            seconds,
        )
    )


def idle(page: Page) -> None:
    """Wait until the script has ended and nothing has changed on the page for 300 ms."""
    page.wait_for_selector('[data-test-script-state="notRunning"]', state="attached")
    page.evaluate(
        """() => new Promise((done) => {
          let timer = setTimeout(finish, 300);
          const limit = setTimeout(finish, 5000);
          const watch = new MutationObserver(() => {
            clearTimeout(timer); timer = setTimeout(finish, 300);
          });
          function finish() { watch.disconnect(); clearTimeout(limit); done(); }
          watch.observe(document.body, { subtree: true, childList: true, attributes: true });
        })"""
    )
