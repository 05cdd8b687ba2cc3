"""Divided space-time attention, its twins and the sign classifier, held to torch's own."""

import numpy as np
import pytest
import torch
from torch import nn

from attn_core import zoo
from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.motion import MOTIONS, N_FRAMES, SIDE
from attn_core.inputs.refused import Refused
from attn_core.lessons.s6_2_video import experiment, signs, views
from attn_core.lessons.s6_2_video.frames import N_PATCHES
from attn_core.models.signs import SIGNS, SignClassifier, SignsConfig, evenly, steps
from attn_core.models.video import ATTENTIONS, VideoClassifier, VideoConfig
from attn_core.training.video import signs as signs_training
from attn_core.training.video.train import MODELS, build


def model(attention="divided", **more):
    torch.manual_seed(0)
    return VideoClassifier(VideoConfig(attention, n_layers=2, **more)).eval()


def some(n=2):
    return torch.randn(n, N_FRAMES, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def torchs(ours):
    """torch's own multi-head attention with our weights."""
    theirs = nn.MultiheadAttention(64, 4, batch_first=True).eval()
    parts = (ours.query_projection, ours.key_projection, ours.value_projection)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
        theirs.out_proj.load_state_dict(ours.output_projection.state_dict())
    return theirs


@pytest.mark.parametrize("name", ["time", "space"])
@torch.inference_mode()
def test_each_half_of_divided_attention_is_torchs(name):
    """Over time every patch alone, over space every frame alone: nn.MultiheadAttention."""
    layer = model().layers[0]
    attention, part = layer.attention[name], layer.part[name]
    x = torch.randn(1, N_FRAMES, 36, 64)
    seen = torch.ones(1, N_FRAMES, dtype=torch.bool)
    other = "space" if name == "time" else "time"
    theirs = torchs(attention)
    rows = part.before(x[0].transpose(0, 1) if name == "time" else x[0])
    expected, weights = theirs(rows, rows, rows, average_attn_weights=False)
    expected = expected.transpose(0, 1) if name == "time" else expected
    # with the other half and the feed-forward silent, the layer is this half alone
    for silent in (layer.attention[other].output_projection, layer.feed_forward.contract):
        silent.weight.zero_()
        silent.bias.zero_()
    from attn_core.models.transformer_layers import How

    out, traces = layer(x, seen, How(True, None), "0")
    if name == "time":
        assert torch.allclose(out - x, expected[None], atol=1e-5)
        assert torch.allclose(traces["0.time"].weights, weights, atol=1e-6)
    else:
        assert torch.allclose(out - x, expected[None], atol=1e-5)
        assert torch.allclose(traces["0.space"].weights, weights, atol=1e-6)


@pytest.mark.parametrize("attention", ATTENTIONS)
@torch.inference_mode()
def test_traces_change_nothing_and_clips_are_independent(attention):
    ours = model(attention)
    both = ours(some())
    fused = ours(some(), traced=False)
    assert torch.allclose(both.logits, fused.logits, atol=1e-5)
    alone = ours(some()[:1])
    assert torch.allclose(both.logits[:1], alone.logits, atol=1e-5)


@torch.inference_mode()
def test_the_answer_is_the_weighted_sum_of_what_frames_say():
    seen = model()(some())
    summed = (seen.frames[..., None] * seen.by_frame).sum(1)
    assert torch.allclose(summed, seen.logits, atol=1e-5)
    assert torch.allclose(seen.frames.sum(1), torch.ones(2), atol=1e-6)
    assert torch.allclose(seen.patches.sum(-1), torch.ones(2, N_FRAMES), atol=1e-6)


@torch.inference_mode()
def test_a_dropped_frame_can_be_anything():
    """Masked in all layers and in the sum, but for the frame after it, whose tubelet holds it."""
    ours = model()
    clips = some(1)
    other = clips.clone()
    other[0, -1] = torch.randn(SIDE, SIDE)
    keep = torch.ones(1, N_FRAMES, dtype=torch.bool)
    keep[0, -1] = False
    assert torch.allclose(ours(clips, keep).logits, ours(other, keep).logits, atol=1e-5)
    assert not torch.allclose(ours(clips).logits, ours(other).logits, atol=1e-4)
    assert float(ours(clips, keep).frames[0, -1]) == 0


@torch.inference_mode()
def test_no_row_of_time_reaches_another_patch():
    """With time alone a change in one patch stays in its column of tokens."""
    ours = model("time")
    tokens = torch.randn(1, N_FRAMES, 36, 64)
    other = tokens.clone()
    other[0, 3, 7] += 1
    seen = torch.ones(1, N_FRAMES, dtype=torch.bool)
    from attn_core.models.transformer_layers import How

    moved = (
        (
            ours.layers[0](tokens, seen, How(False, None), "0")[0]
            - ours.layers[0](other, seen, How(False, None), "0")[0]
        )
        .abs()
        .amax(-1)[0]
    )
    assert (moved.amax(0) > 1e-6).nonzero().flatten().tolist() == [7]


@torch.inference_mode()
def test_an_edit_reaches_the_answer_and_nobody_else():
    ours = model()
    before = ours(some()).logits
    edit = Intervention(weights=(Cell("pool.time", 0, 0, 5, 1.0),))
    after = ours(some(), intervention=edit)
    assert torch.allclose(after.logits, after.by_frame[:, 5], atol=1e-5)
    assert torch.equal(ours(some()).logits, before)
    cut = ours(some(), intervention=Intervention(heads=(("1.space", 2),)))
    assert not torch.allclose(cut.logits, before, atol=1e-6)


def test_twins_are_as_large():
    sizes = {name: sum(p.numel() for p in build(name).parameters()) for name in MODELS}
    assert max(sizes.values()) / min(sizes.values()) < 1.01


@pytest.mark.parametrize(("what", "value"), [("attention", "all"), ("n_layers", 0)])
def test_a_size_out_of_bounds_is_named(what, value):
    with pytest.raises(ValueError, match=str(value)):
        VideoConfig(**{what: value})


@pytest.mark.parametrize(
    "values",
    [
        {"model": "film"},
        {"start": -1},
        {"dropped": tuple(range(16))},
        {"frozen": (16,)},
        {"frame": 16},
        {"patch": 36},
        {"attention": "joint"},
    ],
)
def test_a_config_out_of_bounds_is_refused(values):
    with pytest.raises(ValueError, match="must|at most"):
        experiment.Config(**values)


@pytest.mark.parametrize("attention", experiment.CHECKPOINTS)
def test_slopes_are_the_gradient(attention):
    """Against torch.func; shares of all frames."""
    config = experiment.Config(attention=attention)
    frames, seen = experiment.given(config)
    module = zoo.get(experiment.CHECKPOINTS[attention]).module
    slope = torch.func.grad(lambda f: module(f, seen, traced=False).logits[0].max())(frames)
    expected = slope[0].abs().sum((1, 2))
    found = torch.tensor(views.gradient(config))
    assert torch.allclose(found, expected / expected.sum(), atol=1e-5)


def test_kept_apart_the_weight_lies_on_the_motion():
    """What the two classifiers were trained to show, on a clip that neither has seen."""
    shares = {}
    for attention in experiment.CHECKPOINTS:
        result = experiment.run(experiment.Config(attention=attention))
        assert result.details["motion"] == "pan_right"
        shares[attention] = result.numbers["in_span"]
    assert shares["space"] > 0.9 > 0.3 > shares["divided"]
    alone = experiment.run(experiment.Config(attention="space"))
    assert not any(site.endswith(".time") and site[0].isdigit() for site in alone.traces)
    assert experiment.opened(alone).site == experiment.FRAMES_SITE


def test_a_frame_kept_apart_knows_nothing_of_the_others():
    """Whatever frames 9 to 16 show, frames 1 to 7 say the same."""
    whole = experiment.asked(experiment.Config(attention="space")).by_frame[0]
    frozen = experiment.Config(attention="space", frozen=tuple(range(8, 16)))
    part = experiment.asked(frozen).by_frame[0]
    # light is evened over a clip, so that the others' pixels move a little
    assert whole[:7].argmax(1).tolist() == part[:7].argmax(1).tolist()
    talk = [
        experiment.asked(c).by_frame[0]
        for c in (experiment.Config(), experiment.Config(frozen=tuple(range(5, 16))))
    ]
    assert talk[0][:4].argmax(1).tolist() != talk[1][:4].argmax(1).tolist()


def test_levels_part_where_otsu_parts_them():
    from skimage.filters import threshold_otsu

    numbers = np.random.default_rng(0)
    for _ in range(20):
        values = np.concatenate([numbers.normal(0, 1, 9), numbers.normal(4, 1, 7)])
        ours = views.halved(torch.from_numpy(values)).numpy()
        theirs = values > threshold_otsu(values, nbins=4096)
        assert (ours == theirs).mean() > 0.9
    assert not views.halved(torch.full((16,), 0.5)).any()


def test_cells_of_the_sheet_are_counted_both_ways():
    seen = {views.place(i) for i in range(N_FRAMES * N_PATCHES)}
    assert len(seen) == N_FRAMES * N_PATCHES
    row = np.zeros(N_FRAMES)
    row[5] = 1
    laid = views.row_on_sheet(row, 0, 14, "time")
    assert views.place(int(laid.argmax())) == (5, 14)
    assert laid.sum() == 1


@torch.inference_mode()
def test_a_path_s_place_and_size_do_not_count():
    ours = SignClassifier(SignsConfig()).eval()
    line = torch.from_numpy(signs.by_rule("circle"))[None]
    moved = line * 7.5 + torch.tensor([100.0, -3.0])
    assert torch.allclose(ours(line)[0], ours(moved)[0], atol=1e-4)
    assert not steps(torch.zeros(1, 45, 2)).any()
    logits, traces = ours(line)
    assert logits.shape == (1, len(SIGNS))
    assert torch.allclose(ours(line, traced=False)[0], logits, atol=1e-5)
    assert set(traces) == {"encoder.0", "encoder.1", "pool"}


@pytest.mark.parametrize("sign", signs.SAMPLES)
def test_a_path_drawn_by_rule_is_the_sign_it_is_called(sign):
    assert signs.run(sign).details["motion"] == sign


def test_points_lie_evenly_along_a_line():
    numbers = np.random.default_rng(0)
    line = np.cumsum(numbers.normal(0, 1, (30, 2)), 0)
    found = evenly(line, 200)
    gaps = np.hypot(*np.diff(found, axis=0).T)
    assert gaps.max() < 1.001 * np.hypot(*np.diff(line, axis=0).T).sum() / 199
    assert np.allclose(found[[0, -1]], line[[0, -1]])


@pytest.mark.parametrize("path", ["", "square", "draw:", "draw:!!"])
def test_no_line_is_no_path(path):
    with pytest.raises(Refused):
        signs.points(path)


def test_folds_share_nothing_and_leave_nothing_out():
    made = np.repeat(np.arange(15), 22)
    fold = signs_training.folds(made, 0)
    for sign in range(15):
        counts = np.bincount(fold[made == sign], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert set(fold) == set(range(5))


def test_motions_have_names_of_their_own():
    assert len(set(MOTIONS)) == 9


def test_the_first_row_is_the_frame_that_is_open():
    for frame in (3, 8):
        found = experiment.run(experiment.Config(frame=frame, patch=7))
        assert experiment.default_row(found) == frame
