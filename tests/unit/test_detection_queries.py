"""Lesson 4.2: one query's way to its box, and what keeps two queries off one object."""

import pytest
import torch
from torchvision.ops import box_iou

from attn_core import zoo
from attn_core.datasets.detection import Scene
from attn_core.inputs.photo import find, for_model
from attn_core.lessons.s4_2_detection import config as entry
from attn_core.lessons.s4_2_detection import experiment, queries
from attn_core.training.photographs.finish_detection import doubles


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_counted_as_torchvision_overlaps(seed):
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand(12, 2, generator=generator) * 0.4
    boxes = torch.cat([low, low + 0.1 + torch.rand(12, 2, generator=generator)], 1)
    ious = box_iou(boxes, boxes)
    expected = sum(bool(ious[i, j] >= queries.SAME) for i in range(12) for j in range(i))
    assert queries.pairs(boxes) == expected
    assert queries.pairs(boxes[:1]) == queries.pairs(boxes[:0]) == 0


def test_a_query_goes_from_the_same_anchor_to_its_answer():
    ways = []
    for sample in entry.SAMPLES:
        result = experiment.run(experiment.Config(sample))
        query = experiment.default_row(result)
        steps = queries.path(result, query)
        last, item = steps[-1], result.details["queries"][query]
        assert [s["layer"] for s in steps] == [0, 1, 2, 3]
        assert steps[0]["score"] is None
        assert last["box"] == item["box"]
        assert last["score"] == item["score"]
        assert last["iou"] == pytest.approx(1)
        assert last["class"] == result.details["classes"][item["label"]]
        ways.append(queries.path(result, 0)[0]["box"])
    assert all(box == ways[0] for box in ways)


@pytest.mark.parametrize("sample", entry.SAMPLES)
def test_queries_that_weigh_all_alike_answer_twice(sample):
    config = experiment.Config(sample)
    found = {r["way"]: r for r in queries.doubles(config)}
    assert list(found) == list(queries.WAYS)
    assert found["trained"]["found"] == len(experiment.run(config).details["found"])
    assert found["trained"]["pairs"] == 0
    assert found["alike"]["pairs"] > 0
    assert found["silenced"]["found"] < found["trained"]["found"]


def test_the_recorder_counts_what_the_page_counts():
    config = experiment.Config()
    levels = (
        (255 * for_model(find(config.picture).pixels, experiment.SIDES["digits"])[0])
        .round()
        .to(torch.uint8)
    )
    scene = Scene(levels.permute(1, 2, 0).numpy(), torch.zeros(0, 4).numpy(), [])
    counted = doubles(zoo.get("detector_digits").module, [scene])
    shown = {r["way"]: {"found": r["found"], "pairs": r["pairs"]} for r in queries.doubles(config)}
    assert counted == shown


@pytest.mark.parametrize("model", experiment.CHECKPOINTS)
def test_over_held_out_pictures_doubles_are_rare_until_queries_are_all_alike(model):
    kept = queries.recorded_doubles(model)
    assert kept["n"] >= 30
    assert kept["trained"]["pairs"] < 0.1 * kept["trained"]["found"]
    assert kept["alike"]["pairs"] > kept["trained"]["pairs"]
