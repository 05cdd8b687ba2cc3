"""Weights and their manifests: local first, sha256 checked, safetensors only."""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load
from torch import Tensor

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "checkpoints"


class WeightsMissing(RuntimeError):
    """The weights of a checkpoint are not on this machine."""


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
    raw = json.loads((FOLDER / f"{checkpoint}.json").read_text(encoding="utf-8"))
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
    """Where the weights lie: beside the manifest, else in the installed package it names.

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
        If neither place has it; the message says how to get it.
    """
    beside = FOLDER / f"{manifest.id}.safetensors"
    if beside.exists():
        return beside
    package, inner = manifest.raw.get("package", ""), manifest.raw.get("package_file", "")
    spec = importlib.util.find_spec(package) if package else None
    if spec is not None and spec.submodule_search_locations:
        path = Path(next(iter(spec.submodule_search_locations))) / inner
        if path.exists():
            return path
    raise WeightsMissing(f"{manifest.id}: no weights beside the manifest or in package {package!r}")


def load_weights(manifest: Manifest) -> dict[str, Tensor]:
    """Read weights after checking their sha256.

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
    blob = weights_path(manifest).read_bytes()
    found = hashlib.sha256(blob).hexdigest()
    if found != manifest.sha256:
        raise WeightsMissing(
            f"{manifest.id}: sha256 is {found}, the manifest says {manifest.sha256}"
        )
    return load(blob)
