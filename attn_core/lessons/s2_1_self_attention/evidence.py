"""Which tokens matter: attention, gradient × input, occlusion and chance, tested by deletion.

Deletion and insertion curves as in Petsiuk et al. 2018 (RISE), on tokens; whether attention is
such an explanation: Jain and Wallace 2019, Wiegreffe and Pinter 2019.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from attn_core.jobs.line import Report
from attn_core.lessons.s2_1_self_attention.experiment import Config, Reader, read
from attn_core.models.sentiment import POOL

METHODS = ("attention", "gradient", "occlusion", "random")
N_POINTS = 11
N_RANDOM = 5
CHUNK = 32


def _probability(reader: Reader, ids: Tensor, target: int) -> Tensor:
    """Of the class ``target``, for each row of ids."""
    out = []
    with torch.inference_mode():
        for part in ids.split(CHUNK):
            out.append(reader.logits(reader.embed(part))[0].softmax(-1)[:, target])
    return torch.cat(out)


def _gradient(reader: Reader, target: int) -> list[float]:
    """Gradient of the class's logit against the other's, times the input, for each token."""
    with torch.inference_mode(False), torch.enable_grad():
        embedded = reader.embed(reader.ids.clone()).detach().requires_grad_(True)
        logits = reader.logits(embedded)[0][0]
        (gradient,) = torch.autograd.grad(logits[target] - logits[1 - target], embedded)
    return [float(x) for x in (gradient * embedded).sum(-1)[0].detach()]


def scores(reader: Reader) -> tuple[dict[str, list[float]], int]:
    """How much each token matters by each method that gives one answer.

    "attention" (the pooling's weights), "gradient", "occlusion" (fall of the probability with the
    token hidden); one number for each token. The class that was predicted, 1 for positive.
    """
    with torch.inference_mode():
        logits, traces = reader.logits(reader.embed(reader.ids))
    target = int(logits[0].argmax())
    n = len(reader.tokens)
    hidden = reader.ids.repeat(n, 1)
    hidden[torch.arange(n), torch.arange(n)] = reader.hidden
    whole = float(logits.softmax(-1)[0, target])
    falls = whole - _probability(reader, hidden, target)
    return {
        "attention": [float(w) for w in traces[POOL].weights[0, 0, 0]],
        "gradient": _gradient(reader, target),
        "occlusion": [float(f) for f in falls],
    }, target


def _curve(reader: Reader, order: Sequence[int], target: int, insert: bool) -> list[float]:
    """Probability of the class as tokens of ``order`` are hidden, or shown, one after another."""
    n = len(order)
    counts = [round(k * n / (N_POINTS - 1)) for k in range(N_POINTS)]
    rows = reader.ids.repeat(N_POINTS, 1)
    for row, count in zip(rows, counts, strict=True):
        gone = order[count:] if insert else order[:count]
        row[list(gone)] = reader.hidden
    return [float(p) for p in _probability(reader, rows, target)]


def curves(
    reader: Reader, seed: int = 0, kinds: tuple[str, ...] = ("deletion", "insertion")
) -> dict[str, Any]:
    """Deletion and insertion curves of every method for one text.

    Each kind: method to ``N_POINTS`` probabilities of the predicted class; "scores" of ``scores``;
    "target".
    """
    found, target = scores(reader)
    places = reader.places
    orders = {name: [sorted(places, key=lambda i: -values[i])] for name, values in found.items()}
    rng = random.Random(seed)
    orders["random"] = [rng.sample(places, len(places)) for _ in range(N_RANDOM)]
    out: dict[str, Any] = {"scores": found, "target": target}
    for kind in kinds:
        insert, out[kind] = kind == "insertion", {}
        for name, several in orders.items():
            lines = [_curve(reader, order, target, insert) for order in several]
            out[kind][name] = [sum(p) / len(p) for p in zip(*lines, strict=True)]
    return out


def area(curve: Sequence[float]) -> float:
    """Mean height of a curve (trapezoids): small is good for deletion, large for insertion.

    Examples
    --------
    >>> area([1.0, 0.0])
    0.5
    """
    return (sum(curve) - (curve[0] + curve[-1]) / 2) / (len(curve) - 1)


def compare(
    report: Report,
    should_stop: Callable[[], bool],
    text: str,
    language: str,
    model: str,
) -> list[dict[str, Any]]:
    """The learner's own text, as a job: rows for a chart.

    "kind" ("deletion", "insertion"), "method", "share" (per cent), "probability".
    """
    report(0.05, "s2_1.live.measuring")
    if should_stop():
        return []
    found = curves(read(Config(text, language, model)))
    report(0.95, "s2_1.live.measuring")
    return [
        {"kind": kind, "method": method, "share": 100 * i / (N_POINTS - 1), "probability": p}
        for kind in ("deletion", "insertion")
        for method in METHODS
        for i, p in enumerate(found[kind][method])
    ]
