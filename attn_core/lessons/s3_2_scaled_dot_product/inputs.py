"""Inputs of lesson 3.2's experiments: number formats, bounds, memory, random Q, K and V."""

import torch
from jaxtyping import Float
from torch import Tensor

DTYPES: dict[str, torch.dtype] = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
D_K_BOUNDS = (1, 4096)
N_BOUNDS = (1, 4096)
STD_BOUNDS = (1e-3, 1e3)
MAX_BYTES = 256 * 2**20
"""Bytes that one run may take: forty learners share one process."""


def bounded(name: str, value: float | int, bounds: tuple[float | int, float | int]) -> None:
    """Refuse a value out of its bounds.

    Examples
    --------
    >>> bounded("d_k", 64, D_K_BOUNDS)
    """
    if not bounds[0] <= value <= bounds[1]:
        raise ValueError(f"{name} is {value}; it must be in [{bounds[0]}, {bounds[1]}]")


def memory_estimate(n_query: int, n_key: int, d_k: int, d_value: int, dtype: str) -> int:
    """Bytes that ``run`` takes at its peak.

    Examples
    --------
    >>> memory_estimate(1, 1, 1, 1, "float64")
    161
    """
    item = DTYPES[dtype].itemsize
    cells = n_query * n_key * (8 * item + 1 + 4 * 8)
    vectors = n_query * (d_k + d_value) + n_key * (d_k + d_value)
    return cells + vectors * (item + 8)


def random_qkv(
    seed: int, n_query: int, n_key: int, d_k: int, std: float = 1.0, dtype: str = "float32"
) -> tuple[Float[Tensor, "query d_head"], Float[Tensor, "key d_head"], Float[Tensor, "key d_head"]]:
    """Independent normal Q, K and V, of mean 0.

    Examples
    --------
    >>> [tuple(t.shape) for t in random_qkv(0, 2, 3, 4)]
    [(2, 4), (3, 4), (3, 4)]

    The tensors.
    """
    bounded("std", std, STD_BOUNDS)
    check_sizes(n_query, n_key, d_k, d_k, dtype)
    generator = torch.Generator().manual_seed(seed)
    sizes = ((n_query, std), (n_key, std), (n_key, 1.0))
    query, key, value = (
        (torch.randn(n, d_k, generator=generator, dtype=torch.float64) * s).to(DTYPES[dtype])
        for n, s in sizes
    )
    return query, key, value


def check_sizes(n_query: int, n_key: int, d_k: int, d_value: int, dtype: str) -> None:
    """Refuse sizes out of bounds before anything is allocated.

    Examples
    --------
    >>> check_sizes(64, 64, 512, 512, "float16")
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}; it must be one of {tuple(DTYPES)}")
    bounded("n_query", n_query, N_BOUNDS)
    bounded("n_key", n_key, N_BOUNDS)
    bounded("d_k", d_k, D_K_BOUNDS)
    bounded("d_value", d_value, D_K_BOUNDS)
    needed = memory_estimate(n_query, n_key, d_k, d_value, dtype)
    if needed > MAX_BYTES:
        raise ValueError(f"the steps need {needed} bytes; at most {MAX_BYTES} are allowed")
