"""Lesson 1's model: decoding against brute force, attention that edits obey, shipped weights."""

import itertools
import math

import pytest
import torch

from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.alphabets import MAX_PHONEMES
from attn_core.measures.metrics import edit_distance
from attn_core.models import speller as m
from attn_core.models.speller_search import beam_search, trace_of
from attn_core.models.speller_text import letter_ids, phoneme_ids

TINY = m.SpellerConfig(d_embedding=8, d_encoder=6, d_decoder=10, d_attention=5, n_layers=1)


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(3)
    model = m.Speller(TINY).eval()
    with torch.no_grad():
        model.output.weight.mul_(6)  # sharper than at birth, so that hypotheses differ
        model.output.bias[m.END] += 2  # and shorter
    return model


def log_probability(model, word, phonemes):
    """By teacher forcing, without any of the search code."""
    letters, lengths = letter_ids([word])
    target = phoneme_ids([phonemes])
    logits = model(letters, lengths, target)[0]
    return float(torch.log_softmax(logits, -1)[torch.arange(len(target[0])), target[0]].sum())


def test_search_scores_are_the_models(tiny):
    with torch.inference_mode():
        found = zip(("cat", "a"), beam_search(tiny, ["cat", "a"], 4), strict=True)
        ended = [(w, s) for w, spoken in found for s in spoken if len(s.phonemes) < MAX_PHONEMES]
        assert ended
        for word, s in ended:
            expected = log_probability(tiny, word, s.phonemes)
            assert s.log_probability == pytest.approx(expected, abs=1e-3)


def test_wide_beam_finds_the_best_of_all_short_strings(tiny):
    """Over all strings of at most two phonemes, the beam's short ones can't be beaten."""
    with torch.inference_mode():
        found = beam_search(tiny, ["cat"], 16)[0]
        short = [s for s in found if len(s.phonemes) <= 1]
        every = {
            said: log_probability(tiny, "cat", said)
            for n in range(2)
            for said in itertools.product(m.PHONEMES, repeat=n)
        }
    for s in short:
        assert s.log_probability == pytest.approx(every[s.phonemes], abs=1e-4)
    if short:
        assert max(s.log_probability for s in short) == pytest.approx(max(every.values()), abs=1e-4)


def test_greedy_follows_the_largest_probability(tiny):
    best = beam_search(tiny, ["dog"], 1)[0][0]
    probabilities, _ = trace_of(tiny, "dog", best.phonemes)
    for i, phoneme in enumerate(best.phonemes):
        row = probabilities[i].clone()
        row[[m.PAD, m.START]] = 0
        assert int(row.argmax()) == m.PHONEMES.index(phoneme) + m.N_SPECIAL


def test_a_word_is_read_alike_alone_and_in_a_padded_batch(tiny):
    alone = beam_search(tiny, ["cat"], 3)[0]
    together = beam_search(tiny, ["cat", "internationally"], 3)[0]
    assert [s.phonemes for s in alone] == [s.phonemes for s in together]
    assert alone[0].log_probability == pytest.approx(together[0].log_probability, abs=1e-4)


def test_trace_has_one_row_a_step_and_rows_sum_to_one(tiny):
    _, trace = trace_of(tiny, "cats", ("K", "AE"))
    assert trace.weights.shape == (1, 1, 3, 4)
    assert torch.allclose(trace.weights.sum(-1), torch.ones(1, 1, 3))
    assert torch.allclose(trace.weights @ trace.value, trace.context.unsqueeze(1), atol=1e-5)


def test_an_edited_row_changes_what_follows_and_not_what_came_before(tiny):
    edit = Intervention(weights=(Cell(m.SITE, 0, 1, 0, 1.0),))
    plain, before = trace_of(tiny, "cats", ("K", "AE", "T"))
    changed, after = trace_of(tiny, "cats", ("K", "AE", "T"), edit)
    assert torch.equal(plain[0], changed[0])
    assert after.weights[0, 0, 1].tolist() == pytest.approx([1, 0, 0, 0])
    assert not torch.allclose(plain[1], changed[1])
    assert not torch.allclose(before.weights[0, 0, 2], after.weights[0, 0, 2])


def test_forced_prefix_is_kept(tiny):
    for spoken in beam_search(tiny, ["cat"], 3, prefix=("ZH", "OY"))[0]:
        assert spoken.phonemes[:2] == ("ZH", "OY")


def test_without_attention_there_is_no_trace():
    model = m.Speller(m.SpellerConfig(8, 6, 10, 0, 1)).eval()
    assert trace_of(model, "cat", ("K",))[1] is None
    assert beam_search(model, ["cat"], 2)[0]


@pytest.mark.parametrize("width", [0, 17])
def test_beam_width_is_bounded(tiny, width):
    with pytest.raises(ValueError, match=str(width)):
        beam_search(tiny, ["cat"], width)


@pytest.mark.parametrize("words", [[""], ["x" * 41], ["naïve"]])
def test_unreadable_words_are_refused(words):
    with pytest.raises(ValueError, match="."):
        letter_ids(words)


def test_twins_have_equal_parameters():
    from attn_core.models.speller import SIZES

    sizes = [
        sum(p.numel() for p in m.Speller(SIZES[name]).parameters())
        for name in ("small", "small-fixed")
    ]
    assert abs(sizes[0] - sizes[1]) / sizes[0] < 0.005


def test_word_families_never_straddle_the_split():
    from attn_core.datasets.cmudict import Entry, family_roots, split

    words = {
        "walk",
        "walks",
        "walked",
        "walking",
        "bake",
        "baking",
        "baked",
        "stop",
        "stopped",
        "try",
        "tries",
        "tried",
        "cat",
        "cat's",
        "glass",
        "glasses",
    }
    roots = family_roots(words)
    assert roots["walking"] == roots["walks"] == roots["walked"] == "walk"
    assert roots["baking"] == roots["baked"] == "bake"
    assert roots["stopped"] == "stop"
    assert roots["tries"] == roots["tried"] == "try"
    assert roots["cat's"] == "cat"
    parts = split([Entry(w, (("K",),)) for w in sorted(words)])
    where = {e.word: part for part, entries in parts.items() for e in entries}
    assert all(where[w] == where[roots[w]] for w in words if roots[w] in where)


def test_edit_distance_is_a_metric():
    assert edit_distance("", "abc") == 3
    assert edit_distance("abc", "abc") == 0
    assert edit_distance(("K", "AE"), ("K", "IH", "T")) == 2


def test_manifest_meets_what_the_lesson_promises():
    """The least that is worth showing, from the manifest that CI derives again below."""
    from attn_core.checkpoints.manifests import read_manifest

    shown = read_manifest("speller")
    assert shown.metrics["word_error_rate"].n >= 10_000
    assert shown.metrics["word_error_rate"].value <= 0.30
    assert shown.metrics["phoneme_error_rate"].value <= 0.075


@pytest.mark.slow
def test_metric_is_derived_again_on_the_sample_of_held_out_words():
    """600 words of the test split: within four standard errors of the manifest's rate."""
    from attn_core import zoo
    from attn_core.lessons.s1_additive.experiment import held_out

    loaded, listed = zoo.get("speller"), held_out()
    words = sorted(listed)
    wrong = 0
    for i in range(0, len(words), 100):
        for word, spoken in zip(
            words[i : i + 100], beam_search(loaded.module, words[i : i + 100], 5), strict=True
        ):
            wrong += " ".join(spoken[0].phonemes) not in listed[word]
    rate, promised = wrong / len(words), loaded.manifest.metrics["word_error_rate"].value
    assert abs(rate - promised) <= 4 * math.sqrt(promised * (1 - promised) / len(words))
