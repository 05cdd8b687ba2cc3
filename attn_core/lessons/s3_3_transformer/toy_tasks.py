"""Five small tasks with text in and text out: copy, reverse, sort, add, dates.

Which side an example is on, training or test, is decided by a checksum of what it asks (its
``key``), so that no test example can have been trained on, whatever the seed: for sums whatever
their order, for dates in whatever form they were written.
"""

import datetime
import zlib
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_3_transformer.toy_dates import FORMS, MONTHS, YEARS, read_date, written
from attn_core.models.transformer_layers import END, N_SPECIAL, PAD, START

TASKS = ("copy", "reverse", "sort", "add", "dates")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
HELD_OUT = 10
"""One key in so many is for tests."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a task reads, writes and may be asked.

    Parameters
    ----------
    letters : str
        Every character of its inputs and answers, each once.
    lengths : tuple of int
        Least, most and usual ``length``: letters of the longest input, or digits of each number of
        a sum; dates have one length only.
    """

    letters: str
    lengths: tuple[int, int, int]

    @property
    def vocabulary(self) -> int:
        """Entries of the token table, special ones included."""
        return N_SPECIAL + len(self.letters)

    def longest(self, length: int) -> tuple[int, int]:
        """Characters of the longest input and of the longest answer.

        Without start and end.
        """
        if "+" in self.letters:
            return 2 * length + 1, length + 1
        return (length, 10) if "年" in self.letters else (length, length)


_DATES = "".join(sorted(set("".join(MONTHS) + "0123456789 ,.-年月日")))
_WORDS = Task(LETTERS, (2, 24, 8))
SPECS = {
    "copy": _WORDS, "reverse": _WORDS, "sort": _WORDS,
    "add": Task("0123456789+", (2, 4, 3)), "dates": Task(_DATES, (18, 18, 18)),
}  # fmt: skip
"""Each task's letters and lengths."""


def solve(task: str, source: str) -> str:
    """The right answer.

    Examples
    --------
    >>> [solve(task, "hello") for task in ("copy", "reverse", "sort")]
    ['hello', 'olleh', 'ehllo']
    >>> solve("add", "17+25"), solve("dates", "7 March 2026")
    ('42', '2026-03-07')
    """
    if task == "copy":
        return source
    if task == "reverse":
        return source[::-1]
    if task == "sort":
        return "".join(sorted(source))
    if task == "add":
        first, plus, second = source.partition("+")
        numbers = first.isdecimal() and second.isdecimal() and plus
        return str(int(first) + int(second)) if numbers else ""
    day = read_date(source)
    return day.isoformat() if day else ""


def key(task: str, source: str) -> str:
    """What an example asks: two that teach each other's answer have the same key.

    Examples
    --------
    >>> key("add", "25+17") == key("add", "17+25")
    True
    """
    if task == "add":
        return "+".join(sorted(source.split("+")))
    return source if task in ("copy", "reverse") else solve(task, source)


def is_test(task: str, source: str) -> bool:
    """Whether an input is kept from every training."""
    return zlib.crc32(f"{task} {key(task, source)}".encode()) % HELD_OUT == 0


def _sources(task: str, n: int, length: int, draw: Generator, shortest: int) -> list[str]:
    if task == "dates":
        first = datetime.date(YEARS[0], 1, 1)
        days = (datetime.date(YEARS[1] + 1, 1, 1) - first).days
        picked = torch.randint(days, (n,), generator=draw).tolist()
        forms = torch.randint(FORMS, (n,), generator=draw).tolist()
        return [
            written(first + datetime.timedelta(days=day), form)
            for day, form in zip(picked, forms, strict=True)
        ]
    if task == "add":
        digits = torch.randint(1, length + 1, (n, 2), generator=draw)  # small ones as often
        numbers = (torch.rand(n, 2, generator=draw, dtype=torch.double) * 10**digits).long()
        return [f"{a}+{b}" for a, b in numbers.tolist()]
    lengths = torch.randint(shortest, length + 1, (n,), generator=draw).tolist()
    letters = torch.randint(len(LETTERS), (n, length), generator=draw).tolist()
    return [
        "".join(LETTERS[i] for i in row[:here]) for row, here in zip(letters, lengths, strict=True)
    ]


def draw_sources(
    task: str, n: int, length: int, draw: Generator, *, test: bool = False, shortest: int = 1
) -> list[str]:
    """Random inputs of one side."""
    found: dict[str, None] | list[str] = {} if test else []
    for _ in range(50):
        for source in _sources(task, 2 * n, length, draw, shortest):
            if is_test(task, source) != test:
                continue
            if isinstance(found, dict):
                found[source] = None
            else:
                found.append(source)
        if len(found) >= n:
            break
    return list(found)[:n]


def to_ids(task: str, texts: list[str], *, end: bool = False) -> Int[Tensor, "batch token"]:
    """Characters as tokens."""
    place = {letter: i for i, letter in enumerate(SPECS[task].letters, N_SPECIAL)}
    rows = [[place[c] for c in text] for text in texts]
    if end:
        rows = [[START, *row, END] for row in rows]
    most = max(map(len, rows))
    return torch.tensor([row + [PAD] * (most - len(row)) for row in rows])


def to_text(task: str, ids: tuple[int, ...]) -> str:
    """Tokens as characters."""
    letters = SPECS[task].letters
    return "".join("·" if i < N_SPECIAL else letters[i - N_SPECIAL] for i in ids)


def read_input(task: str, text: str, length: int) -> str:
    """A learner's own input for a task."""
    text = " ".join(text.split())
    if task == "add":
        text = text.replace(" ", "")
    elif task != "dates":
        text = text.lower()
    if not text:
        raise Refused("s3_3.own.refused.none")
    most = SPECS[task].longest(length)[0] * 3 // 2
    if len(text) > most:
        raise Refused("s3_3.own.refused.long", n=len(text), most=most)
    for letter in text:
        if letter not in SPECS[task].letters:
            raise Refused("s3_3.own.refused.letter", letter=letter)
    return text
