"""Big views for benchmarks: MiniLM's 72 attention maps, and one causal map of any side."""

from functools import lru_cache

import torch

from attn_core import zoo
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.inputs.tokens import tokenize
from attn_core.wire.labels import Labels
from pages.frame import i18n

TEXT = (
    "The animal didn't cross the street because it was too tired, and the driver who had seen it "
    "only then waited until a child, a dog and two old friends had led it to the other side. "
)


@lru_cache(maxsize=4)
def minilm(n: int) -> LessonResult:
    """Every attention of MiniLM over exactly ``n`` tokens of a repeated text."""
    tokens = tokenize(TEXT * (n // 20 + 1), n)
    if len(tokens.pieces) != n:
        raise RuntimeError(f"the text has {len(tokens.pieces)} tokens, not {n}")
    with torch.inference_mode():
        _, traces = zoo.get("minilm").module(tokens.ids)
    return LessonResult(traces, tokens.pieces, tokens.pieces, {}, {})


@lru_cache(maxsize=1)
def causal(n: int) -> LessonResult:
    """One random causal map of ``n`` × ``n``."""
    draw = torch.Generator().manual_seed(0)
    query, key = (torch.randn(1, 1, n, 16, generator=draw) for _ in "qk")
    scores = query @ key.mT / 4  # (1, 1, n, 16) x (1, 1, 16, n) -> (1, 1, n, n)
    mask = torch.ones(1, 1, n, n, dtype=torch.bool).tril()
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    context = (weights @ key)[:, 0]
    trace = AttentionTrace(query, key, key, scores, mask, weights, "softmax", context)
    names = tuple(str(i + 1) for i in range(n))
    return LessonResult({"map": trace}, names, names, {}, {})


def labels(result: LessonResult) -> Labels:
    """Words for the viewer, as many as a lesson gives it."""
    return Labels(
        title="Who attends to whom",
        look="Which heads look at the previous token?",
        summary=f"Attention over {len(result.queries)} tokens.",
        sites={site: site for site in result.traces},
        strings=i18n.viewer_strings("en"),
    )
