"""What is measured of lesson 6.1's models on the users' last films, beside the baselines."""

import random
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attn_core.datasets.films import Histories
from attn_core.models.recommender import Recommender
from attn_core.models.target_recommender import TargetRecommender
from attn_core.training.recommender.train import measured, predict, ranks, split

LENGTH, GONE, DRAWS = 20, 4, 8
"""Films of a history that are looked at one by one, how many are taken out, random draws."""
RARE = 20
"""Ratings below which a film counts as rare."""
Model = Recommender | TargetRecommender


def counts(data: Histories) -> np.ndarray:
    """How often each film is among the training films."""
    out = np.zeros(len(data.films))
    for seen in data.seen:
        out[list(seen[:-2])] += 1
    return out


def _out_of_question(scores: np.ndarray, before: list[tuple[int, ...]]) -> np.ndarray:
    for i, seen in enumerate(before):
        scores[i, list(seen)] = -np.inf
    return scores


def baselines(data: Histories) -> dict[str, dict[str, float]]:
    """Popularity, and what most often came next after the last film (popularity among equals)."""
    before, targets = split(data, 1)
    popular = counts(data)
    after: dict[int, np.ndarray] = {}
    for seen in data.seen:
        for one, other in zip(seen[:-2], seen[1:-2], strict=False):
            after.setdefault(one, np.zeros(len(popular)))[other] += 1
    tie = popular / (1 + popular.sum())
    markov = np.stack([after.get(s[-1], np.zeros(len(popular))) + tie for s in before])
    everybody = np.tile(popular, (len(before), 1))
    return {
        "popularity": measured(ranks(_out_of_question(everybody, before), targets)),
        "last_film": measured(ranks(_out_of_question(markov, before), targets)),
    }


def in_orders(model: Model, data: Histories) -> dict[str, dict[str, float]]:
    """The test with histories in other orders; what is read at most stays the same films."""
    before, targets = split(data, 1)
    rng = random.Random(0)
    n = model.config.length

    def shuffled(films: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(rng.sample(films, len(films)))

    ways: dict[str, Callable[[tuple[int, ...]], tuple[int, ...]]] = {
        "shuffled": shuffled,
        "last_kept": lambda s: (*shuffled(s[:-1]), s[-1]),
        "reversed": lambda s: s[::-1],
    }
    return {
        name: measured(ranks(predict(model, [(*s[:-n], *way(s[-n:])) for s in before]), targets))
        for name, way in ways.items()
    }


def on_test(model: Model, data: Histories) -> dict[str, dict[str, float]]:
    """The "test", and the same on "rare" films alone."""
    before, targets = split(data, 1)
    found = ranks(predict(model, before), targets)
    few = counts(data)[targets] < RARE
    return {"test": measured(found), "rare": measured(found[few]) | {"n": float(few.sum())}}


@torch.inference_mode()
def _one_by_one(model: Model, seen: list[int], table: Tensor) -> tuple[list[float], Any]:
    """Weights on each film, and a function from kept films to the first film's log-probability."""
    row = {film: i for i, film in enumerate(seen)}
    terms = None
    if isinstance(model, TargetRecommender):
        terms = model.terms(table[seen][None], table[None])[0]

    def log_p(histories: list[list[int]]) -> Tensor:
        ids = torch.tensor(histories)
        if isinstance(model, Recommender):
            scores = model.states(ids, table[ids])[0][:, -1] @ table.T
        else:
            assert terms is not None
            kept = [[row[f] for f in h[-model.config.length :]] for h in histories]
            scores = torch.stack([terms[k].sum(0) for k in kept]) + model.bias
        scores[:, seen] = -torch.inf
        return scores.log_softmax(-1)

    first = int(log_p([seen])[0].argmax())
    ids = torch.tensor([seen])
    if isinstance(model, Recommender):
        traces = model.states(ids, table[ids])[1].values()
        weights = torch.stack([t.weights[0, :, -1].mean(0) for t in traces]).mean(0)
    else:
        weights = model(ids, torch.tensor([first]), table=table)[1].weights[0, 0, 0]
    return weights.tolist(), lambda histories: log_p(histories)[:, first]


@torch.inference_mode()
def attended(model: Model, data: Histories, users: int) -> dict[str, float]:
    """Weight beside leave-one-out, for the first film that each history recommends.

    Parameters
    ----------
    model : Recommender or TargetRecommender
        In ``eval()`` mode.
    data : Histories
        Histories are the last ``LENGTH`` films before the test.
    users : int
        The first so many of a shuffled list, seed 0.

    Returns
    -------
    dict of str to float
        Shares of histories in which the film with most weight ("agree"), or the last one ("last"),
        is the one whose absence costs most; "chance" of a random one; in which taking out ``GONE``
        films by weight ("attention"), newest ("newest"), by leave-one-out ("best") or at random
        ("random") costs more than the mean of ``DRAWS`` random draws; mean costs in natural
        logarithms ("lost_…"); rank correlation of weight and effect ("correlation").
    """
    model.eval()
    table = model.films.every()
    rng = random.Random(0)
    before = [s[-LENGTH:] for s in split(data, 1)[0]]
    rng.shuffle(before)
    rows: list[dict[str, float]] = []
    for history in before[:users]:
        seen = list(history)
        n = len(seen)
        weights, log_p = _one_by_one(model, seen, table)
        whole = float(log_p([seen])[0])
        effects = (whole - log_p([seen[:i] + seen[i + 1 :] for i in range(n)])).tolist()
        top, most = int(np.argmax(weights)), int(np.argmax(effects))

        def gone(out: list[int], seen: list[int] = seen) -> list[int]:
            return [f for i, f in enumerate(seen) if i not in out]

        ways = {
            "attention": sorted(range(n), key=lambda i: -weights[i])[:GONE],
            "newest": list(range(n - GONE, n)),
            "best": sorted(range(n), key=lambda i: -effects[i])[:GONE],
        }
        draws = [rng.sample(range(n), GONE) for _ in range(DRAWS + 1)]
        lost = (whole - log_p([gone(w) for w in [*ways.values(), *draws]])).tolist()
        mean = statistics.mean(lost[-DRAWS:])
        named = dict(zip([*ways, "random"], lost, strict=False))
        by_weight, by_effect = (np.argsort(np.argsort(x)) for x in (weights, effects))
        rows.append(
            {
                "agree": float(top == most),
                "last": float(most == n - 1),
                "chance": 1 / n,
                "correlation": float(np.corrcoef(by_weight, by_effect)[0, 1]),
            }
            | {key: float(value > mean) for key, value in named.items()}
            | {f"lost_{key}": value for key, value in named.items()}
        )
    return {key: statistics.mean(row[key] for row in rows) for key in rows[0]} | {
        "n": float(len(rows))
    }
