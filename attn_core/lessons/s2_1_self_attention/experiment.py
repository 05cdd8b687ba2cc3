"""Lesson 2.1: a review's sentiment from contextual states, with every attention on the way."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean_review, clean_text
from attn_core.inputs.tokens import typed
from attn_core.layers.pooling import POOLINGS
from attn_core.models.sentiment import POOL, UNKNOWN, Traces

LANGUAGES = ("en", "zh")
SHOWN = "shown"
MODELS = (SHOWN, *POOLINGS)
MASK_ID = 103
"""[MASK] in MiniLM's vocabulary: what a hidden word piece becomes."""

SPECIAL = ("[CLS]", "[SEP]")
TEXTS = {
    "en": "The plot is thin and far too long, but the acting is wonderful and I left smiling.",
    "zh": "房间有点旧，隔音也不好，不过服务员非常热情，早餐很好吃，下次还会来。",
}


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    text : str
        The review.
    language : str
        Which classifier reads it, one of ``LANGUAGES``.
    model : str
        One of ``MODELS``: the shown classifier, or a smaller twin with that pooling.

    Raises
    ------
    ValueError
        If language or model is unknown.
    """

    text: str = TEXTS["en"]
    language: str = "en"
    model: str = SHOWN

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"language is {self.language!r}; it must be one of {LANGUAGES}")
        if self.model not in MODELS:
            raise ValueError(f"model is {self.model!r}; it must be one of {MODELS}")


@dataclass(frozen=True, slots=True)
class Reader:
    """A text made ready for one classifier.

    Parameters
    ----------
    ids : Tensor
        [1, token], on the device.
    tokens : tuple of str
        Word pieces or characters.
    n_left : int
        Tokens cut off because the text was too long.
    n_unknown : int
        Tokens that the classifier's alphabet or vocabulary does not have.
    config : Config
        Which classifier.
    classifier : nn.Module
        A ``CharacterSentiment`` for Chinese, for English the ``SentimentTail`` after MiniLM.
    device : str
        Where it really runs.
    """

    ids: Tensor
    tokens: tuple[str, ...]
    n_left: int
    n_unknown: int
    config: Config
    classifier: Any
    device: str

    @property
    def hidden(self) -> int:
        """The id that stands for a hidden token."""
        return MASK_ID if self.config.language == "en" else UNKNOWN

    @property
    def places(self) -> list[int]:
        """Tokens of the text itself, markers left out."""
        return [i for i, token in enumerate(self.tokens) if token not in SPECIAL]

    def embed(self, ids: Tensor) -> Float[Tensor, "batch token d_model"]:
        """Embeddings as ``logits`` takes them."""
        if self.config.language == "en":
            return zoo.get("minilm", self.device).module.embed(ids)
        return self.classifier.embed(ids)

    def logits(
        self,
        embedded: Float[Tensor, "batch token d_model"],
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch 2"], Traces]:
        """Negative and positive, and every attention."""
        mask = torch.ones(embedded.shape[:2], dtype=torch.bool, device=embedded.device)
        if self.config.language == "zh":
            return self.classifier(embedded, mask, intervention)
        tail = self.classifier
        encoder = zoo.get("minilm", self.device).module
        first = encoder.config.n_layers - tail.config.n_layers
        ids = torch.zeros(embedded.shape[:2], dtype=torch.long, device=embedded.device)
        states, traces = encoder(ids, None, intervention, n_layers=first, embedded=embedded)
        logits, more = tail(states, mask, intervention, first)
        return logits, traces | more


def _classifier(config: Config, device: str) -> tuple[Any, str]:
    """The configured classifier, and where it and what comes before it really are."""
    name = f"sentiment_{config.language}"
    if config.language == "en":
        device = zoo.get("minilm", device).device
    loaded = zoo.get(name if config.model == SHOWN else f"{name}_pooling", device)
    module = loaded.module if config.model == SHOWN else loaded.module[config.model]
    return module, loaded.device


def read(config: Config, device: str = "cpu", classifier: Any = None) -> Reader:
    """A text as its classifier sees it."""
    text = clean_text(config.text).strip()
    if not text:
        raise Refused("refused.empty_text")
    if classifier is None:
        classifier, device = _classifier(config, device)
    if config.language == "en":
        found = typed(text, MAX_TOKENS)
        unknown = sum(piece == "[UNK]" for piece in found.pieces)
        return Reader(
            found.ids.to(device), found.pieces, found.n_left, unknown, config, classifier, device
        )
    text = clean_review(text)
    kept = text[:MAX_TOKENS]
    ids = classifier.ids([kept]).to(device)
    unknown = int((ids == UNKNOWN).sum())
    return Reader(ids, tuple(kept), len(text) - len(kept), unknown, config, classifier, device)


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Classify a review and trace every attention.

    Queries and keys are the tokens; site "pool" has one query.
    """
    reader = read(config, device)
    with torch.inference_mode():
        logits, traces = reader.logits(reader.embed(reader.ids), intervention)
    positive = float(logits.softmax(-1)[0, 1])
    weights = traces[POOL].weights[0, 0, 0]
    entropy = -(weights * weights.clamp_min(1e-30).log2()).sum()
    numbers = {
        "positive": positive,
        "logit_difference": float(logits[0, 1] - logits[0, 0]),
        "pool_entropy_bits": abs(float(entropy)),
        "pool_largest_weight": float(weights.max()),
    }
    details = {
        "pool": [float(w) for w in weights],
        "n_left": reader.n_left,
        "n_unknown": reader.n_unknown,
        "device": reader.device,
    }
    return LessonResult(traces, reader.tokens, reader.tokens, numbers, details)


def before(config: Config) -> Config:
    """What "before" means: the same text and classifier."""
    return replace(config)


def _head(result: LessonResult) -> Selection:
    """What to open first: in the last layer, the head and word most sure of another word."""
    site = [s for s in result.traces if s != POOL][-1]
    weights = result.traces[site].weights[0].clone()
    marks = [i for i, t in enumerate(result.keys) if t in SPECIAL or not t[:1].isalnum()]
    for axis in (1, 2):
        weights.index_fill_(axis, torch.tensor(marks, dtype=torch.long), -1.0)
    weights.diagonal(dim1=1, dim2=2).fill_(-1.0)
    place = int(weights.argmax())
    n = weights.shape[-1]
    return Selection(site, place // (n * n), place % (n * n) // n)


def default_row(result: LessonResult) -> int:
    """The row of ``_head``."""
    return _head(result).query or 0


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return _head(result)


def reading(result: LessonResult, selection: Selection) -> dict[str, Any]:
    """What stands out, as the values that the page's sentences name.

    Verdict and probability, the token that pooling weighs most, and of the open row its word, the
    word it looks at most, that weight, and the row's entropy.
    """
    site = selection.site if selection.site in result.traces else _head(result).site
    trace = result.traces[site]
    head = min(selection.head, trace.weights.shape[1] - 1)
    query = min(selection.query or 0, trace.weights.shape[2] - 1)
    row = trace.weights[0, head, query]
    best = int(row.argmax())
    pool = torch.tensor(result.details["pool"])
    top = int(pool.argmax())
    positive = result.numbers["positive"]
    return {
        "label": "positive" if positive >= 0.5 else "negative",
        "probability": max(positive, 1 - positive),
        "top": result.keys[top],
        "top_weight": float(pool[top]),
        "query": "" if site == POOL else result.queries[query],
        "key": result.keys[best],
        "weight": float(row[best]),
        "entropy": abs(float((row * row.clamp_min(1e-30).log2()).sum())),
        "most": math.log2(len(result.keys)),
        "layer": 0 if site == POOL else int(site.rpartition(".")[2]) + 1,
        "head": head + 1,
        "n": len(result.keys),
    }
