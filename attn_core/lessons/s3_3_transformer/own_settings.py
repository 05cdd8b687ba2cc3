"""Every setting of a learner's own Transformer, its bounds, and what a training would need.

Parameters are counted exactly; memory is what the training itself holds (weights, gradients, Adam's
two moments, and what the backward pass needs of the forward one); arithmetic is multiply-adds.
"""

from dataclasses import dataclass

from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_3_transformer import toy_tasks
from attn_core.models.transformer_layers import TransformerConfig

BOUNDS: dict[str, tuple[float, float]] = {
    "layers": (1, 4), "heads": (1, 8), "d_model": (8, 128), "d_ff": (8, 512), "dropout": (0, 0.5),
    "warm_up": (1, 1000), "rate": (1e-5, 0.1), "batch": (8, 128), "seed": (0, 9999),
    "steps": (10, 4000),
}  # fmt: skip
"""Least and most of each setting; ``length`` has its task's."""
MAX_PARAMETERS = 1_000_000
"""Their half-precision copy, 2 MB, goes back to the learner's session."""
MAX_BYTES = 128 * 1024 * 1024
"""Of one training; the worker serves all learners in turn."""
MAX_SECONDS = 180.0
"""On one idle core; the line behind it waits so long."""
SAVED = 12
"""Numbers of d_model that a layer keeps of a token for the backward pass, besides d_ff."""
SAVED_DROPOUT = 3
"""The same for dropout's masks."""


@dataclass(frozen=True, slots=True)
class Own:
    """All settings of one training.

    Parameters
    ----------
    task : str
        One of ``toy_tasks.TASKS``.
    layers : int
        Of the encoder, and as many of the decoder.
    heads, d_model, d_ff : int
        As in ``TransformerConfig``.
    dropout : float
        As in ``TransformerConfig``.
    pre_norm : bool
        Normalise before each part, or after it as the paper.
    warm_up : int
        Steps until the rate is at its height.
    rate : float
        That height.
    batch : int
        Examples a step.
    seed : int
        Of weights, examples and dropout.
    steps : int
        Batches learned from.
    length : int
        Of the longest input, as the task's ``lengths``.

    Raises
    ------
    ValueError
        If a setting is out of its bound, or ``heads`` does not divide ``d_model``.
    """

    task: str = "reverse"
    layers: int = 2
    heads: int = 4
    d_model: int = 64
    d_ff: int = 128
    dropout: float = 0.0
    pre_norm: bool = True
    warm_up: int = 60
    rate: float = 3e-3
    batch: int = 64
    seed: int = 0
    steps: int = 1000
    length: int = 8

    def __post_init__(self) -> None:
        if self.task not in toy_tasks.TASKS:
            raise ValueError(f"task is {self.task!r}; it must be one of {toy_tasks.TASKS}")
        bounds = BOUNDS | {"length": toy_tasks.SPECS[self.task].lengths[:2]}
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; it must be in [{low}, {high}]")
        if self.d_model % self.heads or self.d_model % 2:
            raise ValueError(
                f"heads is {self.heads}; it must divide d_model, {self.d_model}, an even number"
            )

    @property
    def model(self) -> TransformerConfig:
        """The Transformer that is trained: one token table for input and answer."""
        n = toy_tasks.SPECS[self.task].vocabulary
        return TransformerConfig(
            n,
            n,
            self.d_model,
            self.heads,
            self.d_ff,
            self.layers,
            self.layers,
            self.dropout,
            self.pre_norm,
            shared=True,
        )

    @property
    def longest(self) -> tuple[int, int]:
        """Tokens of the longest input and of the longest answer, its start or end counted."""
        source, answer = toy_tasks.SPECS[self.task].longest(self.length)
        return source, answer + 1


def defaults(task: str) -> Own:
    """Settings with which a task is learned, found by trying."""
    length = toy_tasks.SPECS[task].lengths[2]
    if task == "add":
        return Own(task, d_ff=256, warm_up=300, batch=128, steps=1400, length=length)
    return Own(task, steps=600 if task == "dates" else 1000, length=length)


def parameters(config: Own) -> int:
    """How many numbers are learned, all norms and biases counted."""
    d, f = config.d_model, config.d_ff
    attention = 4 * (d * d + d)
    feed_forward = 2 * d * f + f + d
    norm = 2 * d
    encoder = attention + feed_forward + 2 * norm
    decoder = 2 * attention + feed_forward + 3 * norm
    table = config.model.target_vocabulary * d
    return table + config.layers * (encoder + decoder) + 2 * norm


def training_bytes(config: Own) -> int:
    """What a training holds at once."""
    source, target = config.longest
    width = (SAVED + SAVED_DROPOUT * (config.dropout > 0)) * config.d_model + config.d_ff
    states = config.layers * (source + target) * width
    logits = 3 * target * config.model.target_vocabulary
    return 16 * parameters(config) + 4 * config.batch * (states + logits)


def multiply_adds(config: Own) -> int:
    """Arithmetic of one training step: forward, and twice as much backward."""
    (s, t), d, f = config.longest, config.d_model, config.d_ff
    encoder = s * (4 * d * d + 2 * d * f) + 2 * s * s * d
    decoder = t * (6 * d * d + 2 * d * f) + 2 * s * d * d + 2 * t * (t + s) * d
    logits = t * d * config.model.target_vocabulary
    return 3 * config.batch * (config.layers * (encoder + decoder) + logits)


def admit(config: Own) -> None:
    """Refuse what is too large, before anything is built."""
    n, size = parameters(config), training_bytes(config)
    if n > MAX_PARAMETERS:
        raise Refused("s3_3.own.refused.parameters", n=f"{n:,}", most=f"{MAX_PARAMETERS:,}")
    if size > MAX_BYTES:
        raise Refused(
            "s3_3.own.refused.bytes", n=f"{size / 2**20:.0f}", most=f"{MAX_BYTES / 2**20:.0f}"
        )
