"""Lesson 5.2: labels at every 40 ms, all the paths that say the same, and what is written then."""

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace, in_half
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound import find
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.said import MAX_SAID
from attn_core.lessons.speech.tokens import Span
from attn_core.measures.ctc import best_path, collapse, lattice, prefix_beam
from attn_core.models.recogniser import BLANK, N_DIGITS, START, Recogniser
from attn_core.models.recogniser_search import joint_search

CHECKPOINTS = {
    "attention": "recogniser_attention",
    "convolution": "recogniser_convolution",
    "joint": "recogniser_joint",
}
SAMPLES = ("double", "pi", "noisy", "long")
LABELS = "labels"
"""Site of the last layer: each token asks the eleven labels."""
CROSS = "decoder.0.cross"
SNRS: tuple[float | None, ...] = (None, 20.0, 15.0, 10.0, 5.0, 0.0, -5.0)
WIDTHS = (1, 2, 4, 8, 16)
WAYS = ("greedy", "beam")
WEIGHTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
NAMES = (*map(str, range(N_DIGITS)), "–")
LEAST = 1e-30
"""Probabilities below it count as this: an edited cell may be 0."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    sound : str
        As ``attn_core.inputs.sound.find`` knows it.
    hidden : tuple of Span
        Spans of tokens that are silenced.
    model : str
        One of ``CHECKPOINTS``.
    snr : float or None
        Noise is added so that speech lies so many decibels above it; one of ``SNRS``.
    way : str
        One of ``WAYS``: the likeliest label at each token, or a search over what paths say.
    width : int
        Of the search.
    weight : float
        λ of the joint model's search: 0 is its decoder's attention alone, 1 its CTC alone.
    labels : tuple of int or None
        What the lattice says; ``None``: what is written.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    sound: str = "double"
    hidden: tuple[Span, ...] = ()
    model: str = "attention"
    snr: float | None = None
    way: str = "greedy"
    width: int = 8
    weight: float = 0.5
    labels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, value, bound in (
            ("model", self.model, tuple(CHECKPOINTS)),
            ("snr", self.snr, SNRS),
            ("way", self.way, WAYS),
            ("width", self.width, WIDTHS),
            ("weight", self.weight, WEIGHTS),
        ):
            if value not in bound:
                raise ValueError(f"{name} is {value!r}; it must be one of {bound}")
        speech.check(self.hidden)
        if self.labels is not None and not (
            len(self.labels) <= MAX_SAID and set(self.labels) <= set(range(N_DIGITS))
        ):
            raise ValueError(f"labels are {self.labels}; at most {MAX_SAID} digits")


def emitted(
    model: Recogniser, states: Float[Tensor, "1 token d_model"], changes: Intervention | None
) -> AttentionTrace:
    """The last layer as what it is: each token's softmax over eleven label vectors."""
    if changes and any(site == LABELS for site, _ in changes.heads):
        raise ValueError(f"{LABELS!r} is the output; it has no head to cut")
    ones = states.new_ones(*states.shape[:2], 1)
    query = torch.cat([states, ones], -1)[:, None]
    key = torch.cat([model.labels.weight, model.labels.bias[:, None]], -1)[None, None]
    value = torch.eye(len(NAMES), device=states.device)[None, None]
    return scaled_dot_product_attention(
        query, key.to(query), value, scale=1.0, site=LABELS, intervention=changes
    )[1]


def written(
    config: Config, log_p: Float[Tensor, "token label"]
) -> tuple[tuple[int, ...], list[dict[str, Any]]]:
    """What CTC alone writes, by the config's way.

    The answer. What the search kept; empty for "greedy".
    """
    rows = log_p.double().numpy()
    if config.way == "greedy":
        return collapse(best_path(rows), BLANK), []
    last = prefix_beam(rows, BLANK, config.width)[-1]
    return last[0].labels, [{"digits": list(p.labels), "score": p.score} for p in last[:5]]


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Read the sound, write it, and sum over all paths that say it.

    Tokens by labels, and the model's attention. ``details`` holds "digits", the best "path",
    "words" aligned to what the lattice says ("labels"), the lattice's "posterior" by row, what the
    search "found", and milliseconds by stage.
    """
    loaded = zoo.get(CHECKPOINTS[config.model], device)
    model: Recogniser = loaded.module
    sound = find(config.sound)
    began = time.perf_counter()
    n = speech.tokens_in(len(sound.wave))
    spans = tuple((a, min(b, n - 1)) for a, b in speech.merged(config.hidden) if a < n)
    wave = speech.silenced(speech.noisy(sound.wave, config.snr), spans)
    features = speech.features_of(wave).to(loaded.device)
    described = time.perf_counter()
    states, real, traces = model.encode(features, intervention=intervention)
    labels_trace = emitted(model, states, intervention)
    log_p = labels_trace.weights[0, 0].float().clamp_min(LEAST).log().cpu()
    answered = time.perf_counter()
    digits, found = written(config, log_p)
    traces = {LABELS: labels_trace} | traces
    names = speech.token_names(n)
    named = {LABELS: (names, NAMES)}
    if config.model == "joint":
        if config.way == "beam":
            best = joint_search(
                model,
                states,
                real,
                config.weight,
                width=config.width,
                intervention=intervention,
                emitted=log_p,
            )
            digits = best[0].digits
            found = [
                {"digits": list(f.digits), "score": f.score, "ctc": f.ctc, "attention": f.attention}
                for f in best[:5]
            ]
        target = torch.tensor([[START, *digits]], device=states.device)
        memory = model.remember(states, real)
        _, of_decoder, _ = model.decode(target, memory, intervention=intervention)
        traces[CROSS] = of_decoder[CROSS]
        named[CROSS] = (tuple(f"{i + 1}: {d}" for i, d in enumerate(digits)) + ("end",), names)
    searched = time.perf_counter()
    labels = digits if config.labels is None else config.labels
    whole = lattice(log_p.numpy(), labels, BLANK)
    if config.labels is not None and not math.isfinite(whole.log_likelihood):
        raise Refused("refused.digits_fit", n=len(labels), seconds=f"{sound.seconds:.1f}")
    paths = lattice(np.zeros_like(log_p.numpy()), labels, BLANK).log_likelihood
    path = best_path(log_p.numpy())
    loud = speech.speech(wave)
    done = time.perf_counter()
    return LessonResult(
        {site: in_half(trace) for site, trace in traces.items()},
        names,
        names,
        {
            "written": float(len(digits)),
            "log_likelihood": max(whole.log_likelihood, -1e6),
            "best_path": float(log_p.amax(-1).sum()),
            "paths_log10": paths / math.log(10),
            "blank_share": sum(label == BLANK for label in path) / n,
        },
        {
            "digits": list(digits),
            "labels": list(labels),
            "path": list(path),
            "words": speech.as_details(speech.aligned(log_p, labels), loud),
            "posterior": [[round(float(v), 4) for v in row] for row in whole.posterior.T[1::2]],
            "blank": [round(float(v), 4) for v in whole.posterior[:, ::2].sum(1)],
            "found": found,
            "hidden": [list(span) for span in spans],
            "tokens": n,
            "seconds": sound.seconds,
            "names": named,
            "stages": {
                "decode": sound.decode_ms,
                "features": 1000 * (described - began),
                "model": 1000 * (answered - described),
                "search": 1000 * (searched - answered),
                "lattice": 1000 * (done - searched),
            },
            "device": loaded.device,
        },
    )


def before(config: Config) -> Config:
    """What "before" means: the same sound and model, without noise and silence."""
    return replace(Config(config.sound, model=config.model), width=config.width)


def default_row(result: LessonResult) -> int:
    """The token at which the middle digit is written."""
    words = result.details["words"]
    if not words:
        return int(result.details["tokens"]) // 2
    word = words[len(words) // 2]
    return int(word["first"] + word["last"]) // 2


def _head(result: LessonResult) -> Selection:
    """The labels."""
    return Selection(LABELS, 0)


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, token: int) -> dict[str, Any]:
    """What one token says, as the values that the page's sentences name.

    "at" its time, the likeliest "label" and its probability "p", the "second" and its "second_p",
    and what the whole sound makes of the moment: the "row" of the lattice with the largest
    "posterior".
    """
    weights = result.traces[LABELS].weights[0, 0].float()
    token = min(max(token, 0), weights.shape[0] - 1)
    order = weights[token].argsort(descending=True).tolist()
    rows = [row[token] for row in result.details["posterior"]]
    blank = result.details["blank"][token]
    best = max(range(len(rows)), key=rows.__getitem__) if rows else -1
    of_label = best >= 0 and rows[best] > blank
    return {
        "at": result.queries[token],
        "label": NAMES[order[0]],
        "p": float(weights[token, order[0]]),
        "second": NAMES[order[1]],
        "second_p": float(weights[token, order[1]]),
        "row": NAMES[result.details["labels"][best]] if of_label else NAMES[BLANK],
        "posterior": rows[best] if of_label else blank,
        "place": best + 1 if of_label else 0,
    }
