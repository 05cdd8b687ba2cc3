"""Weights and their manifests: local first, sha256 checked, safetensors only."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from attn_core.checkpoints.files import WeightsMissing as WeightsMissing
from attn_core.checkpoints.files import find
from attn_core.places import ASSETS

FOLDER = ASSETS / "checkpoints"


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured number and what to hold it against.

    Parameters
    ----------
    value : float
        A rate is a fraction.
    n : int
        Examples it was measured on.
    split : str
        Which ones.
    seeds : int
        Training runs behind it.
    spread : float or None
        Standard deviation over the seeds.
    baseline : float or None
        The same measure of the baseline.
    baseline_name : str
        Key of the baseline's name.
    """

    value: float
    n: int
    split: str
    seeds: int
    spread: float | None
    baseline: float | None
    baseline_name: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a checkpoint.

    Parameters
    ----------
    id : str
        Name of its files.
    lesson : str or list of str
        The document's numbers.
    sha256 : str
        Of the weights.
    bytes : int
        Of the weights.
    command : str
        That trains it again; "" for weights that are not ours.
    source : str
        Where weights that are not ours come from; "" for ours.
    config : dict
        Of the model.
    metrics : dict of str to Metric
        Measured on held-out data.
    raw : dict
        The whole file.
    """

    id: str
    lesson: str | list[str]
    sha256: str
    bytes: int
    command: str
    source: str
    config: dict[str, Any]
    metrics: dict[str, Metric]
    raw: dict[str, Any]


def read_manifest(checkpoint: str) -> Manifest:
    """Read ``assets/checkpoints/<checkpoint>.json``.

    Parameters
    ----------
    checkpoint : str
        Id.

    Returns
    -------
    Manifest
        Its content.

    Raises
    ------
    FileNotFoundError
        If there is no such manifest.
    """
    path = FOLDER / f"{checkpoint}.json"
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> Manifest:
    """A manifest as it stood when it was changed last; shared, so never written to."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Manifest(
        id=raw["id"],
        lesson=raw["lesson"],
        sha256=raw["sha256"],
        bytes=raw["bytes"],
        command=raw.get("command", ""),
        source=raw.get("source", ""),
        config=raw["config"],
        metrics={name: Metric(**metric) for name, metric in raw["metrics"].items()},
        raw=raw,
    )


def weights_path(manifest: Manifest) -> Path:
    """Where the weights lie; see ``attn_core.checkpoints.files`` for the places that are tried.

    Parameters
    ----------
    manifest : Manifest
        Of the checkpoint.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    WeightsMissing
        If no place has it; the message says how to get it.
    """
    return find(manifest.raw, "weights", FOLDER / f"{manifest.id}.safetensors")


def tokenizer_path(manifest: Manifest) -> Path:
    """Where the tokenizer lies that belongs to the weights.

    Parameters
    ----------
    manifest : Manifest
        Of the checkpoint.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    WeightsMissing
        If no place has it; the message says how to get it.
    """
    return find(manifest.raw, "tokenizer", FOLDER / f"{manifest.id}.tokenizer.json")


def load_weights(manifest: Manifest) -> dict[str, Tensor]:
    """Read weights after checking their sha256.

    The file is mapped: what no pass touches, as most rows of a vocabulary, takes no memory, and
    processes on one machine share the rest.

    Parameters
    ----------
    manifest : Manifest
        Of the checkpoint.

    Returns
    -------
    dict of str to Tensor
        A state dict.

    Raises
    ------
    WeightsMissing
        If the file is nowhere, or its bytes are not the ones the manifest names.
    """
    path = weights_path(manifest)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != manifest.sha256:
        raise WeightsMissing(
            f"{manifest.id}: sha256 of {path.name} is {found}, the manifest says {manifest.sha256}"
        )
    return load_file(path)
