"""Lesson 3.1: a text continued character by character from a cache, with or without a window."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Cell, Intervention
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean_text
from attn_core.models.characters import Characters
from attn_core.models.characters_text import go_on, mask_of

LANGUAGES = ("en", "zh")
MODELS = {"en": "characters_en", "zh": "characters_zh"}
TEXTS = {
    "en": "MACBETH.\nIs this a dagger which I see before me,",
    "zh": "《春望》\n国破山河在，",
}
MAX_PROMPT = {"en": 256, "zh": 96}
LENGTHS = (8, 16, 32, 48, 64, 96, 128)
WINDOWS = (0, 2, 4, 8, 16, 32, 64, 128)
"""Characters that each may look at, itself among them; 0 = all before it."""
SINKS = (0, 1, 2, 4, 8)
TEMPERATURES = (0.0, 0.3, 0.5, 0.7, 1.0, 1.5)
N_CHOICES = 5
WATCHING = 0.3
"""Mean weight on the last line break from which on a head is said to watch it."""
SHOWN = {"\n": "⏎", " ": "␣", "\u3000": "␣"}


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    text : str
        The prompt; "" stands for the language's example.
    language : str
        One of ``LANGUAGES``: which model goes on.
    length : int
        Characters to write, one of ``LENGTHS``.
    window, sinks : int
        One of ``WINDOWS`` and one of ``SINKS``.
    sampling : float
        Temperature of the draw, one of ``TEMPERATURES``; 0 takes the likeliest.
    seed : int
        Of the draw, 0–9999.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    text: str = ""
    language: str = "en"
    length: int = 48
    window: int = 0
    sinks: int = 0
    sampling: float = 0.5
    seed: int = 1

    def __post_init__(self) -> None:
        for name, known in (
            ("language", LANGUAGES),
            ("length", LENGTHS),
            ("window", WINDOWS),
            ("sinks", SINKS),
            ("sampling", TEMPERATURES),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be one of {known}")
        if not 0 <= self.seed <= 9999:
            raise ValueError(f"seed is {self.seed}; it must be in [0, 9999]")

    def prompt(self) -> tuple[str, int]:
        """The prompt as the model reads it, and how many characters were cut off its start."""
        text = clean_text(self.text or TEXTS[self.language]).replace("\r", "")
        if self.language == "en":
            text = text.translate(str.maketrans("’‘“”—–\t", "''\"\"-- "))
        if not text.strip():
            raise Refused("refused.no_text")
        kept = text[-MAX_PROMPT[self.language] :]
        return kept, len(text) - len(kept)


def reachable(changes: Intervention, n: int, window: int, sinks: int) -> Intervention:
    """A learner's changes without cells that open the future or what was forgotten."""
    allowed = mask_of(n, window, sinks)

    def kept(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(c for c in cells if max(c.query, c.key) < n and allowed[c.query, c.key])

    return replace(
        changes,
        scores=kept(changes.scores),
        mask_cells=kept(changes.mask_cells),
        weights=kept(changes.weights),
    )


def shown(text: str) -> tuple[str, ...]:
    """Characters as labels: white space gets a sign.

    Examples
    --------
    >>> shown("a b")
    ('a', '␣', 'b')

    One for each character.
    """
    return tuple(SHOWN.get(c, c) for c in text)


def _bits(logits: Tensor, ids: Tensor) -> Tensor:
    """−log₂ p of each character, from the logits before it."""
    return -torch.log_softmax(logits.float(), -1).gather(-1, ids[:, None])[:, 0] / math.log(2)


def _choices(logits: Tensor, characters: str) -> list[list[list[Any]]]:
    top = torch.softmax(logits.float(), -1).topk(N_CHOICES, -1)
    return [
        [[characters[i], round(p, 4)] for i, p in zip(ids, ps, strict=True)]
        for ids, ps in zip(top.indices.tolist(), top.values.tolist(), strict=True)
    ]


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Continue the prompt with the cache, then read all of it at once for its attention.

    Rows are the characters being written (or foreseen, in the prompt), keys the ones read. "gap" is
    the largest difference between logits made step by step from the cache and those of the same
    text read at once, without one.
    """
    prompt, n_left = config.prompt()
    loaded = zoo.get(MODELS[config.language], device)
    model: Characters = loaded.module
    ids = tuple(model.config.ids(prompt))
    n = len(ids) + config.length - 1
    asked = intervention or Intervention()
    changes = reachable(asked, n, config.window, config.sinks)
    written = go_on(
        model,
        ids,
        config.length,
        temperature=config.sampling,
        seed=config.seed,
        window=config.window,
        sinks=config.sinks,
        changes=changes or None,
    )
    text = torch.tensor([written.ids], device=loaded.device)
    allowed = mask_of(n, config.window, config.sinks)
    logits, traces, _ = model(
        text[:, :-1], None, allowed.to(loaded.device), intervention=changes or None
    )
    bits = _bits(logits[0], text[0, 1:]).cpu()
    characters = "\ufffd" + model.config.alphabet
    tail = "".join(characters[i] for i in written.ids[len(ids) :])
    whole = prompt + tail
    first = len(ids) - 1  # the row that writes the first new character
    prompt_bits = float(bits[:first].mean()) if first else math.nan
    without = prompt_bits
    if config.window and first:
        plain_logits, _, _ = model(text[:, : len(ids)], traced=False)
        without = float(_bits(plain_logits[0, :-1], text[0, 1 : len(ids)]).mean())
    cells = int(allowed.sum())
    steps = sorted(written.seconds[1:]) or [written.seconds[0]]
    numbers = {
        "prompt_bits": prompt_bits,
        "prompt_bits_whole": without,
        "written_bits": float(bits[first:].mean()),
        "cells": float(cells),
        "share_of_all": cells / n**2,
        "share_of_causal": cells / (n * (n + 1) / 2),
        "gap": float((written.logits - logits[0, first:]).abs().max()),
    }
    return LessonResult(
        traces,
        shown(whole[1:]),
        shown(whole[:-1]),
        {name: value for name, value in numbers.items() if not math.isnan(value)},
        {
            "prompt": prompt,
            "written": tail,
            "first": first,
            "bits": [round(b, 4) for b in bits.tolist()],
            "choices": _choices(logits[0].cpu(), characters),
            "n_left": n_left,
            "n_unknown": ids.count(0),
            "n_closed": sum(
                len(getattr(asked, kind)) - len(getattr(changes, kind))
                for kind in ("scores", "mask_cells", "weights")
            ),
            "context": model.config.context,
            "milliseconds": 1000 * steps[len(steps) // 2],
            "device": loaded.device,
        },
    )


def before(config: Config) -> Config:
    """What "before" means: the same prompt, drawn the same way, with all of it in view."""
    return replace(config, window=0, sinks=0)


def break_watching(result: LessonResult) -> dict[tuple[str, int], float]:
    """How much of its weight each head puts on the last line break, on average.

    By site and head; empty where the text has one line.
    """
    last, at = [], -1
    for i, key in enumerate(result.keys):
        at = i if key == SHOWN["\n"] else at
        last.append(at)
    rows = [i for i, key in enumerate(last) if key >= 0]
    if not rows:
        return {}
    columns = [last[i] for i in rows]
    return {
        (site, head): float(trace.weights[0, head, rows, columns].float().mean())
        for site, trace in result.traces.items()
        for head in range(trace.weights.shape[1])
    }


def _head(result: LessonResult) -> Selection:
    """The head that watches line breaks most, or the sharpest of those that look some way back."""
    watching = break_watching(result)
    if watching and max(watching.values()) >= WATCHING:
        return Selection(*max(watching, key=lambda place: watching[place]))
    best, found = math.inf, Selection(next(iter(result.traces)))
    for site, trace in result.traces.items():
        weights = trace.weights[0].float()
        n = weights.shape[-1]
        away = (torch.arange(n)[:, None] - torch.arange(n)).clamp_min(0).to(weights)
        back = (weights * away).sum(-1).mean(-1)
        entropy = -(weights * weights.clamp_min(1e-30).log2()).sum(-1).mean(-1)
        for head in range(weights.shape[0]):
            if back[head] >= min(4, n / 8) and entropy[head] < best:
                best, found = float(entropy[head]), Selection(site, head)
    return found


def default_row(result: LessonResult) -> int:
    """The row to open first: a character written with a firm look some way back."""
    at = _head(result)
    weights = result.traces[at.site].weights[0, at.head].float().tril(-3)
    first = int(result.details["first"])
    return first + int(weights[first:].amax(-1).argmax())


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, selection: Selection) -> dict[str, Any]:
    """What stands out in the open row, as the values that the page's sentences name.

    The character, how surprising it was, the key with the largest weight, how far back that is, and
    how many keys were looked at.
    """
    site = selection.site if selection.site in result.traces else next(iter(result.traces))
    trace = result.traces[site]
    n = len(result.queries)
    row = n - 1 if selection.query is None else min(max(selection.query, 0), n - 1)
    head = selection.head if selection.head < trace.weights.shape[1] else 0
    weights = trace.weights[0, head, row].float()
    key = int(weights.argmax())
    seen = row + 1 if trace.mask is None else int(trace.mask[0, -1, row].sum())
    bits = result.details["bits"][row]
    return {
        "query": result.queries[row],
        "row": row + 1,
        "key": result.keys[key],
        "key_place": key + 1,
        "back": row - key,
        "weight": float(weights[key]),
        "seen": seen,
        "layer": int(site.rpartition(".")[2]) + 1,
        "head": head + 1,
        "probability": 2.0**-bits,
        "bits": bits,
        "n": n,
        "n_written": n - result.details["first"],
    }
