"""Weights and manifests of lesson 6.3, as they are shipped."""

import sys
from typing import Any

from torch import nn

from attn_core.checkpoints import save

SEEDS = (0, 1, 2)


def write(name: str, model: nn.Module, about: dict[str, Any]) -> None:
    """Weights in half precision, and the manifest."""
    ours = {
        "lesson": "6.3",
        "default_result": "s6_3_bioinformatics.default.safetensors",
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    size = save.write(name, save.in_half(model.state_dict()), ours | about, ("rdkit",))
    values = {k: round(m["value"], 4) for k, m in about["metrics"].items()}
    sys.stdout.write(f"{name} {size} bytes {values}\n")
    sys.stdout.flush()
