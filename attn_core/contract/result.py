"""What a lesson's experiment returns, and its stored default."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from attn_core.attention.trace import AttentionTrace
from attn_core.checkpoints.manifests import FOLDER
from attn_core.checkpoints.save import replace

DEFAULTS = FOLDER


# By identity: results are shared, never rebuilt.
@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class LessonResult:
    """One run of a lesson's experiment.

    Parameters
    ----------
    traces : dict of str to AttentionTrace
        Every attention by its site, batch of one; kept on the CPU, where it is read, wherever the
        model ran.
    queries, keys : tuple of str
        Labels of rows and columns, but for sites that ``details["names"]`` names.
    numbers : dict of str to float
        The numbers the page shows; a notebook of the view reproduces them.
    details : dict
        What else the lesson shows, as JSON values.
    """

    traces: dict[str, AttentionTrace]
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    numbers: dict[str, float]
    details: dict[str, Any]

    def __post_init__(self) -> None:
        on_cpu = {site: trace.cpu() for site, trace in self.traces.items()}
        object.__setattr__(self, "traces", on_cpu)

    def names(self, site: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Labels of one site's queries and keys: its own in ``details["names"]``, or the result's.

        Parameters
        ----------
        site : str
            Trace key.

        Returns
        -------
        tuple of tuple of str
            Queries, keys.
        """
        queries, keys = self.details.get("names", {}).get(site, (self.queries, self.keys))
        return tuple(queries), tuple(keys)

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors held."""
        return sum(
            value.nbytes
            for trace in self.traces.values()
            for field in fields(AttentionTrace)
            if isinstance(value := getattr(trace, field.name), torch.Tensor)
        )


def save_default(slug: str, result: LessonResult) -> Path:
    """Store a lesson's default result as safetensors, texts and numbers in its metadata.

    Parameters
    ----------
    slug : str
        The lesson's.
    result : LessonResult
        Of the default config with nothing changed.

    Returns
    -------
    Path
        The file written.
    """
    tensors, normalisers = {}, {}
    for site, trace in result.traces.items():
        normalisers[site] = trace.normaliser
        for field in fields(AttentionTrace):
            value = getattr(trace, field.name)
            if isinstance(value, torch.Tensor):
                tensors[f"{site}/{field.name}"] = value.detach().cpu().contiguous().clone()
    texts = {
        "queries": result.queries,
        "keys": result.keys,
        "numbers": result.numbers,
        "details": result.details,
        "normalisers": normalisers,
    }
    path = DEFAULTS / f"{slug}.default.safetensors"
    replace(path, save(tensors, {"result": json.dumps(texts, ensure_ascii=False)}))
    return path


def load_default(slug: str) -> LessonResult:
    """Read a lesson's stored default result.

    Parameters
    ----------
    slug : str
        The lesson's.

    Returns
    -------
    LessonResult
        As it was stored.

    Raises
    ------
    FileNotFoundError
        If none is stored.
    """
    path = DEFAULTS / f"{slug}.default.safetensors"
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing; python -m attn_core.lessons.defaults writes it"
        )
    with safe_open(path, framework="pt") as file:
        texts = json.loads(file.metadata()["result"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
    traces = {
        site: AttentionTrace(
            normaliser=normaliser,
            **{  # type: ignore[arg-type]  # only the mask may be missing
                field.name: tensors.get(f"{site}/{field.name}")
                for field in fields(AttentionTrace)
                if field.name != "normaliser"
            },
        )
        for site, normaliser in texts["normalisers"].items()
    }
    return LessonResult(
        traces, tuple(texts["queries"]), tuple(texts["keys"]), texts["numbers"], texts["details"]
    )
