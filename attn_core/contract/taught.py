"""A lesson as one thing."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from attn_core.contract.protocol import Experiment, Quiz
from attn_core.contract.registry import Lesson

C = TypeVar("C")


@dataclass(frozen=True, eq=False)
class Taught(Generic[C]):
    """What is known of a lesson, what runs in it, and what asks.

    Parameters
    ----------
    lesson : Lesson
        Its entry in the registry.
    experiment : Experiment
        The module that runs its model.
    quiz : Quiz
        The module with its questions.
    """

    lesson: Lesson
    experiment: Experiment[C]
    quiz: Quiz[C]
