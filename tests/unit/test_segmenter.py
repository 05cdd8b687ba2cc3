"""Lesson 4.1's model and experiment against formulas and layers that we did not write."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.spatial.distance import jaccard

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.inputs.photo import find, for_model, read_photo
from attn_core.inputs.refused import Refused
from attn_core.layers.gate import AddedConvolution, AttentionGate
from attn_core.layers.positional.plane import plane
from attn_core.lessons.photographs import patches
from attn_core.lessons.s4_1_segmentation import compared, experiment, quiz, views
from attn_core.models.attention_unet import AttentionUNet, AttentionUNetConfig
from attn_core.training.photographs import segmentation

SITE = experiment.SITE


@pytest.fixture(scope="module")
def astronaut():
    return experiment.run(experiment.Config())


def sent(width, height, kind="PNG"):
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return read_photo(out.getvalue())


def test_gate_is_the_paper_s_formula():
    """Oktay et al. 2018, equations 1 and 2, pixel by pixel in numpy."""
    torch.manual_seed(0)
    gate = AttentionGate(5, 7, 6).double()
    skip, signal = torch.randn(1, 5, 3, 4).double(), torch.randn(1, 7, 3, 4).double()
    out, trace = gate(skip, signal)
    w_x, w_g, psi = (
        m.weight.detach().numpy()[:, :, 0, 0] for m in (gate.of_skip, gate.of_signal, gate.score)
    )
    b_g, b_psi = gate.of_signal.bias.detach().numpy(), gate.score.bias.detach().numpy()
    for row in range(3):
        for column in range(4):
            x, g = skip[0, :, row, column].numpy(), signal[0, :, row, column].numpy()
            score = psi @ np.maximum(w_x @ x + w_g @ g + b_g, 0) + b_psi
            alpha = 1 / (1 + np.exp(-score))
            assert trace.weights[0, 0, 0, row * 4 + column].item() == pytest.approx(alpha[0])
            np.testing.assert_allclose(out[0, :, row, column].detach().numpy(), alpha * x)


def test_twin_adds_and_no_pixel_moves_another():
    torch.manual_seed(0)
    twin = AddedConvolution(5, 7, 6)
    skip, signal = torch.randn(1, 5, 6, 6), torch.randn(1, 7, 6, 6)
    moved = skip.clone()
    moved[..., 2, 3] += 1
    changed = (twin(skip, signal) - twin(moved, signal)).abs().amax(1)[0] > 0
    assert changed.sum() == 1
    assert changed[2, 3]


def test_twins_have_equal_parameters():
    count = [
        sum(p.numel() for p in AttentionUNet(AttentionUNetConfig(kind=kind)).parameters())
        for kind in ("attention", "added")
    ]
    assert abs(count[0] - count[1]) / count[0] < 0.001


def test_bottleneck_is_torch_s_multi_head_attention():
    model = zoo.get(experiment.CHECKPOINT).module
    d, heads = model.config.d_model, model.config.n_heads
    theirs = torch.nn.MultiheadAttention(d, heads, batch_first=True).eval()
    ours = model.attention
    parts = (ours.query_projection, ours.key_projection, ours.value_projection)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
        theirs.out_proj.weight.copy_(ours.output_projection.weight)
        theirs.out_proj.bias.copy_(ours.output_projection.bias)
        pixels = for_model(find("coffee").pixels, patches.SIDE)
        grid = model.enter(model.encoder(pixels)[16])
        _, traces = model._bottleneck(grid, None)
        normed = model.norm_attention(grid.flatten(2).transpose(1, 2))
        placed = normed + plane(*grid.shape[-2:], d).flatten(0, 1).to(normed)
        out, weights = theirs(placed, placed, normed, average_attn_weights=False)
    assert torch.allclose(traces[SITE].weights, weights, atol=1e-5)
    assert torch.allclose(traces[SITE].context, out, atol=1e-4)


def test_iou_is_one_minus_scipy_s_jaccard():
    maker = np.random.default_rng(0)
    for _ in range(20):
        one, other = maker.random((2, 9, 7)) > maker.random()
        expected = 1 - jaccard(one.ravel(), other.ravel())
        assert patches.iou(torch.tensor(one), torch.tensor(other)) == pytest.approx(expected)
        found = segmentation.intersection_over_union(torch.tensor(one), torch.tensor(other))
        assert found == pytest.approx(expected)
    nothing = torch.zeros(3, dtype=torch.bool)
    assert patches.iou(nothing, nothing) == 1.0


def test_training_and_page_read_pictures_of_one_size():
    assert segmentation.SIDE == patches.SIDE


def test_the_stored_maps_are_the_model_s(astronaut):
    model = zoo.get(experiment.CHECKPOINT).module
    with torch.inference_mode():
        logits, traces = model(for_model(find("astronaut").pixels, patches.SIDE))
    maps = astronaut.details["maps"]
    levels = {"mask": logits[0].sigmoid()} | {
        f"gate.{s}": traces[f"gate.{s}"].weights.view(256 // s, 256 // s) for s in (8, 4, 2)
    }
    assert levels.keys() == maps.keys()
    for name, true in levels.items():
        found = patches.unpacked(maps[name]) / 255
        assert np.abs(found - true.numpy()).max() <= 0.5 / 255 + 1e-6, name
    rows = astronaut.traces[SITE].weights.float().sum(-1)
    assert torch.allclose(rows, torch.ones_like(rows), atol=2e-3)
    assert astronaut.nbytes < 2**21


def test_the_default_picture_s_person_is_found(astronaut):
    """Face, suit and gloves are person; the flag and the wall behind are not."""
    mask = patches.unpacked(astronaut.details["maps"]["mask"]) > 127
    at = {"face": (60, 112), "suit": (180, 110), "flag": (60, 10), "shuttle": (60, 240)}
    assert {name: bool(mask[place]) for name, place in at.items()} == {
        "face": True,
        "suit": True,
        "flag": False,
        "shuttle": False,
    }


def test_grey_pixels_and_masked_keys_are_two_things(astronaut):
    patch = 167
    grey = experiment.run(experiment.Config(hidden=(patch,)))
    cut = experiment.run(experiment.Config(), Intervention(tokens=((SITE, patch),)))
    assert grey.traces[SITE].mask is None
    assert float(grey.traces[SITE].weights[..., patch].sum()) > 0
    assert not cut.traces[SITE].mask[..., patch].any()
    assert float(cut.traces[SITE].weights[..., patch].abs().sum()) == 0
    assert cut.traces[SITE].mask.sum() == 255 * 256
    assert grey.details["maps"]["gate.2"] != astronaut.details["maps"]["gate.2"]
    for result in (grey, cut):
        assert 0 < result.numbers["mask_iou"] <= 1
    assert astronaut.numbers["mask_iou"] == 1.0


def test_nothing_left_to_look_at_gives_zeros_and_a_mask():
    everything = Intervention(tokens=tuple((SITE, k) for k in range(256)))
    result = experiment.run(experiment.Config(), everything)
    assert not result.traces[SITE].weights.any()
    assert all(math.isfinite(v) for v in result.numbers.values())
    assert experiment.reading(result, 3)["weight"] == 0


@pytest.mark.parametrize("size", [(1, 60), (3000, 1), (40, 700), (17, 13), (640, 480)])
def test_every_shape_of_picture(size):
    photo = sent(*size)
    result = experiment.run(experiment.Config(photo.name, hidden=(0, 200, 255)))
    rows, columns = result.details["grid"]
    assert len(result.queries) == rows * columns == result.traces[SITE].weights.shape[-1]
    assert result.details["hidden"] == [k for k in (0, 200, 255) if k < rows * columns]
    row = experiment.default_row(result)
    opened = experiment.opened(result)
    assert experiment.looks(result, row, opened.head).shape == (rows, columns)
    assert quiz.questions(experiment.Config(photo.name), result)


@pytest.mark.parametrize("hidden", [(-1,), (256,), (3, 10**9)])
def test_patches_out_of_bounds_are_named(hidden):
    with pytest.raises(ValueError, match=r"\[0, 255\]"):
        experiment.Config(hidden=hidden)


def test_threshold_out_of_bounds_is_named():
    with pytest.raises(ValueError, match=r"0\.123"):
        experiment.Config(threshold=0.123)


def test_a_config_from_json_equals_its_own():
    assert experiment.Config(hidden=[5, 3, 3]) == experiment.Config(hidden=(3, 5))
    assert hash(experiment.Config(hidden=[5, 3])) == hash(experiment.Config(hidden=(3, 5)))


@pytest.mark.parametrize("text", ["", "x", "1-", "1..2", "999", "5-2", "1" * 5000, "0-255." * 999])
def test_spoilt_patches_in_a_link_hide_nothing(text):
    assert patches.from_text(text) == ()


def test_patches_survive_a_link():
    for chosen in ((), (0,), (1, 2, 3, 9), tuple(range(256))):
        assert patches.from_text(patches.as_text(chosen)) == chosen


def test_parts_are_the_whole_model():
    model = zoo.get(experiment.CHECKPOINT).module
    rows = views.parts(12, 16)
    counted = sum(r["multiply_adds"] for r in rows)
    assert counted == views.multiply_adds(lambda: model(torch.zeros(1, 3, 192, 256)))
    assert sum(r["parameters"] for r in rows) == sum(p.numel() for p in model.parameters())
    assert sum(views.by_part(12, 16).values()) == counted
    # One 3 × 3 convolution of the decoder by hand: (64 + 24 → 40) and (40 → 40) on 48 × 64 pixels.
    join = next(r for r in rows if r["name"] == "join.4")
    assert join["multiply_adds"] == 9 * 48 * 64 * (88 * 40 + 40 * 40)


def test_a_cut_part_is_reported_against_the_whole_mask():
    found = {r["part"]: r["iou"] for r in views.without(experiment.Config())}
    assert list(found) == ["heads", "gate.8", "gate.4", "gate.2"]
    heads = Intervention(heads=tuple((SITE, h) for h in range(4)))
    again = experiment.run(experiment.Config(), heads).numbers["mask_iou"]
    assert found["heads"] == pytest.approx(again)


@pytest.mark.parametrize("way", views.WAYS)
def test_deletion_compares_equal_numbers(way):
    rows = views.deletion("rocket", way)
    assert [r["n"] for r in rows if r["which"] == "attended"] == list(views.COUNTS)
    assert [r["n"] for r in rows if r["which"] == "random"] == list(views.COUNTS)
    assert all(0 <= r["moved"] <= 1 for r in rows)


def test_cut_out_has_the_picture_s_own_size_and_its_colours():
    photo = sent(2000, 1500, "JPEG")
    found = Image.open(io.BytesIO(views.cutout(experiment.Config(photo.name))))
    assert (found.size, found.mode) == ((2000, 1500), "RGBA")
    own = np.asarray(Image.open(io.BytesIO(photo.source)).convert("RGB")).astype(int)
    assert np.abs(np.asarray(found)[..., :3].astype(int) - own).max() <= 2


def test_cut_out_of_the_default_is_see_through_where_nobody_is(astronaut):
    found = np.asarray(Image.open(io.BytesIO(views.cutout(experiment.Config()))))
    alpha = found[..., 3]
    assert alpha[120, 224] == 255
    assert alpha[120, 480] == 0
    share = float((alpha > 127).mean())
    assert share == pytest.approx(astronaut.numbers["person_share"], abs=0.01)


def test_a_picture_that_is_gone_is_refused():
    with pytest.raises(Refused):
        experiment.run(experiment.Config("0" * 64))
    with pytest.raises(Refused):
        views.cutout(experiment.Config("0" * 64))


def test_hiding_job_reports_stops_and_starts_from_the_whole_picture():
    told = []

    def report(fraction, message, partial=None):
        told.append((fraction, message, partial))

    rows = compared.hide_and_compare(
        report, lambda: len(told) >= 2, picture=compared.as_read("rocket"), seed=1
    )
    assert [r["iou"] for r in rows[:2]] == [1.0, 1.0]
    assert {r["model"] for r in rows} == {compared.SHOWN, compared.ADDED}
    assert len(told) == 2
    assert told[-1][0] == pytest.approx(2 / len(compared.SHARES))


def test_recorded_comparison_is_consistent():
    table = {r["model"]: r for r in compared.table()}
    assert list(table) == list(compared.kinds())
    assert {compared.SHOWN, compared.ADDED} <= set(table)
    for kind, row in table.items():
        seeds = [r["iou"] for r in compared.seeds() if r["model"] == kind]
        assert row["iou"] == pytest.approx(sum(seeds) / len(seeds))
    gap = compared.by_picture()
    mean = table[compared.SHOWN]["iou"] - table[compared.ADDED]["iou"]
    assert sum(gap) / len(gap) == pytest.approx(mean, abs=1e-4)


def test_prediction_is_settled_by_counting():
    found = quiz.reveal(experiment.Config(), "cpu")
    assert found["added"] == 0
    assert found["attention"] > 100
    assert quiz.truth(found) == "attention"
    assert quiz.truth({"added": 3, "attention": 9}) == "both"
    assert quiz.truth({"added": 0, "attention": 0}) == "neither"


def test_questions_are_graded_from_the_run(astronaut):
    opened = experiment.opened(astronaut)
    where, gate, hide = quiz.questions(experiment.Config(), astronaut)
    row = astronaut.traces[SITE].weights[0, opened.head, experiment.default_row(astronaut)]
    assert where.options[where.answer] == astronaut.keys[int(row.argmax())]
    numbers = astronaut.numbers
    gaps = {s: numbers[f"gate_{s}_on"] - numbers[f"gate_{s}_off"] for s in (8, 4, 2)}
    assert gate.options[gate.answer] == f"1/{max(gaps, key=gaps.get)}"
    pixels, keys = float(hide.values["pixels"]), float(hide.values["keys"])
    if min(pixels, keys) < 1 - quiz.SAME:
        assert hide.answer == (1 if keys < pixels else 0)


def test_challenge_is_reached_by_few_grey_patches_and_nothing_else(astronaut):
    config = experiment.Config()
    assert not quiz.challenge(config, Intervention(), astronaut).reached
    reached = []
    for row, column in ((2, 2), (11, 12), (0, 10), (10, 9)):
        hidden = tuple((row + r) * 16 + column + c for r in range(3) for c in range(3))
        with_hidden = experiment.Config(hidden=hidden)
        result = experiment.run(with_hidden)
        found = quiz.challenge(with_hidden, Intervention(), result)
        assert found.reached == (result.numbers["iou_elsewhere"] < quiz.GOAL)
        reached.append(found.reached)
        other = quiz.challenge(with_hidden, Intervention(temperature=2.0), result)
        assert not other.reached
    assert any(reached)
    many = experiment.Config(hidden=tuple(range(100)))
    assert not quiz.challenge(many, Intervention(), experiment.run(many)).reached
