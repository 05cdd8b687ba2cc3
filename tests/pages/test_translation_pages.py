"""Lesson 3.3 through ``app.py``: odd text, choices, both directions, refusals."""

import pytest
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.lessons.s3_3_transformer import choice, experiment

PAGE = "s3_3_transformer"


@pytest.mark.parametrize("direction", experiment.DIRECTIONS)
def test_a_typed_sentence_is_translated_beside_the_twin(direction):
    at = opened(PAGE, direction=direction)
    name = f"3.3:input-text_{direction.replace('-', '_')}"
    text = "I like dogs." if direction == "en-zh" else "我喜欢狗。"
    at.text_input(key=name).set_value(text).run()
    assert not at.exception
    config = experiment.Config(text, direction)
    found = experiment.run(config)
    assert found.details["hypotheses"][0]["text"].rstrip(".。") in words(at).replace("\\", "")
    assert experiment.twin(config).rstrip(".。") in words(at).replace("\\", "")


@pytest.mark.parametrize("direction", experiment.DIRECTIONS)
@pytest.mark.parametrize(
    "text",
    [
        "a",
        "🙂🙂",
        "مرحبا بالعالم",
        "混合 mixed 文本",
        "\x00\x01 control",
        "e\u0301e\u0301",
        "<script>alert(1)</script>",
        "# **md** $x$ | a",
        "word " * 20_000,
    ],
)
def test_odd_text_is_handled(text, direction):
    at = opened(PAGE, direction=direction)
    at.text_input(key=f"3.3:input-text_{direction.replace('-', '_')}").set_value(text).run()
    assert not at.exception
    assert not at.warning


def test_no_text_gets_a_sentence_and_the_picture_stays():
    at = opened(PAGE)
    at.text_input(key="3.3:input-text_en_zh").set_value("   ").run()
    assert not at.exception
    assert any(title("en", "refused.no_text") in w.value for w in at.warning)


def test_a_chosen_token_from_a_link_is_obeyed_and_can_be_undone():
    plain = experiment.run(experiment.Config())
    ids = (plain.details["choices"][0][1]["id"],)
    at = opened(PAGE, prefix=choice.prefix_text("", "en-zh", ids))
    chosen = experiment.run(experiment.Config(prefix=ids))
    assert chosen.details["hypotheses"][0]["text"].rstrip("。") in words(at)
    at.button(key="undo-prefix").click().run()
    assert plain.details["hypotheses"][0]["text"].rstrip("。") in words(at)
    assert not at.exception


@pytest.mark.parametrize("held", ["9.9-zzzz", "99999999.1-0000", "x", "1.1.1"])
def test_a_spoilt_choice_in_a_link_is_left_out(held):
    at = opened(PAGE, prefix=held)
    assert not at.exception
    assert not at.warning
