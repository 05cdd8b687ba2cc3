"""Pages on another device than the default one: whatever is drawn runs where the learner chose.

Torch knows the CPU by a second name, "cpu:0". With that as the chosen device every page runs as
ever, and a model that is asked for on "cpu" was asked for without the learner's choice.
"""

import pytest
import torch
from test_pages import opened, title

from attn_core import zoo
from attn_core.checkpoints import device
from attn_core.contract.registry import LESSONS
from attn_core.jobs.cache import Keep
from pages.frame import results

WANTED = "cpu:0"


@pytest.fixture
def asked(monkeypatch):
    """Every model that is asked for, with the device it is wanted on."""
    found = []
    get = zoo.get

    def noted(checkpoint, device="cpu"):
        found.append((checkpoint, device))
        return get(checkpoint, device)

    monkeypatch.setattr(zoo, "get", noted)
    monkeypatch.setattr(device, "DEVICES", (*device.DEVICES, WANTED))
    monkeypatch.setattr(device, "available", lambda: (WANTED, "cpu"))
    monkeypatch.setattr(results, "_defaults", {})  # else the default needs no model
    monkeypatch.setattr(results, "RESULTS", Keep("results", results.MAX_BYTES))
    return found


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_every_part_asks_for_its_models_on_the_chosen_device(lesson, asked):
    for part in ("apart", "check"):  # the others run nothing of their own
        opened(lesson.slug, part=part)
    assert asked
    assert {wanted for _, wanted in asked} == {WANTED}


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU, which takes it")
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_every_part_is_drawn_where_a_device_takes_no_model(lesson, asked, monkeypatch):
    monkeypatch.setattr(device, "available", lambda: ("cuda", "cpu"))
    at = opened(lesson.slug, part="apart")
    says = title("en", "shell.fell_back").format(wanted="cuda", device="cpu")
    # Lesson 3.2's numbers are made of a few vectors, on the CPU always: nothing fell back.
    assert any(says == info.value for info in at.info) == (lesson.number != "3.2")
