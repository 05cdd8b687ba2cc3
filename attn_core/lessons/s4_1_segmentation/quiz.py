"""Lesson 4.1's questions: who notices whom, where a patch looks, what a gate tells apart."""

import math
from typing import Any

import torch

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.photo import STEP, find, for_model
from attn_core.lessons.photographs import patches
from attn_core.lessons.s4_1_segmentation import experiment
from attn_core.lessons.s4_1_segmentation.compared import ADDED, CHECKPOINT_TWINS
from attn_core.lessons.s4_1_segmentation.views import ranked

GUESSES = ("both", "attention", "neither")
ACT: dict[str, Any] = {}
MOST, GOAL = 9, 0.94
"""The challenge: at most so many patches greyed out, and the overlap to fall below."""
MOVED = 1e-6
SAME = 0.005
"""Two masks whose IoU differs from 1 by less count as the same."""


@torch.inference_mode()
def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Change one patch's features and count the others that move, behind both kinds of unit."""
    loaded = zoo.get(experiment.CHECKPOINT, device)
    model = loaded.module
    pixels = for_model(find(config.picture).pixels, patches.SIDE).to(loaded.device)
    grid = model.enter(model.encoder(pixels)[STEP])
    before, traces = model._bottleneck(grid, None)
    rows, columns = grid.shape[-2:]
    everyone = torch.ones(rows * columns, dtype=torch.bool)
    row, column = divmod(ranked(traces[experiment.SITE].weights[0].cpu(), everyone)[0], columns)
    moved = grid.clone()
    moved[..., row, column] = grid.mean((2, 3))
    unit = zoo.get(CHECKPOINT_TWINS, device).module[ADDED].skips[0]  # asked by d_model channels
    skip = grid.new_zeros(1, unit.of_skip.in_channels, rows, columns)

    def others(one: torch.Tensor, other: torch.Tensor) -> int:
        different = (one - other).abs().amax(1)[0] > MOVED
        different[row, column] = False
        return int(different.sum())

    return {
        "patch": f"{row + 1}·{column + 1}",
        "n": rows * columns - 1,
        "added": others(unit(skip, grid), unit(skip, moved)),
        "attention": others(before, model._bottleneck(moved, None)[0]),
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the count bears out."""
    if found["added"]:
        return "both"
    return "attention" if found["attention"] else "neither"


def _hidden(config: experiment.Config, result: LessonResult, device: str) -> Question:
    """The patch looked at most: whether its pixels or its key matter more."""
    person = torch.tensor(result.details["person"]) >= 0.5
    patch = ranked(result.traces[experiment.SITE].weights[0], person)[0]
    bare = experiment.before(config)
    grey = experiment.Config(bare.picture, (patch,), bare.threshold)
    cut = Intervention(tokens=((experiment.SITE, patch),))
    pixels = experiment.run(grey, None, device).numbers["mask_iou"]
    keys = experiment.run(bare, cut, device).numbers["mask_iou"]
    answer = 2 if min(pixels, keys) > 1 - SAME else int(keys < pixels)
    values = {"patch": result.queries[patch], "pixels": f"{pixels:.3f}", "keys": f"{keys:.3f}"}
    options = ("s4_1.quiz.hide.pixels", "s4_1.quiz.hide.keys", "s4_1.quiz.hide.same")
    return Question("s4_1.quiz.hide", values, options, answer, option_keys=True)


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    opened = selection or experiment.opened(result)
    weights = result.traces[experiment.SITE].weights[0].float()
    head = min(opened.head, weights.shape[0] - 1)
    query = experiment.default_row(result) if opened.query is None else opened.query
    row = weights[head, min(query, weights.shape[1] - 1)]
    out = []
    if float(row.sum()):
        top = int(row.argmax())
        far = [(top + step) % len(row) for step in (len(row) // 3, len(row) // 2, 5)]
        order = sorted(dict.fromkeys((top, *far)))
        names = tuple(result.queries[i] for i in order)
        values = {"head": head + 1, "patch": result.queries[min(query, len(row) - 1)]}
        out.append(Question("s4_1.quiz.where", values, names, order.index(top)))
    numbers = result.numbers
    gaps = [numbers[f"gate_{s}_on"] - numbers[f"gate_{s}_off"] for s in (8, 4, 2)]
    if not any(math.isnan(gap) for gap in gaps):
        answer = max(range(3), key=gaps.__getitem__)
        out.append(Question("s4_1.quiz.gate", {}, ("1/8", "1/4", "1/2"), answer))
    out.append(_hidden(config, result, device))
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Change the mask beyond what is hidden, by few patches."""
    only = 0 < len(config.hidden) <= MOST and not changes
    overlap = result.numbers["iou_elsewhere"] if only else 1.0
    progress = min(1.0, (1 - overlap) / (1 - GOAL))
    reached = only and overlap < GOAL
    values = {"most": MOST, "goal": f"{GOAL:.2f}", "now": f"{overlap:.3f}"}
    return Challenge("s4_1.challenge", values, reached, 1.0 if reached else 0.99 * progress)
