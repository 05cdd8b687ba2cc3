"""Lesson 6.1 taken apart: heads, a score as a sum, other orders, other models, films taken out."""

import random
import statistics
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch

from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.inputs.films import catalogue
from attn_core.jobs.line import Report
from attn_core.lessons.s6_1_recommendation import experiment, films

SHUFFLES = 3
DRAWS = 16
"""Random orders in which films are taken out."""
METHODS = ("attention", "left_out", "oldest", "newest", "random")


def by_head(result: LessonResult) -> dict[str, list[list[float]]]:
    """What each head's last row does with this history.

    Layers by heads: "last", the weight on the last film, and "back", how many films back it looks
    on average.
    """
    last, back = [], []
    for site in experiment.SELF_SITES:
        rows = result.traces[site].weights[0, :, -1].float()
        far = torch.arange(rows.shape[-1] - 1, -1, -1)
        last.append(rows[:, -1].tolist())
        back.append((rows * far).sum(-1).tolist())
    return {"last": last, "back": back}


def extremes(found: dict[str, list[list[float]]]) -> dict[str, Any]:
    """The heads that stand out in ``by_head``, as the page's sentence names them.

    "layer" and "head" (from 1) of the largest "weight" on the last film, and "far_layer" and
    "far_head" of the one that looks furthest "back".
    """

    def largest(rows: list[list[float]]) -> tuple[float, int, int]:
        return max((v, i + 1, j + 1) for i, row in enumerate(rows) for j, v in enumerate(row))

    weight, layer, head = largest(found["last"])
    back, far_layer, far_head = largest(found["back"])
    return {
        "layer": layer,
        "head": head,
        "weight": f"{weight:.2f}",
        "far_layer": far_layer,
        "far_head": far_head,
        "back": f"{back:.1f}",
    }


def as_sum(result: LessonResult) -> list[dict[str, Any]]:
    """The candidate's score from target attention, film by film.

    "film", its "weight", what its value "says" of the candidate (their dot product, scaled), and
    the product of both, the "term" of the score.
    """
    trace = result.traces["target"]
    row = result.details["candidate"]["row"]
    query = trace.query[0, 0, row].float()
    says = trace.value[0, 0].float() @ query / len(query) ** 0.5
    weights = trace.weights[0, 0, row].float()
    return [
        {"film": film, "weight": w, "says": s, "term": w * s}
        for film, w, s in zip(result.keys, weights.tolist(), says.tolist(), strict=True)
    ]


@lru_cache(maxsize=64)
def orders(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The same films in other orders.

    "order" ("kept", "reversed", "last_kept": all but the last shuffled, "shuffled"), the "first"
    film, how many of the ten are "shared" with the kept order, and the candidate's "rank"; with the
    history's own model, and for target attention "target_rank".
    """
    seen = films.places(config.history)
    kept_top = _top("long", seen, device)
    asked = experiment.run(config, None, device).details["candidate"]["id"]
    place = films.places((asked,))[0]
    rng = random.Random(0)
    variants = [("kept", seen), ("reversed", seen[::-1])]
    for _ in range(SHUFFLES):
        variants.append(("shuffled", rng.sample(seen, len(seen))))
    variants.append(("last_kept", [*rng.sample(seen[:-1], len(seen) - 1), seen[-1]]))
    out = []
    for name, order in variants:
        found = films.log_p(films.scores("long", [order], device), order)[0]
        other = films.log_p(films.scores("target", [order], device), order)[0]
        top = found.topk(films.TOP).indices.tolist()
        out.append(
            {
                "order": name,
                "first": catalogue()[top[0]].label,
                "shared": len(set(top) & set(kept_top)),
                "rank": films.rank(found, place),
                "target_rank": films.rank(other, place),
            }
        )
    return tuple(out)


def _top(name: str, seen: list[int], device: str) -> list[int]:
    return films.log_p(films.scores(name, [seen], device), seen)[0].topk(films.TOP).indices.tolist()


@lru_cache(maxsize=64)
def models(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """What every model makes of the same history.

    "model" (of ``films.MODELS``), its first three films ("top"), how many of its ten are "shared"
    with self-attention's, and the candidate's "rank".
    """
    seen = films.places(config.history)
    asked = experiment.run(config, None, device).details["candidate"]["id"]
    place = films.places((asked,))[0]
    ours = set(_top("long", seen, device))
    out = []
    for name in films.MODELS:
        found = films.log_p(films.scores(name, [seen], device), seen)[0]
        top = found.topk(films.TOP).indices.tolist()
        out.append(
            {
                "model": name,
                "top": [catalogue()[p].label for p in top[:3]],
                "shared": len(ours & set(top)),
                "rank": films.rank(found, place),
            }
        )
    return tuple(out)


def recorded() -> list[dict[str, Any]]:
    """Recorded hit rate and NDCG at 10 of every model on the users' last films.

    "model", mean "hit" and "ndcg" with "hit_spread" and "ndcg_spread" over the seeds (``None`` of
    one), "seeds" and "parameters" (``None`` of counts).
    """
    raw = read_manifest(experiment.CHECKPOINT).raw
    out = []
    for name, runs in raw["by_model"].items():
        row: dict[str, Any] = {"model": name, "seeds": len(runs["hit_rate_at_10"])}
        for short, key in (("hit", "hit_rate_at_10"), ("ndcg", "ndcg_at_10")):
            values = runs[key]
            row[short] = statistics.mean(values)
            row[f"{short}_spread"] = statistics.stdev(values) if len(values) > 1 else None
        out.append(row | {"parameters": runs["parameters"]})
    return out


def card(ranker: str) -> dict[str, Any]:
    """What is known of a model, from its manifest.

    "hit" rate at 10 in %, "popular": popularity's, "last": that of what followed the last film most
    often, "pooled" and "twin": those of self-attention's twins, with nothing but the mean of the
    past, and with the last film beside it; "times", "n" users, "films", "parameters" in millions.
    """
    others = {row["model"]: 100 * row["hit"] for row in recorded()}
    manifest = read_manifest(films.SELF if ranker == "self" else films.TARGET)
    hit, times = (manifest.metrics[n] for n in ("hit_rate_at_10", "hit_rate_at_10_over_popularity"))
    return {
        "hit": 100 * hit.value,
        "popular": 100 * (hit.baseline or 0.0),
        "times": times.value,
        "last": others["last_film"],
        "twin": others["long-mean"],
        "pooled": others["long-pooled"],
        "n": hit.n,
        "films": manifest.raw["data"][0]["films"],
        "parameters": manifest.raw["parameters"] / 1e6,
    }


def span(ranker: str) -> int:
    """How many films of a history a model reads: the last ones."""
    manifest = read_manifest(films.SELF if ranker == "self" else films.TARGET)
    return int(manifest.config["length"])


def needed() -> dict[str, dict[str, float]]:
    """How often weight and effect agree over the test users, from the manifests.

    By ranker: means over seeds of what ``training.recommender.measure.attended`` counts.
    """
    out = {}
    for ranker, checkpoint in (("self", films.SELF), ("target", films.TARGET)):
        runs = read_manifest(checkpoint).raw["by_seed"]["attended"]
        out[ranker] = {key: statistics.mean(run[key] for run in runs) for key in runs[0]}
    return out


def order_of(
    method: str, weights: list[float], effects: list[float], rng: random.Random
) -> list[int]:
    """In which order films are taken out.

    Examples
    --------
    >>> order_of("attention", [0.1, 0.7, 0.2], [], random.Random(0))
    [1, 2, 0]
    """
    n = len(weights)
    if method == "random":
        return rng.sample(range(n), n)
    by = {
        "attention": weights,
        "left_out": effects,
        "oldest": [float(-i) for i in range(n)],
        "newest": [float(i) for i in range(n)],
    }[method]
    return sorted(range(n), key=lambda i: -by[i])


def taken_out(
    report: Report,
    should_stop: Callable[[], bool],
    *,
    history: tuple[int, ...],
    ranker: str,
    candidate: int,
) -> list[dict[str, Any]]:
    """Take films out of a history one after another, in several orders.

    "method", "gone" films, and the candidate's mean "lost" log-probability; what was found so far
    where it was stopped.
    """
    config = experiment.Config(history, ranker, candidate)
    result = experiment.run(config)
    weights = result.details["weights"][ranker]
    effects = result.details["effects"][ranker]["effect"] or [0.0]
    place = films.places((result.details["candidate"]["id"],))[0]
    seen = films.places(config.history)
    name = "long" if ranker == "self" else "target"
    rng = random.Random(0)
    rows: list[dict[str, Any]] = []
    whole = float(films.log_p(films.scores(name, [seen]), seen)[0, place])
    for step, method in enumerate(METHODS):
        draws = DRAWS if method == "random" else 1
        ways = [order_of(method, weights, effects, rng) for _ in range(draws)]
        for gone in range(len(seen)):
            if should_stop():
                return rows
            left = [[seen[i] for i in sorted(set(range(len(seen))) - set(w[:gone]))] for w in ways]
            found = films.log_p(films.scores(name, left), seen)[:, place]
            rows.append({"method": method, "gone": gone, "lost": whole - float(found.mean())})
        report((step + 1) / len(METHODS), "s6_1.live.running", list(rows))
    return rows
