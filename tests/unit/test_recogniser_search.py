"""The joint search against every sequence tried out."""

import itertools

import numpy as np
import pytest
import torch

from attn_core.measures import ctc
from attn_core.models.recogniser import BLANK, END, START, Recogniser, RecogniserConfig
from attn_core.models.recogniser_search import joint_search


def sharp_model(seed):
    torch.manual_seed(seed)
    config = RecogniserConfig(
        d_model=16, n_heads=2, d_ff=16, n_layers=1, n_decoder_layers=1, d_ff_decoder=16, channels=4
    )
    model = Recogniser(config).eval()
    with torch.no_grad():
        model.labels.weight.mul_(8)
        model.labels.bias[:BLANK] = torch.tensor([3.0, 3.0] + [-30.0] * 8)
        model.target.weight.mul_(6)
        model.target.weight[2:START] = model.target.weight[2:3] - 20  # eight digits out of the game
    return model


@torch.no_grad()
def every(model, states, real, weight, longest):
    log_p = model.ctc(states)[0].detach().numpy()
    memory = model.remember(states, real)
    out = {}
    for n in range(longest + 1):
        for digits in itertools.product((0, 1), repeat=n):
            target = torch.tensor([[START, *digits]])
            logits, _, _ = model.decode(target, memory)
            logits[..., START] = -torch.inf
            rows = logits[0].log_softmax(-1)
            attention = sum(float(rows[i, d]) for i, d in enumerate((*digits, END)))
            said = ctc.lattice(log_p, digits, BLANK).log_likelihood
            out[digits] = (weight * said if weight else 0) + (1 - weight) * attention
    return out


@pytest.mark.parametrize("weight", [0.3, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_the_best_of_all(weight, seed):
    model = sharp_model(seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        states, real, _ = model.encode(torch.randn(1, 24, 40, generator=generator))
    found = joint_search(model, states, real, weight, width=400)
    best = found[0]
    assert best.ended
    true = every(model, states, real, weight, 6)
    assert len(best.digits) <= 6
    assert set(best.digits) <= {0, 1}
    assert true[best.digits] == pytest.approx(max(true.values()), abs=1e-4)
    assert best.score == pytest.approx(true[best.digits], abs=1e-4)


def test_bad_weights_and_models_without_a_decoder_are_named():
    model = sharp_model(0)
    states, real = torch.zeros(1, 3, 16), torch.ones(1, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match="weight"):
        joint_search(model, states, real, 1.5)
    alone = Recogniser(RecogniserConfig())
    with pytest.raises(ValueError, match="decoder"):
        joint_search(alone, torch.zeros(1, 3, 128), real, 0.5)


def test_ctc_alone_equals_its_prefix_search():
    model = sharp_model(1)
    with torch.no_grad():
        states, real, _ = model.encode(torch.randn(1, 20, 40))
        log_p = model.ctc(states)[0].numpy()
    answer = joint_search(model, states, real, 1.0, width=200)[0]
    other = ctc.prefix_beam(log_p, BLANK, width=200)[-1][0]
    assert answer.digits == other.labels
    assert np.isclose(answer.ctc, other.score, atol=1e-4)


def test_attention_alone_with_one_beam_is_the_greedy_answer():
    model = sharp_model(2)
    with torch.no_grad():
        states, real, _ = model.encode(torch.randn(1, 24, 40))
        found = joint_search(model, states, real, 0.0, width=1)[0]
        memory, digits = model.remember(states, real), []
        for _ in range(len(found.digits) + 1):
            logits, _, _ = model.decode(torch.tensor([[START, *digits]]), memory)
            logits[..., START] = -torch.inf
            digits.append(int(logits[0, -1].argmax()))
    assert tuple(digits[: len(found.digits)]) == found.digits
    assert not found.ended or digits[-1] == END or len(found.digits) == 0
