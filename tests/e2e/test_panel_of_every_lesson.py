"""Every lesson's panel against its tensors: a score, a mask and a weight set by hand, other heads.

What is true is computed here, by the lesson's experiment, from the same changes.
"""

import importlib
from urllib.parse import quote

import pytest
from conftest import settled
from playwright.sync_api import expect

from attn_core.attention.interventions import Cell, Intervention
from attn_core.contract.registry import LESSONS

HOST = "[data-painted]"
VIEWER = f"document.querySelector('{HOST}').attnViewer"
SOON = 5_000
"""Milliseconds after which what is on its way must have come, on a busy machine."""


def told(page, query, key):
    """What the panel says of a cell, once it is exact."""
    page.evaluate(f"([q, k]) => {VIEWER}.focusCell(q, k)", [query, key])
    page.wait_for_function(
        f"""([q, k]) => {{ const f = {VIEWER}.facts;
          return f && f.exact && f.q === q && f.k === k && f.queryVector?.length; }}""",
        arg=[query, key],
        timeout=SOON,
    )
    return page.evaluate(f"() => {VIEWER}.facts")


def same(found, trace, head, query, key, where):
    assert found["weight"] == pytest.approx(weight(trace, head, query, key), abs=2e-3), where
    score = float(trace.scores[0, head, query, key])
    assert found["score"] == pytest.approx(score, rel=2e-3, abs=2e-3), where
    for name, vectors, place in (
        ("queryVector", trace.query, query),
        ("keyVector", trace.key, key),
    ):
        which = min(head, vectors.shape[1] - 1)
        row = vectors[0, which, min(place, vectors.shape[2] - 1)].float().tolist()
        if len(found[name]) == len(row):  # longer ones are drawn as fewer bars
            # A small map's vectors come with it, 8 bits a number.
            step = max(map(abs, row)) / 127
            assert found[name] == pytest.approx(row, abs=max(5e-3, 0.51 * step)), (where, name)


def weight(trace, head, query, key):
    return float(trace.weights[0, head, query, key])


def cells_of(trace, head):
    """Three cells that may be attended to, in different rows where there are as many."""
    allowed = trace.weights[0, head].float() > 1e-4
    rows = [int(r) for r in allowed.any(-1).nonzero()[:, 0]]
    chosen = [rows[len(rows) // 3], rows[len(rows) // 2], rows[-1]]
    found = []
    for i, row in enumerate(chosen):
        keys = [int(k) for k in allowed[row].nonzero()[:, 0]]
        free = [k for k in keys if (row, k) not in found] or keys
        found.append((row, free[min(i, len(free) - 1)]))
    return found


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_the_panel_says_what_the_tensors_say(page, server, lesson):
    experiment = importlib.import_module(f"attn_core.lessons.{lesson.slug}.experiment")
    config = experiment.Config()
    before = experiment.run(config)
    opened = experiment.opened(before)
    site, head = opened.site, opened.head
    (q0, k0), (q1, k1), (q2, k2) = cells_of(before.traces[site], head)
    edits = Intervention(
        scores=(Cell(site, head, q0, k0, 1.5),),
        mask_cells=(Cell(site, head, q1, k1, 0.0),),
        weights=(Cell(site, head, q2, k2, 0.25),),
    )
    after = experiment.run(config, edits)
    address = f"{server}/{lesson.url}?changes={quote(edits.to_json())}&open={site}~{head}~{q0}"
    page.goto(address)
    settled(page)
    now, was = after.traces[site], before.traces[site]
    same(told(page, q0, k0), now, head, q0, k0, "an edited score")
    same(told(page, q2, k2), now, head, q2, k2, "an edited weight")
    same(told(page, q0, k1), now, head, q0, k1, "beside them")
    if page.locator(".viewer button[data-value=before]").is_enabled():
        page.locator(".viewer button[data-value=before]").click()
        same(told(page, q0, k0), was, head, q0, k0, "before")
        page.locator(".viewer button[data-value=difference]").click()
        gap = weight(now, head, q2, k2) - weight(was, head, q2, k2)
        assert told(page, q2, k2)["weight"] == pytest.approx(gap, abs=3e-3)
        page.locator(".viewer button[data-value=after]").click()
    if was.weights.shape[1] > 1:
        other = (head + 1) % was.weights.shape[1]
        page.locator(f"button.head[data-site='{site}'][data-head='{other}']").first.click()
        page.wait_for_function(f"h => {VIEWER}.view.open.head === h", arg=other, timeout=SOON)
        same(told(page, q0, k0), now, other, q0, k0, "another head")
        head = other
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
    page.wait_for_timeout(200)  # a menu closes when the page is scrolled
    page.locator(".st-key-language [data-testid=stSelectbox] input").click()
    page.get_by_role("option", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    settled(page)
    same(told(page, q0, k0), now, head, q0, k0, "another language")
    assert page.problems == []
