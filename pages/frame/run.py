"""One run of a lesson for one learner, handed to everything that draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attn_core.attention.interventions import Intervention
from attn_core.contract.registry import Lesson
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.contract.taught import Taught
from attn_core.wire.looked_at import silent
from pages.frame.i18n import t


@dataclass(frozen=True)
class Run:
    """What was asked, what came of it, and what is open."""

    taught: Taught[Any]
    config: Any
    changes: Intervention
    result: LessonResult
    before: LessonResult
    selection: Selection
    device: str
    milliseconds: float

    @property
    def lesson(self) -> Lesson:
        """The lesson's entry in the registry."""
        return self.taught.lesson

    @property
    def silent(self) -> bool:
        """Whether the open row has no weight at all."""
        return silent(self.result, self.selection)

    def of_row(self, key: str, words: Mapping[str, Any]) -> str:
        """The sentence ``key`` on the open row; another where the row has no weight."""
        return t("frame.silent") if self.silent else t(key, **words)
