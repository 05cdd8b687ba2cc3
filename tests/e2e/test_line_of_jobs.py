"""A class that shares one worker: places in line, stops, and a browser that is closed."""

import os
import re
import signal
import subprocess

import pytest
from conftest import wait_painted
from playwright.sync_api import Page, expect

GONE = 60_000


def worker_of(server: str) -> int:
    """The process id of the server's worker."""
    port = server.rsplit(":", 1)[1]
    listed = subprocess.run(
        ["ps", "-eww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    servers = {pid for pid, _, args in rows if f"--server.port {port}" in args}
    return next(
        int(pid)
        for pid, parent, args in rows
        if parent in servers and "attn_core.jobs.worker" in args
    )


@pytest.fixture
def held(server, fresh):
    """A browser whose job runs and does not end: the worker is paused under it."""
    page = opened(fresh, server)
    page.get_by_role("button", name="Run it here").click()
    expect(again(page)).to_be_enabled()
    pid = worker_of(server)
    os.kill(pid, signal.SIGSTOP)
    again(page).click()
    expect(stop(page)).to_be_visible()
    yield page
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return  # killed, as it should be


def opened(fresh, server: str) -> Page:
    page = fresh()
    page.goto(f"{server}/1-additive?part=claim")
    wait_painted(page)
    return page


def again(page: Page):
    return page.get_by_role("button", name="Run it again")


def stop(page: Page):
    return page.get_by_role("button", name="Stop", exact=True)


def waits(page: Page, places: int) -> None:
    expect(page.get_by_text(f"{places} before you")).to_be_visible(timeout=GONE)


def test_places_in_line_and_stops(server, fresh, held):
    second, third = (opened(fresh, server) for _ in range(2))
    for place, page in enumerate((second, third), 1):
        page.get_by_role("button", name="Run it here").click()
        waits(page, place)
    stop(second).click()
    expect(again(second)).to_be_enabled()
    waits(third, 1)
    # The paused worker cannot obey: it is killed, and the next job gets a new one.
    stop(held).click()
    expect(again(held)).to_be_enabled()
    expect(again(third)).to_be_enabled()
    expect(third.get_by_text(re.compile("failed"))).to_be_hidden()
    assert not held.problems + second.problems + third.problems


def test_a_closed_browser_frees_its_place(server, fresh, held):
    second, third = (opened(fresh, server) for _ in range(2))
    for place, page in enumerate((second, third), 1):
        page.get_by_role("button", name="Run it here").click()
        waits(page, place)
    second.close()
    waits(third, 1)  # one that waited
    held.close()
    expect(again(third)).to_be_enabled(timeout=GONE)  # one that ran
