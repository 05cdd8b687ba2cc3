"""The character model: what it keeps changes no logit, and what it forgets is bounded."""

import pytest
import torch

from attn_core.attention import masks
from attn_core.models.characters import Characters, CharactersConfig

CONFIG = CharactersConfig("abcdefgh ", d_model=24, n_heads=3, n_layers=3)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Characters(CONFIG).eval()


def a_text(n, seed=0):
    return torch.randint(0, 10, (2, n), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("sizes", [(1,) * 20, (7, 1, 12), (20,)])
def test_cached_and_uncached_logits_are_equal(model, sizes, traced):
    ids = a_text(sum(sizes))
    with torch.inference_mode():
        wanted, _, _ = model(ids, traced=not traced)
        cache, found, first = None, [], 0
        for size in sizes:
            logits, _, cache = model(ids[:, first : first + size], cache, traced=traced)
            found.append(logits)
            first += size
    torch.testing.assert_close(torch.cat(found, 1), wanted, atol=1e-5, rtol=0)
    assert cache.seen == len(cache.layers[0]) == sum(sizes)


def test_no_character_sees_a_later_one(model):
    ids = a_text(15)
    changed = ids.clone()
    changed[:, 10:] = (changed[:, 10:] + 1) % 10
    with torch.inference_mode():
        a, _, _ = model(ids)
        b, _, _ = model(changed)
    assert torch.equal(a[:, :10], b[:, :10])
    assert (a[:, 10:] - b[:, 10:]).abs().max() > 1e-4


@pytest.mark.parametrize(("window", "sinks"), [(4, 0), (4, 2), (1, 0), (30, 3)])
def test_forgetting_equals_masking_in_one_layer_after_another(model, window, sinks):
    """A cache that forgets gives what the band mask gives: states made once stay as they were."""
    ids = a_text(20)
    with torch.inference_mode():
        wanted, _, _ = model(ids, mask=masks.sliding(20, window + 1, sinks))
        cache, found = None, []
        for i in range(20):
            logits, _, cache = model(ids[:, i : i + 1], cache)
            cache = cache.evict(window, sinks)
            assert len(cache.layers[0]) <= window + sinks
            found.append(logits)
    torch.testing.assert_close(torch.cat(found, 1), wanted, atol=1e-5, rtol=0)


def test_sizes_that_cannot_be_are_named():
    with pytest.raises(ValueError, match="n_heads is 5"):
        CharactersConfig("ab", d_model=24, n_heads=5)
    with pytest.raises(ValueError, match="repeats"):
        CharactersConfig("aba")
