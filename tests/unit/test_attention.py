"""Ours against torch's own attention, over shapes, masks and formats drawn at random."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_core.attention import masks
from attn_core.attention.functional import (
    additive_scores,
    attend,
    bilinear_scores,
    dot_product_scores,
    masked_softmax,
    normalise,
)
from attn_core.layers.additive import AdditiveAttention
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention

TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
GRADIENT = {torch.float32: 1e-5, torch.float64: 1e-10}


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[torch.Tensor], torch.Tensor | None]:
    """Q, K, V and a mask that may forbid whole rows."""
    batch, heads = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    n_query, n_key = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    d_head, d_value = draw(st.sampled_from((1, 3, 8, 16))), draw(st.sampled_from((1, 4, 8)))
    dtype = draw(st.sampled_from((torch.float32, torch.float64)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    shapes = ((n_query, d_head), (n_key, d_head), (n_key, d_value))
    q, k, v = (
        torch.randn(batch, heads, *s, generator=generator, dtype=torch.float64) for s in shapes
    )
    kind = draw(st.sampled_from(("none", "random", "causal", "window", "padding")))
    mask = None
    if kind == "random":
        mask = torch.rand(batch, 1, n_query, n_key, generator=generator) > 0.6
    elif kind == "causal":
        mask = masks.causal(n_query, n_key)[None, None]
    elif kind == "window":
        mask = masks.window(n_query, n_key, 1)[None, None]
    elif kind == "padding":
        lengths = torch.randint(0, n_key + 1, (batch,), generator=generator)
        mask = masks.from_lengths(lengths, n_key)[:, None, None, :].expand(-1, 1, n_query, -1)
    return [x.to(dtype) for x in (q, k, v)], mask


@given(cases())
@settings(max_examples=150, deadline=None)
def test_equals_torch_with_gradients(case):
    inputs, mask = case
    dtype = inputs[0].dtype
    ours = [x.clone().requires_grad_() for x in inputs]
    theirs = [x.clone().requires_grad_() for x in inputs]
    output, trace = scaled_dot_product_attention(*ours, mask)
    expected = F.scaled_dot_product_attention(*theirs, attn_mask=mask)
    assert (output - expected).abs().max() <= TOLERANCE[dtype] * max(1, expected.abs().max())
    pull = torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    mine = torch.autograd.grad((output * pull).sum(), ours)
    other = torch.autograd.grad((expected * pull).sum(), theirs)
    # Relative to the whole gradient: where a part is truly 0, torch's kernels leave rounding noise.
    size = max(float(g.norm()) for g in other)
    for a, b in zip(mine, other, strict=True):
        assert (a - b).norm() <= GRADIENT[dtype] * max(size, 1e-3)
        assert a.isfinite().all()
    sums = trace.weights.sum(-1)
    allowed = (
        torch.ones_like(sums, dtype=torch.bool) if mask is None else mask.any(-1).expand_as(sums)
    )
    assert torch.allclose(sums, allowed.to(dtype), atol=1e-6)


def test_fully_masked_row_is_zero_and_has_zero_gradient():
    scores = torch.randn(2, 3, requires_grad=True)
    mask = torch.tensor([[True, False, True], [False, False, False]])
    weights = masked_softmax(scores, mask)
    assert weights[1].tolist() == [0, 0, 0]
    weights.square().sum().backward()
    assert scores.grad[1].tolist() == [0, 0, 0]
    assert scores.grad[0].abs().sum() > 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_multi_head_equals_torch(dtype, heads):
    torch.manual_seed(0)
    ours = MultiHeadAttention(16, heads).to(dtype)
    theirs = torch.nn.MultiheadAttention(16, heads, batch_first=True).to(dtype)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(
            torch.cat(
                [
                    p.weight
                    for p in (ours.query_projection, ours.key_projection, ours.value_projection)
                ]
            )
        )
        theirs.in_proj_bias.copy_(
            torch.cat(
                [
                    p.bias
                    for p in (ours.query_projection, ours.key_projection, ours.value_projection)
                ]
            )
        )
        theirs.out_proj.load_state_dict(ours.output_projection.state_dict())
    x, y = torch.randn(3, 5, 16, dtype=dtype), torch.randn(3, 7, 16, dtype=dtype)
    mask = torch.rand(5, 7) > 0.3
    mask[:, 0] = True
    output, trace = ours(x, y, y, mask[None, None])
    expected, weights = theirs(x, y, y, attn_mask=~mask, average_attn_weights=False)
    assert (output - expected).abs().max() <= TOLERANCE[dtype]
    assert (trace.weights - weights).abs().max() <= TOLERANCE[dtype]


def test_heads_split_channels_not_the_sequence():
    layer = MultiHeadAttention(8, 2)
    x = torch.randn(1, 6, 8)
    _, trace = layer(x, x, x)
    assert trace.query.shape == (1, 2, 6, 4)
    assert trace.weights.shape == (1, 2, 6, 6)


def test_heads_must_divide_d_model():
    with pytest.raises(ValueError, match="3.*16"):
        MultiHeadAttention(16, 3)


def test_additive_equals_the_formula_written_as_loops():
    torch.manual_seed(0)
    layer = AdditiveAttention(4, 6, 5).double()
    query, key = torch.randn(2, 3, 4).double(), torch.randn(2, 7, 6).double()
    context, trace = layer(query, key)
    w, u, bias = (
        layer.query_projection.weight,
        layer.key_projection.weight,
        layer.key_projection.bias,
    )
    for b in range(2):
        for i in range(3):
            energies = torch.stack(
                [
                    layer.energy @ torch.tanh(w @ query[b, i] + u @ key[b, j] + bias)
                    for j in range(7)
                ]
            )
            weights = energies.exp() / energies.exp().sum()
            assert torch.allclose(trace.weights[b, 0, i], weights, atol=1e-12)
            assert torch.allclose(context[b, i], weights @ key[b], atol=1e-12)


def test_additive_is_keras_bahdanau():
    """tf.keras' AdditiveAttention without scale: sum(tanh(q + k)); here as torch broadcasting."""
    q, k = torch.randn(2, 3, 5), torch.randn(2, 4, 5)
    expected = torch.tanh(q[:, :, None] + k[:, None]).sum(-1)
    assert torch.allclose(additive_scores(q, k, torch.ones(5)), expected, atol=1e-6)


def test_bilinear_equals_torch():
    q, k, w = torch.randn(4, 3), torch.randn(5, 6), torch.randn(3, 6)
    expected = F.bilinear(
        q[:, None].expand(4, 5, 3).reshape(-1, 3), k[None].expand(4, 5, 6).reshape(-1, 6), w[None]
    ).view(4, 5)
    assert torch.allclose(bilinear_scores(q, k, w), expected, atol=1e-5)


def test_scale_is_one_over_root_d():
    q = torch.ones(1, 16)
    assert dot_product_scores(q, q).item() == pytest.approx(16 / math.sqrt(16))
    assert dot_product_scores(q, q, 1.0).item() == 16


def test_sigmoid_weighs_each_key_alone():
    weights = normalise(torch.tensor([[0.0, 2.0]]), torch.tensor([[True, False]]), "sigmoid")
    assert weights.tolist() == [[0.5, 0.0]]
    with pytest.raises(ValueError, match="hardmax"):
        normalise(torch.zeros(1, 1), None, "hardmax")


def test_attend_is_the_expectation():
    assert attend(torch.tensor([[0.25, 0.75]]), torch.tensor([[4.0], [8.0]])).item() == 7.0
