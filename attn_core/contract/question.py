"""Questions and challenges: made and graded from tensors, worded in the locale."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """One multiple-choice question about the run on screen.

    Parameters
    ----------
    key : str
        Its text is ``<key>`` in the locale, its explanation ``<key>.why``.
    values : dict
        What both name; a text that is a key of the locale is shown in the learner's language.
    options : tuple of str
        Shown as they are; where ``option_keys``, as keys.
    answer : int
        Index of the right one.
    option_keys : bool
        Whether options are keys of the locale.

    Raises
    ------
    ValueError
        If there are fewer than two options, two alike, or the answer is none of them.
    """

    key: str
    values: dict[str, Any]
    options: tuple[str, ...]
    answer: int
    option_keys: bool = False

    def __post_init__(self) -> None:
        if len(self.options) < 2 or len(set(self.options)) != len(self.options):
            raise ValueError(f"options are {self.options}; at least 2, all different, are needed")
        if not 0 <= self.answer < len(self.options):
            raise ValueError(f"answer is {self.answer}; it must be below {len(self.options)}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A goal to be reached by turning the controls.

    Parameters
    ----------
    key : str
        Its text is ``<key>`` in the locale, the word on success ``<key>.done``.
    values : dict
        What the text names.
    reached : bool
        Whether the run on screen reaches it.
    progress : float
        How near it is, 0 to 1.
    """

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    reached: bool = False
    progress: float = 0.0
