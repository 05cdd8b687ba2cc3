"""CTC against torch's loss and its gradient, and against a sum over every path."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from attn_core.measures import ctc, ctc_prefix

BLANK = 3


def random_log_p(tokens, labels, seed, sharp=1.5):
    generator = torch.Generator().manual_seed(seed)
    scores = sharp * torch.randn(tokens, labels, generator=generator, dtype=torch.float64)
    return scores.log_softmax(-1)


def brute_force(log_p, blank):
    """Probability of everything that can be said, by summing over every path."""
    tokens, n = log_p.shape
    sums = {}
    for path in itertools.product(range(n), repeat=tokens):
        said = ctc.collapse(path, blank)
        sums[said] = sums.get(said, 0.0) + np.exp(sum(log_p[t, i] for t, i in enumerate(path)))
    return sums


@given(st.lists(st.integers(0, 3), max_size=12))
def test_collapse_is_idempotent_on_what_has_no_repeats(path):
    said = ctc.collapse(path, BLANK)
    assert BLANK not in said
    spread = ctc.extended(said, BLANK)
    assert ctc.collapse(spread, BLANK) == said


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 14), st.lists(st.integers(0, 2), max_size=5).map(tuple), st.integers(0, 10**6)
)
def test_lattice_equals_torch_s_loss_and_its_posteriors_its_gradient(tokens, labels, seed):
    scores = random_log_p(tokens, 4, seed).requires_grad_()
    found = ctc.lattice(scores.detach().numpy(), labels, BLANK)
    repeats = sum(a == b for a, b in itertools.pairwise(labels))
    if len(labels) + repeats > tokens:
        assert found.log_likelihood == -np.inf
        assert not found.posterior.any()
        return
    if labels:  # torch's loss has no empty target without a length of its own
        loss = F.ctc_loss(
            scores[:, None],
            torch.tensor([labels]),
            torch.tensor([tokens]),
            torch.tensor([len(labels)]),
            blank=BLANK,
            reduction="sum",
        )
        assert found.log_likelihood == pytest.approx(-loss.item(), abs=1e-9)
    else:
        assert found.log_likelihood == pytest.approx(
            float(scores[:, BLANK].detach().sum()), abs=1e-9
        )
    assert np.allclose(found.posterior.sum(1), 1, atol=1e-9)
    # d log P / d log p of a label at a token is the posterior of its rows (equation 15).
    x = scores.detach().clone().requires_grad_()
    total = torch.tensor(0.0, dtype=torch.float64)
    rows = ctc.extended(labels, BLANK)
    alpha = [torch.full((len(rows),), -torch.inf, dtype=torch.float64)]
    alpha[0] = torch.stack([x[0, r] if i < 2 else x[0, r] * 0 - 1e9 for i, r in enumerate(rows)])
    for t in range(1, tokens):
        now = []
        for i, r in enumerate(rows):
            ways = [alpha[-1][i]] + ([alpha[-1][i - 1]] if i else [])
            if i >= 2 and r != BLANK and r != rows[i - 2]:
                ways.append(alpha[-1][i - 2])
            now.append(torch.logsumexp(torch.stack(ways), 0) + x[t, r])
        alpha.append(torch.stack(now))
    total = torch.logsumexp(alpha[-1][-2:], 0)
    total.backward()
    by_label = np.zeros((tokens, 4))
    for i, r in enumerate(rows):
        by_label[:, r] += found.posterior[:, i]
    assert np.allclose(x.grad.numpy(), by_label, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_prefix_beam_equals_the_sum_over_every_path(tokens, seed):
    log_p = random_log_p(tokens, 4, seed).numpy()
    true = brute_force(log_p, BLANK)
    beam = ctc.prefix_beam(log_p, BLANK, width=10**6)[-1]
    assert {p.labels for p in beam if p.score > -np.inf} == set(true)
    for prefix in beam:
        if prefix.score > -np.inf:
            assert np.exp(prefix.score) == pytest.approx(true[prefix.labels], rel=1e-9)
    assert beam[0].labels == max(true, key=true.get)
    lattices = {s: ctc.lattice(log_p, s, BLANK).log_likelihood for s in true}
    assert all(np.exp(lattices[s]) == pytest.approx(p, rel=1e-9) for s, p in true.items())


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.lists(st.integers(0, 2), max_size=4).map(tuple), st.integers(0, 10**6))
def test_prefix_scorer_equals_the_sum_over_every_path(tokens, labels, seed):
    log_p = random_log_p(tokens, 4, seed).numpy()
    true = brute_force(log_p, BLANK)
    scorer = ctc_prefix.PrefixScorer(log_p, BLANK)
    state, said, score = scorer.begin(), (), 0.0
    for label in labels:
        # a second prefix beside it changes nothing
        scores, states = scorer.grow([scorer.begin(), state], [(), said])
        assert scores[1, BLANK] == -np.inf
        score, state = scores[1, label], states[1][label]
        said = (*said, label)
    begins = sum(p for s, p in true.items() if s[: len(labels)] == labels)
    assert np.exp(score) == pytest.approx(begins, rel=1e-9, abs=1e-15)
    assert np.exp(scorer.end(state)) == pytest.approx(true.get(labels, 0.0), rel=1e-9, abs=1e-15)


def test_the_best_path_is_not_always_the_best_labelling():
    log_p = np.log([[0.4, 0.0001, 0.0001, 0.5998], [0.4, 0.0001, 0.0001, 0.5998]])
    assert ctc.collapse(ctc.best_path(log_p), BLANK) == ()
    assert ctc.prefix_beam(log_p, BLANK)[-1][0].labels == (0,)
