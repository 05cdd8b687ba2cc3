"""Drugs and kinases for lesson 6.3, with the folds of DeepDTA and two harder splits.

Davis et al. 2011 as https://github.com/hkmztrk/DeepDTA (commit a546a843) holds it in
``data/davis``: 68 drugs (SMILES), 442 kinases and their mutants, K_d of every pair in nmol/l; no
licence is stated, so no row of it is committed. The answer is pK_d = 9 − log10(K_d), 5 where no
binding was seen. In that folder a mutant has the sequence of its wild type, so 442 names are 379
sequences.

"usual": DeepDTA's test fold, one of its five other folds for validation. "cold_drug" and
"cold_target": a fifth of the drugs, or of the distinct sequences, is never trained on, and a tenth
is for validation.
"""

import hashlib
import json
import pickle
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attn_core.inputs.smiles import read_smiles, tokens_of

FOLDER = "davis/data/davis"
FILES = (
    "ligands_can.txt",
    "proteins.txt",
    "Y",
    "folds/train_fold_setting1.txt",
    "folds/test_fold_setting1.txt",
)
SPLITS = ("usual", "cold_drug", "cold_target")


@dataclass(frozen=True)
class Davis:
    """Everything, in the files' order.

    Parameters
    ----------
    drugs : list of str
        Canonical Kekulé SMILES.
    names, chains : list of str
        Kinases.
    pkd : np.ndarray
        Drugs by kinases.
    """

    drugs: list[str]
    names: list[str]
    chains: list[str]
    pkd: np.ndarray


class _Arrays(pickle.Unpickler):
    """Reads the file of K_d, and nothing that is no array."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "numpy" and name in ("_reconstruct", "ndarray", "dtype"):
            return super().find_class(module, name)
        if (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an array")


def davis(folder: Path) -> Davis:
    """Read it."""
    root = folder / FOLDER
    ligands = json.loads((root / FILES[0]).read_text())
    proteins = json.loads((root / FILES[1]).read_text())
    with (root / "Y").open("rb") as file:
        kd = _Arrays(file, encoding="latin1").load()
    drugs = [read_smiles(text).smiles for text in ligands.values()]
    return Davis(drugs, list(proteins), list(proteins.values()), 9 - np.log10(kd))


def masks(folder: Path, data: Davis, split: str, seed: int) -> dict[str, np.ndarray]:
    """Which pairs (drug by kinase) are trained on, validate, and test."""
    shape = data.pkd.shape
    found = {part: np.zeros(shape, bool) for part in ("train", "validation", "test")}
    if split == "usual":
        folds = json.loads((folder / FOLDER / FILES[3]).read_text())
        test = json.loads((folder / FOLDER / FILES[4]).read_text())
        for i, fold in enumerate(folds):
            part = "validation" if i == seed % len(folds) else "train"
            found[part].reshape(-1)[fold] = True
        found["test"].reshape(-1)[test] = True
        return found
    keys = data.drugs if split == "cold_drug" else data.chains
    distinct = sorted(set(keys))
    random.Random(seed).shuffle(distinct)
    n = len(distinct)
    where = {
        key: "test" if i < n // 5 else "validation" if i < n // 5 + n // 10 else "train"
        for i, key in enumerate(distinct)
    }
    for i, key in enumerate(keys):
        rows = (i, slice(None)) if split == "cold_drug" else (slice(None), i)
        found[where[key]][rows] = True
    return found


def written(drugs: list[str], variants: int, seed: int) -> list[list[tuple[str, ...]]]:
    """Each drug's tokens: its canonical form first, then other ways of writing it."""
    from rdkit import Chem

    out = []
    for smiles in drugs:
        molecule = Chem.MolFromSmiles(smiles)
        Chem.Kekulize(molecule, clearAromaticFlags=True)
        more = Chem.MolToRandomSmilesVect(
            molecule, max(1, variants), randomSeed=seed + 1, isomericSmiles=False, kekuleSmiles=True
        )
        out.append([tokens_of(text) for text in (smiles, *more[:variants])])
    return out


def padded(rows: list[list[int]], value: int = 0) -> Tensor:
    """Rows of ids as one tensor."""
    tensors = [torch.tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, True, value)


def provenance(folder: Path, sizes: dict[str, int]) -> list[dict[str, Any]]:
    """The manifest's ``data``."""
    blob = b"".join((folder / FOLDER / name).read_bytes() for name in FILES)
    return [
        {
            "source": " ".join(__doc__.split("\n\n")[1].split()),
            "licence": "none stated",
            "sha256": hashlib.sha256(blob).hexdigest(),
            "split_sizes": sizes,
            "split_unit": "pair of drug and kinase (usual folds)",
            "synthetic_share": 0.0,
        }
    ]
