"""The Transformer against ``torch.nn.Transformer``; what it keeps changes no answer."""

import pytest
import torch
from torch import nn

from attn_core.attention.interventions import Cell, Intervention
from attn_core.models.recurrent import Recurrent, RecurrentConfig
from attn_core.models.transformer import Transformer
from attn_core.models.transformer_layers import END, PAD, START, TransformerConfig
from attn_core.models.translate_search import (
    length_penalty,
    recurrent_steps,
    search,
    transformer_steps,
)

SIZES = {"d_model": 24, "n_heads": 3, "d_ff": 40, "n_encoder_layers": 2, "n_decoder_layers": 2}


def ours(**changes):
    torch.manual_seed(0)
    return Transformer(TransformerConfig(30, 26, **SIZES, **changes)).eval()


def copied(model):
    """torch's own model with our weights."""
    config = model.config
    theirs = nn.Transformer(
        config.d_model,
        config.n_heads,
        config.n_encoder_layers,
        config.n_decoder_layers,
        config.d_ff,
        0.0,
        batch_first=True,
        norm_first=config.pre_norm,
    ).eval()

    def attention(mine, other):
        parts = (mine.query_projection, mine.key_projection, mine.value_projection)
        other.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        other.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
        other.out_proj.load_state_dict(mine.output_projection.state_dict())

    def rest(mine, other, last_norm):
        other.linear1.load_state_dict(mine.feed_forward.expand.state_dict())
        other.linear2.load_state_dict(mine.feed_forward.contract.state_dict())
        other.norm1.load_state_dict(mine.part.norm.state_dict())
        last_norm.load_state_dict(mine.feed_forward.part.norm.state_dict())

    with torch.no_grad():
        for mine, other in zip(model.encoder, theirs.encoder.layers, strict=True):
            attention(mine.attention, other.self_attn)
            rest(mine, other, other.norm2)
        for mine, other in zip(model.decoder, theirs.decoder.layers, strict=True):
            attention(mine.attention, other.self_attn)
            attention(mine.cross, other.multihead_attn)
            other.norm2.load_state_dict(mine.cross_part.norm.state_dict())
            rest(mine, other, other.norm3)
        theirs.encoder.norm.load_state_dict(model.encoder_norm.state_dict())
        theirs.decoder.norm.load_state_dict(model.decoder_norm.state_dict())
    return theirs


def a_batch(n=3, length=9, seed=0):
    generator = torch.Generator().manual_seed(seed)
    source = torch.randint(4, 30, (n, length), generator=generator)
    source[1, 5:] = PAD
    target = torch.randint(4, 26, (n, 7), generator=generator)
    target[:, 0] = START
    return source, target


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("pre_norm", [True, False])
def test_equal_to_torchs_transformer_with_copied_weights(pre_norm, traced):
    model = ours(pre_norm=pre_norm)
    with torch.no_grad():  # norms and biases away from where they start
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    source, target = a_batch()
    padding = source == PAD
    with torch.inference_mode():
        x, y = model.embed(model.source, source), model.embed(model.target, target)
        mask = ~padding[:, None, None, :]
        states, _ = model.run_encoder(x, mask, traced=traced)
        found, _, _ = model.run_decoder(y, model.remember(states, mask), traced=traced)
        wanted = copied(model)(
            x,
            y,
            tgt_mask=nn.Transformer.generate_square_subsequent_mask(7),
            tgt_is_causal=True,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
        )
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_traces_are_of_three_kinds_and_masked():
    source, target = a_batch()
    _, traces = ours()(source, target)
    assert list(traces) == [
        "encoder.0",
        "encoder.1",
        "decoder.0.self",
        "decoder.0.cross",
        "decoder.1.self",
        "decoder.1.cross",
    ]
    assert traces["encoder.0"].weights.shape == (3, 3, 9, 9)
    assert traces["decoder.1.cross"].weights.shape == (3, 3, 7, 9)
    assert traces["decoder.1.cross"].weights[1, :, :, 5:].abs().max() == 0
    assert traces["decoder.0.self"].weights.triu(1).abs().max() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"cross": False},
        {"one_vector": True},
        {"positions": False},
        {"causal": False},
    ],
)
def test_an_ablation_leaves_out_what_it_says(change):
    source, target = a_batch()
    model = ours(**change)
    logits, traces = model(source, target)
    assert logits.shape == (3, 7, 26)
    shuffled = torch.cat([source[:1, torch.randperm(9)], source[1:]])
    others, _ = model(shuffled, target)
    assert torch.allclose(others[0], logits[0], atol=1e-5) == (
        not change.get("cross", True) or not change.get("positions", True)
    )
    later = target.clone()
    later[:, -1] = 5
    changed, _ = model(source, later)
    assert torch.allclose(changed[:, 0], logits[:, 0], atol=1e-5) == change.get("causal", True)
    if change.get("one_vector"):
        assert traces["decoder.0.cross"].weights.shape[-1] == 1


@pytest.mark.parametrize("pre_norm", [True, False])
def test_cached_and_uncached_logits_are_equal(pre_norm):
    source, target = a_batch()
    model = ours(pre_norm=pre_norm)
    with torch.inference_mode():
        wanted, _ = model(source, target)
        memory, _ = model.encode(source, traced=False)
        cache, found = (), []
        for i in range(target.shape[1]):
            logits, _, cache = model.decode(target[:, i : i + 1], memory, cache, traced=False)
            found.append(logits)
    torch.testing.assert_close(torch.cat(found, 1), wanted, atol=1e-5, rtol=0)


def by_hand(model, source, alpha):
    """Every way to write two tokens, ended or not, with its score: no search at all."""

    def log_p(*ids):
        logits, _ = model(source, torch.tensor([[START, *ids]]), traced=False)
        return torch.log_softmax(logits[0, -1], -1).tolist()

    first, out = log_p(), {}
    penalty = length_penalty(torch.tensor([1.0, 2.0]), alpha).tolist()
    out[()] = first[END] / penalty[0]
    for a in range(END + 1, len(first)):
        second = log_p(a)
        for b in range(END, len(first)):
            out[(a,) if b == END else (a, b)] = (first[a] + second[b]) / penalty[1]
    return out


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_beam_that_drops_nothing_finds_the_best_of_all_sentences(alpha, seed):
    torch.manual_seed(seed)
    config = TransformerConfig(
        12, 10, d_model=8, n_heads=2, d_ff=16, n_encoder_layers=1, n_decoder_layers=1
    )
    model, source = Transformer(config).eval(), torch.tensor([[5, 6, 7]])
    with torch.inference_mode():
        wanted = by_hand(model, source, alpha)
    found = search(transformer_steps(model), source, 8, alpha, max_length=2)[0]
    best = sorted(wanted, key=wanted.__getitem__, reverse=True)[:8]
    assert [w.ids for w in found] == best
    assert [w.score for w in found] == pytest.approx([wanted[ids] for ids in best], abs=1e-4)


@pytest.mark.parametrize("width", [1, 4])
def test_search_writes_the_same_cached_or_not_alone_or_in_a_batch(width):
    source, _ = a_batch()
    model = ours()
    together = search(transformer_steps(model), source, width, max_length=12)
    for i in range(3):
        row = source[i : i + 1][:, source[i] != PAD]
        for cached in (True, False):
            alone = search(transformer_steps(model, cached=cached), row, width, max_length=12)[0]
            assert [w.ids for w in alone] == [w.ids for w in together[i]]
            assert [w.score for w in alone] == pytest.approx(
                [w.score for w in together[i]], abs=1e-4
            )


def test_a_prefix_is_obeyed_and_a_bad_width_named():
    source, _ = a_batch()
    found = search(transformer_steps(ours()), source, 2, max_length=6, prefix=(9, 11))
    assert all(w.ids[:2] == (9, 11) for row in found for w in row)
    with pytest.raises(ValueError, match="width is 9"):
        search(transformer_steps(ours()), source, 9)


def test_an_edit_at_a_step_changes_what_follows_and_nothing_before():
    source, _ = a_batch()
    model = ours()
    last = tuple(Cell("decoder.0.cross", h, 2, 8, 1.0) for h in range(3))
    for seed in range(5):  # a random model may well write the same; five in a row may not
        model.decoder[0].cross.value_projection.weight.data.mul_(1 + seed)
        plain = search(transformer_steps(model), source[:1], max_length=8)[0][0].ids
        edited = transformer_steps(model, Intervention(weights=last))
        changed = search(edited, source[:1], max_length=8)[0][0].ids
        assert changed[:2] == plain[:2]
        if changed != plain:
            return
    pytest.fail("the edit changed nothing")


def test_the_recurrent_twin_reads_a_padded_batch_as_it_reads_one():
    torch.manual_seed(1)
    source, _ = a_batch()
    model = Recurrent(RecurrentConfig(30, 26, 16, 12, 20, 8)).eval()
    together = search(recurrent_steps(model), source, 3, max_length=10)
    alone = search(recurrent_steps(model), source[1:2, :5], 3, max_length=10)
    assert [w.ids for w in alone[0]] == [w.ids for w in together[1]]
