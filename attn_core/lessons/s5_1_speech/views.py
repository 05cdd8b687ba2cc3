"""Lesson 5.1 taken apart: what each head listens to, narrower windows, what silence does, cost."""

import statistics
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from attn_core import zoo
from attn_core.attention.functional import mean_of_heads
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.inputs.sound import find
from attn_core.lessons.s5_1_speech import experiment
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.tokens import Heard
from attn_core.measures.cost import multiply_adds
from attn_core.measures.ctc import best_path, collapse
from attn_core.measures.metrics import edit_distance
from attn_core.models.recogniser import BLANK

TWINS = {
    "all": experiment.CHECKPOINT,
    "4": "recogniser_window_4",
    "0": "recogniser_window_0",
}
"""Checkpoint by the tokens that a token could look at on either side, while it was trained."""
SIGHTS = ("all", "no_far_past", "no_past", "no_far_future", "no_future")
MOST_WORDS = 10
"""Digits that are silenced one by one; of more the first ones."""
MOST_LOST = 10.0
"""Natural logarithms: a label that is gone altogether."""


def by_head(result: LessonResult) -> dict[str, list[list[float]]]:
    """What each head of each layer does with this sound.

    Layers by heads: "reach" in seconds, and "lean", the share of the weight that lies on speech
    less speech's share of the tokens, mean over all rows.
    """
    loud = torch.tensor(result.details["speech"], dtype=torch.bool)
    share = float(loud.float().mean())
    reach, lean = [], []
    for layer in range(experiment.LAYERS):
        weights = result.traces[f"encoder.{layer}"].weights[0].float()
        reach.append(experiment.reach(weights).tolist())
        lean.append((weights[..., loud].sum(-1).mean(-1) - share).tolist())
    return {"reach": reach, "lean": lean}


def _heard(config: experiment.Config, device: str) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Log-probabilities of a sound as a config has it, and what the best path writes."""
    loaded = zoo.get(experiment.CHECKPOINT, device)
    wave = speech.silenced(find(config.sound).wave, speech.merged(config.hidden))
    features = speech.features_of(wave).to(loaded.device)
    with torch.inference_mode():
        states, _, _ = loaded.module.encode(features, window=config.window, traced=False)
        log_p = loaded.module.ctc(states)[0].cpu()
    return log_p, collapse(best_path(log_p.numpy()), BLANK)


@lru_cache(maxsize=32)
def windows(config: experiment.Config, device: str = "cpu") -> tuple[dict[str, Any], ...]:
    """The same sound and model, with less and less to listen to.

    "window" (of ``WINDOWS``; "all" for ``None``), "digits", and "moved": edits from what is written
    where all is heard.
    """
    found = {w: _heard(replace(config, window=w), device)[1] for w in experiment.WINDOWS}
    return tuple(
        {
            "window": "all" if w is None else w,
            "digits": digits,
            "moved": edit_distance(digits, found[None]),
        }
        for w, digits in found.items()
    )


def _lost(before: torch.Tensor, after: torch.Tensor, word: Heard) -> float:
    """How much less likely a digit is where it was, in natural logarithms."""
    span = slice(word.first, word.last + 1)
    lost = (before[span, word.digit] - after[span, word.digit]).mean()
    return float(lost.clamp(-MOST_LOST, MOST_LOST))


@lru_cache(maxsize=16)
def influence(config: experiment.Config, device: str = "cpu") -> dict[str, Any]:
    """Each digit silenced in turn, beside the attention that the others gave it.

    "words" (at most ``MOST_WORDS``); digits by digits "effect" (rows: how much less likely,
    columns: which one was silenced) and "attention" (weight of the row's tokens on the column's,
    mean of layers and heads).
    """
    before, digits = _heard(config, device)
    words = speech.aligned(before, digits)
    of = speech.stretches(words, len(before))[:MOST_WORDS]
    effect = []
    for stretch in of:
        spans = speech.merged((*config.hidden, stretch))
        if len(spans) > speech.MAX_SPANS:
            break
        after, _ = _heard(replace(config, hidden=spans), device)
        effect.append([_lost(before, after, word) for word in words[:MOST_WORDS]])
    words = words[: len(effect)]
    result = experiment.run(config, None, device)
    maps = [mean_of_heads(trace.weights[0].float()) for trace in result.traces.values()]
    mean = torch.stack(maps).mean(0)
    attention = [
        [float(mean[w.first : w.last + 1, a : b + 1].sum(-1).mean()) for a, b in of[: len(words)]]
        for w in words
    ]
    return {
        "words": [{"digit": w.digit, "first": w.first} for w in words],
        "effect": [[row[i] for row in effect] for i in range(len(words))],
        "attention": attention,
    }


@lru_cache(maxsize=32)
def cost(seconds: float, device: str = "cpu") -> dict[str, int]:
    """Multiply-adds that a sound of this length takes, by what is in it.

    "speech" (the sample), "silence" and "noise", all of this length.
    """
    loaded = zoo.get(experiment.CHECKPOINT, device)
    n = int(seconds * speech.RATE)
    wave = find(experiment.SAMPLES[0]).wave
    sounds = {
        "speech": torch.from_numpy(wave).repeat(n // len(wave) + 1)[:n],
        "silence": torch.zeros(n),
        "noise": 0.1 * torch.randn(n, generator=torch.Generator().manual_seed(0)),
    }

    def counted(sound: torch.Tensor) -> int:
        features = speech.features_of(sound.numpy()).to(loaded.device)
        with torch.inference_mode():
            # Traced, for a fused kernel's products are counted on some devices and not on others.
            return multiply_adds(lambda: loaded.module.encode(features))

    return {name: counted(sound) for name, sound in sounds.items()}


def sights() -> list[dict[str, Any]]:
    """Recorded error of the shown kind of model where its tokens may look at less.

    "sight" (one of ``SIGHTS``) and mean "error" over the seeds.
    """
    runs = read_manifest(experiment.CHECKPOINT).raw["by_seed"]["sights"]
    return [{"sight": s, "error": statistics.mean(run[s] for run in runs)} for s in SIGHTS]
