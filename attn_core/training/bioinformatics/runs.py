"""Models of finished runs."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from attn_core.models.drug_target import DrugTarget, DrugTargetConfig
from attn_core.models.sequence import SequenceConfig, SequenceReader


def found(runs: Path, name: str) -> dict[str, Any] | None:
    """What a run found; ``None`` where it was not made."""
    path = runs / name / "result.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def loaded(runs: Path, name: str) -> nn.Module:
    """A run's model, its weights rounded as they are shipped."""
    config = dict((found(runs, name) or {})["config"])
    model: nn.Module
    if "tokens" in config:
        model = DrugTarget(DrugTargetConfig(**config | {"tokens": tuple(config["tokens"])}))
    else:
        model = SequenceReader(SequenceConfig(**config))
    weights = torch.load(runs / name / "best.pt", weights_only=True)
    model.load_state_dict({k: v.half().float() for k, v in weights.items()})
    return model.eval()


def averaged(runs: Path, names: tuple[str, ...]) -> nn.Module:
    """A model with the mean of several stages' weights (Izmailov et al. 2018), as it is shipped."""
    models = [loaded(runs, name) for name in names]
    weights = [model.state_dict() for model in models]
    mean = {k: torch.stack([w[k] for w in weights]).mean(0).half().float() for k in weights[0]}
    models[0].load_state_dict(mean)
    return models[0]
