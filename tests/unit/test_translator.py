"""Text in and out of a translator: odd text, Chinese marks, and what the weights are given."""

import pytest

from attn_core.inputs.refused import Refused
from attn_core.models import translator
from attn_core.models.transformer_layers import END, UNKNOWN

ODD = [
    "\u202bשלום\u202c",
    "e\u0301a\u0308",
    "🙂🙃",
    "<b>x</b> *y*",
    "\x00\x07hi",
    "中文 and English",
]


@pytest.mark.parametrize("language", translator.LANGUAGES)
@pytest.mark.parametrize("text", [*ODD, "a", "好", "word " * 30_000, "字" * 100_000])
def test_odd_text_is_read_and_bounded(text, language):
    found = translator.read(text, language)
    assert found.ids[-1] == END
    assert len(found.ids) == len(found.labels) <= translator.MAX_TOKENS + 1
    assert all(found.labels)
    assert found.n_left > 0 or len(text) < 1000


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b", "\x00"])
def test_nothing_to_translate_is_said(text):
    with pytest.raises(Refused):
        translator.read(text, "en")


def test_an_unknown_character_keeps_its_label():
    found = translator.read("我有一个🦕。", "zh")
    assert found.labels[found.ids.index(UNKNOWN)] == "🦕"
    assert found.n_unknown == 1


def test_text_comes_back_as_it_went_in():
    for text, language in (
        ("I have read this book, twice.", "en"),
        ("如果下雨，我们在家吗？", "zh"),
    ):
        found = translator.read(text, language)
        assert translator.text_of(found.ids[:-1], language) == text
        assert translator.labels(found.ids, language)[-1] == translator.END_MARK


def test_pieces_of_one_word_are_marked():
    found = translator.read("Beijing", "en")
    assert len(found.labels) > 2
    assert found.labels[0][0] != "+"
    assert all(label.startswith("+") for label in found.labels[1:-1])
    assert "".join(label.lstrip("+") for label in found.labels[:-1]) == "Beijing"
