"""Our scaled dot-product attention against every backend that torch offers on this machine."""

import warnings
from dataclasses import dataclass

import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch.nn.attention import SDPBackend, sdpa_kernel

from attn_core.attention import masks
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention
from attn_core.lessons.s3_2_scaled_dot_product.steps import (
    D_K_BOUNDS,
    DTYPES,
    StepConfig,
    bounded,
    random_qkv,
)

TOLERANCES: dict[str, float] = {
    "float64": 1e-12,
    "float32": 2e-6,
    "float16": 4e-3,
    "bfloat16": 3e-2,
}
"""Largest |ours − torch's| that counts as equal, for values of unit variance: a few units in the
last place of each format (2⁻⁵², 2⁻²³, 2⁻¹⁰, 2⁻⁷) of outputs within ±4."""

MASKS = ("none", "causal", "empty_row")


@dataclass(frozen=True, slots=True)
class BackendRow:
    """One backend, format and mask.

    Parameters
    ----------
    backend : str
        Name in ``torch.nn.attention.SDPBackend``, "MATH".
    dtype : str
        One of ``DTYPES``.
    mask : str
        "none", "causal", or "empty_row": a mask whose first query may attend to nothing.
    available : bool
        Whether torch ran it on this device.
    reason : str
        Where it did not: "<exception type>: <first line>", torch's own words.
    difference : float
        Largest |ours − torch's| over all outputs; NaN where not available.
    tolerance : float
        What counts as equal.
    """

    backend: str
    dtype: str
    mask: str
    available: bool
    reason: str
    difference: float
    tolerance: float

    @property
    def equal(self) -> bool:
        """Whether it ran and differs by no more than the tolerance."""
        return self.available and self.difference <= self.tolerance


def backend_names() -> tuple[str, ...]:
    """All backends that this version of torch knows.

    Examples
    --------
    >>> "MATH" in backend_names()
    True

    Without the marker "ERROR".
    """
    return tuple(name for name in SDPBackend.__members__ if name != "ERROR")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def backends_equality(
    seed: int = 0,
    n: int = 33,
    d_k: int = 64,
    heads: int = 2,
    device: str = "cpu",
    dtypes: tuple[str, ...] = tuple(DTYPES),
) -> tuple[BackendRow, ...]:
    """Largest difference between our function and each backend of torch.

    Examples
    --------
    >>> all(row.equal for row in backends_equality() if row.backend == "MATH")
    True

    One for each backend, format and mask.
    """
    bounded("n", n, (1, 512))
    bounded("d_k", d_k, D_K_BOUNDS)
    bounded("heads", heads, (1, 16))
    causal = masks.causal(n, n)
    empty = causal.clone()
    empty[0] = False
    rows = []
    for dtype in dtypes:
        StepConfig(dtype)
        drawn = random_qkv(seed, heads * n, heads * n, d_k, dtype=dtype)
        query, key, value = (
            t.view(1, heads, n, d_k).to(device)
            for t in drawn  # (h·n, d) -> (1, h, n, d)
        )
        for mask, allowed in zip(MASKS, (None, causal, empty), strict=True):
            allowed = None if allowed is None else allowed.to(device)
            ours, _ = scaled_dot_product_attention(
                query, key, value, None if allowed is None else allowed[None, None]
            )
            # Fused kernels know the causal mask by name and take no other everywhere.
            named = {"is_causal": True} if mask == "causal" else {"attn_mask": allowed}
            for name in backend_names():
                difference, reason = float("nan"), ""
                try:
                    with warnings.catch_warnings(), sdpa_kernel([getattr(SDPBackend, name)]):
                        warnings.simplefilter("ignore")
                        theirs = F.scaled_dot_product_attention(query, key, value, **named)
                    difference = float((ours.double() - theirs.double()).abs().max())
                except RuntimeError as error:
                    reason = _first_line(error)
                rows.append(
                    BackendRow(name, dtype, mask, not reason, reason, difference, TOLERANCES[dtype])
                )
    return tuple(rows)
