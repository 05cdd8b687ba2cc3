"""What the speech models learn from and are measured by: lengths, covered digits, edits."""

import itertools
import random

import numpy as np
import torch

from attn_core.datasets import speech
from attn_core.datasets.speech import MAX_DIGITS, Utterance
from attn_core.measures.metrics import edit_distance, edits_by_symbol
from attn_core.training.speech.measure import FAR, SIGHTS, covered


def test_edits_are_shared_out_and_the_suspect_comes_first():
    """Against every pair of short sequences: the sum is the distance, nothing is negative."""
    words = [w for n in range(4) for w in itertools.product("ab", repeat=n)]
    for true, found in itertools.product(words[1:], words):
        at_most = []
        for suspect in range(len(true)):
            edits = edits_by_symbol(found, true, suspect)
            assert sum(edits) == edit_distance(found, true)
            assert min(edits) >= 0
            at_most.append(edits[suspect])
        for other in range(len(true)):
            edits = edits_by_symbol(found, true, other)
            assert all(e <= most for e, most in zip(edits, at_most, strict=True))
    assert edits_by_symbol("129", "1234", 2) == (0, 0, 1, 1)
    assert edits_by_symbol("12", "1", 0) == (1,)


def test_sequences_grow_and_a_batch_is_of_one_length():
    longest = [speech.longest_at(done) for done in np.linspace(0, 1, 50)]
    assert longest == sorted(longest)
    assert longest[0] == 2
    assert longest[20] == longest[-1] == MAX_DIGITS
    rng = random.Random(0)
    for _ in range(200):
        found = [n for n in speech.counts(rng, 24, 5) if n]
        assert min(found) >= 1
        assert max(found) <= 5
        assert max(found) - min(found) <= 2


def test_noise_covers_one_digit_alone():
    wave = np.zeros(900, np.float32)
    wave[100:300], wave[500:800] = 0.1, -0.1
    said = Utterance(wave, (3, 4), ((100, 300), (500, 800)), "")
    moved = np.flatnonzero(covered(said, 1, 0).wave != wave)
    assert moved[0] == 500
    assert moved[-1] == 799
    added = covered(said, 1, 0).wave - wave
    decibels = 20 * np.log10(added[500:800].std() / 0.1)
    assert abs(decibels - 10) < 1
    assert wave[500] == np.float32(-0.1)


def test_sights_mirror_each_other():
    n = 40
    for past, future in (("no_past", "no_future"), ("no_far_past", "no_far_future")):
        assert torch.equal(SIGHTS[past](n).T, SIGHTS[future](n))
        assert SIGHTS[past](n).diagonal().all()
    far = SIGHTS["no_far_past"](n)
    assert far[20, 20 - FAR]
    assert not far[20, 20 - FAR - 1]
    assert far[20, -1]
