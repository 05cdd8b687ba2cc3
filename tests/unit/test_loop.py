"""The training loop against the same steps written out; a stopped run against one that was not."""

import math

import pytest
import torch
from torch import nn

from attn_core.training.loop import Loop, moving_mean, warm_then_cosine

STEPS, WARM, RATE, KEEP = 12, 4, 1e-2, 0.9


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


def loss_of(module, step):
    torch.manual_seed(100 + step)
    x = torch.randn(8, 3)
    return (module(x) - x.sum(-1, keepdim=True)).square().mean() * 40  # its gradients are clipped


def run(out=None, steps=STEPS, stop=None):
    loop = Loop(model(), RATE, STEPS, WARM, KEEP, out, every=3, weight_decay=0.1)
    for step in loop:
        if step == stop:
            break
        loop.learn(loss_of(loop.model, step))
        if loop.due and out is not None:
            loop.save("", seen=step)
    return loop


def test_steps_are_those_written_out():
    mine = model()
    optimiser = torch.optim.AdamW(mine.parameters(), lr=RATE, weight_decay=0.1)
    average = {k: v.clone() for k, v in mine.state_dict().items()}
    for step in range(STEPS):
        for group in optimiser.param_groups:
            late = 0.5 + 0.5 * math.cos(math.pi * step / STEPS)
            group["lr"] = RATE * min(1.0, (step + 1) / WARM) * max(late, 0.01)
        mine.train()
        optimiser.zero_grad()
        loss_of(mine, step).backward()
        nn.utils.clip_grad_norm_(mine.parameters(), 1.0)
        optimiser.step()
        keep = min(KEEP, (1 + step) / (10 + step)) if step else 0.0  # it begins with the first
        for name, value in mine.state_dict().items():
            if value.is_floating_point():
                average[name].lerp_(value, 1 - keep)
    loop = run()
    for name, value in mine.state_dict().items():
        assert torch.allclose(loop.model.state_dict()[name].float(), value.float(), atol=1e-6), name
    found = loop.averaged()
    for name, value in average.items():
        if value.is_floating_point():
            assert torch.allclose(found[name], value, atol=1e-6), name


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    whole = run(tmp_path / "whole")
    run(tmp_path / "stopped", stop=8)  # its last checkpoint is that of step 6
    again = run(tmp_path / "stopped")
    assert again.notes == {"seen": STEPS - 1}
    for name, value in whole.averaged().items():
        assert torch.equal(again.averaged()[name], value), name


def test_a_training_without_a_folder_has_no_checkpoint():
    loop = run()
    with pytest.raises(ValueError, match="no folder"):
        loop.save("")


@pytest.mark.parametrize(("step", "share"), [(0, 0.25), (3, 0.8535534), (11, 0.017037), (12, 0.01)])
def test_the_rate_grows_and_falls(step, share):
    assert warm_then_cosine(12, 4)(step) == pytest.approx(share, abs=1e-5)


def test_the_mean_forgets_more_slowly_as_it_goes_on():
    mean = moving_mean(0.9)
    old, new = torch.zeros(1), torch.ones(1)
    assert float(mean(old, new, 0)) == pytest.approx(0.9)
    assert float(mean(old, new, torch.tensor(10_000))) == pytest.approx(0.1)
