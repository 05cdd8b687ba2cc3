"""Lesson 3.1's questions: what blocks, a cache and a window save, and what they leave as it is."""

from typing import Any

import torch

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.layers.blockwise import blockwise_attention
from attn_core.lessons.s3_1_incremental import experiment
from attn_core.lessons.s3_1_incremental.cost import full
from attn_core.measures.cost import multiply_adds, peak_bytes
from attn_core.wire.looked_at import opened

GUESSES = ("most", "half", "none")
ACT: dict[str, Any] = {"part": "apart", "aspect": "blocks"}
SIZE = 16
MOST_CELLS, MOST_BITS = 0.5, 0.1


def _counted(result: LessonResult, selection: Selection | None) -> dict[str, int]:
    """One head with every query against every key, in blocks and at once."""
    _, trace, head = opened(result, selection or Selection())
    one = slice(head, head + 1)
    query, key, value = (x[:, one].cpu() for x in (trace.query, trace.key, trace.value))
    with torch.inference_mode():
        return {
            "blockwise": multiply_adds(lambda: blockwise_attention(query, key, value, SIZE)),
            "full": multiply_adds(lambda: full(query, key, value)),
            "n": query.shape[-2],
        }


def reveal(config: experiment.Config, device: str) -> dict[str, Any]:
    """Compute one head of a text in blocks and at once; count multiply-adds and bytes of scores."""
    result = experiment.run(config, None, device)
    found = _counted(result, None)
    trace = next(iter(result.traces.values()))
    query, key, value = (x[:, :1].cpu() for x in (trace.query, trace.key, trace.value))
    with torch.inference_mode():
        held = peak_bytes(lambda: blockwise_attention(query, key, value, SIZE))
        whole = peak_bytes(lambda: full(query, key, value))
    return {
        "n": found["n"],
        "raw": found["blockwise"] / found["full"],
        "blockwise": f"{found['blockwise']:,}",
        "full": f"{found['full']:,}",
        "block_kib": f"{held / 1024:,.0f}",
        "full_kib": f"{whole / 1024:,.0f}",
    }


def truth(found: dict[str, Any]) -> str:
    """Which guess the measurement bears out."""
    if found["raw"] > 0.95:
        return "none"
    return "half" if found["raw"] > 0.3 else "most"


def questions(
    config: experiment.Config,
    result: LessonResult,
    selection: Selection | None = None,
    device: str = "cpu",
) -> tuple[Question, ...]:
    """Questions about the run on screen."""
    out = []
    site, trace, head = opened(result, selection or Selection())
    n = len(result.queries)
    row = min(n - 1, 11)
    weights = trace.weights[0, head, row].float()
    seen = [i for i in range(row + 1) if trace.mask is None or bool(trace.mask[0, -1, row, i])]
    if len(seen) >= 2:
        keys = tuple(f"{i + 1}: {result.keys[i]}" for i in seen)
        top = max(seen, key=lambda i: float(weights[i]))
        values = {"row": row + 1, "query": result.queries[row], "weight": f"{weights[top]:.2f}"}
        out.append(Question("s3_1.quiz.where", values, keys, seen.index(top)))
    window, sinks = config.window or 8, config.sinks
    answer = int(experiment.mask_of(n, window, sinks).sum())
    wrong = {n * n, n * (n + 1) // 2, n * window} - {answer}
    counts = tuple(f"{c:,}" for c in sorted({answer, *wrong}))
    values = {"n": n, "window": window, "sinks": sinks, "answer": f"{answer:,}"}
    out.append(Question("s3_1.quiz.cells", values, counts, counts.index(f"{answer:,}")))
    found = _counted(result, selection)
    side = (found["blockwise"] > found["full"]) - (found["blockwise"] < found["full"])
    values = {
        "size": SIZE,
        "blockwise": f"{found['blockwise']:,}",
        "full": f"{found['full']:,}",
    }
    options = tuple(f"s3_1.quiz.adds.{name}" for name in ("fewer", "same", "more"))
    out.append(Question("s3_1.quiz.adds", values, options, side + 1, option_keys=True))
    gap = {"gap": f"{result.numbers['gap']:.0e}"}
    same = result.numbers["gap"] < 1e-3
    out.append(
        Question("s3_1.quiz.rounding", gap, ("s3_1.yes", "s3_1.no"), int(same), option_keys=True)
    )
    return tuple(out)


def challenge(
    config: experiment.Config, changes: Intervention, result: LessonResult, device: str = "cpu"
) -> Challenge:
    """Compute at most half of the causal cells at a small loss on the learner's own text."""
    numbers = result.numbers
    share = numbers["share_of_causal"]
    loss = numbers.get("prompt_bits", 9.0) - numbers.get("prompt_bits_whole", 0.0)
    values = {"share": f"{100 * share:.0f}", "loss": f"{loss + 0.0:.2f}"}
    small = loss <= MOST_BITS and not changes
    reached = small and share <= MOST_CELLS and bool(config.window)
    progress = min(1.0, (1 - share) / (1 - MOST_CELLS)) if small else 0.0
    return Challenge("s3_1.challenge", values, reached, progress)
