"""Lesson 1: a word's pronunciation, with what the attention did at every step."""

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import FOLDER
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.alphabets import LETTERS, MAX_LETTERS, PHONEMES, ipa
from attn_core.jobs.cache import kept
from attn_core.models.speller import N_SPECIAL, SITE
from attn_core.models.speller_search import MAX_BEAM, Spoken, beam_search, trace_of

MODEL, TWIN_WITH, TWIN_WITHOUT = "speller", "speller_small_attention", "speller_small_fixed"
END_MARK = "■"


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    word : str
        A word of the speller's letters (see ``attn_core.inputs.text.clean_word``).
    beam : int
        Hypotheses kept while decoding, 1 to ``MAX_BEAM``.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    word: str = "gravitational"
    beam: int = 5

    def __post_init__(self) -> None:
        if not 1 <= len(self.word) <= MAX_LETTERS or any(c not in LETTERS for c in self.word):
            raise ValueError(f"word is {self.word[:50]!r}; it must have 1 to {MAX_LETTERS} letters")
        if not 1 <= self.beam <= MAX_BEAM:
            raise ValueError(f"beam is {self.beam}; it must be in [1, {MAX_BEAM}]")


@cache
def held_out() -> dict[str, tuple[str, ...]]:
    """A sample of held-out words and their listed pronunciations, phonemes joined by spaces."""
    path = FOLDER.parent / "samples" / "cmudict_held_out.json"
    raw = json.loads(path.read_text(encoding="utf-8"))["words"]
    return {word: tuple(said) for word, said in raw.items()}


def _shown(spoken: Spoken) -> dict[str, Any]:
    return {
        "phonemes": list(spoken.phonemes),
        "ipa": ipa(spoken.phonemes),
        "probability": math.exp(spoken.log_probability),
    }


@kept(2**20)
def _twin(name: str, word: str, beam: int, device: str) -> dict[str, Any]:
    """What a twin answers; no change of the learner's touches it."""
    return _shown(beam_search(zoo.get(name, device).module, [word], beam)[0][0])


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Pronounce a word and trace the attention of the best pronunciation.

    Queries are the phonemes written and the end, keys the letters. ``details`` holds the
    hypotheses, the twins' answers, and the listed pronunciations of held-out words.
    """
    loaded = zoo.get(MODEL, device)
    hypotheses = beam_search(loaded.module, [config.word], config.beam, intervention)[0]
    best = hypotheses[0]
    probabilities, trace = trace_of(loaded.module, config.word, best.phonemes, intervention)
    if trace is None:
        raise RuntimeError(f"{MODEL} has no attention; its manifest must set d_attention")
    weights = trace.weights[0, 0]
    entropy = -(weights * weights.clamp_min(1e-30).log2()).sum(-1)
    written = [PHONEMES.index(p) + N_SPECIAL for p in best.phonemes] + [2]
    step = probabilities[torch.arange(len(written)), torch.tensor(written)]
    twins = {
        name: _twin(name, config.word, config.beam, device) for name in (TWIN_WITH, TWIN_WITHOUT)
    }
    numbers = {
        "probability": math.exp(best.log_probability),
        "mean_entropy_bits": float(entropy.mean()),
        "largest_weight": float(weights.max()),
    }
    for i, (phoneme, value) in enumerate(zip([*best.phonemes, END_MARK], step, strict=True)):
        numbers[f"step_{i}_{phoneme}_probability"] = float(value)
    return LessonResult(
        {SITE: trace},
        (*best.phonemes, END_MARK),
        tuple(config.word),
        numbers,
        {
            "hypotheses": [_shown(h) for h in hypotheses],
            "twins": twins,
            "listed": list(held_out().get(config.word, ())),
            "step_probability": [float(x) for x in step],
            "device": loaded.device,
        },
    )


def before(config: Config) -> Config:
    """What "before" means: the same word with every control at its default."""
    return Config(config.word)


def default_row(result: LessonResult) -> int:
    """The step to open first: the one whose attention is most spread, the end left out."""
    weights = result.traces[SITE].weights[0, 0]
    entropy = -(weights * weights.clamp_min(1e-30).log2()).sum(-1)
    return int(entropy[:-1].argmax()) if len(entropy) > 1 else 0


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return Selection(next(iter(result.traces)), 0, default_row(result))


def reading(result: LessonResult, query: int) -> dict[str, Any]:
    """What stands out in one step, as the values that the page's sentences name.

    Phoneme, the letters with the largest weights, their weights, the entropy, energies.
    """
    trace = result.traces[SITE]
    query = min(max(query, 0), len(result.queries) - 1)
    row = trace.weights[0, 0, query]
    order = row.argsort(descending=True).tolist()
    second = order[1] if len(order) > 1 else order[0]
    return {
        "phoneme": result.queries[query],
        "step": query + 1,
        "n_steps": len(result.queries),
        "letter": result.keys[order[0]],
        "place": order[0] + 1,
        "weight": float(row[order[0]]),
        "second": result.keys[second],
        "second_weight": float(row[second]),
        "entropy": abs(float((row * row.clamp_min(1e-30).log2()).sum())),
        "most": math.log2(len(result.keys)),
        "probability": result.details["step_probability"][query],
        "energies": [float(x) for x in trace.scores[0, 0, query]],
        "weights": [float(x) for x in row],
    }


def without_each_letter(config: Config, device: str = "cpu") -> list[list[float]]:
    """How much each phoneme's probability falls when a letter is hidden from the attention.

    This is the test of the misconception that the weights are always the alignment.
    """
    module = zoo.get(MODEL, device).module
    best = beam_search(module, [config.word], config.beam)[0][0]
    written = torch.tensor([PHONEMES.index(p) + N_SPECIAL for p in best.phonemes] + [2])
    steps = torch.arange(len(written))
    whole = trace_of(module, config.word, best.phonemes)[0][steps, written]
    columns = []
    for letter in range(len(config.word)):
        hidden = Intervention(tokens=((SITE, letter),))
        cut = trace_of(module, config.word, best.phonemes, hidden)[0][steps, written]
        columns.append(whole - cut)
    return torch.stack(columns, dim=1).tolist()


def agreement(result: LessonResult, falls: list[list[float]]) -> dict[str, int]:
    """In how many steps the most attended letter is also the one that matters most when hidden.

    "agree" and "steps"; the end of the word is not counted.
    """
    weights = result.traces[SITE].weights[0, 0, :-1]
    most = weights.argmax(-1)
    matters = torch.tensor(falls)[: len(most)].argmax(-1)
    return {"agree": int((most == matters).sum()), "steps": len(most)}


@kept(4 * 2**20)
def pronounce_list(
    words: tuple[str, ...], beam: int = 5, device: str = "cpu"
) -> list[dict[str, Any]]:
    """The best pronunciation of each word of a list.

    Word, phonemes, IPA and probability.
    """
    if not words:
        return []
    spoken = beam_search(zoo.get(MODEL, device).module, list(words), beam)
    return [{"word": word, **_shown(best[0])} for word, best in zip(words, spoken, strict=True)]
