"""What a learner does on each lesson: controls below the picture, cells, and something new.

Half of a visit's turns give the lesson something that nobody asked before (a text that was typed, a
score that was set), so that its model runs; the other half turn a control or open a row.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attn_core.contract.registry import LESSONS, Lesson
from attn_core.lessons.s6_3_bioinformatics.experiment import SAMPLES
from attn_core.lessons.s6_3_bioinformatics.samples import text as sample
from tests.load.client import Answer, Session, header_of

ADJECTIVES = (
    "old",
    "small",
    "quiet",
    "tired",
    "brave",
    "young",
    "kind",
    "clever",
    "hungry",
    "proud",
)
NOUNS = (
    "dog",
    "teacher",
    "garden",
    "child",
    "doctor",
    "horse",
    "farmer",
    "sister",
    "castle",
    "wagon",
)
VERBS = ("saw", "followed", "helped", "found", "missed", "forgot", "liked", "carried", "chased")


def sentence(dice: random.Random) -> str:
    """A sentence that is hardly ever made twice."""
    one, other = dice.sample(NOUNS, 2)
    first, second = dice.sample(ADJECTIVES, 2)
    return (
        f"The {first} {one} {dice.choice(VERBS)} the {second} {other} and {dice.choice(VERBS)} it."
    )


def word(dice: random.Random) -> str:
    """A word that could be one."""
    return "".join(dice.choice("bdfglmnprstv") + dice.choice("aeiou") for _ in range(4))


def gene(dice: random.Random) -> str:
    """The gene that stands there at first, with three letters mutated by hand."""
    title, _, letters = sample("genome", SAMPLES["genome"][0]).partition("\n")
    found = list(letters.strip())
    for place in dice.sample(range(len(found)), 3):
        found[place] = dice.choice("ACGT")
    return f"{title}\n{''.join(found)}"


@dataclass(frozen=True)
class Recipe:
    """One lesson's controls, and the text that is typed there; where there is none, a score is set.

    Parameters
    ----------
    lesson : Lesson
        Which.
    controls : tuple of str
        Sliders, choices and toggles below the picture.
    typed : str
        A text input; "" where a score is set.
    text : callable
        Makes what is typed.
    """

    lesson: Lesson
    controls: tuple[str, ...]
    typed: str = ""
    text: Callable[[random.Random], str] = sentence

    async def control(self, session: Session, turn: int, dice: random.Random) -> tuple[str, Answer]:
        """Turn the next control, or open another row."""
        which = (*self.controls, "open")[turn % (len(self.controls) + 1)]
        if which != "open":
            return which, await session.turn(which, session.other_value(which, dice))
        head = header_of(session.viewer)
        row = dice.randrange(head["n"][0])
        return which, await session.tell(
            {
                "type": "open",
                "site": head["open"]["site"],
                "head": head["open"]["head"],
                "query": row,
            }
        )

    async def anew(self, session: Session, dice: random.Random) -> tuple[str, Answer]:
        """Give what nobody gave before."""
        if self.typed:
            return "typed", await session.turn(self.typed, self.text(dice))
        head = header_of(session.viewer)
        rows, columns = head["n"]
        return "set", await session.tell(
            {
                "type": "set",
                "what": "score",
                "site": head["open"]["site"],
                "head": head["open"]["head"],
                "query": dice.randrange(rows),
                "key": dice.randrange(columns),
                "value": round(dice.uniform(-4, 4), 3),
            }
        )


_OF: dict[str, dict[str, Any]] = {
    "1": {"controls": ("temperature", "beam"), "typed": "word", "text": word},
    "2.1": {"controls": ("temperature", "model"), "typed": "text_en"},
    "2.2": {"controls": ("shift", "position", "order"), "typed": "text"},
    "2.3": {"controls": ("temperature", "layer_off"), "typed": "text"},
    "3.1": {"controls": ("window", "sampling"), "typed": "text_en"},
    "3.2": {"controls": ("temperature", "mask", "scaled"), "typed": "text"},
    "3.3": {"controls": ("temperature", "beam", "alpha"), "typed": "text_en_zh"},
    "4.1": {"controls": ("threshold", "opacity", "temperature", "overlay")},
    "4.2": {"controls": ("score", "queries", "temperature", "lies")},
    "5.1": {"controls": ("hears", "temperature")},
    "5.2": {"controls": ("noise", "decoding", "temperature", "collapse")},
    "5.3": {"controls": ("times", "temperature")},
    "6.1": {"controls": ("temperature", "ranker")},
    "6.2": {"controls": ("temperature", "talk", "lies_clip")},
    "6.3": {"controls": ("temperature", "call", "moved"), "typed": "dna", "text": gene},
}
RECIPES = tuple(Recipe(lesson, **_OF[lesson.number]) for lesson in LESSONS)
