"""Lesson 6.3's models: padding changes nothing, batches equal single runs, twins are as large."""

import pytest
import torch
from torch.nn import functional as F

from attn_core.attention.interventions import Intervention
from attn_core.models.drug_target import (
    CROSS,
    POOL,
    STRIDE,
    DrugTarget,
    DrugTargetConfig,
    Encoded,
    is_atom,
    token_ids,
)
from attn_core.models.sequence import SequenceConfig, SequenceReader, ids_of

BASES, RESIDUES = "ACGTN", "ACDEFGHIKLMNPQRSTVWYX"


def reader(pooling="attention", kind="attention"):
    torch.manual_seed(0)
    config = SequenceConfig(BASES, "DAN", kind, pooling, d_model=16, d_ff=32, width=5)
    return SequenceReader(config).eval()


def binder(cross=True):
    torch.manual_seed(0)
    return DrugTarget(DrugTargetConfig(("C", "N", "(", ")"), RESIDUES, cross, 16, d_ff=32)).eval()


@pytest.mark.parametrize("pooling", ["", "attention", "mean"])
@pytest.mark.parametrize("kind", ["attention", "convolution"])
def test_padding_changes_nothing(pooling, kind):
    model = reader(pooling, kind)
    short = torch.tensor([ids_of("GATTACAGATTACA", BASES)])
    padded = F.pad(short, (0, 9))
    one, many = model(short)[0], model(padded)[0]
    many = many if pooling else many[:, : short.shape[1]]
    torch.testing.assert_close(one, many, atol=1e-5, rtol=1e-5)


def test_the_fused_kernel_gives_the_same_and_rows_sum_to_one():
    model = reader()
    ids = torch.tensor([ids_of("GATTACAN" * 4, BASES)])
    logits, traces = model(ids)
    torch.testing.assert_close(model(ids, traced=False)[0], logits, atol=1e-5, rtol=1e-5)
    assert set(traces) == {"encoder.0", "encoder.1", "pool"}
    for trace in traces.values():
        torch.testing.assert_close(trace.weights.sum(-1), torch.ones(trace.weights.shape[:-1]))
    assert traces["pool"].weights.shape == (1, 1, 1, 32)


def test_a_mask_keeps_far_letters_out_and_an_intervention_is_obeyed():
    model = reader("")
    ids = torch.tensor([ids_of("GATTACAN" * 4, BASES)])
    near = torch.eye(32, dtype=torch.bool)
    _, traces = model(ids, allowed=near)
    assert (traces["encoder.0"].weights[0] == torch.eye(32)).all()
    cut = Intervention(tokens=(("encoder.1", 3),))
    weights = model(ids, intervention=cut)[1]["encoder.1"].weights
    assert (weights[..., 3] == 0).all()


def test_ambiguous_letters_are_the_alphabet_s_last():
    assert ids_of("ACGTNRX", BASES) == [1, 2, 3, 4, 5, 5, 5]


def molecules(texts):
    rows = [tuple(text) for text in texts]
    atoms = [[i for i, t in enumerate(row) if is_atom(t)] for row in rows]
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(token_ids(row, ("C", "N", "(", ")"))) for row in rows]
    return pad(ids, True), pad([torch.tensor(a) for a in atoms], True, -1)


def test_a_block_of_pairs_equals_each_pair_on_its_own():
    texts, chains = ["CC(N)C", "NCCCCN", "C"], ["ACDEFGHIKLMN" * 3, "WYV" * 4, "MKT" * 9]
    for model in (binder(), binder(cross=False)):
        ids = [torch.tensor(ids_of(c, RESIDUES)) for c in chains]
        many = torch.nn.utils.rnn.pad_sequence(ids, True)
        drugs, _ = model.molecules(*molecules(texts), traced=False)
        block, _ = model.score(drugs, model.chains(many))
        assert block.shape == (3, 3)
        for i, one in enumerate(ids):
            for j, text in enumerate(texts):
                drug, _ = model.molecules(*molecules([text]))
                single, traces = model.score(drug, model.chains(one[None]), traced=True)
                torch.testing.assert_close(single[0, 0], block[i, j], atol=1e-5, rtol=1e-4)
                if model.config.cross:
                    weights = traces[CROSS].weights
                    n = -(-len(one) // STRIDE)
                    assert weights.shape == (1, 4, drug.states.shape[1], n)
                    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
                    assert traces[POOL].weights.shape[-1] == drug.states.shape[1]


def test_cross_attention_is_torch_s_own():
    model = binder()
    drugs, _ = model.molecules(*molecules(["CC(N)C"]))
    chains = model.chains(torch.tensor([ids_of("ACDEFGHIKLMN" * 3, RESIDUES)]))
    _, traces = model.score(drugs, chains, traced=True)
    ours, theirs = model.cross, torch.nn.MultiheadAttention(16, 4, batch_first=True)
    with torch.no_grad():
        parts = (ours.query_projection, ours.key_projection, ours.value_projection)
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
        theirs.out_proj.weight.copy_(ours.output_projection.weight)
        theirs.out_proj.bias.copy_(ours.output_projection.bias)
    asked = model.cross_norm(drugs.states)
    out, weights = theirs(asked, chains.states, chains.states, average_attn_weights=False)
    torch.testing.assert_close(traces[CROSS].weights, weights, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(traces[CROSS].context, out, atol=1e-6, rtol=1e-5)


def test_twins_are_as_large_to_two_in_a_hundred():
    def size(module):
        return sum(p.numel() for p in module.parameters())

    shown = {"d_model": 64, "n_heads": 4, "d_ff": 128}
    one, other = (DrugTarget(DrugTargetConfig(("C",), RESIDUES, c, **shown)) for c in (True, False))
    assert abs(size(one) / size(other) - 1) < 0.02
    pair = [size(reader("", kind)) for kind in ("attention", "convolution")]
    assert abs(pair[0] / pair[1] - 1) < 0.02


def test_an_empty_pad_segment_is_masked():
    model = binder()
    ids = F.pad(torch.tensor([ids_of("ACDEFGHI", RESIDUES)]), (0, 20))
    found = model.chains(ids)
    assert isinstance(found, Encoded)
    assert found.real.tolist() == [[True, False, False, False]]


@pytest.mark.parametrize("wrong", [{"kind": "x"}, {"pooling": "x"}, {"width": 4}, {"n_layers": 0}])
def test_configs_are_checked(wrong):
    with pytest.raises(ValueError, match="is"):
        SequenceConfig(BASES, "DAN", **wrong)
