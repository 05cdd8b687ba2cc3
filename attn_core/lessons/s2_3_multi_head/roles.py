"""What a head does, as a measured role with a null baseline; never a bare label.

Roles as in Clark et al. 2019 ("What does BERT look at?"): attention to the previous token, the
next, itself, the same word elsewhere, [CLS], [SEP], punctuation.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from attn_core.checkpoints.manifests import FOLDER

ROLES = ("previous", "next", "itself", "same_word", "cls", "sep", "punctuation")
CORPUS = FOLDER.parent / "samples" / "minilm_head_roles.json"
N_NULL = 500
MAX_GATHERED = 200_000
"""Weights gathered for one role and head; a text that repeats itself gets fewer draws…"""
LEAST_NULL = 150
"""…but never fewer than this."""
LEAST = 0.3
"""A role needs this share of the attention…"""
LEAST_CONFIDENCE = 0.99
"""…and to be above this share of the null."""


@dataclass(frozen=True, slots=True)
class Role:
    """What fits one head best.

    Parameters
    ----------
    layer, head : int
        From 0.
    role : str
        One of ``ROLES``, or "" where none passes both bars.
    best : str
        The role that fits best, passed or not.
    share : float
        Mean weight on the role's tokens, over the rows that have any.
    null : float
        The same for random keys of the same rows, mean of up to ``N_NULL`` draws.
    confidence : float
        Share of the draws that stay below.
    rows : int
        Rows that have such a token.
    """

    layer: int
    head: int
    role: str
    best: str
    share: float
    null: float
    confidence: float
    rows: int


def targets(tokens: tuple[str, ...]) -> dict[str, Bool[Tensor, "query key"]]:
    """For each role, which keys each query would look at.

    Examples
    --------
    >>> targets(("[CLS]", "a", "b", "[SEP]"))["previous"].nonzero().tolist()
    [[1, 0], [2, 1]]

    ``True`` on the role's keys; rows of the two markers are empty.
    """
    n = len(tokens)
    eye = torch.eye(n, dtype=torch.bool)
    same = torch.tensor([[a == b for b in tokens] for a in tokens])

    def column(chosen: list[bool]) -> Tensor:
        return torch.tensor(chosen)[None].expand(n, n)

    found = {
        "previous": torch.roll(eye, -1, 1).tril(),
        "next": torch.roll(eye, 1, 1).triu(),
        "itself": eye,
        "same_word": same & ~eye,
        "cls": column([t == "[CLS]" for t in tokens]),
        "sep": column([t == "[SEP]" for t in tokens]),
        "punctuation": column([not any(c.isalnum() for c in t) for t in tokens]),
    }
    inner = torch.tensor([t not in ("[CLS]", "[SEP]") for t in tokens])
    return {name: cells & inner[:, None] for name, cells in found.items()}


def shares(
    weights: Float[Tensor, "head query key"], tokens: tuple[str, ...], seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Each role's share of the attention of each head, and that of as many random keys of each row.

    Role to "share" [head], "null" [draw, head] and "rows"; roles without rows are out.
    """
    generator = torch.Generator().manual_seed(seed)
    n = len(tokens)
    by_cell = weights.flatten(1).T.contiguous()  # (h, q, k) -> (q·k, h)
    out = {}
    for role, cells in targets(tokens).items():
        count = int(cells.any(-1).sum())
        if not count:
            continue
        query, key = cells.nonzero(as_tuple=True)
        rounds = min(N_NULL, max(LEAST_NULL, MAX_GATHERED // len(query)))
        other = torch.randint(n, (rounds, len(query)), generator=generator)
        share = weights[:, query, key].sum(-1) / count
        # Sums of cells, all heads of a cell at once: (q·k, h) -> (p, h).
        null = F.embedding_bag(query * n + other, by_cell, mode="sum") / count
        out[role] = {"share": share, "null": null, "rows": count}
    return out


def judge(found: dict[str, dict[str, Any]], n_heads: int) -> list[Role]:
    """The best role of each head, and whether it passes."""
    roles = list(found)
    share = torch.stack([found[role]["share"] for role in roles])  # (role, head)
    null = torch.stack([found[role]["null"].mean(0) for role in roles])
    sure = torch.stack(
        [(found[role]["null"] < found[role]["share"]).float().mean(0) for role in roles]
    )
    heads = zip(
        (share - null).argmax(0).tolist(),
        share.T.tolist(),
        null.T.tolist(),
        sure.T.tolist(),
        strict=True,
    )
    out = []
    for i, (best, shares_of, nulls, sures) in enumerate(heads):
        passed = shares_of[best] >= LEAST and sures[best] >= LEAST_CONFIDENCE
        out.append(
            Role(
                i // n_heads,
                i % n_heads,
                roles[best] if passed else "",
                roles[best],
                shares_of[best],
                nulls[best],
                sures[best],
                int(found[roles[best]]["rows"]),
            )
        )
    return out


@cache
def recorded() -> dict[str, Any]:
    """Roles over a corpus, as ``attn_core.lessons.s2_3_multi_head.claims`` recorded them.

    "n" sentences, and "roles": the fields of ``Role`` for each head.
    """
    return dict(json.loads(CORPUS.read_text(encoding="utf-8")))
