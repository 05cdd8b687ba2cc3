"""What strangers send: bounded, checked by content, refused with a sentence that exists."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from attn_core.inputs.alphabets import LETTERS
from attn_core.inputs.limits import MAX_TEXT_BYTES, MAX_TOKENS, MAX_WORDS
from attn_core.inputs.matrix import read_matrix
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean_text, clean_word, decode_text, read_words
from attn_core.inputs.tokens import tokenize

PO = Path(__file__).resolve().parents[2] / "assets" / "locale" / "en" / "messages.po"
KNOWN = {m.id: m.string for m in read_po(PO.open("rb")) if m.id}


def check_sentence(refused: Refused):
    """The sentence exists and all its placeholders are given."""
    assert KNOWN[refused.key].format(**refused.values)


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(data):
    try:
        assert isinstance(decode_text(data), str)
    except Refused as refused:
        check_sentence(refused)


@given(st.text(max_size=200))
def test_any_text_is_a_word_or_refused(text):
    try:
        word = clean_word(text)
        assert 1 <= len(word) <= 40
        assert set(word) <= set(LETTERS)
    except Refused as refused:
        check_sentence(refused)


@given(st.text(alphabet="0123456789.-+einfaE ,;\n\t", max_size=120))
def test_any_numbers_are_a_matrix_or_refused(text):
    try:
        rows = read_matrix(text, "Q")
        assert len({len(r) for r in rows}) == 1
        assert all(abs(x) <= 1e4 for r in rows for x in r)
    except Refused as refused:
        check_sentence(refused)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "refused.empty"),
        (b"  \n", "refused.empty"),
        (b"a" * (MAX_TEXT_BYTES + 1), "refused.large"),
        (b"x" * 50_000_000, "refused.large"),
        (b"PK\x03\x04\x00\x00", "refused.binary"),
        (bytes(range(1, 32)) * 9, "refused.binary"),
        ("é".encode("latin-1"), "refused.encoding"),
    ],
)
def test_refusals_by_content(data, key):
    with pytest.raises(Refused) as caught:
        decode_text(data)
    assert caught.value.key == key
    check_sentence(caught.value)


def test_marks_and_utf_16_are_understood():
    assert decode_text("\ufeffhello".encode()) == "hello"
    assert decode_text("héllo".encode("utf-16")) == "héllo"
    assert clean_text("e\u0301") == "é"


def test_word_lists_are_bounded_and_counted():
    words = " ".join(f"{a}{b}{c}" for a in "abcde" for b in "abcdefgh" for c in "abcdefgh")
    found = read_words((words + " 123 x9").encode())
    assert len(found.words) == MAX_WORDS
    assert found.n_left == 320 - MAX_WORDS
    assert found.n_refused == 2
    with pytest.raises(Refused):
        read_words(b"1 2 3")


def test_100_000_tokens_are_cut_and_counted():
    tokens = tokenize("word " * 100_000)
    assert tokens.ids.shape == (1, MAX_TOKENS)
    assert tokens.pieces[0] == "[CLS]"
    assert tokens.pieces[-1] == "[SEP]"
    assert tokens.n_left == 100_002 - MAX_TOKENS
    with pytest.raises(ValueError, match="2"):
        tokenize("a", 2)
