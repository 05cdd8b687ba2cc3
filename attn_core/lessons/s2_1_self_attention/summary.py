"""A summary by the sentences that attention centres on, beside the first sentences.

Centrality of a sentence: the mean weight that its tokens receive from the tokens of other
sentences, over all layers and heads. An extractive proxy in the spirit of LexRank (Erkan and Radev
2004), with attention in place of cosine similarity.
"""

import re
from dataclasses import dataclass

import torch

from attn_core import zoo
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean_text
from attn_core.inputs.tokens import tokenize

MAX_SUMMARY_TOKENS = 256
MAX_SENTENCES = 20
TEXT = (
    "The harbour town woke before sunrise. Fishing boats had returned during the night with little "
    "to sell. For the third year the catch of herring had fallen, and nobody could say why. "
    "Scientists from the coast institute blamed warmer water. The fishermen blamed the trawlers "
    "far outside the bay. In the afternoon both sides met in the town hall to agree on a closed "
    "season. They agreed that herring needs two years of rest. The baker said she would sell cakes "
    "in the meantime."
)
"""Ours, written for this lesson."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences of a text and how much attention centres on each.

    Parameters
    ----------
    sentences : tuple of str
        In order, those that fit into ``MAX_SUMMARY_TOKENS`` tokens.
    centrality : tuple of float
        One for each; they sum to 1.
    n_left : int
        Sentences that did not fit.
    """

    sentences: tuple[str, ...]
    centrality: tuple[float, ...]
    n_left: int

    def best(self, n: int) -> tuple[int, ...]:
        """The most central sentences, in the text's order."""
        order = sorted(range(len(self.sentences)), key=lambda i: -self.centrality[i])
        return tuple(sorted(order[:n]))


def sentences(text: str) -> list[str]:
    """A text cut after full stops, question and exclamation marks.

    Examples
    --------
    >>> sentences("One is here. Two?  三。")
    ['One is here.', 'Two?', '三。']
    """
    joined = re.sub(r"\s+", " ", text)
    parts = re.split(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])\s*", joined)
    return [part.strip() for part in parts if part and part.strip()]


@torch.inference_mode()
def summarise(text: str, device: str = "cpu") -> Summary:
    """How central each sentence is to MiniLM's attention."""
    found = sentences(clean_text(text))
    if len(found) < 2:
        raise Refused("refused.two_sentences")
    kept: list[str] = []
    ids: list[int] = [101]  # [CLS]
    owner: list[int] = [-1]
    for i, sentence in enumerate(found[:MAX_SENTENCES]):
        inner = tokenize(sentence, MAX_SUMMARY_TOKENS).ids[0, 1:-1].tolist()
        if i > 1 and len(ids) + len(inner) + 1 > MAX_SUMMARY_TOKENS:
            break
        inner = inner[: MAX_SUMMARY_TOKENS - 1 - len(ids)]
        ids += inner
        owner += [i] * len(inner)
        kept.append(sentence)
    ids.append(102)  # [SEP]
    owner.append(-1)
    loaded = zoo.get("minilm", device)
    _, traces = loaded.module(torch.tensor([ids], device=loaded.device))
    weights = torch.stack([t.weights[0].mean(0) for t in traces.values()]).mean(0)  # (query, key)
    place = torch.tensor(owner, device=loaded.device)
    inside = place >= 0
    other = (place[:, None] != place[None, :]) & inside[:, None] & inside[None, :]
    received = (weights * other).sum(0) / other.sum(0).clamp_min(1)
    central = torch.stack(
        [
            received[place == i].mean() if bool((place == i).any()) else received.new_zeros(())
            for i in range(len(kept))
        ]
    )
    central = central / central.sum().clamp_min(1e-12)
    return Summary(tuple(kept), tuple(float(c) for c in central), len(found) - len(kept))
