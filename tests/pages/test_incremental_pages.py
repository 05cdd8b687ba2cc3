"""Lesson 3.1 through ``app.py``: odd input, odd links, every side, every experiment, a refusal."""

import pytest
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.lessons.s3_1_incremental import cost, experiment
from pages.frame import i18n

PAGE = "s3_1_incremental"


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("writer", experiment.LANGUAGES)
def test_each_writer_in_each_language(writer, language):
    at = opened(PAGE, language, writer=writer, written="16", window="16", sinks="2")
    assert not at.warning
    assert title(language, "s3_1.reading.cells") in words(at)
    assert title(language, "s3_1.reading.whole") in words(at)


@pytest.mark.parametrize("side", ["blocks", "cells", "next"])
@pytest.mark.parametrize("window", ["0", "8"])
def test_every_side(side, window):
    at = opened(PAGE, part="apart", aspect=side, window=window)
    assert not at.exception
    assert title("en", f"s3_1.apart.{side}.what")[:20] in words(at)
    assert any("What to look for" in c.value for c in at.caption)


@pytest.mark.parametrize("block", ["1", "16", "64"])
@pytest.mark.parametrize("how", ["full", "blocks", "cache"])
def test_every_way_to_compute(how, block):
    assert not opened(PAGE, part="apart", aspect="cells", how=how, block=block).exception


def test_stepping_to_the_last_block_says_how_exact_it_is():
    at = opened(PAGE, part="apart", aspect="blocks")
    step = next(s for s in at.slider if s.label == title("en", "s3_1.apart.blocks.step"))
    step.set_value(step.max).run()
    assert not at.exception
    assert "10⁻⁷" in words(at) or "0" in words(at)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("trial", ["cost", "cache", "window"])
def test_every_experiment(trial, language):
    at = opened(PAGE, language, part="claim", trial=trial)
    assert any(b.key.startswith("start-") for b in at.button)


@pytest.mark.parametrize("reading", ["pieces", "stream"])
@pytest.mark.parametrize("writer", experiment.LANGUAGES)
def test_recorded_bits_of_both_readings(writer, reading):
    at = opened(PAGE, part="claim", trial="window", writer_of_trial=writer, reading=reading)
    assert title("en", f"s3_1.bits.look.{reading}")[:40] in words(at)


def test_too_much_memory_is_refused_with_the_estimate(monkeypatch):
    monkeypatch.setattr(cost, "most_bytes", lambda: 8 * 2**30)
    at = opened(PAGE, part="claim", trial="cost", longest="16384", lab_heads="16")
    said = [w.value for w in at.warning if "GiB" in w.value]
    assert r"32\.2" in said[0]
    assert title("en", "s3_1.method.full") in said[0]
    assert not [b for b in at.button if b.key == "start-cost"]
    at.multiselect(key="methods").set_value(["blockwise", "fused"]).run()
    assert not [w for w in at.warning if "GiB" in w.value]
    assert [b for b in at.button if b.key == "start-cost"]
    at.multiselect(key="methods").set_value([]).run()
    assert any(title("en", "refused.no_method") in w.value for w in at.warning)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "🙂🙂",
        "مرحبا بالعالم",
        "混合 mixed 文本",
        "\x00\x01 control",
        "line\n\n\nline",
        "<script>alert(1)</script>",
        "# **md** $x$ | a\n1. b\n- c",
        "x" * 3000,
    ],
)
@pytest.mark.parametrize("writer", experiment.LANGUAGES)
def test_odd_text_is_handled(text, writer):
    at = opened(PAGE, writer=writer, written="8")
    at.text_area(key=f"3.1:input-text_{writer}").set_value(text).run()
    assert not at.exception
    assert "<script>" not in words(at)


def test_no_text_gets_a_sentence_and_the_picture_stays():
    at = opened(PAGE)
    at.text_area(key="3.1:input-text_en").set_value("  \n ").run()
    assert not at.exception
    assert any(title("en", "refused.no_text") in w.value for w in at.warning)
    assert "dagger" in words(at)


def test_what_is_cut_and_what_is_unknown_is_said():
    at = opened(PAGE, written="8")
    at.text_area(key="3.1:input-text_en").set_value("word 7 " * 100).run()
    said = " ".join(w.value for w in at.warning)
    assert str(700 - experiment.MAX_PROMPT["en"]) in said
    assert len(at.warning) == 2


def test_a_cell_of_the_future_changes_nothing_and_says_so():
    at = opened(PAGE, changes='{"mask_cells":[["decoder.0",0,3,40,1.0]]}')
    assert any("future" in w.value for w in at.warning)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("writer", "fr"),
        ("written", "9999"),
        ("window", "3"),
        ("window", "-8"),
        ("sinks", "99"),
        ("sampling", "nan"),
        ("seed", "-1"),
        ("aspect", "x"),
        ("trial", "x"),
        ("block", "0"),
        ("longest", "1e9"),
        ("lab_heads", "1000"),
        ("until", "7"),
        ("reading", "x"),
    ],
)
def test_values_out_of_bounds_in_a_link_are_ignored(key, value):
    for part in ("apart", "claim"):
        at = opened(PAGE, part=part, **{"window": "16"} | {key: value})
        assert not at.exception
        assert not at.warning
