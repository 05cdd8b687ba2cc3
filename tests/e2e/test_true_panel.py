"""The panel says what is true of the selected cell: now, before and between, after every turn."""

import numpy as np
import pytest
from conftest import cell, settled, wait_painted

from attn_core.attention.interventions import Cell, Intervention
from attn_core.contract.result import load_default
from attn_core.lessons.s3_2_scaled_dot_product import experiment as sdp

HOST = "[data-painted]"
FACTS = f"() => document.querySelector('{HOST}')?.attnViewer.facts"


def facts(page):
    """What the panel shows, once nothing of it is on its way."""
    page.wait_for_function(
        f"() => {{ const f = ({FACTS})(); return f && f.exact && f.queryVector?.length }}",
        timeout=15_000,
    )
    return page.evaluate(FACTS)


def shown(page):
    """The panel's two figures and its note, as text."""
    return page.evaluate(
        f"""() => {{
          const root = document.querySelector('{HOST}').shadowRoot ?? document;
          const box = root.querySelector('.readout');
          const parts = [...box.querySelectorAll('.figure'), box.querySelector('.note')];
          return parts.map(e => e.textContent);
        }}"""
    )


def compare(page, which):
    page.locator(f".viewer button[data-value={which}]").click()


def test_before_and_difference_are_those_of_the_tensors(page, server):
    """Lesson 3.2 at temperature 16: its peak of 0.99 was shown as 0.10, the difference as 0."""
    page.goto(f"{server}/3-2-scaled-dot-product?temperature=16.0")
    settled(page)
    config = sdp.Config()
    after = sdp.run(config, Intervention(temperature=16.0))
    before = sdp.run(config, Intervention())
    now, was = (np.array(r.traces["sdp"].weights[0, 0]) for r in (after, before))
    query, key = np.unravel_index(was.argmax(), was.shape)
    page.mouse.click(*cell(page, int(query), int(key)))
    found = facts(page)
    assert (found["q"], found["k"]) == (query, key)
    assert found["weight"] == pytest.approx(now[query, key], abs=1e-6)
    compare(page, "before")
    assert facts(page)["weight"] == pytest.approx(was[query, key], abs=1e-6)
    assert shown(page)[1] == f"{was[query, key]:.3f}"
    compare(page, "difference")
    gap = now[query, key] - was[query, key]
    assert facts(page)["weight"] == pytest.approx(gap, abs=1e-6)
    assert shown(page)[1] == f"{gap:.3f}".replace("-", "−")
    assert f"{was[query, key]:.3f}" in shown(page)[2]


def test_in_before_the_words_are_those_of_before(page, server):
    page.goto(f"{server}/3-2-scaled-dot-product?temperature=16.0")
    settled(page)
    look = page.locator(".viewer .look")
    after = look.text_content()
    compare(page, "before")
    page.wait_for_function(
        "was => document.querySelector('[data-painted]').shadowRoot"
        ".querySelector('.look').textContent !== was",
        arg=after,
    )


@pytest.mark.parametrize(
    ("url", "turned"),
    [
        ("1-additive?word=mission&temperature=3.0", "temperature"),
        ("3-2-scaled-dot-product?source=random&seed=7", "random"),
        ("2-1-self-attention", "default"),
        ("3-3-transformer", "beam"),
        ("3-1-incremental", "first place"),
    ],
)
def test_the_panel_belongs_to_the_open_row_and_has_its_vectors(page, server, url, turned):
    page.goto(f"{server}/{url}")
    settled(page)
    found = facts(page)
    view = page.evaluate(f"() => document.querySelector('{HOST}').attnViewer.view.open")
    assert found["q"] == view["query"]
    assert found["keyVector"]


def test_another_seed_moves_the_panel_with_the_row(page, server):
    page.goto(f"{server}/3-2-scaled-dot-product?source=random")
    settled(page)
    painted = wait_painted(page)
    page.mouse.move(*cell(page, 3, 2))
    page.wait_for_timeout(400)
    seed = page.get_by_role("spinbutton").last
    seed.fill("11")
    seed.press("Enter")
    wait_painted(page, painted)
    page.mouse.move(5, 5)
    page.wait_for_timeout(1200)
    found = facts(page)
    open_row = page.evaluate(f"() => document.querySelector('{HOST}').attnViewer.view.open.query")
    result = sdp.run(sdp.Config(source="random", seed=11), Intervention())
    exact = float(result.traces["sdp"].weights[0, 0, found["q"], found["k"]])
    assert found["q"] == open_row
    assert found["weight"] == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("url", ["2-1-self-attention", "2-3-multi-head", "3-1-incremental"])
def test_zoom_stays_in_lessons_with_several_heads(page, server, url):
    page.goto(f"{server}/{url}")
    settled(page)
    region = f"() => document.querySelector('{HOST}').attnViewer.view.region"
    whole = page.evaluate(region)
    page.evaluate(f"document.querySelector('{HOST}').attnViewer.focusCell(2, 2)")
    page.keyboard.press("+")
    page.wait_for_function(f"was => String(({region})()) !== String(was)", arg=whole)
    page.wait_for_timeout(600)
    now = page.evaluate(region)
    assert now != whole
    assert facts(page)["queryVector"]


def test_the_map_keeps_its_place_when_something_is_changed(page, server):
    page.goto(f"{server}/3-2-scaled-dot-product")
    settled(page)
    was = cell(page, 0, 0)
    painted = wait_painted(page)
    page.evaluate(f"document.querySelector('{HOST}').attnViewer.focusCell(1, 1)")
    page.keyboard.press("x")
    wait_painted(page, painted)
    page.wait_for_timeout(500)
    assert cell(page, 0, 0) == pytest.approx(was, abs=1.5)


def test_the_csv_of_the_open_head_is_exact(page, server):
    page.goto(f"{server}/3-2-scaled-dot-product?temperature=16.0")
    settled(page)
    with page.expect_download() as info:
        page.locator(".viewer .save button").last.click()
    text = info.value.path().read_text(encoding="utf-8-sig")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    config = sdp.Config()
    after = sdp.run(config, Intervention(temperature=16.0)).traces["sdp"].weights[0, 0]
    before = sdp.run(config, Intervention()).traces["sdp"].weights[0, 0]
    assert len(rows) == after.numel()
    assert [float(r[-3]) for r in rows] == pytest.approx(after.flatten().tolist(), abs=1e-6)
    assert [float(r[-2]) for r in rows] == pytest.approx(before.flatten().tolist(), abs=1e-6)


def test_the_panel_keeps_its_vectors_in_another_language(page, server):
    page.goto(f"{server}/2-1-self-attention")
    settled(page)
    facts(page)
    page.get_by_test_id("stMain").get_by_role("combobox").first.click()
    page.get_by_role("option", name="中文").click()
    page.get_by_role("heading", name="自注意力").first.wait_for()
    page.wait_for_timeout(1500)
    assert facts(page)["keyVector"]


def test_lesson_1_the_panel_follows_temperature_and_step(page, server):
    page.goto(f"{server}/1-additive")
    settled(page)
    for _ in range(2):
        slider = page.get_by_role("slider").first
        slider.press("ArrowRight")
        page.wait_for_timeout(1500)
        found = facts(page)
        view = page.evaluate(f"() => document.querySelector('{HOST}').attnViewer.view.open")
        assert found["q"] == view["query"]


def test_another_head_keeps_the_cell_and_says_its_own_numbers(page, server):
    page.goto(f"{server}/2-3-multi-head")
    settled(page)
    page.mouse.click(*cell(page, 3, 2))
    assert (facts(page)["q"], facts(page)["k"]) == (3, 2)
    was = page.evaluate(f"() => document.querySelector('{HOST}').attnViewer.view.open")
    painted = wait_painted(page)
    other = (was["head"] + 1) % 12
    page.locator(f"button.head[data-site='{was['site']}'][data-head='{other}']").click()
    page.mouse.move(5, 5)
    wait_painted(page, painted)
    page.wait_for_function(
        f"h => document.querySelector('{HOST}').attnViewer.view.open.head === h", arg=other
    )
    found = facts(page)
    trace = load_default("s2_3_multi_head").traces[was["site"]]
    assert (found["q"], found["k"]) == (3, 2)
    assert found["weight"] == pytest.approx(float(trace.weights[0, other, 3, 2]), abs=1e-5)


def test_an_edited_score_is_the_models_own(page, server):
    """A score of 5 set by hand: the panel says what the model computed from it."""
    edit = Cell("sdp", 0, 3, 2, 5.0)
    page.goto(f"{server}/3-2-scaled-dot-product")
    settled(page)
    page.locator(".viewer button[data-value=score]").click()
    painted = wait_painted(page)
    page.mouse.click(*cell(page, 3, 2))
    page.locator(".editor input").fill("5")
    page.locator(".editor input").press("Enter")
    wait_painted(page, painted)
    page.wait_for_function(
        f"() => document.querySelector('{HOST}').attnViewer.view.changed.cells.length === 1"
    )
    found = facts(page)
    result = sdp.run(sdp.Config(), Intervention(scores=(edit,)))
    assert (found["q"], found["k"], found["score"]) == (3, 2, 5)
    exact = float(result.traces["sdp"].weights[0, 0, 3, 2])
    assert found["weight"] == pytest.approx(exact, abs=1e-6)
