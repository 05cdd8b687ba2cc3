"""The detector's attentions against torch's own, and what its groups and settings promise."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from attn_core.layers.positional.plane import plane
from attn_core.models.detector import Detector, DetectorConfig, first_group
from attn_core.models.detector_layers import (
    BASE,
    ConditionalCrossAttention,
    DecoderLayer,
    EncoderLayer,
    sine_code,
)

D, HEADS = 32, 4


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_the_code_of_whole_cells_is_the_plane_s():
    cells = torch.cartesian_prod(torch.arange(5), torch.arange(7)).double()
    expected = plane(5, 7, D, BASE).flatten(0, 1)
    assert torch.allclose(sine_code(cells, D), expected, atol=1e-9)


def test_conditional_cross_attention_is_attention_on_joined_channels():
    layer = ConditionalCrossAttention(D, HEADS)
    x, code, memory, places = (torch.randn(*s) for s in ((2, 5, D), (2, 5, D), (2, 9, D), (9, D)))
    out, trace = layer(x, code, memory, places, "site", None)

    def split(t):
        return t.unflatten(-1, (HEADS, -1)).transpose(-3, -2)

    asked = layer.place_query(code) * layer.factor(x)
    query = torch.cat([split(layer.content_query(x)), split(asked)], -1)
    where = split(layer.place_key(places)).expand(2, -1, -1, -1)
    key = torch.cat([split(layer.content_key(memory)), where], -1)
    heads = F.scaled_dot_product_attention(query, key, split(layer.value(memory)))
    expected = layer.output(heads.transpose(1, 2).flatten(2))
    assert torch.allclose(out, expected, atol=1e-5)
    assert torch.allclose(trace.weights.sum(-1), torch.ones(2, HEADS, 5), atol=1e-5)


def torch_attention(ours):
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
    parts = (ours.query_projection, ours.key_projection, ours.value_projection)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
        theirs.out_proj.weight.copy_(ours.output_projection.weight)
        theirs.out_proj.bias.copy_(ours.output_projection.bias)
    return theirs


def test_the_encoder_s_attention_equals_torch_s():
    layer = EncoderLayer(D, HEADS, 64, attends=True)
    x, places = torch.randn(2, 12, D), torch.randn(12, D)
    out, traces = layer(x, places, (3, 4), "here", None)
    normed = layer.norm(x)
    asked = normed + places
    expected, weights = torch_attention(layer.attention)(
        asked, asked, normed, average_attn_weights=False
    )
    assert torch.allclose(out, layer.feed_forward(x + expected), atol=1e-5)
    assert torch.allclose(traces["here"].weights, weights, atol=1e-6)


def test_the_twin_has_as_many_parameters_and_no_trace():
    ours, twin = (Detector(DetectorConfig(attends=a)) for a in (True, False))
    counts = [sum(p.numel() for p in model.parameters()) for model in (ours, twin)]
    assert abs(counts[0] - counts[1]) < 0.001 * counts[0]
    _, traces = twin.eval()(torch.rand(1, 3, 64, 64))
    assert not any(site.startswith("encoder") for site in traces)


def test_queries_of_different_groups_do_not_see_each_other():
    layer = DecoderLayer(D, HEADS, 64)
    x, code, memory, places = (torch.randn(*s) for s in ((1, 6, D), (1, 6, D), (1, 9, D), (9, D)))
    both, _ = layer(x, code, memory, places, 2, "s", None)
    alone, _ = layer(x[:, :3], code[:, :3], memory, places, 1, "s", None)
    assert torch.allclose(both[:, :3], alone, atol=1e-5)


def test_the_first_group_is_what_is_shipped():
    config = DetectorConfig(n_queries=4, n_groups=3)
    whole = Detector(config).eval()
    shipped = Detector(DetectorConfig(n_queries=4)).eval()
    shipped.load_state_dict(first_group(whole.state_dict(), config))
    pixels = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        many, _ = whole(pixels)
        few, _ = shipped(pixels)
    assert many.logits.shape[2] == 12
    assert torch.allclose(many.logits[:, :, :4], few.logits, atol=1e-5)
    assert torch.allclose(many.boxes[:, :, :4], few.boxes, atol=1e-5)


def test_boxes_lie_in_the_picture_and_begin_at_their_anchors():
    model = Detector(DetectorConfig()).eval()
    with torch.inference_mode():
        found, traces = model(torch.rand(1, 3, 96, 128), n_queries=5)
    assert found.boxes.shape == (3, 1, 5, 4)
    assert ((found.boxes > 0) & (found.boxes < 1)).all()
    assert torch.allclose(found.boxes[0, 0], found.anchors, atol=1e-6)  # not trained: no move yet
    assert traces["decoder.1.cross"].weights.shape == (1, 4, 5, 48)


@pytest.mark.parametrize(
    "bad", [{"n_classes": 0}, {"n_queries": 0}, {"n_heads": 5}, {"d_model": 30, "n_heads": 5}]
)
def test_sizes_out_of_bounds_are_refused(bad):
    with pytest.raises(ValueError, match=str(next(iter(bad.values())))):
        DetectorConfig(**bad)


@pytest.mark.parametrize("n", [0, 21])
def test_a_number_of_queries_out_of_bounds_is_refused(n):
    with pytest.raises(ValueError, match=str(n)):
        Detector(DetectorConfig())(torch.rand(1, 3, 64, 64), n_queries=n)
