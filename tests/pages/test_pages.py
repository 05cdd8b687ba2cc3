"""Every page in every language, through ``app.py`` as Streamlit runs it, without a browser."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from attn_core.attention.interventions import Intervention
from attn_core.contract.registry import LESSONS
from attn_core.inputs.address import pack
from attn_core.lessons.every import EVERY
from pages.frame import controls, i18n, results

ROOT = Path(__file__).resolve().parents[2]
APP = str(ROOT / "app.py")
PARTS = ("read", "apart", "claim", "code", "check")


@pytest.fixture(autouse=True, scope="module")
def warm():
    results.warm_up(EVERY.values())


def opened(page: str, language: str = "en", **query: str) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=60)
    at.query_params["lang"] = language
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    at.switch_page(f"pages/{page}/page.py" if page in EVERY else f"pages/{page}.py")
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception, at.exception
    return at


def words(at: AppTest) -> str:
    shown = [*at.markdown, *at.title, *at.caption, *at.warning, *at.info, *at.success]
    return "\n".join(str(e.value) for e in shown)


def entropy(at: AppTest) -> float:
    """The mean entropy that lesson 3.2's table shows."""
    row = re.search(r"\| (?:Entropy, bits|熵（比特）) \| \*\*([\d.na]+)\*\*", words(at))
    assert row, words(at)
    return float(row[1])


def title(language: str, key: str) -> str:
    return i18n.catalogue(language).gettext(key)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("page", ["home", "ledger"])
def test_home_and_ledger(page, language):
    at = opened(page, language)
    key = "shell.name" if page == "home" else "ledger.title"
    assert at.title[0].value == title(language, key)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_lesson_shows_its_default_and_every_part(lesson, language):
    at = opened(lesson.slug, language)
    assert at.title[0].value == f"{lesson.number}  {title(language, f'section.{lesson.number}')}"
    for part in PARTS:
        at = opened(lesson.slug, language, part=part)
        assert len(words(at)) > 300, part
        if part == "claim":
            assert title(language, "claim.intro")[:20] in words(at)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_no_raw_key_is_shown(lesson, language):
    known = {k for k in i18n.catalogue(language)._catalog if isinstance(k, str) and k}
    for part in PARTS:
        at = opened(lesson.slug, language, part=part)
        shown = {line.strip("*# ") for line in words(at).splitlines()}
        assert not shown & known


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_every_tab_is_drawn_alone_and_named_in_the_address(lesson, monkeypatch):
    seen = {}
    draw_tabs = controls.tabs

    def noted(name, draw):
        def drawn(label):
            seen.setdefault(name, []).append(label)
            draw[label]()

        draw_tabs(name, {label: lambda label=label: drawn(label) for label in draw})
        labels[name] = list(draw)

    labels = {}
    monkeypatch.setattr(controls, "tabs", noted)
    opened(lesson.slug, part="claim")
    for name, every in dict(labels).items():
        for label in every:
            seen.clear()
            at = opened(lesson.slug, part="claim", **{name: label.rpartition(".")[2]})
            assert set(seen[name]) == {label}
            assert len(words(at)) > 300


def test_ledger_names_every_claim_and_verdict():
    at = opened("ledger")
    rows = at.table[0].value
    assert len(rows) == sum(len(lesson.claims) for lesson in LESSONS)
    assert set(rows[title("en", "claim.verdict")]) <= {
        title("en", f"verdict.{v}")
        for v in (
            "holds",
            "holds_when",
            "does_not_hold",
            "inconclusive",
            "wrong_as_stated",
            "not_tested",
        )
    }


# Lesson 1


def test_a_typed_word_is_pronounced():
    at = opened("s1_additive")
    at.text_input(key="1:input-word").set_value("Cats’").run()
    assert not at.exception
    at.text_input(key="1:input-word").set_value("Psychology").run()
    assert "saɪk" in words(at)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "refused.no_word"),
        ("   ", "refused.no_word"),
        ("'''", "refused.no_word"),
        ("日本", "refused.letter"),
        ("h3llo", "refused.letter"),
        ("🙂", "refused.letter"),
        ("a\u0301b", "refused.letter"),
        ("שלום", "refused.letter"),
        ("two words", "refused.one_word"),
        ("x" * 41, "refused.long_word"),
        ("<b>bold</b>", "refused.letter"),
        ("x" * 100_000, "refused.long_word"),
    ],
)
def test_a_word_that_cannot_be_read_gets_a_sentence_and_keeps_the_picture(typed, says):
    at = opened("s1_additive")
    at.text_input(key="1:input-word").set_value(typed).run()
    assert not at.exception
    start = title("en", says).split("{")[0][:12]
    assert any(start in w.value for w in at.warning) or says == "refused.letter"
    assert at.warning
    assert "gravitational" not in at.warning[0].value or says == "refused.no_word"
    assert "ɡɹæ" in words(at)  # the last good answer is still there


def test_hidden_letter_from_a_link_is_marked_and_undone():
    at = opened("s1_additive", changes='{"tokens":[["decoder.cross",0]]}')
    undo = [b for b in at.button if b.key == "undo-token-0"]
    assert undo
    undo[0].click().run()
    assert "changes" not in at.query_params


def test_a_spoilt_link_changes_nothing_and_says_so():
    at = opened("s1_additive", changes='{"tokens":[["decoder.cross",-')
    assert any(title("en", "shell.bad_link") in w.value for w in at.warning)
    assert "ɡɹæ" in words(at)


def test_markup_in_a_link_is_shown_as_text():
    at = opened("s1_additive", word="<img src=x onerror=alert(1)>")
    assert at.warning
    assert "<img" not in at.warning[0].value.replace("\\<", "")


# Lesson 3.2


@pytest.mark.parametrize("source", ["words", "typed", "random"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_every_source_in_every_format(source, dtype):
    at = opened("s3_2_scaled_dot_product", source=source, dtype=dtype)
    assert entropy(at) >= 0


def test_scaling_off_at_large_d_k_saturates_and_does_not_overflow():
    at = opened("s3_2_scaled_dot_product", source="random", dk="512", dtype="float16")
    even = entropy(at)
    at.toggle(key="3.2:scaled").set_value(False).run()
    assert entropy(at) < even / 3
    assert not at.warning


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("q", "", "refused.matrix_empty"),
        ("q", "1 two", "refused.matrix_number"),
        ("k", "1 2; 3", "refused.matrix_ragged"),
        ("k", "1 2 3", "refused.matrix_dk"),
        ("v", "1 2", "refused.matrix_length"),
        ("q", "1e99 0", "refused.matrix_number"),
        ("q", "nan 0", "refused.matrix_number"),
        ("q", "1;" * 40, "refused.matrix_rows"),
        ("q", "1 " * 40, "refused.matrix_columns"),
        ("v", "9" * 5000, "refused.matrix_long"),
    ],
)
def test_matrices_that_cannot_be_read(name, typed, says):
    at = opened("s3_2_scaled_dot_product", source="typed")
    at.text_area(key=f"3.2:input-{name}").set_value(typed).run()
    assert not at.exception
    ending = title("en", says).rsplit("}", 1)[-1][-12:]
    assert at.warning
    assert ending in at.warning[0].value


def test_typed_numbers_are_the_closed_form():
    at = opened("s3_2_scaled_dot_product", source="typed")
    at.text_area(key="3.2:input-q").set_value("0 0").run()
    assert entropy(at) == pytest.approx(2.0, abs=1e-3)  # 4 equal keys: 2 bits


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "🙂🙂",
        "e\u0301\u0301\u0301",
        "مرحبا بالعالم",
        "混合 mixed 文本",
        "\x00\x01\x02 control",
        "<script>alert(1)</script>",
        "# **md** $x$",
        "word " * 20_000,
        "[SEP] [MASK]",
    ],
)
def test_odd_text_is_handled(text):
    at = opened("s3_2_scaled_dot_product")
    at.text_input(key="3.2:input-text").set_value(text).run()
    assert not at.exception
    assert entropy(at) >= 0


def test_long_text_is_cut_with_a_visible_note_and_named_in_the_link():
    at = opened("s3_2_scaled_dot_product")
    at.text_input(key="3.2:input-text").set_value("word " * 1000).run()
    assert any("128" in w.value for w in at.warning)
    assert "text" not in at.query_params
    assert "text_digest" in at.query_params


def test_link_with_a_digest_asks_for_the_text():
    at = opened("s3_2_scaled_dot_product", text_digest="0123456789ab~5000")
    assert any("0123456789ab" in i.value for i in at.info)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dk", "5"),
        ("layer", "99"),
        ("mask", "evil"),
        ("temperature", "0"),
        ("n", "-1"),
        ("open", "a~b~c"),
        ("open", "sdp~999~999"),
        ("part", "nope"),
        ("lang", "xx"),
    ],
)
def test_values_out_of_bounds_in_a_link_are_ignored(key, value):
    query = {"source": "random"} if key in ("dk", "n") else {}
    at = opened("s3_2_scaled_dot_product", **query, **{key: value})
    assert entropy(at) >= 0


@pytest.mark.parametrize("text", ["\u202e", "\u200b", "\u0301", "\ufeff"])
@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("s2_1_self_attention", "text_en"),
        ("s2_2_positional_encoding", "text"),
        ("s2_3_multi_head", "text"),
        ("s3_2_scaled_dot_product", "text"),
    ],
)
def test_marks_without_a_letter_are_no_text(page, field, text):
    at = opened(page, **{field: text})
    assert any(title("en", "refused.no_text") in w.value for w in at.warning)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_a_row_that_no_map_has_opens_the_first_choice(lesson):
    first = opened(lesson.slug, part="apart")
    taught = EVERY[lesson.slug]
    result, _ = results.run(taught, taught.experiment.Config(), Intervention(), "cpu")
    opens = taught.experiment.opened(result)
    site, head = opens.site, opens.head
    for row in ("-1", "-1000", "99999"):
        at = opened(lesson.slug, part="apart", open=f"{site}~{head}~{row}")
        assert not [w for w in at.warning if w.value == title("en", "shell.part_failed")]
        assert len(at.main.markdown) == len(first.main.markdown)


def test_a_layer_without_keys_has_no_block():
    cut = Intervention(tokens=tuple(("decoder.0", key) for key in range(256)))
    link = pack(cut.to_json())
    at = opened("s3_1_incremental", part="apart", changes=link, open="decoder.0~0~0")
    assert title("en", "s3_1.apart.blocks.none") in words(at)


@pytest.mark.parametrize("slug", ["s1_additive", "s3_1_incremental", "s3_3_transformer"])
def test_the_slider_of_steps_moves_a_page_that_is_fresh(slug):
    at = opened(slug)
    (steps,) = [s for s in at.slider if (s.key or "").startswith("scrub-")]
    steps.set_value(1).run()
    (steps,) = [s for s in at.slider if (s.key or "").startswith("scrub-")]
    assert steps.value == 1
    assert "~0" in str(at.query_params["open"])
