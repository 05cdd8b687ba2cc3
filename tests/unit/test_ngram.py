"""The n-gram baseline against counts made by hand."""

import math

import pytest

from attn_core.training.characters.ngram import UNKNOWN, NGram

TEXT = "the theme of the thesis"


@pytest.mark.parametrize("history", ["", "t", "th", "the", "xyz", "e t", "the thesis"])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_sum_to_one(order, history):
    model = NGram(TEXT, "abcdefghijklmnopqrstuvwxyz ", order)
    symbols = [*"abcdefghijklmnopqrstuvwxyz ", UNKNOWN]
    for n in range(order):
        total = math.fsum(model.by_order(history, c)[n] for c in symbols)
        assert total == pytest.approx(1.0, abs=1e-12)
    assert min(model.probability(history, c) for c in symbols) > 0


def test_a_count_by_hand():
    """ "abab": after a came b both times; a and b were each seen twice among four."""
    model = NGram("abab", "ab", 2)
    p_b = (2 + 2 * 1 / 3) / (4 + 2)
    assert model.by_order("", "b")[0] == pytest.approx(p_b)
    assert model.probability("a", "b") == pytest.approx((2 + 1 * p_b) / (2 + 1))
    p_a = (2 + 2 * 1 / 3) / (4 + 2)
    assert model.probability("b", "a") == pytest.approx((1 + 1 * p_a) / (1 + 1))
    assert model.probability("a", "?") == pytest.approx((0 + 1 * (0 + 2 / 3) / 6) / 3)


def test_a_history_never_seen_is_shortened():
    model = NGram("abab", "ab", 3)
    assert model.probability("qa", "b") == model.by_order("a", "b")[1]


def test_bits_are_the_mean_of_the_surprise():
    model = NGram("abab", "ab", 2)
    wanted = -(math.log2(model.probability("a", "b")) + math.log2(model.probability("b", "a"))) / 2
    assert model.bits("aba")[-1] == pytest.approx(wanted)
    assert NGram("a" * 1000, "ab", 3).bits("a" * 50)[-1] < 0.01


def test_nothing_is_refused():
    with pytest.raises(ValueError, match="order is 0"):
        NGram("a", "a", 0)
    with pytest.raises(ValueError, match="1 characters"):
        NGram("aa", "a", 1).bits("a")
