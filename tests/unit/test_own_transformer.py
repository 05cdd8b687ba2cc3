"""A learner's own training: counts against the model, same seed same curve, stops, limits, use."""

import pickle
from dataclasses import asdict

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch.utils.flop_counter import FlopCounterMode

from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_3_transformer import (
    long_inputs,
    own_estimate,
    own_settings,
    own_training,
    toy_tasks,
)
from attn_core.lessons.s3_3_transformer.own_settings import Own
from attn_core.models.transformer import Transformer

TINY = {"task": "copy", "layers": 1, "heads": 2, "d_model": 16, "d_ff": 16, "batch": 8,
        "steps": 10, "length": 3}  # fmt: skip
OTHERS = [
    {}, {"dropout": 0.1}, {"pre_norm": False}, {"layers": 1}, {"d_ff": 512}, {"d_model": 128},
    {"heads": 8}, {"length": 24}, {"task": "dates", "length": 18}, {"task": "add", "length": 3},
    {"layers": 4, "length": 24, "batch": 16}, {"d_model": 16, "d_ff": 16, "heads": 2},
]  # fmt: skip


def quietly(fraction, key, partial=None):
    assert 0 < fraction <= 1


def train(**more):
    return own_training.train(quietly, lambda: False, **(TINY | more))


def but_time(found):
    return {k: v for k, v in found.items() if k not in ("seconds", "moments")}


@pytest.mark.parametrize("more", OTHERS)
def test_parameters_are_counted_as_the_model_has_them(more):
    config = Own(**more)
    assert own_settings.parameters(config) == sum(
        p.numel() for p in Transformer(config.model).parameters()
    )


@pytest.mark.parametrize("more", OTHERS)
def test_memory_is_what_the_training_holds_within_a_quarter(more):
    config = Own(**more)
    run, held = own_training.Training(config), {}
    keep = []  # else storage that is freed would be counted twice

    def note(tensor):
        storage = tensor.untyped_storage()
        held[storage.data_ptr()] = storage.nbytes()
        keep.append(tensor)
        return tensor

    sources = toy_tasks.draw_sources(config.task, config.batch, config.length, run.draw)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        own_training.loss_on(run.model.train(), config.task, sources).backward()
    run.optimiser.step()
    weights = {p.untyped_storage().data_ptr() for p in run.model.parameters()}
    states = sum(size for place, size in held.items() if place not in weights)
    lasting = [*run.model.parameters(), *(p.grad for p in run.model.parameters())]
    lasting += [v for s in run.optimiser.state.values() for v in s.values() if v.numel() > 1]
    measured = states + sum(x.numel() * x.element_size() for x in lasting)
    assert own_settings.training_bytes(config) / measured == pytest.approx(1, abs=0.25)


def test_time_is_a_line_through_what_was_measured(monkeypatch):
    taken = {own_estimate.PROBES[0]: 0.004, own_estimate.PROBES[1]: 0.050}
    monkeypatch.setattr(own_estimate, "step_seconds", taken.__getitem__)
    own_estimate.speed.cache_clear()
    fast = own_estimate.speed()
    own_estimate.speed.cache_clear()
    for config, seconds in taken.items():
        adds = own_settings.multiply_adds(config)
        assert config.layers * fast.per_layer + adds * fast.per_multiply_add == pytest.approx(
            seconds
        )
    once = own_estimate.estimate(Own(steps=1000), fast).seconds
    twice = own_estimate.estimate(Own(steps=2000), fast).seconds
    assert once < twice < 2 * once
    assert own_estimate.estimate(Own(d_ff=512), fast).seconds > once


def test_speed_is_measured_and_finite():
    fast = own_estimate.speed()
    assert 0 < fast.per_layer < 10
    assert 0 <= fast.per_multiply_add < 1e-3


def test_multiply_adds_are_those_that_torch_counts():
    config = Own(**TINY)
    run = own_training.Training(config)
    sources = ["abc"] * config.batch
    with FlopCounterMode(display=False) as counted:
        own_training.loss_on(run.model, "copy", sources).backward()
    # torch counts twice each; its fused attention computes the scores once more on the way back
    assert own_settings.multiply_adds(config) == pytest.approx(
        counted.get_total_flops() / 2, rel=0.1
    )


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"layers": 4, "d_model": 128, "d_ff": 512}, "s3_3.own.refused.parameters"),
        ({"layers": 4, "d_ff": 512, "batch": 128, "length": 24}, "s3_3.own.refused.bytes"),
        ({"steps": 4000}, "s3_3.own.refused.seconds"),
    ],
)
def test_too_much_is_refused_by_name_with_both_numbers(more, key):
    slow = own_estimate.Speed(0.1, 1e-9)
    with pytest.raises(Refused) as found:
        own_estimate.admitted(Own(**more), slow)
    assert found.value.key == key
    assert set(found.value.values) == {"n", "most"}
    if not key.endswith("seconds"):
        with pytest.raises(Refused):
            own_training.train(quietly, lambda: False, **more)


@pytest.mark.parametrize("task", toy_tasks.TASKS)
def test_defaults_are_admitted(task):
    config = own_settings.defaults(task)
    assert own_estimate.admitted(config, own_estimate.Speed(5e-3, 5e-11)).seconds < 120


@pytest.mark.parametrize(
    "more",
    [
        {"task": "swap"},
        {"layers": 0},
        {"layers": 5},
        {"heads": 3},
        {"d_model": 7},
        {"d_ff": 1024},
        {"dropout": 0.9},
        {"warm_up": 0},
        {"rate": 0.0},
        {"rate": 1.0},
        {"batch": 4096},
        {"seed": -1},
        {"steps": 0},
        {"length": 25},
        {"task": "add", "length": 8},
        {"d_model": 9, "heads": 1},
    ],
)
def test_a_bad_setting_is_named(more):
    name = "heads" if more.get("d_model") == 9 else list(more)[-1]
    with pytest.raises(ValueError, match=f"{name} is .*must"):
        Own(**more)


def test_the_same_seed_gives_the_same_curve_whatever_else_draws_numbers():
    one = train(dropout=0.1)
    torch.rand(5)
    state = torch.random.get_rng_state()
    two = train(dropout=0.1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert but_time(one) == but_time(two)
    assert train(seed=1)["loss"] != one["loss"]


def test_the_rate_climbs_and_falls():
    course = [own_training.schedule(step, 50) for step in range(1, 401)]
    assert max(course) == course[49] == 1
    assert course[24] == pytest.approx(0.5)
    assert course[199] == pytest.approx(0.5)
    paper = [64**-0.5 * min(s**-0.5, s * 50**-1.5) for s in range(1, 401)]  # equation 3
    assert course == pytest.approx([p / max(paper) for p in paper])


def test_it_stops_when_told_and_keeps_what_there_is():
    asked = iter([False, False, False, True])
    found = own_training.train(quietly, lambda: next(asked), **(TINY | {"steps": 1000}))
    assert found["steps"] == 3
    assert found["accuracy"][-1]["step"] == 3
    assert len(found["moments"]) == len(found["accuracy"])
    assert found["weights"]


def test_what_is_reported_is_small_and_what_is_found_travels():
    seen = []
    found = own_training.train(lambda *a: seen.append(pickle.dumps(a)), lambda: False, **TINY)
    assert len(seen) == TINY["steps"]
    assert max(map(len, seen)) < 10_000
    back = pickle.loads(pickle.dumps(found))
    assert but_time(back) == but_time(found)
    largest = Own(layers=3, d_model=128, d_ff=128, length=24)
    assert own_settings.parameters(largest) <= own_settings.MAX_PARAMETERS
    assert 2 * own_settings.MAX_PARAMETERS <= 2_000_000


def test_attention_is_kept_at_each_moment_and_its_rows_sum_to_one():
    found = train(layers=2)
    assert [r["step"] for r in found["accuracy"]] == [0, *range(1, 6), 7, 8, 10]
    for moment in found["moments"]:
        n, m = len(moment["source"]), len(moment["written"]) + 1
        for kind, shape in (("cross", (m, n)), ("encoder", (n, n)), ("self", (m, m))):
            assert moment[kind].shape == (2, 2, *shape)
            assert np.abs(moment[kind].astype(float).sum(-1) - 1).max() < 0.01
    assert len({m["source"] for m in found["moments"]}) == 1
    assert toy_tasks.is_test("copy", found["moments"][0]["source"])


def test_a_rate_that_is_far_too_high_ends_or_is_survived():
    found = train(rate=0.1, pre_norm=False, steps=60, warm_up=1)
    assert found["steps"] <= 60
    assert found["weights"]


def test_a_loss_that_is_no_number_ends_the_training(monkeypatch):
    losses = iter([3.0, 2.0, float("nan")])
    monkeypatch.setattr(own_training.Training, "step", lambda self: next(losses))
    found = train(steps=1000)
    assert found["diverged"]
    assert found["steps"] == 3


@pytest.mark.slow
def test_it_learns_to_copy_and_the_weights_that_come_back_still_do():
    settings = asdict(Own("copy", layers=1, d_model=32, d_ff=64, length=4, steps=400))
    found = own_training.train(quietly, lambda: False, **settings)
    assert found["accuracy"][-1]["accuracy"] > 0.8
    assert found["loss"][0]["loss"] > 5 * found["loss"][-1]["loss"]
    model = own_training.restored(found["weights"], settings)
    last = found["moments"][-1]
    again = own_training.look(model, "copy", last["source"], 4)
    assert again["written"] == last["written"]
    assert np.abs(again["cross"].astype(float) - last["cross"].astype(float)).max() < 0.02
    assert load(found["weights"])["target.weight"].dtype == torch.float16


def test_the_three_models_of_the_long_inputs_are_of_equal_size():
    sizes = [long_inputs.parameters(kind) for kind in long_inputs.CONFIGS]
    assert max(sizes) / min(sizes) < 1.03


@pytest.mark.slow
def test_long_inputs_end_to_end(tmp_path, monkeypatch):
    monkeypatch.setattr(long_inputs, "N_TEST", 4)
    monkeypatch.setattr(long_inputs, "BUCKETS", ((1, 3), (4, 6)))
    out = tmp_path / "found.json"
    assert long_inputs.main(["--out", str(out), "--steps", "3", "--seeds", "0"]) == 0
    text = out.read_text()
    for kind in long_inputs.CONFIGS:
        assert text.count(f'"{kind}"') == 2
    assert long_inputs.train("transformer", "copy", 0, 1e-3, 3) | {"seconds": 0} == (
        long_inputs.train("transformer", "copy", 0, 1e-3, 3) | {"seconds": 0}
    )
