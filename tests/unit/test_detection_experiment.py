"""Lesson 4.2's experiment: what queries found, where they looked, the truth, the matching."""

import itertools
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import read_manifest
from attn_core.inputs.photo import SAMPLES
from attn_core.inputs.refused import Refused
from attn_core.inputs.strokes import DRAWN, as_text
from attn_core.lessons.s4_2_detection import compared, experiment, places, views
from attn_core.lessons.s4_2_detection import config as entry


@pytest.fixture(scope="module")
def result():
    return experiment.run(experiment.Config())


@pytest.mark.parametrize("sample", entry.SAMPLES)
def test_samples_are_read_rightly(sample):
    found = experiment.run(experiment.Config(sample))
    known = json.loads(SAMPLES.with_suffix(".json").read_text(encoding="utf-8"))[sample]
    labels = [found.details["queries"][i]["label"] for i in found.details["found"]]
    assert not set(known["labels"]) - set(labels)


def test_rows_of_every_attention_sum_to_one(result):
    for site, trace in result.traces.items():
        sums = trace.weights.float().sum(-1)
        assert torch.allclose(sums, torch.ones_like(sums), atol=5e-3), site  # half precision
        queries, keys = result.names(site)
        assert trace.weights.shape[-2:] == (len(queries), len(keys)), site


@given(
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
    st.integers(1, 16),
    st.integers(1, 16),
)
def test_a_box_covers_its_area_of_patches(left, top, width, height, rows, columns):
    box = [left, top, min(1.0, left + width), min(1.0, top + height)]
    cover = places.inside(box, rows, columns)
    area = (box[2] - box[0]) * (box[3] - box[1])
    assert cover.mean() == pytest.approx(area, abs=1e-9)


def test_weight_in_the_box_is_what_it_says(result):
    query = experiment.default_row(result)
    item = result.details["queries"][query]
    cover = places.inside(item["box"], *result.details["grid"])
    row = result.traces[experiment.LAST].weights[0, 2, query].float().numpy()
    assert experiment.reading(result, query, 2)["in_box"] == pytest.approx(float(row @ cover))


def test_a_query_that_is_knocked_out_loses_its_answer(result):
    query = result.details["found"][0]
    cut = Intervention(tokens=tuple((f"decoder.{i}.self", query) for i in experiment.LAYERS))
    after = experiment.run(experiment.Config(), cut)
    assert query not in after.details["found"]
    assert after.details["queries"][query]["out"]
    for layer in experiment.LAYERS:
        weights = after.traces[f"decoder.{layer}.self"].weights[0]
        assert float(weights[:, :, query].abs().max()) == 0


def test_fewer_queries_are_the_first_ones_alone():
    few = experiment.run(experiment.Config(n_queries=3))
    assert [q["query"] for q in few.details["queries"]] == [0, 1, 2]
    assert few.traces["decoder.0.self"].weights.shape[-2:] == (3, 3)


def test_an_empty_sheet_holds_nothing():
    assert experiment.run(experiment.Config(DRAWN)).numbers["found"] == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "cats"},
        {"n_queries": 7},
        {"threshold": 0.123},
        {"written": "1a"},
        {"written": "٣"},
        {"written": "1" * 99},
    ],
)
def test_settings_out_of_bounds_are_refused(bad):
    with pytest.raises((ValueError, Refused)):
        experiment.Config(**bad)


def test_strokes_that_touch_are_one_digit():
    four = [[(0.1, 0.1), (0.08, 0.4), (0.2, 0.4)], [(0.18, 0.3), (0.18, 0.6)]]
    one = [[(0.7, 0.1), (0.7, 0.6)]]
    boxes = entry.written_boxes([*one, *four])
    assert len(boxes) == 2
    assert boxes[0][0] < 0.1 < 0.2 < boxes[0][2] < boxes[1][0]
    bridge = [[(0.1, 0.2), (0.7, 0.2)]]
    assert len(entry.written_boxes([*one, *four, *bridge])) == 1


def test_typed_digits_stand_in_the_strokes_boxes():
    text = as_text([[(0.7, 0.1), (0.7, 0.6)], [(0.1, 0.1), (0.1, 0.6)]])
    found = experiment.run(experiment.Config(text, written="71")).details["truth"]
    assert [item["label"] for item in found] == [7, 1]
    assert experiment.run(experiment.Config(text, written="711")).details["truth"] == []


def test_the_parts_of_a_cost_sum_to_it_and_the_assignment_is_the_cheapest(result):
    found = views.matching(result)
    total = np.array(found["classes"]) + np.array(found["distance"]) + np.array(found["overlap"])
    assert np.allclose(total, found["cost"], atol=1e-5)
    cost = np.array(found["cost"])
    rows = np.argsort(cost.min(1))[:7]  # the rest of the queries is dearer for every object
    paid = sum(cost[q, o] for q, o in found["pairs"])
    tried = itertools.permutations(rows, cost.shape[1])
    least = min(sum(cost[q, o] for o, q in enumerate(each)) for each in tried)
    assert paid == pytest.approx(least, abs=1e-6)


def test_another_class_costs_more(result):
    labels = views.suppose(result, 0, 9)
    assert labels[0] == 9
    assert labels[1:] == tuple(item["label"] for item in result.details["truth"])[1:]
    paid = [
        sum(np.array(m["cost"])[q, o] for q, o in m["pairs"])
        for m in (views.matching(result), views.matching(result, labels))
    ]
    assert paid[1] > paid[0]


def test_the_last_layer_is_the_answer(result):
    rows = views.by_layer(result, 0.5)
    assert rows[-1]["iou"] == pytest.approx(1)
    assert rows[-1]["found"] == len(result.details["found"])


def test_the_record_counts_every_answer():
    for item in views.record():
        assert sum(item["classes"]) == item["n"]
    assert views.of_query(0)["kinds"] <= 10


@pytest.mark.slow
def test_noise_takes_away_what_was_found_and_can_be_stopped():
    parts = []
    picture = compared.as_read(entry.SAMPLES[0], "digits")

    def report(fraction, message, partial=None):
        parts.append(partial)

    found = compared.noise_and_compare(report, lambda: False, picture=picture)
    clean = [r["kept"] for r in found if r["noise"] == 0]
    assert all(value == 1 for value in clean)
    assert len(parts) == 2 * len(compared.NOISES)
    assert compared.noise_and_compare(report, lambda: True, picture=picture) == []


@pytest.mark.parametrize("model", sorted(experiment.CHECKPOINTS))
def test_models_read_pictures_of_the_size_they_were_trained_on(model):
    manifest = read_manifest(experiment.CHECKPOINTS[model])
    assert experiment.SIDES[model] == manifest.raw["side"]
    assert experiment.MOST[model] == manifest.config["n_queries"]
    assert len(experiment.CLASSES[model]) == manifest.config["n_classes"]
