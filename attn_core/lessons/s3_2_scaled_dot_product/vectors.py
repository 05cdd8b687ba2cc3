"""Lesson 3.2's input: Q, K and V from words, typed numbers or a seed, and the mask over them."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from attn_core import zoo
from attn_core.attention import masks
from attn_core.attention.trace import AttentionTrace
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.inputs.matrix import read_matrix
from attn_core.inputs.refused import Refused
from attn_core.inputs.text import clean_text
from attn_core.inputs.tokens import typed
from attn_core.lessons.s3_2_scaled_dot_product import steps as sdp

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
        One of ``attn_core.lessons.s3_2_scaled_dot_product.steps.DTYPES``.

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
        bounds = {
            "layer": (0, 5),
            "head": (0, 11),
            "n": (1, MAX_N),
            "radius": (0, 64),
            "seed": (0, 2**31),
        }
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
    tokens = typed(text, MAX_TOKENS)
    loaded = zoo.get("minilm", device)
    with torch.inference_mode():
        _, traces = loaded.module(tokens.ids.to(loaded.device))
    return traces, tokens.pieces, tokens.n_left


@lru_cache(maxsize=128)
def _random(seed: int, n: int, d_k: int, std: float) -> tuple[Tensor, Tensor, Tensor]:
    """Random Q, K and V, kept while a learner turns other controls; read-only."""
    return sdp.random_qkv(seed, n, n, d_k, std, "float64")


def vectors(config: Config, device: str = "cpu") -> Vectors:
    """Q, K and V of a config."""
    if config.source == "words":
        text = clean_text(config.text).strip()
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
            "refused.memory",
            n=config.n,
            d_k=config.d_k,
            size=needed // 2**20,
            limit=sdp.MAX_BYTES // 2**20,
        )
    if config.dtype in SLOW and config.n**2 * config.d_k > MAX_HALF_PRODUCTS:
        raise Refused("refused.slow", n=config.n, d_k=config.d_k, dtype=config.dtype)
    draw = _random if config.n * config.d_k <= MAX_KEPT else _random.__wrapped__
    q, k, v = draw(config.seed, config.n, config.d_k, config.std)
    numbers = tuple(str(i + 1) for i in range(config.n))
    return Vectors(q, k, v, numbers, numbers)


def mask_of(config: Config, n_query: int, n_key: int) -> Tensor | None:
    """The mask that a config names."""
    if config.mask == "causal":
        return masks.causal(n_query, n_key)
    if config.mask == "strict":  # only what came before: the first query has nothing
        return masks.causal(n_query, n_key) & ~torch.eye(n_query, n_key, dtype=torch.bool)
    if config.mask == "window":
        return masks.window(n_query, n_key, config.radius)
    return None
