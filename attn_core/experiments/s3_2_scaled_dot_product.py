"""Lesson 3.2: softmax(Q Kᵀ / √d_k) V on the learner's words, numbers, or random vectors."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from attn_core import masks, zoo
from attn_core.experiments import scaled_dot_product as sdp
from attn_core.experiments.sdp_statistics import statistics
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.inputs.matrix import read_matrix
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean_text
from attn_core.inputs.tokens import tokenize
from attn_core.interventions import Intervention
from attn_core.result import LessonResult
from attn_core.trace import AttentionTrace

SOURCES = ("words", "typed", "random")
MASKS = ("none", "causal", "strict", "window")
D_KS = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
MAX_N = 1024
SLOW = ("float16", "bfloat16")
MAX_KEPT = 2**15
"""Numbers of a random Q that are kept between runs: 128 × 3 × 256 kB at most."""

MAX_HALF_PRODUCTS = 2**25
"""Multiplications of Q Kᵀ in a 16-bit format: a CPU without such instructions makes about 40
million a second."""

TEXT = "The animal didn't cross the street because it was too tired."
TYPED = ("1 0; 0 1; 1 1", "1 0; 0 1; 1 1; -1 0", "10 0; 0 10; 5 5; 0 0")


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    source : str
        One of ``SOURCES``: words through MiniLM, typed numbers, or random vectors.
    text : str
        For "words".
    layer, head : int
        For "words": whose queries, keys and values, layer 0–5 and head 0–11.
    q, k, v : str
        For "typed" (see ``attn_core.inputs.matrix``).
    n, d_k, seed, std : int, int, int, float
        For "random": tokens 1–``MAX_N``, one of ``D_KS``, seed, standard deviation of Q and K.
    scaled : bool
        Whether the product is divided by √d_k.
    mask : str
        One of ``MASKS``.
    radius : int
        Reach of the window, 0–64.
    dtype : str
        One of ``attn_core.experiments.scaled_dot_product.DTYPES``.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    source: str = "words"
    text: str = TEXT
    layer: int = 3
    head: int = 1
    q: str = TYPED[0]
    k: str = TYPED[1]
    v: str = TYPED[2]
    n: int = 64
    d_k: int = 64
    seed: int = 0
    std: float = 1.0
    scaled: bool = True
    mask: str = "none"
    radius: int = 2
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name, known in (
            ("source", SOURCES),
            ("mask", MASKS),
            ("d_k", D_KS),
            ("dtype", sdp.DTYPES),
        ):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; it must be one of {tuple(known)}"
                )
        bounds = {"layer": (0, 5), "head": (0, 11), "n": (1, MAX_N), "radius": (0, 64),
                  "seed": (0, 2**31)}  # fmt: skip
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be in [{low}, {high}]")
        sdp.bounded("std", self.std, sdp.STD_BOUNDS)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Q, K and V with the names of their rows."""

    query: Tensor
    key: Tensor
    value: Tensor
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    n_left: int = 0


@lru_cache(maxsize=32)
def _encoded(text: str, device: str) -> tuple[dict[str, AttentionTrace], tuple[str, ...], int]:
    """MiniLM's traces for a text; read-only, shared by all learners."""
    tokens = tokenize(text, MAX_TOKENS)
    loaded = zoo.get("minilm", device)
    with torch.inference_mode():
        _, traces = loaded.module(tokens.ids.to(loaded.device))
    return traces, tokens.pieces, tokens.n_left


@lru_cache(maxsize=128)
def _random(seed: int, n: int, d_k: int, std: float) -> tuple[Tensor, Tensor, Tensor]:
    """Random Q, K and V, kept while a learner turns other controls; read-only."""
    return sdp.random_qkv(seed, n, n, d_k, std, "float64")


def vectors(config: Config, device: str = "cpu") -> Vectors:
    """Q, K and V of a config.

    Parameters
    ----------
    config : Config
        What the learner set.
    device : str
        Where MiniLM runs; the vectors come back to the CPU.

    Returns
    -------
    Vectors
        Float32 (float64 for typed numbers) and the names of tokens.

    Raises
    ------
    Refused
        If text or matrices can't be used.
    """
    if config.source == "words":
        text = clean_text(config.text).strip()
        if not text:
            raise Refused("refused.no_text")
        traces, pieces, left = _encoded(text, device)
        trace = traces[f"encoder.{config.layer}"]
        q, k, v = (x[0, config.head].cpu() for x in (trace.query, trace.key, trace.value))
        return Vectors(q, k, v, pieces, pieces, left)
    if config.source == "typed":
        rows = [read_matrix(t, n) for t, n in ((config.q, "Q"), (config.k, "K"), (config.v, "V"))]
        if len(rows[0][0]) != len(rows[1][0]):
            raise Refused("refused.matrix_dk", q=len(rows[0][0]), k=len(rows[1][0]))
        if len(rows[1]) != len(rows[2]):
            raise Refused("refused.matrix_length", k=len(rows[1]), v=len(rows[2]))
        q, k, v = (torch.tensor(r, dtype=torch.float64) for r in rows)
        names = (
            tuple(f"q{i + 1}" for i in range(len(q))),
            tuple(f"k{i + 1}" for i in range(len(k))),
        )
        return Vectors(q, k, v, *names)
    needed = sdp.memory_estimate(config.n, config.n, config.d_k, config.d_k, config.dtype)
    if needed > sdp.MAX_BYTES:
        raise Refused(
            "refused.memory", n=config.n, d_k=config.d_k, size=needed // 2**20,
            limit=sdp.MAX_BYTES // 2**20,
        )  # fmt: skip
    if config.dtype in SLOW and config.n**2 * config.d_k > MAX_HALF_PRODUCTS:
        raise Refused("refused.slow", n=config.n, d_k=config.d_k, dtype=config.dtype)
    draw = _random if config.n * config.d_k <= MAX_KEPT else _random.__wrapped__
    q, k, v = draw(config.seed, config.n, config.d_k, config.std)
    numbers = tuple(str(i + 1) for i in range(config.n))
    return Vectors(q, k, v, numbers, numbers)


def mask_of(config: Config, n_query: int, n_key: int) -> Tensor | None:
    """The mask that a config names.

    Parameters
    ----------
    config : Config
        What the learner set.
    n_query, n_key : int
        Lengths.

    Returns
    -------
    Bool[Tensor, "query key"] or None
        ``True`` = may attend; ``None`` = everything.
    """
    if config.mask == "causal":
        return masks.causal(n_query, n_key)
    if config.mask == "strict":  # only what came before: the first query has nothing
        return masks.causal(n_query, n_key) & ~torch.eye(n_query, n_key, dtype=torch.bool)
    if config.mask == "window":
        return masks.window(n_query, n_key, config.radius)
    return None


def steps(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> tuple[sdp.StepResult, Vectors]:
    """Every step as a tensor, for "Take it apart".

    Parameters
    ----------
    config : Config
        What the learner set.
    intervention : Intervention, optional
        What the learner changed, at site "sdp".
    device : str
        Where MiniLM runs.

    Returns
    -------
    tuple
        The steps, and the vectors they started from.
    """
    given = vectors(config, device)
    mask = mask_of(config, len(given.queries), len(given.keys))
    how = sdp.StepConfig(config.dtype, config.scaled)
    with torch.inference_mode():
        found = sdp.run(how, given.query, given.key, given.value, mask, intervention)
    return found, given


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Attention on the learner's input, and the statistics that scaling is about.

    Parameters
    ----------
    config : Config
        What the learner set.
    intervention : Intervention, optional
        What the learner changed.
    device : str
        Where MiniLM runs.

    Returns
    -------
    LessonResult
        One site, "sdp", one head.
    """
    found, given = steps(config, intervention, device)
    stats = statistics(found)
    measured: dict[str, Any] = {
        "d_k": found.query.shape[-1],
        "scale": found.scale,
        "raw_score_std": stats.raw_std,
        "scaled_score_std": stats.scaled_std,
        "score_std": found.tempered[found.tempered.isfinite()].double().std(correction=0),
        "entropy_bits": stats.entropy_bits.mean(),
        "max_entropy_bits": stats.max_entropy_bits,
        "max_weight": stats.max_weight.mean(),
        "jacobian_norm": stats.jacobian_norm.mean(),
        "gradient_norm": stats.gradient_norm.nanmedian(),
        "non_finite": sum(count for _, count in found.non_finite),
        "error_against_float64": (found.weights.double() - found.reference_weights)
        .abs()
        .nan_to_num(posinf=1.0)
        .max(),
    }
    numbers = {name: float(value) for name, value in measured.items()}
    details: dict[str, Any] = {
        "n_left": given.n_left,
        "n_unknown": sum(piece == "[UNK]" for piece in given.queries),
        "n_scores": found.raw.numel(),
        "bad_scores": int((~found.tempered.isfinite()).sum()),
        "bad_rows": int(found.weights.isnan().any(-1).sum()),
        "non_finite": dict(found.non_finite),
        "row_entropy": [float(x) for x in stats.entropy_bits.nan_to_num()[:MAX_TOKENS]],
    }
    return LessonResult({sdp.SITE: found.trace}, given.queries, given.keys, numbers, details)


def plain(config: Config) -> Config:
    """What "before" means: the same input, scaled, unmasked, in float32.

    Parameters
    ----------
    config : Config
        What the learner set.

    Returns
    -------
    Config
        The same input.
    """
    return replace(config, scaled=True, mask="none", radius=2, dtype="float32")


def default_row(result: LessonResult) -> int:
    """The row to open first: the word most sure of another word, markers left out.

    Parameters
    ----------
    result : LessonResult
        From ``run``.

    Returns
    -------
    int
        A row.
    """
    weights = result.traces[sdp.SITE].weights[0, 0].float().nan_to_num().clone()
    if weights.shape[0] > MAX_TOKENS:
        return 0
    for names, axis in ((result.queries, 0), (result.keys, 1)):
        markers = [i for i, name in enumerate(names) if name in ("[CLS]", "[SEP]", ".")]
        weights.index_fill_(axis, torch.tensor(markers, dtype=torch.long), -1.0)
    weights.fill_diagonal_(-1.0)
    return int(weights.amax(dim=1).argmax())


def warm_up() -> None:
    """Run once on little, so that no learner waits for torch's first backward pass."""
    run(Config(source="random", n=4, d_k=4))


def reading(result: LessonResult, query: int) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    Parameters
    ----------
    result : LessonResult
        From ``run``.
    query : int
        The row; out of range counts as the last.

    Returns
    -------
    dict
        Names and weights of the two strongest keys, and the row's entropy in bits.
    """
    trace = result.traces[sdp.SITE]
    query = min(max(query, 0), len(result.queries) - 1)
    row = trace.weights[0, 0, query].float().nan_to_num()
    order = row.argsort(descending=True).tolist()
    second = order[1] if len(order) > 1 else order[0]
    return {
        "query": result.queries[query],
        "key": result.keys[order[0]],
        "weight": float(row[order[0]]),
        "second": result.keys[second],
        "second_weight": float(row[second]),
        "entropy": abs(float((row * row.clamp_min(1e-30).log2()).sum())),
        "score": float(trace.scores[0, 0, query, order[0]]),
    }
