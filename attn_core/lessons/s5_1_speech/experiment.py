"""Lesson 5.1: what each 40 ms of a spoken sequence listens to, and what is written then."""

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core import zoo
from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import in_half
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.sound import find
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.tokens import Span
from attn_core.measures.ctc import best_path, collapse
from attn_core.models.recogniser import BLANK

CHECKPOINT = "recogniser_attention"
SAMPLES = ("pi", "double", "noisy", "long")
WINDOWS: tuple[int | None, ...] = (0, 1, 2, 4, 8, 16, 32, None)
"""Neighbours that a token may look at on either side; ``None``: all."""
LAYERS = 4


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    sound : str
        As ``attn_core.inputs.sound.find`` knows it.
    hidden : tuple of Span
        Spans of tokens that are silenced, first and last; in order, apart from each other.
    window : int or None
        One of ``WINDOWS``.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    sound: str = "pi"
    hidden: tuple[Span, ...] = ()
    window: int | None = None

    def __post_init__(self) -> None:
        if self.window not in WINDOWS:
            raise ValueError(f"window is {self.window!r}; it must be one of {WINDOWS}")
        speech.check(self.hidden)


def on_speech(
    weights: Float[Tensor, "head query key"], loud: Bool[Tensor, "key"]
) -> tuple[float, float]:
    """How much of the weight lies on speech.

    Examples
    --------
    >>> on_speech(torch.eye(2)[None], torch.tensor([True, False]))
    (1.0, 0.0)

    Mean share over heads, of the rows of speech and of the rows of silence; NaN where there are
    none.
    """
    to_speech = mean_of_heads(weights)[..., loud].sum(-1)

    def mean(rows: Tensor) -> float:
        return float(to_speech[rows].mean()) if bool(rows.any()) else math.nan

    return mean(loud), mean(~loud)


def reach(weights: Float[Tensor, "head query key"]) -> Float[Tensor, "head"]:
    """Mean distance that a head looks across, in seconds.

    Examples
    --------
    >>> reach(torch.eye(3)[None]).tolist()
    [0.0]
    """
    at = torch.arange(weights.shape[-1], device=weights.device)
    far = (at[:, None] - at).abs().to(weights)
    return (weights * far).sum(-1).mean(-1) * speech.TOKEN_SECONDS


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Read the sound and write what is said.

    Tokens by tokens, in half precision. ``details`` holds what is written ("digits"), where
    ("words"), the path's "labels" and how much each "writes" (1 less the probability of the blank),
    which tokens are "speech", and milliseconds by stage.
    """
    loaded = zoo.get(CHECKPOINT, device)
    sound = find(config.sound)
    began = time.perf_counter()
    n = speech.tokens_in(len(sound.wave))
    spans = tuple((a, min(b, n - 1)) for a, b in speech.merged(config.hidden) if a < n)
    wave = speech.silenced(sound.wave, spans)
    features = speech.features_of(wave)
    described = time.perf_counter()
    states, _, traces = loaded.module.encode(
        features.to(loaded.device), window=config.window, intervention=intervention
    )
    log_p = loaded.module.ctc(states)[0].cpu()
    answered = time.perf_counter()
    path = best_path(log_p.numpy())
    digits = collapse(path, BLANK)
    loud = torch.from_numpy(speech.speech(wave))
    last = traces[f"encoder.{LAYERS - 1}"].weights[0].float().cpu()
    of_speech, of_silence = on_speech(last, loud)
    names = speech.token_names(n)
    return LessonResult(
        {site: in_half(trace) for site, trace in traces.items()},
        names,
        names,
        {
            "written": float(len(digits)),
            "speech_share": float(loud.float().mean()),
            "speech_to_speech": of_speech,
            "silence_to_speech": of_silence,
            "reach": float(reach(last).mean()),
            "certainty": float(log_p.exp().amax(-1).mean()),
        },
        {
            "digits": list(digits),
            "words": speech.as_details(speech.aligned(log_p, digits), loud.numpy()),
            "labels": list(path),
            "writes": [round(1 - v, 3) for v in log_p[:, BLANK].exp().tolist()],
            "speech": [int(v) for v in loud.tolist()],
            "hidden": [list(span) for span in spans],
            "tokens": n,
            "seconds": sound.seconds,
            "stages": {
                "decode": sound.decode_ms,
                "features": 1000 * (described - began),
                "model": 1000 * (answered - described),
            },
            "device": loaded.device,
        },
    )


def before(config: Config) -> Config:
    """What "before" means: the whole sound, every token seeing every other."""
    return Config(config.sound)


def default_row(result: LessonResult) -> int:
    """The token at which the middle digit is written."""
    words = result.details["words"]
    if not words:
        return int(result.details["tokens"]) // 2
    word = words[len(words) // 2]
    return int(word["first"] + word["last"]) // 2


def _head(result: LessonResult) -> Selection:
    """The last layer's head that looks furthest: context is what the lesson is about."""
    site = f"encoder.{LAYERS - 1}"
    return Selection(site, int(reach(result.traces[site].weights[0].float()).argmax()))


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))


def reading(result: LessonResult, site: str, head: int, query: int) -> dict[str, Any]:
    """What stands out in one token's row, as the values that the page's sentences name.

    "at" the token's time, the "key" it looks at most and its "weight", how "far" that is in
    seconds, the share of the row on speech ("to_speech") beside speech's share of the tokens
    ("null"), and the "digit" written there ("" for none).
    """
    weights = result.traces[site].weights[0].float()
    query = min(max(query, 0), weights.shape[1] - 1)
    row = weights[min(max(head, 0), weights.shape[0] - 1), query].numpy()
    loud = np.array(result.details["speech"], bool)
    top = int(row.argmax())
    written = [w["digit"] for w in result.details["words"] if w["first"] <= query <= w["last"]]
    return {
        "at": result.queries[query],
        "head": head + 1,
        "key": result.keys[top],
        "weight": float(row[top]),
        "far": abs(top - query) * speech.TOKEN_SECONDS,
        "to_speech": float(row[loud].sum()),
        "null": result.numbers["speech_share"],  # computed again, 72.5 % rounds the other way
        "digit": str(written[0]) if written else "",
    }
