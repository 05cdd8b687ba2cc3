"""Boxes against torchvision, the assignment against brute force, costs against a plain loop."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou, generalized_box_iou

from attn_core.measures.boxes import assign, centred, corners, matching_cost, overlap


def some_boxes(n, seed):
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand(n, 2, generator=generator)
    return torch.cat([low, low + torch.rand(n, 2, generator=generator) + 1e-3], 1)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 999))
@settings(deadline=None)
def test_overlap_equals_torchvision(n, m, seed):
    one, two = some_boxes(n, seed), some_boxes(m, seed + 1)
    iou, giou = overlap(one, two)
    assert torch.allclose(iou, box_iou(one, two), atol=1e-6)
    assert torch.allclose(giou, generalized_box_iou(one, two), atol=1e-6)


@given(st.integers(1, 5), st.integers(0, 999))
@settings(deadline=None)
def test_corners_and_centres_are_inverse(n, seed):
    boxes = some_boxes(n, seed)
    assert torch.allclose(corners(centred(boxes)), boxes, atol=1e-6)


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 999))
@settings(deadline=None)
def test_the_assignment_is_the_cheapest_of_all(n_queries, n_objects, seed):
    cost = torch.randn(n_queries, n_objects, generator=torch.Generator().manual_seed(seed))
    queries, objects = assign(cost)
    paid = sum(float(cost[q, o]) for q, o in zip(queries, objects, strict=True))
    size = min(n_queries, n_objects)
    least = min(
        sum(float(cost[q, o]) for q, o in zip(qs, os, strict=True))
        for qs in itertools.permutations(range(n_queries), size)
        for os in itertools.combinations(range(n_objects), size)
    )
    assert len(queries) == size
    assert paid == pytest.approx(least, abs=1e-5)


def test_the_cost_is_its_three_parts_pair_by_pair():
    generator = torch.Generator().manual_seed(3)
    logits, labels = torch.randn(4, 3, generator=generator), torch.tensor([2, 0])
    boxes, true = centred(some_boxes(4, 5)), centred(some_boxes(2, 6))
    found = matching_cost(logits, boxes, labels, true)
    for q, o in itertools.product(range(4), range(2)):
        p = 1 / (1 + math.exp(-float(logits[q, labels[o]])))
        focal = 0.25 * (1 - p) ** 2 * -math.log(p) - 0.75 * p**2 * -math.log(1 - p)
        far = sum(abs(float(a - b)) for a, b in zip(boxes[q], true[o], strict=True))
        apart = -float(generalized_box_iou(corners(boxes[q])[None], corners(true[o])[None]))
        assert float(found.cost[q, o]) == pytest.approx(2 * focal + 5 * far + 2 * apart, abs=1e-4)


def test_boxes_without_area_do_not_divide_by_zero():
    point = torch.tensor([[0.5, 0.5, 0.5, 0.5]])
    iou, giou = overlap(point, point)
    assert torch.isfinite(iou).all()
    assert torch.isfinite(giou).all()
