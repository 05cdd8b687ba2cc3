"""Lessons 5.1 to 5.3 through ``app.py``: samples, uploads, settings, hostile sound and links."""

import io

import numpy as np
import pytest
import soundfile
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.inputs.sound import SAMPLES, find
from attn_core.lessons.s5_1_speech import experiment
from attn_core.lessons.s5_2_ctc import experiment as s5_2_ctc
from attn_core.lessons.s5_3_recogniser import experiment as s5_3_recogniser
from attn_core.wire import view
from pages.frame import viewer

PAGES = {"s5_1_speech": "5.1", "s5_2_ctc": "5.2", "s5_3_recogniser": "5.3"}
EXPERIMENTS = {
    "s5_1_speech": experiment,
    "s5_2_ctc": s5_2_ctc,
    "s5_3_recogniser": s5_3_recogniser,
}


def upload(at, page, data, name="a.wav"):
    at.file_uploader(key=f"upload-sound-{PAGES[page]}").set_value((name, data, "audio/wav")).run()


def wav(wave, rate=8_000, subtype="PCM_16"):
    out = io.BytesIO()
    soundfile.write(out, wave, rate, subtype=subtype, format="WAV")
    return out.getvalue()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("sample", experiment.SAMPLES)
def test_every_sample_is_written(page, sample):
    at = opened(page, said=sample)
    assert not at.exception
    result = EXPERIMENTS[page].run(EXPERIMENTS[page].Config(sample))
    assert " ".join(map(str, result.details["digits"])) in words(at)


@pytest.mark.parametrize("page", PAGES)
def test_uploads_of_many_kinds_are_read(page):
    wave = find("double").wave
    noise = np.random.default_rng(0).standard_normal((400, 2)) / 9
    for data in (
        wav(wave),
        wav(wave, subtype="PCM_U8"),
        wav(np.repeat(wave, 24), 192_000),
        wav(np.where(np.arange(len(wave)) % 99, wave, np.nan), subtype="FLOAT"),
        wav(np.zeros(4_000)),
        wav(noise, 2_000),
        wav(np.ones(9_000)),
        (SAMPLES / "pi.flac").read_bytes(),
    ):
        at = opened(page, sound_from="upload")
        upload(at, page, data)
        assert not at.exception
        assert words(at)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("data", "key"),
    [(b"", "refused.sound"), (b"RIFF1234WAVE", "refused.sound"), (b"hello " * 99, "refused.sound")],
)
def test_what_is_no_sound_is_refused_and_the_sample_stays(page, data, key):
    at = opened(page, sound_from="upload")
    before = words(at)
    upload(at, page, data)
    assert not at.exception
    assert at.warning
    digits = EXPERIMENTS[page].run(EXPERIMENTS[page].Config()).details["digits"]
    assert " ".join(map(str, digits)) in words(at)
    assert before


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "link",
    [
        {"silenced": "9-3"},
        {"silenced": "1-9999"},
        {"said": "nobody"},
        {"noise": "7"},
        {"hears": "5"},
        {"times": "99"},
        {"open": "x~9~9"},
        {"silenced": "700-740"},
    ],
)
def test_a_spoilt_link_opens_all_the_same(page, link):
    at = opened(page, **link)
    assert not at.exception


@pytest.mark.parametrize(
    ("page", "field"), [("s5_2_ctc", "suppose_said"), ("s5_3_recogniser", "really_said")]
)
def test_letters_among_digits_are_pointed_at_under_the_field(page, field):
    at = opened(page, **{field: "12a"})
    assert not at.exception
    shown = list(at.main)
    (wrong,) = [i for i, e in enumerate(shown) if e.type == "warning" and "“a”" in e.value]
    assert "3" in shown[wrong].value
    assert shown[wrong - 1].type == "text_input"
    assert shown[wrong - 1].value == "12a"


@pytest.mark.parametrize("site", ["labels", "encoder.0"])
def test_labels_of_ctc_are_no_head_that_can_be_cut(site, monkeypatch):
    packed, kept = [], viewer.pack

    def pack(*args, **named):
        packed.append(view.unpack_header(data := kept(*args, **named)))
        return data

    monkeypatch.setattr(viewer, "pack", pack)
    opened("s5_2_ctc", open=f"{site}~0~0")
    assert packed[-1]["open"]["site"] == site
    assert packed[-1]["can"]["cut_head"] == (site != "labels")
    assert (packed[-1]["strings"]["key"] == title("en", "s5_2.viewer.key")) == (site == "labels")


def test_true_digits_of_an_own_sound_are_asked_for():
    at = opened("s5_3_recogniser", sound_from="upload", feed="true")
    upload(at, "s5_3_recogniser", wav(find("pi").wave))
    assert not at.exception
    assert any(title("en", "refused.no_truth") in w.value for w in at.warning)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("part", ["apart", "claim", "code", "check"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_part_opens_on_every_model(page, part, lang):
    models = {
        "s5_1_speech": [{"hears": "4", "silenced": "10-14"}],
        "s5_2_ctc": [{"recogniser": m, "decoding": "beam"} for m in s5_2_ctc.CHECKPOINTS],
        "s5_3_recogniser": [{"listener": m, "times": "2"} for m in s5_3_recogniser.CHECKPOINTS],
    }
    for link in models[page]:
        at = opened(page, part=part, lang=lang, **link)
        assert not at.exception


@pytest.mark.parametrize(
    ("page", "typed"), [("s5_2_ctc", "suppose_said"), ("s5_3_recogniser", "really_said")]
)
def test_digits_typed_about_one_sound_leave_with_it(page, typed):
    at = opened(page, **{typed: "5 5 8 0 0"})
    assert at.text_input(key=f"{PAGES[page]}:input-{typed}").value == "5 5 8 0 0"
    said = at.selectbox(key=f"{PAGES[page]}:said")
    said.select_index((said.index + 1) % len(said.options)).run()
    assert not at.exception
    assert at.text_input(key=f"{PAGES[page]}:input-{typed}").value == ""
    assert typed not in at.query_params
