"""Lesson 5.3: recognisers that write digit by digit, each with a look at the sound."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from attn_core import zoo
from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Cell, Intervention
from attn_core.attention.trace import in_half
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound import again, find
from attn_core.lessons.s5_3_recogniser.spelling import WIDE, backwards, looks, spell
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.compared import true_digits
from attn_core.lessons.speech.said import MAX_SAID
from attn_core.lessons.speech.tokens import Span
from attn_core.measures.metrics import edit_distance
from attn_core.models.listener import SITE
from attn_core.models.recogniser import END, N_DIGITS

CHECKPOINTS = {
    "location": "listener",
    "content": "listener_content",
    "attention": "recogniser_joint_0",
}
CROSS = "decoder.0.cross"
SAMPLES = ("double", "pi", "noisy", "long")
FEEDS = ("own", "true")
TIMES = (1, 2, 3, 4)
"""How often the sound is played to the model, one after the other."""
FIRST, LAST = "□", "■"
"""Names of the tokens before the first digit and after the last."""
NAMES = (*map(str, range(N_DIGITS)), FIRST, LAST)


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
    feed : str
        One of ``FEEDS``: what the decoder is told to have written, its own digits or the true ones.
    labels : tuple of int or None
        What is said; ``None``: what is known of a sample.
    times : int
        One of ``TIMES``; cut where the longest sound is reached.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    sound: str = "double"
    hidden: tuple[Span, ...] = ()
    model: str = "location"
    feed: str = "own"
    labels: tuple[int, ...] | None = None
    times: int = 1

    def __post_init__(self) -> None:
        for name, value, bound in (
            ("model", self.model, tuple(CHECKPOINTS)),
            ("feed", self.feed, FEEDS),
            ("times", self.times, TIMES),
        ):
            if value not in bound:
                raise ValueError(f"{name} is {value!r}; it must be one of {bound}")
        speech.check(self.hidden)
        if self.labels is not None and not (
            len(self.labels) <= MAX_SAID and set(self.labels) <= set(range(N_DIGITS))
        ):
            raise ValueError(f"labels are {self.labels}; at most {MAX_SAID} digits")


def cross_of(config: Config) -> str:
    """The site at which a config's model looks at the sound."""
    return CROSS if config.model == "attention" else SITE


def known(config: Config) -> tuple[int, ...] | None:
    """What is said, as far as anybody knows.

    The learner's own words first.
    """
    said = true_digits(config.sound) if config.labels is None else config.labels
    return None if said is None else (said * config.times)[:MAX_SAID]


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Listen, and write until the end.

    Steps by tokens. ``details`` holds the "digits", whether it "ended" by itself, the "steps"
    (token looked at most, the share "near" it, the written token's "p", and whether it is "wrong"
    under teacher forcing), "words", and milliseconds by stage.
    """
    loaded = zoo.get(CHECKPOINTS[config.model], device)
    sound = find(config.sound)
    truth = known(config)
    if config.feed == "true" and not truth:
        raise Refused("refused.no_truth")
    began = time.perf_counter()
    wave = again(sound, config.times).wave
    n = speech.tokens_in(len(wave))
    spans = tuple((a, min(b, n - 1)) for a, b in speech.merged(config.hidden) if a < n)
    wave = speech.silenced(wave, spans)
    features = speech.features_of(wave).to(loaded.device)
    described = time.perf_counter()
    given = truth if config.feed == "true" else None
    spelt = spell(loaded.module, features, given, intervention)
    answered = time.perf_counter()
    cross = cross_of(config)
    mean = mean_of_heads(spelt.traces[cross].weights[0].float()).cpu()
    steps = looks(mean)
    rows = (*spelt.digits, END)[: len(steps)] if spelt.ended else spelt.digits[: len(steps)]
    for i, (step, likely) in enumerate(zip(steps, spelt.p, strict=True)):
        step["p"] = round(likely, 4)
        right = truth[i] if truth and i < len(truth) else END
        step["wrong"] = given is not None and (rows[i] if i < len(rows) else END) != right
    loud = speech.speech(wave)
    names = speech.token_names(n)
    queries = tuple(f"{i + 1}: {NAMES[token]}" for i, token in enumerate(rows))
    named: dict[str, Any] = {}
    for site in spelt.traces:
        if site.startswith("encoder"):
            named[site] = (names, names)
        elif site.endswith("self"):
            fed = given if given is not None else spelt.digits
            named[site] = (queries, (FIRST, *map(str, fed))[: len(queries)])
    words = [
        {
            "digit": NAMES[digit],
            "first": step["token"],
            "last": step["token"],
            "score": step["p"],
            "heard": [max(0, step["token"] - 2 * WIDE), min(n - 1, step["token"] + 2 * WIDE)],
        }
        for digit, step in zip(spelt.digits, steps, strict=False)
    ]
    written = tuple(digit for digit in spelt.digits if digit != END)
    edits = edit_distance(written, truth) if truth else 0
    return LessonResult(
        {site: in_half(trace) for site, trace in spelt.traces.items()},
        queries,
        names,
        {
            "written": float(len(written)),
            "edits": float(edits),
            "near": float(np.mean([step["near"] for step in steps])),
            "backwards": float(backwards([step["token"] for step in steps])),
            "certainty": float(np.mean(spelt.p)),
        },
        {
            "digits": list(written),
            "ended": spelt.ended,
            "steps": steps,
            "words": words,
            "truth": None if truth is None else list(truth),
            "speech": [int(v) for v in loud],
            "hidden": [list(span) for span in spans],
            "tokens": n,
            "seconds": len(wave) / speech.RATE,
            "names": named,
            "cross": cross,
            "stages": {
                "decode": sound.decode_ms,
                "features": 1000 * (described - began),
                "model": 1000 * (answered - described),
            },
            "device": loaded.device,
        },
    )


def before(config: Config) -> Config:
    """What "before" means: the whole sound once, the model told its own digits."""
    return Config(config.sound, model=config.model, times=config.times, labels=config.labels)


def moved(result: LessonResult, step: int, token: int) -> tuple[Cell, ...]:
    """Cells that make a step look at another moment.

    Half of each head's weight there, the rest on both neighbours.
    """
    site = result.details["cross"]
    heads, _, n = result.traces[site].weights.shape[1:]
    near = [(token - 1, 0.25), (token, 0.5), (token + 1, 0.25)]
    return tuple(
        Cell(site, head, step, key, value)
        for head in range(heads)
        for key, value in near
        if 0 <= key < n
    )


def default_row(result: LessonResult) -> int:
    """The last step: all that was written is drawn."""
    return len(result.queries) - 1


def _head(result: LessonResult) -> Selection:
    """Where the decoder looks at the sound."""
    return Selection(result.details["cross"], 0)


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, step: int) -> dict[str, Any]:
    """What one step did, as the values that the page's sentences name.

    "step" and of how many ("steps"), the "token" written and its probability "p", the "key" it
    looked at most, the share "near" it, and how "far" in seconds it moved on since the step before.
    """
    steps = result.details["steps"]
    step = min(max(step, 0), len(steps) - 1)
    found, before = steps[step], steps[max(step - 1, 0)]
    return {
        "step": step + 1,
        "steps": len(steps),
        "token": result.queries[step].split(": ")[1],
        "p": found["p"],
        "key": result.keys[found["token"]],
        "near": found["near"],
        "far": (found["token"] - before["token"]) * speech.TOKEN_SECONDS,
    }
