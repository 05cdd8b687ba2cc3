"""Lesson 3.3: a sentence translated, with what three kinds of attention did at every step."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.jobs.cache import kept
from attn_core.models.transformer_layers import END, PAD, START
from attn_core.models.translate_search import (
    MAX_BEAM,
    MAX_LENGTH,
    Steps,
    Written,
    recurrent_steps,
    search,
    transformer_steps,
)
from attn_core.models.translator import START_MARK, Source, labels, read, text_of

DIRECTIONS = ("en-zh", "zh-en")
MODELS = {"en-zh": "translator_en_zh", "zh-en": "translator_zh_en"}
TWIN = "_recurrent"
TEXTS = {
    "en-zh": "She is taller than her brother.",
    "zh-en": "她比她弟弟高。",
}
N_CHOICES = 6
ALPHAS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    text : str
        A sentence of the direction's first language; "" stands for the direction's example.
    direction : str
        One of ``DIRECTIONS``.
    beam : int
        Sentences kept while decoding, 1 (greedy) to ``MAX_BEAM``.
    alpha : float
        Of the length penalty, one of ``ALPHAS``.
    prefix : tuple of int
        Tokens that the translation must begin with: a learner's other choice of a next token.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    text: str = ""
    direction: str = "en-zh"
    beam: int = 4
    alpha: float = 0.6
    prefix: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise ValueError(f"direction is {self.direction!r}; it must be one of {DIRECTIONS}")
        if not 1 <= self.beam <= MAX_BEAM:
            raise ValueError(f"beam is {self.beam}; it must be in [1, {MAX_BEAM}]")
        if self.alpha not in ALPHAS:
            raise ValueError(f"alpha is {self.alpha}; it must be one of {ALPHAS}")
        if len(self.prefix) > MAX_LENGTH or any(i <= END for i in self.prefix):
            raise ValueError(f"prefix is {self.prefix}; at most {MAX_LENGTH} tokens above {END}")

    @property
    def languages(self) -> tuple[str, str]:
        """Of source and target."""
        source, target = self.direction.split("-")
        return source, target

    def source(self) -> Source:
        """The sentence as tokens."""
        return read(self.text or TEXTS[self.direction], self.languages[0])


def _shown(written: Written, language: str) -> dict[str, Any]:
    return {
        "text": text_of(written.ids, language),
        "log_probability": written.log_probability,
        "score": written.score,
        "length": len(written.ids) + written.finished,
        "finished": written.finished,
    }


def translate(steps: Steps, config: Config, source: Source, device: str = "cpu") -> list[Written]:
    """The search that a config asks for, of any translator of its direction."""
    prefix = config.prefix
    n_target = read_manifest(MODELS[config.direction]).config["target_vocabulary"]
    if any(i >= n_target for i in prefix):
        raise ValueError(f"prefix is {prefix}; the vocabulary has {n_target} tokens")
    ids = torch.tensor([source.ids], device=device)
    return search(steps, ids, config.beam, config.alpha, prefix=prefix)[0]


def _choices(log_p: Tensor, language: str) -> list[list[dict[str, Any]]]:
    """The likeliest next tokens of every step."""
    top = log_p.exp().topk(N_CHOICES, -1)
    return [
        [
            {"id": i, "label": name, "probability": p}
            for i, name, p in zip(ids, labels(tuple(ids), language), ps, strict=True)
        ]
        for ids, ps in zip(top.indices.tolist(), top.values.tolist(), strict=True)
    ]


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Translate a sentence and trace the attention of the best translation.

    Queries are the tokens written and the end, keys the source's; ``details["names"]`` holds each
    site's own labels. ``details`` has hypotheses and the next tokens that were likely at each step.
    """
    loaded = zoo.get(MODELS[config.direction], device)
    model, target = loaded.module, config.languages[1]
    source = config.source()
    steps = transformer_steps(model, intervention or None)
    hypotheses = translate(steps, config, source, loaded.device)
    best = hypotheses[0]
    read_ids = torch.tensor([source.ids], device=loaded.device)
    # A sentence that met the bound on its length was never ended.
    written = (*best.ids, END) if best.finished else best.ids
    before = torch.tensor([[START, *written[:-1]]], device=loaded.device)
    logits, traces = model(read_ids, before, intervention=intervention)
    log_p = torch.log_softmax(logits[0].float(), -1).cpu()  # (1, q, v) -> (q, v)
    log_p[:, [PAD, START]] = -torch.inf  # never written
    chosen = log_p[torch.arange(len(written)), torch.tensor(written)]
    queries = labels(written, target)
    tokens = (START_MARK, *queries[:-1])
    names = {
        site: [source.labels, source.labels]
        if site.startswith("encoder")
        else [queries, tokens if site.endswith("self") else source.labels]
        for site in traces
    }
    shown = [_shown(h, target) for h in hypotheses]
    numbers = {
        "log_probability": best.log_probability,
        "score": best.score,
        "tokens": float(len(written)),
        "bits_per_token": -float(chosen.mean()) / math.log(2),
    }
    return LessonResult(
        traces,
        queries,
        source.labels,
        numbers,
        {
            "hypotheses": shown,
            "choices": _choices(log_p, target),
            "step_probability": chosen.exp().tolist(),
            "ids": list(best.ids),
            "n_left": source.n_left,
            "n_unknown": source.n_unknown,
            "names": {site: [list(a), list(b)] for site, (a, b) in names.items()},
            "device": loaded.device,
        },
    )


def twin(config: Config, device: str = "cpu") -> str:
    """What the recurrent twin writes; no change of the learner's touches it."""
    return _told(free(config), device)


@kept(2**20)
@torch.inference_mode()
def _told(config: Config, device: str) -> str:
    loaded = zoo.get(MODELS[config.direction] + TWIN, device)
    told = translate(recurrent_steps(loaded.module), config, config.source(), loaded.device)
    return str(_shown(told[0], config.languages[1])["text"])


def free(config: Config) -> Config:
    """Without the learner's choice of words, which is not the twin's."""
    return Config(config.text, config.direction, config.beam, config.alpha)


def before(config: Config) -> Config:
    """What "before" means: the same sentence with every control at its default."""
    return Config(config.text, config.direction)


def shapes(result: LessonResult) -> list[dict[str, Any]]:
    """The three kinds of attention by what they compare, from the traces themselves.

    "kind", "heads", "queries", "keys" and the share of cells that the mask forbids, in per cent;
    one row for each kind.
    """
    out: dict[str, dict[str, Any]] = {}
    for site, trace in result.traces.items():
        _, heads, n_query, n_key = trace.weights.shape
        allowed = 1.0 if trace.mask is None else float(trace.mask.float().mean())
        kind = kind_of(site)
        out[kind] = {
            "kind": kind,
            "heads": heads,
            "queries": n_query,
            "keys": n_key,
            "masked": 100 * (1 - allowed),
        }
    return [out[kind] for kind in ("encoder", "self", "cross")]


def kind_of(site: str) -> str:
    """Which of the three kinds a site is.

    Examples
    --------
    >>> kind_of("decoder.1.cross")
    'cross'
    """
    return "encoder" if site.startswith("encoder") else site.rpartition(".")[2]


def cross_of(result: LessonResult) -> str:
    """The decoder's last cross-attention."""
    return [site for site in result.traces if kind_of(site) == "cross"][-1]


def _head(result: LessonResult) -> Selection:
    """The head of the last cross-attention that comes nearest to what its layer does on average."""
    site = cross_of(result)
    weights = result.traces[site].weights[0, :, :-1]  # the end's row looks anywhere
    return Selection(site, int((weights * weights.mean(0)).sum((-2, -1)).argmax()))


def default_row(result: LessonResult) -> int:
    """The word whose attention is farthest from its own place: where the order of words differs."""
    at = _head(result)
    # Both ends and what is no word are left out: their rows look anywhere.
    words = [i for i, token in enumerate(result.queries[:-1]) if token.strip("+").isalnum()]
    weights = result.traces[at.site].weights[0, at.head, :, :-1]
    if not words or not weights.shape[-1]:
        return 0
    n_query, n_key = weights.shape
    own = torch.linspace(0, n_key - 1, n_query, device=weights.device)
    top = weights.max(-1)
    return max(words, key=((top.indices - own).abs() * top.values).tolist().__getitem__)


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, query: int, site: str = "", head: int = 0) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    Token, what it attends to most, weights, entropy, probability of the step.
    """
    site = site if site in result.traces else cross_of(result)
    weights = result.traces[site].weights
    head = min(head, weights.shape[1] - 1)
    query = min(max(query, 0), weights.shape[2] - 1)
    row = weights[0, head, query].float().cpu()
    queries, keys = result.details["names"][site]
    order = row.argsort(descending=True).tolist()
    second = order[1] if len(order) > 1 else order[0]
    step = min(query, len(result.queries) - 1)
    return {
        "token": queries[query],
        "step": query + 1,
        "n_steps": len(queries),
        "key": keys[order[0]],
        "place": order[0] + 1,
        "weight": float(row[order[0]]),
        "second": keys[second],
        "second_weight": float(row[second]),
        "entropy": abs(float((row * row.clamp_min(1e-30).log2()).sum())),
        "most": math.log2(max(1, int((row > 0).sum()))),
        "probability": result.details["step_probability"][step],
        "kind": kind_of(site),
        "layer": int(site.split(".")[1]) + 1,
        "head": head + 1,
    }
