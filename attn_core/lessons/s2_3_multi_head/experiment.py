"""Lesson 2.3: all 72 heads of MiniLM on the learner's sentences, and what cutting heads changes."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean_text
from attn_core.inputs.tokens import Tokens, typed
from attn_core.lessons.s2_3_multi_head import roles

N_LAYERS, N_HEADS = 6, 12


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    text, other : str
        Two sentences; the picture is the first one's.
    layer_off : int
        A layer whose twelve heads are all cut, 1 to 6; 0 cuts none.

    Raises
    ------
    ValueError
        If the layer is out of its bound.
    """

    text: str = "The animal didn't cross the street because it was too tired."
    other: str = "The dog was so exhausted that it stayed on this side of the road."
    layer_off: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.layer_off <= N_LAYERS:
            raise ValueError(f"layer_off is {self.layer_off}; it must be in [0, {N_LAYERS}]")


def _given(text: str) -> Tokens:
    text = clean_text(text).strip()
    if not text:
        raise Refused("refused.empty_text")
    return typed(text, MAX_TOKENS)


def with_layer_off(config: Config, intervention: Intervention | None) -> Intervention:
    """The learner's cuts and the layer's."""
    changes = intervention or Intervention()
    if not config.layer_off:
        return changes
    layer = tuple((f"encoder.{config.layer_off - 1}", head) for head in range(N_HEADS))
    return replace(changes, heads=tuple(dict.fromkeys((*changes.heads, *layer))))


def embed(
    tokens: Tokens, intervention: Intervention | None, device: str
) -> tuple[Tensor, dict[str, AttentionTrace]]:
    """A sentence's embedding, the mean of its token states at length 1, and its traces.

    Float[Tensor, "d_model"] and the traces.
    """
    module = zoo.get("minilm", device).module
    states, traces = module(tokens.ids.to(device), None, intervention)
    return torch.nn.functional.normalize(states[0].mean(0), dim=0), traces


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Encode both sentences, compare them, and classify the first.

    Traces of the first sentence; ``details`` has the roles of its heads.
    """
    device = zoo.get("minilm", device).device
    changes = with_layer_off(config, intervention)
    heads = Intervention(heads=changes.heads, head_fill=changes.head_fill)
    first = _given(config.text)
    with torch.inference_mode():
        here, traces = embed(first, changes, device)
        there = _other(config.other, heads, device)
        positive = _sentiment(config.text, heads, device)
        weights = torch.cat([t.weights[0] for t in traces.values()]).cpu()
        judged = roles.judge(roles.shares(weights, first.pieces), N_HEADS)
    cosine = float(here @ there)
    numbers = {
        "similarity": cosine,
        "positive": positive,
        "heads_cut": float(len(changes.heads)),
    }
    details: dict[str, Any] = {
        "roles": [
            [r.role, r.best, round(r.share, 4), round(r.null, 4), r.confidence, r.rows]
            for r in judged
        ],
        "n_left": first.n_left,
        "n_unknown": sum(piece == "[UNK]" for piece in first.pieces),
        "cut": [list(pair) for pair in changes.heads],
        "device": device,
    }
    return LessonResult(traces, first.pieces, first.pieces, numbers, details)


# A turn of the temperature changes neither of these two: they depend on text and cut heads alone.
@lru_cache(maxsize=256)
def _other(text: str, heads: Intervention, device: str) -> Tensor:
    """The second sentence's embedding."""
    return embed(_given(text), heads, device)[0]


@lru_cache(maxsize=256)
def _sentiment(text: str, heads: Intervention, device: str) -> float:
    """Lesson 2.1's classifier with the same heads cut."""
    tokens = _given(text)
    tail = zoo.get("sentiment_en", device).module
    encoder = zoo.get("minilm", device).module
    first = N_LAYERS - tail.config.n_layers
    ids = tokens.ids.to(device)
    states, _ = encoder(ids, None, heads, n_layers=first)
    mask = torch.ones(ids.shape, dtype=torch.bool, device=ids.device)
    return float(tail(states, mask, heads, first)[0].softmax(-1)[0, 1])


def before(config: Config) -> Config:
    """What "before" means: the same sentences, no layer cut."""
    return replace(config, layer_off=0)


def _head(result: LessonResult) -> Selection:
    """What to open first: the surest head that looks at the previous token, at the middle row."""
    found = result.details["roles"]
    order = sorted(range(len(found)), key=lambda i: (found[i][1] == "previous") * found[i][2])
    best = order[-1]
    return Selection(f"encoder.{best // N_HEADS}", best % N_HEADS, len(result.queries) // 2)


def default_row(result: LessonResult) -> int:
    """The row of ``_head``."""
    return _head(result).query or 0


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return _head(result)


def reading(result: LessonResult, selection: Selection) -> dict[str, Any]:
    """What stands out in the open head, as the values that the page's sentences name.

    Layer, head, its role with share, null and confidence, the row's word and strongest key.
    """
    at = selection if selection.site in result.traces else _head(result)
    layer = int(at.site.rpartition(".")[2])
    head = min(at.head, N_HEADS - 1)
    role, best, share, null, confidence, rows = result.details["roles"][layer * N_HEADS + head]
    row = min(at.query or 0, len(result.queries) - 1)
    weights = result.traces[at.site].weights[0, head, row]
    return {
        "layer": layer + 1,
        "head": head + 1,
        "role": role,
        "best": best,
        "share": share,
        "null": null,
        "confidence": f"{100 * confidence:.1f}",
        "rows": rows,
        "query": result.queries[row],
        "key": result.keys[int(weights.argmax())],
        "weight": float(weights.max()),
        "n": len(result.keys),
    }


def reach(config: Config, device: str = "cpu") -> dict[str, int]:
    """Does a head see a piece of the sentence, or all of it? Change the last word and look.

    "moved": heads of the first layer whose output at another word changes when the last word does;
    "heads"; "seen": the fewest tokens that any head of that layer gives weight to; "tokens";
    "channels" of a head; "d_model".
    """
    tokens = _given(config.text)
    loaded = zoo.get("minilm", device)
    module, ids = loaded.module, tokens.ids.to(loaded.device)
    changed = ids.clone()
    changed[0, -2] = (changed[0, -2] + 1) % module.config.vocabulary
    with torch.inference_mode():
        traces = [module(x, n_layers=1)[1]["encoder.0"] for x in (ids, changed)]
    outputs = [t.weights @ t.value for t in traces]  # (1, h, q, d_head)
    apart = (outputs[0] - outputs[1])[0].abs().amax(-1)  # (h, q)
    apart[:, -2] = 0.0
    moved = apart.amax(-1) > 1e-6
    seen = (traces[0].weights[0] > 0).sum(-1).min()
    return {
        "moved": int(moved.sum()),
        "heads": N_HEADS,
        "seen": int(seen),
        "tokens": len(tokens.pieces),
        "channels": module.config.d_model // N_HEADS,
        "d_model": module.config.d_model,
    }
