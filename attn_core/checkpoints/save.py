"""The one writer of weights and manifests."""

import hashlib
import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from attn_core.checkpoints.manifests import FOLDER


def spread(values: Sequence[float]) -> float | None:
    """Standard deviation over seeds.

    Parameters
    ----------
    values : sequence of float
        One a seed.

    Returns
    -------
    float or None
        ``None`` for fewer than two.
    """
    return statistics.stdev(values) if len(values) > 1 else None


def metric(
    value: float, n: int, split: str, seeds: Sequence[float], baseline: float | None, name: str
) -> dict[str, Any]:
    """One metric as manifests hold it (``manifests.Metric``).

    Parameters
    ----------
    value : float
        Of the shown weights; a rate is a fraction.
    n : int
        Examples it was measured on.
    split : str
        Which ones.
    seeds : sequence of float
        The same of each training run; empty where there is one.
    baseline : float or None
        The same measure of the baseline.
    name : str
        Key of the baseline's name.

    Returns
    -------
    dict
        For "metrics" of a manifest.
    """
    return {
        "value": value,
        "n": n,
        "split": split,
        "seeds": max(1, len(seeds)),
        "spread": spread(seeds),
        "baseline": baseline,
        "baseline_name": name,
    }


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """A readable file with a final newline.

    Parameters
    ----------
    path : Path
        Written over.
    value : Mapping
        JSON values.
    """
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def replace(path: Path, blob: bytes) -> None:
    """Put another file in the place of one.

    A running app has the old one mapped: written over, it would change or end under its hands.

    Parameters
    ----------
    path : Path
        Of the file.
    blob : bytes
        Its new content.
    """
    made = path.with_suffix(".new")
    made.write_bytes(blob)
    made.replace(path)


def write(
    name: str,
    weights: Mapping[str, Tensor],
    about: Mapping[str, Any],
    packages: Sequence[str] = (),
    folder: Path = FOLDER,
) -> int:
    """Write a checkpoint's weights and its manifest.

    Parameters
    ----------
    name : str
        Id of the checkpoint.
    weights : Mapping of str to Tensor
        As they are to be kept: in half precision where that was measured.
    about : Mapping
        What else the manifest holds: lesson, command, data, config, metrics, default_result.
    packages : sequence of str
        Whose versions matter, beside torch and safetensors.
    folder : Path
        Where both files go.

    Returns
    -------
    int
        Bytes of the weights.
    """
    blob = save({key: value.contiguous() for key, value in weights.items()})
    replace(folder / f"{name}.safetensors", blob)
    manifest = {
        "id": name,
        "sha256": hashlib.sha256(blob).hexdigest(),
        "bytes": len(blob),
        "seed": 0,
        "versions": {p: version(p) for p in ("torch", "safetensors", *packages)},
        "hardware": f"{platform.machine()}, 1 thread, CPU",
        "precision": "float16",
    }
    write_json(folder / f"{name}.json", manifest | dict(about))
    return len(blob)


def in_half(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in half precision.

    Parameters
    ----------
    weights : Mapping of str to Tensor
        A state dict.

    Returns
    -------
    dict of str to Tensor
        The same keys.
    """
    return {key: value.half() for key, value in weights.items()}
