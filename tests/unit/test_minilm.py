"""MiniLM: our encoder against Hugging Face's on the same weights, and odd texts."""

import copy
import time

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from attn_core import zoo
from attn_core.attention.masks import from_lengths
from attn_core.checkpoints.manifests import read_manifest, weights_path
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.inputs.tokens import tokenize

TOLERANCE = 1e-5
SOUP = 5e-5  # token ids drawn at random are no text: rounding reaches 3.1e-5 there
LONGEST = 256


@pytest.fixture(scope="module")
def theirs():
    folder = weights_path(read_manifest("minilm")).parent
    return transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()


def random_ids(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 30522, shape, generator=generator)


def assert_equal(theirs, ids, lengths=None, ours=None, tolerance=TOLERANCE):
    """Hidden states of real tokens, and every attention map whole."""
    real = from_lengths(torch.tensor(lengths or [ids.shape[1]] * len(ids)), ids.shape[1])
    mask = real if lengths else None
    with torch.inference_mode():
        states, traces = (ours or zoo.get("minilm").module)(ids, mask)
        expected = theirs(ids, real.long() if lengths else None, output_attentions=True)
    assert (states - expected.last_hidden_state)[real].abs().max() <= tolerance
    assert len(traces) == len(expected.attentions) == 6
    for i, weights in enumerate(expected.attentions):
        found = traces[f"encoder.{i}"].weights
        assert found.shape == weights.shape
        assert (found - weights).abs().max() <= tolerance


def test_a_sentence_equals_hugging_face(theirs):
    text = "The animal didn't cross the street because it was too tired."
    assert_equal(theirs, tokenize(text).ids)


@pytest.mark.parametrize("length", [1, 2, 17, 128, LONGEST])
def test_every_length_equals_hugging_face(theirs, length):
    assert_equal(theirs, random_ids(1, length), tolerance=SOUP)


@pytest.mark.slow
@examples(max_examples=12, derandomize=True)
@given(
    lengths=st.lists(st.integers(1, LONGEST), min_size=2, max_size=4), seed=st.integers(0, 2**31)
)
def test_padded_batches_equal_hugging_face(theirs, lengths, seed):
    ids = random_ids(len(lengths), max(lengths), seed=seed)
    real = from_lengths(torch.tensor(lengths), ids.shape[1])
    assert_equal(theirs, ids.masked_fill(~real, 0), lengths, tolerance=SOUP)


def test_in_double_precision_only_rounding_is_left(theirs):
    lengths = [40, 1, 17]
    ids = random_ids(3, 40)
    ours = copy.deepcopy(zoo.get("minilm").module).double()
    assert_equal(copy.deepcopy(theirs).double(), ids, lengths, ours, tolerance=1e-12)


def test_padding_changes_nothing_of_a_text(theirs):
    ids = random_ids(1, 9)
    padded = torch.cat([ids, torch.zeros(1, 5, dtype=ids.dtype)], 1)
    model = zoo.get("minilm").module
    with torch.inference_mode():
        alone, _ = model(ids)
        among, traces = model(padded, from_lengths(torch.tensor([9]), 14))
    assert (alone - among[:, :9]).abs().max() <= TOLERANCE
    assert all(not trace.weights[..., 9:].any() for trace in traces.values())


# Odd texts


def pieces(text):
    found = tokenize(text)
    assert found.pieces[0] == "[CLS]"
    assert found.pieces[-1] == "[SEP]"
    assert found.ids.shape == (1, len(found.pieces))
    assert len(found.pieces) <= MAX_TOKENS
    with torch.inference_mode():
        states, _ = zoo.get("minilm").module(found.ids)
    assert states.isfinite().all()
    return list(found.pieces[1:-1])


def test_empty_text():
    assert pieces("") == pieces("   \n\t ") == []


def test_one_character():
    assert pieces("a") == ["a"]


@pytest.mark.parametrize("unit", ["word ", "x", "字", "🙂", "\u0301", "<b>"])
def test_a_hundred_thousand_characters_are_cut_and_counted(unit):
    text = (unit * 100_000)[:100_000]
    start = time.perf_counter()
    found = tokenize(text)
    assert time.perf_counter() - start < 10  # a tenth of a second, on a quiet machine
    short = tokenize(text, 8)
    assert len(found.pieces) + found.n_left == len(short.pieces) + short.n_left
    if unit == "word ":
        assert (len(found.pieces), found.n_left) == (MAX_TOKENS, 20_000 + 2 - MAX_TOKENS)
    pieces(text)


def test_emoji():
    assert len(pieces("🙂🙂")) == 1  # one unknown word
    assert pieces("ok 🙂")[0] == "ok"
    assert pieces("👩‍👩‍👧‍👦 and 🇩🇪")


def test_combining_marks_go_with_the_accents():
    assert pieces("cafe\u0301") == pieces("café") == pieces("cafe") == ["cafe"]
    assert pieces("\u0301\u0301") == []


def test_right_to_left():
    found = pieces("שלום עולם")
    assert "".join(p.removeprefix("##") for p in found) == "שלוםעולם"
    assert "[UNK]" not in pieces("مرحبا")


def test_chinese_and_english_mixed():
    found = pieces("中文 mixed文本")
    assert "mixed" in found
    assert len(found) == 5  # each character stands alone
    assert found[0] == "中"


def test_control_characters_are_left_out():
    assert pieces("a\x00b\x01\x02 c\x7f\ufffd") == pieces("ab c")


def test_html_and_markdown_stay_text():
    found = pieces("<b>bold</b>")
    assert found == ["<", "b", ">", "bold", "<", "/", "b", ">"]
    assert pieces("# **md** $x$") == ["#", "*", "*", "md", "*", "*", "$", "x", "$"]
