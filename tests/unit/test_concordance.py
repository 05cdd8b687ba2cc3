"""The concordance index against all pairs counted one by one, and closed forms."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from attn_core.measures.concordance import concordance_index

VALUES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=40)


def pair_by_pair(truth, guess):
    score, pairs = 0.0, 0
    for i, j in itertools.combinations(range(len(truth)), 2):
        if truth[i] != truth[j]:
            pairs += 1
            right = (truth[i] - truth[j]) * (guess[i] - guess[j])
            score += 1.0 if right > 0 else 0.5 if right == 0 else 0.0
    return score / pairs


@given(VALUES)
def test_it_is_what_counting_pairs_gives(rows):
    truth, guess = zip(*rows, strict=True)
    if len(set(truth)) == 1:
        with pytest.raises(ValueError, match="no pair"):
            concordance_index(truth, guess)
        return
    assert concordance_index(truth, guess) == pytest.approx(pair_by_pair(truth, guess), abs=1e-12)


def test_closed_forms():
    y = np.random.default_rng(0).normal(size=500)
    assert concordance_index(y, np.exp(y)) == 1
    assert concordance_index(y, -y) == 0
    assert concordance_index(y, np.zeros(500)) == 0.5


def test_two_classes_give_the_mann_whitney_statistic():
    rng = np.random.default_rng(1)
    y, f = rng.integers(0, 2, 300), rng.normal(size=300).round(1)
    u = mannwhitneyu(f[y == 1], f[y == 0]).statistic
    pairs = int(y.sum() * (1 - y).sum())
    assert concordance_index(y, f) == pytest.approx(u / pairs)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="row"):
        concordance_index([1, 2], [1, 2, 3])
