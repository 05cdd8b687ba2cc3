"""Blockwise attention against torch's own: any size, any mask, forward and backward."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from attn_core.attention import masks
from attn_core.layers import block_masks
from attn_core.layers import blockwise as b


def inputs(n_query, n_key, seed, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    shapes = ((2, 3, n_query, 8), (2, 3, n_key, 8), (2, 3, n_key, 5))
    return [torch.randn(s, generator=generator, dtype=dtype).requires_grad_(True) for s in shapes]


def mask_of(kind, n_query, n_key, seed):
    if kind == "none":
        return None
    if kind == "random":  # some rows end up with nothing at all
        generator = torch.Generator().manual_seed(seed)
        return torch.rand(2, 1, n_query, n_key, generator=generator) > 0.7
    if kind == "window":
        return masks.window(n_query, n_key, 2)[None, None]
    return masks.causal(n_query, n_key)[None, None]


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 48),
    st.sampled_from(("none", "causal", "window", "random")),
    st.integers(0, 99),
    st.sampled_from((torch.float32, torch.float64)),
)
def test_equal_to_torchs_attention_and_its_gradients(n_query, n_key, size, kind, seed, dtype):
    given_, oracle = inputs(n_query, n_key, seed, dtype), inputs(n_query, n_key, seed, dtype)
    mask = mask_of(kind, n_query, n_key, seed)
    found = b.blockwise_attention(*given_, size, None if mask is None else b.from_mask(mask))
    wanted = F.scaled_dot_product_attention(*oracle, attn_mask=mask)
    bound = 1e-5 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(found, wanted, atol=bound, rtol=0)
    weight = torch.randn(wanted.shape, generator=torch.Generator().manual_seed(1), dtype=dtype)
    for mine, theirs in zip(
        torch.autograd.grad((found * weight).sum(), given_),
        torch.autograd.grad((wanted * weight).sum(), oracle),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, atol=10 * bound, rtol=10 * bound)


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_causal_blocks_are_the_causal_mask(size):
    found = torch.ones(13, 13, dtype=torch.bool)
    for q in block_masks.blocks(13, size):
        for k in block_masks.blocks(13, size):
            block = block_masks.causal_blocks(q, k)
            if block is not None:
                found[q.start : q.stop, k.start : k.stop] = block
    assert torch.equal(found, masks.causal(13, 13))


@pytest.mark.parametrize(("window", "sinks"), [(1, 0), (4, 0), (3, 2), (5, 7), (40, 1)])
@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_sliding_blocks_are_the_sliding_mask(size, window, sinks):
    found = torch.zeros(13, 13, dtype=torch.bool)
    of = block_masks.sliding_blocks(window, sinks)
    for q in block_masks.blocks(13, size):
        for k in block_masks.blocks(13, size):
            found[q.start : q.stop, k.start : k.stop] = of(q, k)
    assert torch.equal(found, masks.sliding(13, window, sinks))


def test_what_a_window_forgets_is_never_computed():
    query, key, value = inputs(64, 64, 0)
    found = list(b.steps(query, key, value, 8, block_masks.sliding_blocks(8)))
    assert {(s.queries.start - s.keys.start) // 8 for s in found} == {0, 1}
    with pytest.raises(ValueError, match="size is 0"):
        block_masks.sliding_blocks(0)


def test_steps_end_in_the_answer_and_skip_empty_blocks():
    query, key, value = inputs(10, 10, 0)
    found = list(b.steps(query, key, value, 4, block_masks.causal_blocks))
    assert [(s.queries.start, s.keys.start) for s in found] == [
        (0, 0),
        (4, 0),
        (4, 4),
        (8, 0),
        (8, 4),
        (8, 8),
    ]
    wanted = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    torch.testing.assert_close(found[-1].output, wanted[..., 8:, :], atol=1e-6, rtol=0)
    first, second = found[1], found[2]
    assert (second.maximum >= first.maximum).all()


def test_large_scores_do_not_overflow():
    query, key, value = (x.detach() * 100 for x in inputs(6, 6, 3))
    found = b.blockwise_attention(query, key, value, 2)
    wanted = F.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-5)


def test_a_long_row_within_the_stated_bound():
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, 1, 16_384, 64, generator=generator) for _ in range(3))
    query = query[:, :, :512]  # a slice of the queries: the whole is measured in the benchmarks
    found = b.blockwise_attention(query, key, value, 512)
    wanted = F.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_a_block_of_nothing_is_refused():
    with pytest.raises(ValueError, match="size is 0"):
        block_masks.blocks(4, 0)
