"""One run of a lesson for one learner, handed to everything that draws."""

from dataclasses import dataclass
from typing import Any

from attn_core.interventions import Intervention
from attn_core.lessons import Lesson
from attn_core.plots.view import Selection
from attn_core.result import LessonResult


@dataclass(frozen=True)
class Run:
    """What was asked, what came of it, and what is open."""

    lesson: Lesson
    config: Any
    changes: Intervention
    result: LessonResult
    before: LessonResult
    selection: Selection
    device: str
    milliseconds: float
