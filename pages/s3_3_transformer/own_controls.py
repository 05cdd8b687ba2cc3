"""The settings of a learner's own model, as controls."""

from typing import Any

from pages.frame import controls, i18n
from pages.frame.i18n import t

NAME = "own"


OPTIONS: dict[str, tuple[Any, ...]] = {
    "layers": (1, 2, 3, 4), "heads": (1, 2, 4, 8), "d_model": (16, 32, 48, 64, 96, 128),
    "d_ff": (16, 32, 64, 128, 256, 512), "dropout": (0.0, 0.05, 0.1, 0.2, 0.3, 0.5),
    "warm_up": (1, 20, 60, 100, 200, 300, 600, 1000),
    "rate": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1), "batch": (8, 16, 32, 64, 128),
    "steps": (50, 100, 200, 400, 600, 1000, 1400, 2000, 3000, 4000),
}  # fmt: skip


def pick(name: str, default: Any, options: tuple[Any, ...] | None = None) -> Any:
    """A setting of a learner's own model."""
    return controls.choice(
        f"own_{name}",
        options or OPTIONS[name],
        default,
        lambda value: f"{value:g}" if isinstance(value, float) else option(name, value),
    )


def option(name: str, value: Any) -> str:
    """How a setting is called."""
    key = f"control.own_{name}.{value}"
    return t(key) if i18n.has(key) else str(value)
