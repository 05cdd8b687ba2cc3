"""Lesson 3.3's "Train your own" as a learner uses it: start, watch, stop, the slider, one's own."""

import re

from playwright.sync_api import expect

L33 = "/3-3-transformer?part=claim&own_task=copy&own_length=4&own_d_model=32&own_layers=1"


def started(page, url):
    page.goto(url)
    expect(page.get_by_text("Before it starts", exact=False)).to_be_visible()
    page.get_by_role("button", name="Run it here").click()


def test_a_short_run_its_slider_and_ones_own_input(page, server):
    started(page, f"{server}{L33}&own_steps=100")
    expect(page.get_by_role("heading", name="Attention as it forms")).to_be_visible()
    expect(page.get_by_text("After 100 steps", exact=False).first).to_be_visible()
    slider = page.get_by_role("slider", name="After training step")
    for _ in range(12):
        slider.press("ArrowLeft")
    expect(page.get_by_text("After 0 steps", exact=False)).to_be_visible()
    box = page.get_by_label("Your input to the model trained above")
    box.fill("a1")
    box.press("Enter")
    expect(page.get_by_text("does not occur in this task", exact=False)).to_be_visible()
    box.fill("cab")
    box.press("Enter")
    expect(page.get_by_text("It writes", exact=False)).to_be_visible()


def test_the_loss_is_drawn_as_it_goes_and_a_stop_keeps_what_there_is(page, server):
    started(page, f"{server}{L33}&own_steps=4000")
    expect(page.get_by_text("Training · about", exact=False)).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).last.click()
    expect(page.get_by_role("button", name="Run it again")).to_be_enabled()
    expect(page.get_by_role("heading", name="Attention as it forms")).to_be_visible()
    # What was drawn as it went is gone once the page has settled.
    expect(page.get_by_text(re.compile(r"After \d+ steps and"))).to_have_count(1)


def test_too_large_a_model_can_not_be_started_and_the_limit_is_named(page, server):
    page.goto(f"{server}/3-3-transformer?part=claim&own_layers=4&own_d_model=128")
    expect(page.get_by_text("over the limit of 1,000,000 parameters", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name="Run it here")).to_be_disabled()
