"""Lesson 6.3's tests of attention on held-out data: where it lies, and whether it matters there.

Each function takes a trained module and plain data and answers numbers; the runs of three seeds are
recorded in the manifests by ``attn_core.training.bioinformatics.finish``.
"""

import random
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.attention import masks
from attn_core.models.drug_target import CROSS, STRIDE, DrugTarget
from attn_core.models.sequence import SequenceReader, ids_of

CORE, MUTATED, NEAR = 10, 4, 8
"""Letters of a site that count as its motif, letters that a test mutates, and residues on either
side that are near."""
LOOP = re.compile(r"[LIVMFYC].[HY].D[LIVMFYA][KRSTAC]..N")
"""The catalytic loop of kinases, after PROSITE PS00108 and PS00109; HRD is its letters 3 to 5."""
GATE = re.compile(r"D[FLWY]G")
AFTER = (8, 70)
"""Residues after the loop's start between which the DFG motif lies."""


def motifs(chain: str) -> list[tuple[str, int, int]]:
    """The HRD and DFG motifs of a kinase.

    Examples
    --------
    >>> motifs("AAALCHRDLKPQNLLAAAAAAAADFGLA")
    [('HRD', 5, 7), ('DFG', 23, 25)]

    Name, first residue and last, from 0; empty where no catalytic loop is found.
    """
    loop = LOOP.search(chain)
    if loop is None:
        return []
    start = loop.start()
    found = [("HRD", start + 2, start + 4)]
    gate = GATE.search(chain, start + AFTER[0], start + AFTER[1])
    if gate is not None:
        found.append(("DFG", gate.start(), gate.end() - 1))
    return found


def segments_of(spans: Sequence[tuple[str, int, int]]) -> list[int]:
    """Segments that some residues lie in.

    Examples
    --------
    >>> segments_of([("HRD", 6, 8), ("DFG", 14, 15)])
    [0, 1]
    """
    return sorted({r // STRIDE for _, first, last in spans for r in range(first, last + 1)})


def core(logo: Float[np.ndarray, "place letter"]) -> list[int]:
    """The places that carry the most information."""
    safe = np.clip(logo, 1e-12, 1)
    bits = 2 + (logo * np.log2(safe)).sum(1)
    return sorted(np.argsort(-bits)[:CORE].tolist())


@torch.inference_mode()
def substitutions(
    module: SequenceReader, sequence: str, label: int
) -> Float[np.ndarray, "place letter"]:
    """Log-odds of a class lost by each single substitution."""
    return odds_lost(*mutants(module, sequence), label)


@torch.inference_mode()
def mutants(
    module: SequenceReader, sequence: str
) -> tuple[Float[np.ndarray, "label"], Float[np.ndarray, "place letter label"]]:
    """Log-probabilities of a sequence, and of it with each letter in turn replaced by each base.

    The sequence itself where the letter is the one that is there.
    """
    base = ids_of(sequence, module.config.symbols)
    n, rows, at = len(base), [base], torch.zeros(len(base), 4, dtype=torch.long)
    for place in range(n):
        for letter in range(1, 5):
            if letter != base[place]:
                at[place, letter - 1] = len(rows)
                rows.append(base[:place] + [letter] + base[place + 1 :])
    ids = torch.tensor(rows, device=next(module.parameters()).device)
    # Not every device has double precision; the CPU has.
    log_p = module(ids, traced=False)[0].cpu().double().log_softmax(-1)
    return log_p[0].numpy(), log_p[at].numpy()


def odds_lost(
    itself: Float[np.ndarray, "label"],
    mutated: Float[np.ndarray, "place letter label"],
    label: int,
) -> Float[np.ndarray, "place letter"]:
    """Log-odds of a class lost by each mutant."""

    def odds(log_p: Float[np.ndarray, "*some label"]) -> Any:
        return log_p[..., label] - np.logaddexp.reduce(np.delete(log_p, label, -1), -1)

    lost: np.ndarray = odds(itself) - odds(mutated)
    return lost


def by_place(lost: Float[np.ndarray, "place letter"]) -> Float[np.ndarray, "place"]:
    """Mean over the three other letters of what is lost."""
    return lost.sum(1) / 3


def _mutated(sequence: str, places: Sequence[int], rng: random.Random) -> str:
    letters = list(sequence)
    for place in places:
        letters[place] = rng.choice([c for c in "ACGT" if c != letters[place]])
    return "".join(letters)


@torch.inference_mode()
def splice(
    module: SequenceReader,
    windows: Sequence[tuple[str, str]],
    logos: dict[str, np.ndarray],
    seed: int,
) -> dict[str, float]:
    """Attention at splice sites, and answers that change when few letters are mutated.

    "site_share" of the pooling's weight on the class's ``CORE`` places; shares of answers that
    change when ``MUTATED`` letters are: those with the most "attention", those that matter most one
    by one ("occlusion"), or "random" ones; and "n".
    """
    rng, classes = random.Random(seed), module.config.classes
    cores = {c: core(logo) for c, logo in logos.items()}
    share, n = 0.0, 0
    flips = dict.fromkeys(("attention", "occlusion", "random"), 0)
    for sequence, label in windows:
        answer, traces = module(torch.tensor([ids_of(sequence, module.config.symbols)]))
        if label == "N" or classes[int(answer.argmax())] != label:
            continue
        weights = traces["pool"].weights[0, 0, 0].numpy()
        lost = by_place(substitutions(module, sequence, classes.index(label)))
        order = {
            "attention": np.argsort(-weights)[:MUTATED].tolist(),
            "occlusion": np.argsort(-lost)[:MUTATED].tolist(),
            "random": rng.sample(range(len(sequence)), MUTATED),
        }
        for name, places in order.items():
            changed = ids_of(_mutated(sequence, places, rng), module.config.symbols)
            flips[name] += classes[int(module(torch.tensor([changed]))[0].argmax())] != label
        share += float(weights[cores[label]].sum())
        n += 1
    return {"site_share": share / n, "n": n} | {name: v / n for name, v in flips.items()}


@torch.inference_mode()
def protein(
    module: SequenceReader, chains: Sequence[tuple[str, str]], seed: int, each: int = 4
) -> dict[str, float]:
    """Accuracy with all and with near residues alone, and what masking one attended residue does.

    "all" and "near": share of residues named right where everything, or only ``NEAR`` residues on
    either side, may be attended to; "attended" and "mirrored": mean absolute change of the named
    state's probability when the most attended other residue, or the one as far away on the other
    side, is masked as unknown; "far": mean distance of the most attended one; "n".
    """
    rng, config = random.Random(seed), module.config
    good = {"all": 0, "near": 0}
    moved: dict[str, list[float]] = {"attended": [], "mirrored": []}
    far, total = [], 0
    for residues, states in chains:
        ids = torch.tensor([ids_of(residues, config.symbols)])
        truth = torch.tensor([config.classes.index(s) for s in states])
        n = len(residues)
        logits, traces = module(ids)
        good["all"] += int((logits[0].argmax(-1) == truth).sum())
        near = module(ids, allowed=masks.window(n, n, NEAR), traced=False)[0][0]
        good["near"] += int((near.argmax(-1) == truth).sum())
        total += n
        weights = torch.stack([t.weights[0].mean(0) for t in traces.values()]).mean(0)
        weights = weights.masked_fill(torch.eye(n, dtype=torch.bool), 0)
        p = logits[0].softmax(-1)
        for i in rng.sample(range(n), min(each, n)):
            j = int(weights[i].argmax())
            if not 0 <= 2 * i - j < n:
                continue
            rows = ids.repeat(2, 1)
            rows[0, j] = rows[1, 2 * i - j] = len(config.symbols)
            after = module(rows, traced=False)[0].softmax(-1)
            state = int(p[i].argmax())
            for name, row in zip(moved, after, strict=True):
                moved[name].append(abs(float(row[i, state] - p[i, state])))
            far.append(abs(i - j))
    return (
        {name: value / total for name, value in good.items()}
        | {name: float(np.mean(values)) for name, values in moved.items()}
        | {"far": float(np.mean(far)), "n": len(far), "residues": total}
    )


@torch.inference_mode()
def drug(
    module: DrugTarget, drugs: Sequence[tuple[Tensor, Tensor]], chains: Sequence[str], seed: int
) -> dict[str, float]:
    """Cross-attention on the kinases' motifs, and what masking attended segments does.

    "motif_share" of the weight, mean over drugs, atoms and heads, on the segments with HRD or DFG;
    "chance": those segments' share of all; "moved_more": share of pairs in which masking the two
    most attended segments moves pK_d more than masking two random ones; "kinases" and "n" pairs.
    """
    rng, symbols = random.Random(seed), module.config.symbols
    encoded = [module.molecules(*one, traced=False)[0] for one in drugs]
    share, chance, more, pairs = [], [], 0.0, 0
    for chain in chains:
        found = motifs(chain)
        if len(found) < 2:
            continue
        at, ids = segments_of(found), torch.tensor([ids_of(chain, symbols)])
        states = module.chains(ids)
        n = states.states.shape[1]
        weights = [
            module.score(one, states, traced=True)[1][CROSS].weights[0].mean((0, 1))
            for one in encoded
        ]
        share.append(float(np.mean([float(w[at].sum()) for w in weights])))
        chance.append(len(at) / n)
        one = rng.randrange(len(encoded))
        top = weights[one].topk(2).indices.tolist()
        rows = ids.repeat(3, 1)
        for row, places in ((1, top), (2, rng.sample(range(n), 2))):
            for place in places:
                rows[row, place * STRIDE : (place + 1) * STRIDE] = len(symbols)
        pkd = module.score(encoded[one], module.chains(rows))[0][:, 0]
        attended, other = (float((pkd[i] - pkd[0]).abs()) for i in (1, 2))
        more += 1.0 if attended > other else 0.5 if attended == other else 0.0
        pairs += 1
    return {
        "motif_share": float(np.mean(share)),
        "chance": float(np.mean(chance)),
        "moved_more": more / pairs,
        "kinases": len(share),
        "n": pairs,
    }
