"""Lesson 6.1: what a row says, and the film with most weight beside the one that was needed."""

from typing import Any

from attn_core.contract.result import LessonResult


def reading(result: LessonResult, site: str, head: int, query: int) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    The "row" and the "key" it weighs most with its "weight", and the row's "sum".
    """
    weights = result.traces[site].weights[0].float()
    query = min(max(query, 0), weights.shape[1] - 1)
    row = weights[min(max(head, 0), weights.shape[0] - 1), query]
    queries, keys = result.names(site)
    top = int(row.argmax())
    return {
        "row": queries[query],
        "head": head + 1,
        "key": keys[top],
        "weight": float(row[top]),
        "sum": float(row.sum()),
    }


def strongest(result: LessonResult, ranker: str) -> dict[str, Any]:
    """The film with the most weight beside the one whose absence costs the candidate most.

    "weighed" and "needed" (titles), "weight", "effect", "rank_without", and whether both are the
    "same" film and the needed one is the "last"; "needed" is "" for a single film.
    """
    weights = result.details["weights"][ranker]
    found = result.details["effects"][ranker]
    top = max(range(len(weights)), key=weights.__getitem__)
    out = {"weighed": result.keys[top], "weight": weights[top], "needed": "", "effect": 0.0}
    if not found["effect"]:
        return out | {"same": True, "last": True, "rank": found["rank"], "rank_without": 0}
    most = max(range(len(weights)), key=found["effect"].__getitem__)
    return out | {
        "needed": result.keys[most],
        "effect": found["effect"][most],
        "rank": found["rank"],
        "rank_without": found["ranks"][most],
        "same": most == top,
        "last": most == len(weights) - 1,
    }
