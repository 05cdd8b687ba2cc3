"""What lesson 6.1's experiments share: models with their tables, scores, leave-one-out."""

import threading
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core import zoo
from attn_core.inputs.films import by_id
from attn_core.models.recommender import Recommender
from attn_core.models.target_recommender import TargetRecommender
from attn_core.zoo import Loaded

SELF, TARGET, TWINS = "recommender", "recommender_target", "recommender_twins"
MODELS = (
    "long", "long-mean", "long-pooled", "target", "attention", "mean", "orderless",
    "features-mean", "features-none", "popularity",
)  # fmt: skip
"""All that can rank: the one that is shown, its twins, target attention, five of a short training,
and popularity."""
TOP = 10

_lock = threading.Lock()


def of(name: str, device: str = "cpu") -> tuple[Any, Loaded]:
    """A model by its name.

    Shared: never change it. What it came with.
    """
    if name in ("long", "target"):
        loaded = zoo.get(SELF if name == "long" else TARGET, device)
        return loaded.module, loaded
    loaded = zoo.get(TWINS, device)
    return loaded.module[name], loaded


@lru_cache(maxsize=32)
def _table(name: str, device: str) -> Tensor:
    with torch.inference_mode():
        return of(name, device)[0].films.every()


def table(name: str, device: str = "cpu") -> Float[Tensor, "catalogue d_model"]:
    """Every film's vector in a model; computed once, for weights never change."""
    with _lock:
        return _table(name, device)


def forget() -> None:
    """Forget all tables: for scripts that write new weights."""
    _table.cache_clear()


def places(history: tuple[int, ...]) -> list[int]:
    """Rows of the models' tables."""
    return [by_id(film).place for film in history]


@torch.inference_mode()
def scores(
    name: str, histories: list[list[int]], device: str = "cpu"
) -> Float[Tensor, "history catalogue"]:
    """Scores of every film after each history, without traces or changes."""
    module, loaded = of(name, device)
    if name == "popularity":
        return module().cpu().expand(len(histories), -1)
    seen = torch.tensor(histories, device=loaded.device)
    vectors = table(name, device)
    if isinstance(module, Recommender):
        states, _ = module.states(seen, vectors[seen])
        return (states[:, -1] @ vectors.T).cpu()
    return _sums(module, vectors, histories).cpu()


def _sums(
    module: TargetRecommender, vectors: Tensor, histories: list[list[int]]
) -> Float[Tensor, "history catalogue"]:
    """Target attention's scores: each film's terms once, then their sum over each history."""
    films = sorted({film for history in histories for film in history})
    row = {film: i for i, film in enumerate(films)}
    terms = module.terms(vectors[films][None], vectors[None])[0]
    length = module.config.length
    chosen = [[row[film] for film in history[-length:]] for history in histories]
    return torch.stack([terms[rows].sum(0) for rows in chosen]) + module.bias


def log_p(
    found: Float[Tensor, "history catalogue"], seen: list[int]
) -> Float[Tensor, "history catalogue"]:
    """Logarithms of the probability of each film as the next, among those not seen."""
    found = found.clone()
    found[:, seen] = -torch.inf
    return found.log_softmax(-1)


def rank(found: Float[Tensor, "catalogue"], place: int) -> int:
    """A film's place in the ranking.

    Examples
    --------
    >>> rank(torch.tensor([0.1, 0.3, 0.2]), 2)
    2
    """
    return int((found > found[place]).sum()) + 1


@lru_cache(maxsize=128)
def left_out(
    name: str, history: tuple[int, ...], device: str = "cpu"
) -> tuple[Float[Tensor, "catalogue"], Float[Tensor, "film catalogue"] | None]:
    """Log-probabilities with the whole history, and without each film of it.

    Of every film; −∞ for those seen, the one left out included. One row for each film left out;
    ``None`` where nothing would be left.
    """
    seen = list(history)
    whole = log_p(scores(name, [seen], device), seen)[0]
    if len(seen) < 2:
        return whole, None
    shorter = [seen[:i] + seen[i + 1 :] for i in range(len(seen))]
    return whole, log_p(scores(name, shorter, device), seen)
