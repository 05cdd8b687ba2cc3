"""Lessons 5.1 to 5.3 as a learner uses them: upload, speak, play, silence, edit, step through."""

import re

import numpy as np
import pytest
import soundfile
from browser import FLAGS, find
from conftest import new_page, settled
from playwright.sync_api import expect

from attn_core.inputs.sound import SAMPLES

SOUND = "[data-sound]"
PATHS = ("/5-1-speech", "/5-2-ctc", "/5-3-recogniser")
KEPT = re.compile("[0-9a-f]{64}")


def wait_sound(page, what):
    page.wait_for_function(
        f"() => {{ const h = document.querySelector('{SOUND}'); "
        f"return h?.attnSound?.view && ({what})(h.attnSound); }}",
        timeout=60_000,
    )


def ready(page, url):
    page.goto(url)
    settled(page)
    wait_sound(page, "s => s.ready")


def written(page):
    return page.evaluate(
        f"document.querySelector('{SOUND}').attnSound.view.words.map(w => w.label).join('')"
    )


def drag(page, first, last):
    """Mark a span of the sound, both ends as shares of its width."""
    box = page.locator(f"{SOUND} .stage").bounding_box()
    y = box["y"] + 40
    page.mouse.move(box["x"] + first * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + last * box["width"], y, steps=6)
    page.mouse.up()


@pytest.mark.parametrize("path", PATHS)
def test_an_uploaded_sound_is_heard(page, server, path):
    ready(page, f"{server}{path}?sound_from=upload")
    page.locator("input[type=file]").set_input_files(SAMPLES / "double.flac")
    wait_sound(page, "s => s.ready && s.view.source.length === 64")
    assert written(page) == "55800"
    expect(page.get_by_text(re.compile(r"2\.7 s, loudest"))).to_be_visible()


@pytest.fixture
def speaking(chromium, tmp_path):
    """A page whose microphone hears a sample at 48 kHz."""
    wave, rate = soundfile.read(SAMPLES / "double.flac")
    wave = np.concatenate([np.zeros(rate), wave, np.zeros(4 * rate)]).repeat(48_000 // rate)
    path = tmp_path / "microphone.wav"
    soundfile.write(path, wave, 48_000, subtype="PCM_16")
    own = chromium.browser_type.launch(
        executable_path=find(), args=[*FLAGS, f"--use-file-for-fake-audio-capture={path}%noloop"]
    )
    page = new_page(own, permissions=["microphone"])
    yield page
    own.close()


@pytest.mark.parametrize("path", PATHS)
def test_what_is_spoken_is_written(speaking, server, path):
    page = speaking
    ready(page, f"{server}{path}?sound_from=record")
    button = page.get_by_test_id("stAudioInputActionButton")
    button.click()
    page.wait_for_timeout(5_500)
    button.click()
    expect(page).to_have_url(re.compile(r"[?&]file=~"))
    wait_sound(page, "s => s.ready && s.view.source.length === 64")
    assert len(written(page)) >= 4
    assert "580" in written(page)
    page.reload()  # the address names the recording; what was said is gone and asked for
    expect(page.get_by_text("This link was made with a recording", exact=False)).to_be_visible()
    assert page.problems == []


def test_a_silenced_span_is_lost_and_comes_back(page, server):
    ready(page, f"{server}/5-1-speech?said=double")
    whole = written(page)
    drag(page, 0.02, 0.22)
    page.get_by_role("button", name=re.compile("^Silence")).click()
    wait_sound(page, f"s => s.view.words.length < {len(whole)}")
    expect(page).to_have_url(re.compile("silenced="))
    expect(page.get_by_text("Before your changes it wrote")).to_be_visible()
    page.get_by_role("button", name=re.compile("Silenced:")).click()
    wait_sound(page, f"s => s.view.words.length === {len(whole)}")
    expect(page).not_to_have_url(re.compile("silenced="))


def test_a_click_on_the_sound_opens_its_row(page, server):
    ready(page, f"{server}/5-1-speech")
    box = page.locator(f"{SOUND} .stage").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 40)
    expect(page).to_have_url(re.compile(r"open=encoder\.3~\d~2[34]"))
    page.wait_for_function(
        "() => [23, 24].includes("
        "document.querySelector('[data-painted]').attnViewer.view.open.query)"
    )


def test_playing_moves_the_row(page, server):
    ready(page, f"{server}/5-1-speech")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(
        "() => { const s = document.querySelector('[data-sound]').attnSound, "
        "v = document.querySelector('[data-painted]').attnViewer; "
        "return s.row > 5 && v.hover?.r === s.row; }",
        timeout=30_000,
    )


def test_a_narrow_window_changes_what_is_written(page, server):
    ready(page, f"{server}/5-1-speech?said=pi&hears=0")
    expect(page.get_by_text("Before your changes it wrote")).to_be_visible()


def test_the_collapse_is_stepped(page, server):
    ready(page, f"{server}/5-2-ctc")
    expect(page.get_by_text(re.compile("–5–"))).to_be_visible()
    page.get_by_role("radio", name="2 merge repeats").click()
    expect(page.get_by_text("–5–5–8–0–0–")).to_be_visible()
    page.get_by_role("radio", name="3 drop blanks").click()
    expect(page.locator("code", has_text=re.compile("^55800$"))).to_be_visible()


def test_another_answer_is_supposed_and_letters_are_refused(page, server):
    ready(page, f"{server}/5-2-ctc")
    field = page.get_by_label(re.compile("Suppose it says"))
    field.fill("580")
    field.press("Enter")
    wait_sound(page, "s => s.view.words.length === 3")
    expect(page.get_by_text("Supposed: 5 8 0")).to_be_visible()
    field.fill("5 8 o")
    field.press("Enter")
    expect(page.get_by_text(re.compile("character 5"))).to_be_visible()
    wait_sound(page, "s => s.view.words.length === 3")  # the last picture stays


def test_three_models_and_the_noise(page, server):
    for model in ("attention", "convolution", "joint"):
        ready(page, f"{server}/5-2-ctc?recogniser={model}&decoding=beam&noise=20")
        assert len(written(page)) >= 4


def test_a_step_is_moved_and_the_decoder_goes_on(page, server):
    ready(page, f"{server}/5-3-recogniser")
    assert written(page) == "55800"
    for step in (5, 4, 3, 2):
        page.get_by_role("button", name=re.compile("Back$")).click()
        expect(page.get_by_text(re.compile(f"Step {step} of 6"))).to_be_visible()
    box = page.locator(f"{SOUND} .stage").bounding_box()
    page.mouse.click(box["x"] + 0.65 * box["width"], box["y"] + 40)
    page.get_by_role("button", name=re.compile(r"Make step 2 look at 1\.\d+ s")).click()
    wait_sound(page, "s => s.view.words.map(w => w.label).join('') !== '55800'")
    page.get_by_role("button", name=re.compile("Let step 2 look")).click()
    wait_sound(page, "s => s.view.words.map(w => w.label).join('') === '55800'")


def test_a_longer_sound_and_the_true_digits(page, server):
    ready(page, f"{server}/5-3-recogniser?times=3&feed=true")
    wait_sound(page, "s => s.view.source === 'double_3'")
    expect(page.get_by_text(re.compile("of 16: "))).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_sound_gets_a_sentence(page, server, path, tmp_path):
    ready(page, f"{server}{path}?sound_from=upload")
    broken = tmp_path / "voice.wav"
    broken.write_bytes(b"these are words, not sound")
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_text("whatever its name says")).to_be_visible()
    wait_sound(page, "s => s.ready")
