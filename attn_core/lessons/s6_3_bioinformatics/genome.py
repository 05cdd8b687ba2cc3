"""Lesson 6.3, first model: splice sites in DNA, and what named them."""

import re
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import in_half
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.inputs.fasta import Record, read_fasta
from attn_core.inputs.limits import MAX_BASES
from attn_core.inputs.refused import Refused
from attn_core.jobs.cache import Keep, kept
from attn_core.lessons.s6_3_bioinformatics.evidence import by_place, core, mutants, odds_lost
from attn_core.lessons.s6_3_bioinformatics.samples import known
from attn_core.models.sequence import ids_of

CHECKPOINT = "splice"
WINDOW, MIDDLE = 60, 30
"""Letters of a window, and those before the boundary in its middle."""
POOL = "pool"
MOTIFS = {"D": (30, 31), "A": (28, 29)}
"""Places of GT and of AG in a window, by class."""
RULE = {"D": "GT", "A": "AG"}
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97)
APART = 10
"""Of sites that are nearer to each other the surest stays."""
MAX_EDITS = 30
CHUNK = 256
WINDOWS = Keep("windows of 6.3", 8 * 2**20)
"""Probabilities of each window that was read: an edited letter changes sixty of them."""
SCANS_BYTES, MUTANTS_BYTES = 4 * 2**20, 4 * 2**20
_EDIT = re.compile(r"(\d{1,5})([ACGT])")


def edits_of(text: str) -> tuple[tuple[int, str], ...]:
    """Mutations from a link.

    Examples
    --------
    >>> edits_of("150T,143A")
    ((143, 'A'), (150, 'T'))

    Sorted, each place once (the last counts).
    """
    if not text:
        return ()
    found = {}
    for part in text.split(","):
        match = _EDIT.fullmatch(part)
        if match is None:
            raise ValueError(f"edit is {part[:20]!r}; it must be a number and one of ACGT")
        found[int(match[1])] = match[2]
    if len(found) > MAX_EDITS:
        raise ValueError(f"there are {len(found)} edits; at most {MAX_EDITS} are kept")
    return tuple(sorted(found.items()))


def edits_text(edits: tuple[tuple[int, str], ...]) -> str:
    """The inverse of ``edits_of``.

    Examples
    --------
    >>> edits_text(((143, "A"),))
    '143A'
    """
    return ",".join(f"{place}{letter}" for place, letter in sorted(edits))


@lru_cache(maxsize=64)
def record_of(dna: str) -> Record:
    """The first sequence of what was typed that is long enough."""
    return read_fasta(dna, "genome", MAX_BASES, WINDOW)[0]


def mutated(sequence: str, edits: str) -> str:
    """The sequence with a learner's letters in it.

    Examples
    --------
    >>> mutated("GATT", "1C,9A")
    'CATT'
    """
    letters = list(sequence)
    for place, letter in edits_of(edits):
        if 1 <= place <= len(letters):
            letters[place - 1] = letter
    return "".join(letters)


@kept(SCANS_BYTES)
def scan(sequence: str, device: str = "cpu") -> Float[np.ndarray, "window label"]:
    """Probabilities of every window of a sequence."""
    loaded = zoo.get(CHECKPOINT, device)
    texts = [sequence[i : i + WINDOW] for i in range(len(sequence) - WINDOW + 1)]
    known = {text: WINDOWS.find((device, text)) for text in dict.fromkeys(texts)}
    new = [text for text, row in known.items() if row is None]
    if new:
        ids = torch.tensor([ids_of(text, loaded.module.config.symbols) for text in new])
        with torch.inference_mode():
            parts = [
                loaded.module(chunk.to(loaded.device), traced=False)[0].softmax(-1).cpu()
                for chunk in ids.split(CHUNK)
            ]
        for text, row in zip(new, torch.cat(parts).numpy(), strict=True):
            known[text] = WINDOWS.get((device, text), row.copy)
    return np.stack([known[text] for text in texts])


@kept(MUTANTS_BYTES)
def _mutants(window: str, device: str) -> tuple[np.ndarray, np.ndarray]:
    return mutants(zoo.get(CHECKPOINT, device).module, window)


def lost_by(window: str, label: int, device: str = "cpu") -> Float[np.ndarray, "place letter"]:
    """What each single substitution in a window costs a class."""
    return odds_lost(*_mutants(window, device), label)


def sites(
    probabilities: Float[np.ndarray, "window label"], order: str, threshold: float
) -> list[dict[str, Any]]:
    """Windows that are called a site.

    By place: "at" the window's start, "boundary" the letters before the site, "kind" and
    "probability".
    """
    site = probabilities.copy()
    site[:, order.index("N")] = 0
    best, kinds = site.max(1), site.argmax(1)
    kept: list[int] = []
    for i in np.argsort(-best, kind="stable").tolist():
        if best[i] < threshold:
            break
        if all(abs(i - k) >= APART for k in kept):
            kept.append(i)
    return [
        {"at": i, "boundary": i + MIDDLE, "kind": order[kinds[i]], "probability": float(best[i])}
        for i in sorted(kept)
    ]


def classes() -> str:
    """The model's classes, in its order."""
    return str(read_manifest(CHECKPOINT).config["classes"])


def moved(dna: str, at: int, by: int, device: str = "cpu") -> int:
    """A window moved along its sequence."""
    if by == 0:
        return at
    start = surest(dna, device) if at < 0 else at
    return min(max(0, start + by), len(record_of(dna).sequence) - WINDOW)


def surest(dna: str, device: str = "cpu") -> int:
    """Start of the window with the highest probability of a site, before any mutation."""
    sites_only = [classes().index(c) for c in MOTIFS]
    return int(scan(record_of(dna).sequence, device)[:, sites_only].max(1).argmax())


def logo(kind: str) -> Float[np.ndarray, "place letter"]:
    """Frequencies of A, C, G and T at each place of the training windows of a class."""
    kept = read_manifest(CHECKPOINT).raw["logo"]
    return np.array(kept[kind if kind in kept else "D"], float)


def by_rule(window: str) -> str:
    """What the rule of two letters says of a window.

    Examples
    --------
    >>> by_rule("A" * 30 + "GT" + "A" * 28)
    'D'
    """
    for kind, (first, last) in MOTIFS.items():
        if window[first : last + 1] == RULE[kind]:
            return kind
    return "N"


@torch.inference_mode()
def run(
    dna: str,
    edits: str,
    at: int,
    threshold: float,
    intervention: Intervention | None,
    device: str,
) -> LessonResult:
    """Scan a sequence, and open one window of it.

    Of the window: 60 letters by 60, and one row of pooling weights.
    """
    loaded = zoo.get(CHECKPOINT, device)
    order = loaded.module.config.classes
    record = record_of(dna)
    sequence = mutated(record.sequence, edits)
    probabilities = scan(sequence, device)
    found = sites(probabilities, order, threshold)
    if at >= len(probabilities):
        raise Refused("refused.window", at=at + 1, last=len(probabilities))
    if at < 0:
        at = surest(dna, device)
    window = sequence[at : at + WINDOW]
    ids = torch.tensor([ids_of(window, loaded.module.config.symbols)], device=loaded.device)
    logits, traces = loaded.module(ids, intervention=intervention)
    answer = logits[0].softmax(-1).cpu().numpy()
    named = order[int(answer.argmax())]
    shown = named if named in MOTIFS else best_site(answer, order)
    weights = traces[POOL].weights[0, 0, 0].float().cpu().numpy()
    lost = lost_by(window, order.index(named), device)
    letters = tuple(f"{letter}{at + i + 1}" for i, letter in enumerate(window))
    places = core(logo(shown))
    first, last = MOTIFS[shown]
    return LessonResult(
        {site: in_half(trace) for site, trace in traces.items()},
        letters,
        letters,
        {c: float(answer[order.index(k)]) for k, c in NAMES.items()}
        | {
            "motif_weight": float(weights[first : last + 1].sum()),
            "core_weight": float(weights[places].sum()),
            "core_share": len(places) / WINDOW,
            "sites": float(len(found)),
        },
        {
            "model": "genome",
            "device": loaded.device,
            "name": record.name,
            "window": window,
            "original": record.sequence[at : at + WINDOW],
            "at": at,
            "kind": named,
            "shown": shown,
            "length": len(sequence),
            "n_left": record.n_left,
            "n_unknown": record.n_unknown,
            "sites": found,
            "core": places,
            "weights": [round(float(v), 5) for v in weights],
            "lost": [round(float(v), 4) for v in by_place(lost)],
            "rule": by_rule(window),
            "known": known("genome", record.sequence, "known"),
            "scan": {c: np.round(probabilities[:, order.index(c)], 3).tolist() for c in MOTIFS},
            "names": {POOL: ((NAMES[named],), letters)},
        },
    )


NAMES = {"D": "donor", "A": "acceptor", "N": "neither"}


def best_site(answer: Float[np.ndarray, "label"], order: str) -> str:
    """The likelier of the two kinds of site."""
    return max(MOTIFS, key=lambda c: float(answer[order.index(c)]))


def reading(result: LessonResult, site: str, head: int, query: int) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    "row", the "key" it looks at most and its "weight"; the "kind" that is named with its
    "probability"; the letter that matters most ("matters") and what it is worth ("nats"); the
    pooling's weight on the motif's two letters ("motif") beside their share of the window
    ("chance"); "boundary": letters before the window's middle.
    """
    weights = result.traces[site].weights[0].float()
    query = min(max(query, 0), weights.shape[1] - 1)
    row = weights[min(max(head, 0), weights.shape[0] - 1), query]
    top, details = int(row.argmax()), result.details
    lost = details["lost"]
    best = int(np.argmax(np.abs(lost)))
    queries, keys = result.names(site)
    name = NAMES[details["kind"]]
    return {
        "row": queries[query],
        "key": keys[top],
        "weight": float(row[top]),
        "kind": name,
        "probability": result.numbers[name],
        "matters": keys[best],
        "nats": lost[best],
        "motif": f"{100 * result.numbers['motif_weight']:.0f}",
        "chance": f"{100 * 2 / WINDOW:.0f}",
        "boundary": details["at"] + MIDDLE,
        "head": head + 1,
    }
