"""Lesson 6.3, second model: helix, strand or neither for each residue of a chain."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import in_half
from attn_core.contract.result import LessonResult
from attn_core.inputs.fasta import Record, read_fasta
from attn_core.inputs.limits import MAX_RESIDUES, MIN_RESIDUES
from attn_core.lessons.s6_3_bioinformatics.samples import known
from attn_core.models.sequence import ids_of

CHECKPOINT = "protein_structure"
NAMES = {"H": "helix", "E": "strand", "C": "coil"}
LAYERS = 3
AROUND = 40
"""Residues on either side that are masked one by one."""


@lru_cache(maxsize=64)
def record_of(protein: str) -> Record:
    """The first chain of what was typed that is long enough."""
    return read_fasta(protein, "protein", MAX_RESIDUES, MIN_RESIDUES)[0]


def runs_of(states: str) -> list[tuple[str, int, int]]:
    """Stretches of one state.

    Examples
    --------
    >>> runs_of("CCHH")
    [('C', 0, 1), ('H', 2, 3)]

    State, first residue and last, from 0.
    """
    out: list[tuple[str, int, int]] = []
    for i, state in enumerate(states):
        if out and out[-1][0] == state:
            out[-1] = (state, out[-1][1], i)
        else:
            out.append((state, i, i))
    return out


def reach(weights: Float[Tensor, "head query key"]) -> Float[Tensor, "head"]:
    """Mean distance that a head looks across, in residues.

    Examples
    --------
    >>> reach(torch.eye(3)[None]).tolist()
    [0.0]
    """
    at = torch.arange(weights.shape[-1])
    return (weights * (at[:, None] - at).abs()).sum(-1).mean(-1)


@torch.inference_mode()
def run(protein: str, intervention: Intervention | None, device: str) -> LessonResult:
    """Name the state of every residue.

    Residues by residues, in half precision.
    """
    loaded = zoo.get(CHECKPOINT, device)
    classes = loaded.module.config.classes
    record = record_of(protein)
    ids = torch.tensor(
        [ids_of(record.sequence, loaded.module.config.symbols)], device=loaded.device
    )
    logits, traces = loaded.module(ids, intervention=intervention)
    p = logits[0].softmax(-1).float().cpu()
    states = "".join(classes[i] for i in p.argmax(-1).tolist())
    truth = known("protein", record.sequence, "states")
    names = tuple(f"{letter}{i + 1}" for i, letter in enumerate(record.sequence))
    kept = {site: in_half(trace) for site, trace in traces.items()}
    last = kept[f"encoder.{LAYERS - 1}"].weights[0].float()
    good = float(np.mean([a == b for a, b in zip(states, truth, strict=True)])) if truth else None
    return LessonResult(
        kept,
        names,
        names,
        {name: states.count(c) / len(states) for c, name in NAMES.items()}
        | {"confidence": float(p.amax(-1).mean()), "reach": float(reach(last).mean())}
        | ({} if good is None else {"q3": good}),
        {
            "model": "protein",
            "device": loaded.device,
            "name": record.name,
            "sequence": record.sequence,
            "states": states,
            "truth": truth,
            "n_left": record.n_left,
            "n_unknown": record.n_unknown,
            "probabilities": {
                c: [round(v, 3) for v in p[:, i].tolist()] for i, c in enumerate(classes)
            },
        },
    )


def default_row(result: LessonResult) -> int:
    """The middle of the longest stretch that is helix or strand."""
    runs = [r for r in runs_of(result.details["states"]) if r[0] != "C"]
    if not runs:
        return len(result.queries) // 2
    _, first, last = max(runs, key=lambda r: r[2] - r[1])
    return (first + last) // 2


@lru_cache(maxsize=64)
@torch.inference_mode()
def masked(
    protein: str, residue: int, device: str = "cpu", also: tuple[int, ...] = ()
) -> dict[str, Any]:
    """What one residue's state loses when each of its neighbours is masked as unknown.

    "places" (at most ``AROUND`` on either side, the one with the most mean weight, and ``also``),
    those of them that are "beyond" ``AROUND``, the "lost" probability of the state named there, and
    the "weight" that the residue gives each, mean of layers and heads.
    """
    loaded = zoo.get(CHECKPOINT, device)
    sequence = record_of(protein).sequence
    unknown = len(loaded.module.config.symbols)
    ids = torch.tensor([ids_of(sequence, loaded.module.config.symbols)], device=loaded.device)
    logits, traces = loaded.module(ids)
    p = logits[0, residue].softmax(-1)
    state = int(p.argmax())
    weights = torch.stack([t.weights[0, :, residue].mean(0) for t in traces.values()]).mean(0)
    near = range(max(0, residue - AROUND), min(len(sequence), residue + AROUND + 1))
    places = sorted({*near, int(weights.argmax()), *also})
    lost = []
    for chunk in torch.tensor(places).split(16):
        rows = ids.repeat(len(chunk), 1)
        rows[torch.arange(len(chunk)), chunk] = unknown
        after = loaded.module(rows, traced=False)[0][:, residue].softmax(-1)[:, state]
        lost += (p[state] - after).tolist()
    return {
        "state": NAMES[loaded.module.config.classes[state]],
        "places": places,
        "beyond": [p for p in places if p not in near],
        "lost": lost,
        "weight": weights[places].tolist(),
    }


def reading(result: LessonResult, site: str, head: int, query: int) -> dict[str, Any]:
    """What stands out in one residue's row, as the values that the page's sentences name.

    "residue", its "state" and "probability", the "key" it looks at most, that "weight", how "far"
    that is in residues, and "known": the true state, "" where it is not known.
    """
    weights = result.traces[site].weights[0].float()
    query = min(max(query, 0), weights.shape[1] - 1)
    row = weights[min(max(head, 0), weights.shape[0] - 1), query]
    top, details = int(row.argmax()), result.details
    state = details["states"][query]
    return {
        "residue": result.queries[query],
        "state": NAMES[state],
        "probability": details["probabilities"][state][query],
        "key": result.keys[top],
        "weight": float(row[top]),
        "far": abs(top - query),
        "known": NAMES[details["truth"][query]] if details["truth"] else "",
        "head": head + 1,
    }
