"""Lesson 6.3, third model: how strongly a drug binds a protein, and where its atoms look."""

import hashlib
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from attn_core import zoo
from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import in_half
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.result import LessonResult
from attn_core.inputs.fasta import Record, read_fasta
from attn_core.inputs.limits import MAX_TARGET, MIN_RESIDUES
from attn_core.inputs.smiles import Molecule, read_smiles
from attn_core.lessons.s6_3_bioinformatics.evidence import motifs, segments_of
from attn_core.lessons.s6_3_bioinformatics.samples import measured
from attn_core.models.drug_target import CROSS, POOL, STRIDE, is_atom, token_ids
from attn_core.models.sequence import ids_of

CHECKPOINT = "drug_target"
NONE_SEEN = 5.0
"""pK_d of a pair for which Davis et al. saw no binding up to 10 µmol/l."""


def digest(text: str) -> str:
    """Short name of a molecule or chain, by which the manifest says what was trained on.

    Examples
    --------
    >>> len(digest("C"))
    10
    """
    return hashlib.sha256(text.encode()).hexdigest()[:10]


@lru_cache(maxsize=64)
def target_of(target: str) -> Record:
    """The first chain of what was typed that is long enough."""
    return read_fasta(target, "protein", MAX_TARGET, MIN_RESIDUES)[0]


def as_ids(molecule: Molecule, known: tuple[str, ...], device: str) -> tuple[Tensor, Tensor]:
    """A molecule as the model takes it.

    Ids and places of atoms, a batch of one.
    """
    atoms = [i for i, token in enumerate(molecule.tokens) if is_atom(token)]
    ids = token_ids(molecule.tokens, known)
    return torch.tensor([ids], device=device), torch.tensor([atoms], device=device)


def atom_names(molecule: Molecule) -> tuple[str, ...]:
    """Each atom's token and number, as the picture numbers them.

    Examples
    --------
    >>> atom_names(read_smiles("CO"))
    ('C1', 'O2')

    One for each atom.
    """
    atoms = [token for token in molecule.tokens if is_atom(token)]
    return tuple(f"{token.strip('[]')}{i + 1}" for i, token in enumerate(atoms))


def segment_names(chain: str) -> tuple[str, ...]:
    """Each segment's residues and the number of its first.

    Examples
    --------
    >>> segment_names("MENFQKVEKI")
    ('MENFQKVE 1', 'KI 9')

    One for every ``STRIDE`` residues.
    """
    return tuple(f"{chain[i : i + STRIDE]} {i + 1}" for i in range(0, len(chain), STRIDE))


@torch.inference_mode()
def run(smiles: str, target: str, intervention: Intervention | None, device: str) -> LessonResult:
    """Estimate pK_d.

    Atoms by segments of the chain ("cross"), the pooling over atoms, and tokens by tokens.
    """
    loaded = zoo.get(CHECKPOINT, device)
    config = loaded.module.config
    molecule, record = read_smiles(smiles), target_of(target)
    chain = record.sequence
    drugs, first = loaded.module.molecules(
        *as_ids(molecule, config.tokens, loaded.device), intervention=intervention
    )
    chains = loaded.module.chains(
        torch.tensor([ids_of(chain, config.symbols)], device=loaded.device)
    )
    pkd, traces = loaded.module.score(drugs, chains, traced=True, intervention=intervention)
    answer = float(pkd[0, 0])
    cross = traces[CROSS].weights[0].float().cpu()  # (h, atom, segment)
    pooled = traces[POOL].weights[0, 0, 0].float().cpu()
    track = mean_of_heads(cross).T @ pooled / pooled.sum().clamp_min(1e-9)
    found = motifs(chain)
    at = segments_of(found)
    atoms, segments = atom_names(molecule), segment_names(chain)
    trained = read_manifest(CHECKPOINT).raw["trained_on"]
    unknown = sorted({t for t in molecule.tokens if t not in config.tokens})
    return LessonResult(
        {site: in_half(trace) for site, trace in (traces | first).items()},
        atoms,
        segments,
        {
            "pkd": answer,
            "kd_nm": 10 ** (9 - answer),
            "motif_weight": float(track[at].sum()),
            "chance": len(at) / len(segments),
        },
        {
            "model": "drug",
            "device": loaded.device,
            "name": record.name,
            "smiles": molecule.smiles,
            "chain": chain,
            "motifs": [list(m) for m in found],
            "motif_segments": at,
            "n_left": record.n_left,
            "n_unknown": record.n_unknown,
            "atoms_left": molecule.n_left,
            "unknown_tokens": unknown,
            "track": [round(v, 5) for v in track.tolist()],
            "atoms": [round(v, 5) for v in pooled.tolist()],
            "seen_drug": digest(molecule.smiles) in trained["drugs"],
            "seen_chain": digest(chain) in trained["chains"],
            "names": {
                CROSS: (atoms, segments),
                POOL: (("pKd",), atoms),
                "drug.0": (molecule.tokens, molecule.tokens),
            },
        },
    )


@lru_cache(maxsize=32)
@torch.inference_mode()
def masked(smiles: str, target: str, device: str = "cpu") -> dict[str, list[float]]:
    """How far pK_d moves when each segment of the chain, or each atom, is masked as unknown.

    "segments" and "atoms": pK_d before less pK_d after.
    """
    loaded = zoo.get(CHECKPOINT, device)
    config = loaded.module.config
    ids, atoms = as_ids(read_smiles(smiles), config.tokens, loaded.device)
    chain = ids_of(target_of(target).sequence, config.symbols)
    residues = torch.tensor([chain], device=loaded.device)
    drugs, _ = loaded.module.molecules(ids, atoms, traced=False)
    whole = loaded.module.chains(residues)
    before = float(loaded.module.score(drugs, whole)[0][0, 0])
    segments: list[float] = []
    n = -(-len(chain) // STRIDE)
    for chunk in torch.arange(n).split(32):
        rows = residues.repeat(len(chunk), 1)
        for row, i in zip(rows, chunk.tolist(), strict=True):
            row[i * STRIDE : (i + 1) * STRIDE] = len(config.symbols)
        after = loaded.module.score(drugs, loaded.module.chains(rows))[0][:, 0]
        segments += (before - after).tolist()
    many = ids.repeat(atoms.shape[1], 1)
    many[torch.arange(atoms.shape[1]), atoms[0]] = len(config.tokens) + 1
    changed, _ = loaded.module.molecules(many, atoms.repeat(len(many), 1), traced=False)
    moved = loaded.module.score(changed, whole)[0][0]
    return {"segments": segments, "atoms": (before - moved).tolist()}


@torch.inference_mode()
def compared(drugs: dict[str, str], target: str, device: str = "cpu") -> list[dict[str, Any]]:
    """Several drugs on one chain, which is encoded once.

    "name", "pkd" and what is "measured" of the pair, strongest first.
    """
    loaded = zoo.get(CHECKPOINT, device)
    config = loaded.module.config
    residues = target_of(target).sequence
    chain = ids_of(residues, config.symbols)
    whole = loaded.module.chains(torch.tensor([chain], device=loaded.device))
    out: list[dict[str, Any]] = []
    for name, smiles in drugs.items():
        molecule = read_smiles(smiles)
        one, _ = loaded.module.molecules(
            *as_ids(molecule, config.tokens, loaded.device), traced=False
        )
        pkd = float(loaded.module.score(one, whole)[0][0, 0])
        out.append({"name": name, "pkd": pkd, "measured": measured(molecule.smiles, residues)})
    return sorted(out, key=lambda row: -row["pkd"])


def beside(result: LessonResult) -> dict[str, Any] | None:
    """What Davis et al. 2011 measured of the pair, beside the estimate.

    "measured" pK_d with its "kd", by how much the estimate is off ("by") and which "way" ("high",
    "low"), how many "times" that is in K_d, and whether no binding was seen ("none"); ``None``
    where the pair is none of two samples.
    """
    found = measured(result.details["smiles"], result.details["chain"])
    if found is None:
        return None
    off = result.numbers["pkd"] - found
    times = 10 ** abs(off)
    return {
        "measured": found,
        "kd": concentration(found),
        "by": abs(off),
        "way": "high" if off > 0 else "low",
        "times": f"{times:.1f}" if times < 10 else f"{times:.0f}",
        "none": found <= NONE_SEEN,
    }


def concentration(pkd: float) -> str:
    """A dissociation constant as it is written.

    Examples
    --------
    >>> concentration(5.0), concentration(9.0)
    ('10.0 µmol/l', '1 nmol/l')
    """
    kd = 10 ** (9 - pkd)
    return f"{kd / 1000:.1f} µmol/l" if kd >= 1000 else f"{kd:.0f} nmol/l"


def reading(result: LessonResult, site: str, head: int, query: int) -> dict[str, Any]:
    """What stands out in one atom's row, as the values that the page's sentences name.

    "row" and the "key" it looks at most with its "weight", "pkd", "kd", the share of the weight on
    the motifs ("motif") beside "chance", and how many "motifs" were found.
    """
    weights = result.traces[site].weights[0].float()
    query = min(max(query, 0), weights.shape[1] - 1)
    row = weights[min(max(head, 0), weights.shape[0] - 1), query]
    top = int(row.argmax())
    queries, keys = result.names(site)
    numbers = result.numbers
    return {
        "row": queries[query],
        "key": keys[top],
        "weight": float(row[top]),
        "pkd": numbers["pkd"],
        "kd": concentration(numbers["pkd"]),
        "motif": f"{100 * numbers['motif_weight']:.1f}",
        "chance": f"{100 * numbers['chance']:.1f}",
        "motifs": len(result.details["motifs"]),
        "head": head + 1,
    }
