"""Claims of the document with their recorded numbers: one small JSON file each, no verdict in it.

``attn_core.evidence.files`` reads and writes them, ``attn_core.evidence.verdicts`` computes the
verdict. Texts live in the locale: ``claim.<id>.statement``, ``.note``, ``.right``, ``.reason`` and
``.condition.<key>``. ``python -m attn_core.evidence.ledger`` prints all verdicts.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from attn_core.contract.registry import SECTIONS

KINDS = ("measured", "exact", "reworded", "coverage", "not_tested")
SOURCES = ("recorded", "cited", "live")
BETTER = ("higher", "lower", "equal")
COMPARISONS = ("difference", "ratio")
SPREADS = ("interval", "range")

Numbers = tuple[tuple[str, float], ...]


def _check(name: str, value: object, bound: Iterable[object]) -> None:
    if value not in tuple(bound):
        raise ValueError(f"{name} is {value!r}; it must be one of {tuple(bound)}")


@dataclass(frozen=True, slots=True)
class Condition:
    """One circumstance under which a claim was measured.

    Parameters
    ----------
    key : str
        Its text is ``claim.<id>.condition.<key>``.
    values, baseline : tuple of (seed, number)
        Paired by seed; both empty where it was not tested.
    n : int
        Items that each run measured, at least 0.
    required : bool
        The claim fails wherever this condition fails; the others are circumstances ("when").
    better : str
        Overrides the measure's, where conditions differ; "" does not.
    metric : str
        Overrides the measure's; "" does not.
    lessons : tuple of str
        For kind "coverage": values come from the manifests of these lessons.

    Raises
    ------
    ValueError
        If the seeds differ, a number is not finite, or a field is out of its bound.
    """

    key: str
    values: Numbers
    baseline: Numbers
    n: int
    required: bool = False
    better: str = ""
    metric: str = ""
    lessons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]{1,60}", self.key):
            raise ValueError(f"key is {self.key!r}; it must be 1 to 60 of a-z, 0-9 and _")
        seeds = [seed for seed, _ in self.values]
        if sorted(seeds) != sorted(seed for seed, _ in self.baseline):
            raise ValueError(
                f"{self.key}: values have seeds {seeds}; the baseline must have them too"
            )
        if len(set(seeds)) != len(seeds):
            raise ValueError(f"{self.key}: seeds are {seeds}; each must occur once")
        for _, number in self.values + self.baseline:
            if not math.isfinite(number):
                raise ValueError(f"{self.key}: a value is {number}; it must be finite")
        if self.n < 0:
            raise ValueError(f"{self.key}: n is {self.n}; it must be at least 0")
        _check("better", self.better, ("", *BETTER))


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric, what would count as an effect, and the conditions it was measured under.

    Parameters
    ----------
    metric, unit : str
        Names are ``metric.<metric>`` and ``unit.<unit>``.
    better : str
        "higher", "lower", or "equal" (value and baseline differ by at most ``smallest_effect``).
    smallest_effect : float
        In the metric's unit, at least 0; for "ratio" a factor of at least 1.
    conditions : tuple of Condition
        At least 1; the first is the most telling.
    comparison : str
        "difference", or "ratio" of value to baseline, better over worse.
    spread : str
        "interval": 95 % paired t interval over seeds; "range": deterministic, all runs must agree.

    Raises
    ------
    ValueError
        If a field is out of its bound, or a ratio has a number that is not above 0.
    """

    metric: str
    unit: str
    better: str
    smallest_effect: float
    conditions: tuple[Condition, ...]
    comparison: str = "difference"
    spread: str = "interval"

    def __post_init__(self) -> None:
        _check("better", self.better, BETTER)
        _check("comparison", self.comparison, COMPARISONS)
        _check("spread", self.spread, SPREADS)
        least = 1.0 if self.comparison == "ratio" else 0.0
        if not (math.isfinite(self.smallest_effect) and self.smallest_effect >= least):
            raise ValueError(f"smallest_effect is {self.smallest_effect}; it must be >= {least}")
        keys = [c.key for c in self.conditions]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError(f"condition keys are {keys}; at least 1, each once, is needed")
        for c in self.conditions:
            if "equal" in (self.better, c.better) and (
                self.spread != "range" or self.comparison != "difference"
            ):
                raise ValueError(f"{c.key}: better is 'equal'; it needs a range of differences")
            worst = min((v for _, v in c.values + c.baseline), default=1.0)
            if self.comparison == "ratio" and worst <= 0:
                raise ValueError(f"{c.key}: a value is {worst}; a ratio needs values above 0")


@dataclass(frozen=True, slots=True)
class Claim:
    """One testable statement of the document.

    Parameters
    ----------
    id, lesson : str
        "3.2.a" or "L6", and the document's section.
    kind : str
        "measured" (paired runs), "exact" (deterministic), "reworded" (has a right statement, and is
        wrong as stated if the numbers contradict it), "coverage" (from manifests), "not_tested".
    command : str
        What repeats it, "python -m …".
    source : str
        "recorded", "cited" or "live".
    measure : Measure or None
        ``None`` for "not_tested" only, whose reason is ``claim.<id>.reason``.
    right : Measure or None
        What was measured for the right statement.
    citation : str
        Paper and table, for a cited figure.
    recorded : tuple of (name, value)
        Versions, machine and date of the run.

    Raises
    ------
    ValueError
        If a field is out of its bound.
    """

    id: str
    lesson: str
    kind: str
    command: str
    source: str
    measure: Measure | None
    right: Measure | None = None
    citation: str = ""
    recorded: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d(\.\d)?\.[a-z]|L\d{1,2}", self.id):
            raise ValueError(f"id is {self.id!r}; it must be like '3.2.a' or 'L6'")
        _check("lesson", self.lesson, SECTIONS)
        _check("kind", self.kind, KINDS)
        _check("source", self.source, SOURCES)
        if (self.measure is None) != (self.kind == "not_tested"):
            raise ValueError(f"{self.id}: kind is {self.kind!r}; only 'not_tested' has no measure")
        if self.measure is not None and self.kind in ("measured", "exact", "coverage"):
            wanted = "interval" if self.kind == "measured" else "range"
            if self.measure.spread != wanted:
                raise ValueError(
                    f"{self.id}: spread is {self.measure.spread!r}; must be {wanted!r}"
                )
        if self.source == "cited" and not self.citation:
            raise ValueError(f"{self.id}: citation is ''; a cited figure needs its source")

    def text_keys(self) -> list[str]:
        """Locale keys that the claim needs.

        Returns
        -------
        list of str
            Statement, note, conditions; ``right`` for "reworded", ``reason`` for "not_tested".

        Examples
        --------
        >>> not_tested("2.1.d", "2.1").text_keys()
        ['claim.2.1.d.statement', 'claim.2.1.d.note', 'claim.2.1.d.reason']
        """
        stem = f"claim.{self.id}."
        keys = [stem + "statement", stem + "note"]
        extra = {"reworded": "right", "not_tested": "reason"}
        keys += [stem + extra[self.kind]] if self.kind in extra else []
        measures = [m for m in (self.measure, self.right) if m is not None]
        return keys + [f"{stem}condition.{c.key}" for m in measures for c in m.conditions]


def not_tested(claim_id: str, lesson: str) -> Claim:
    """A claim that this app does not test; the reason is in the locale.

    Parameters
    ----------
    claim_id, lesson : str
        Its id, and its section's number.

    Returns
    -------
    Claim
        Of kind "not_tested".

    Examples
    --------
    >>> not_tested("1.d", "1").kind
    'not_tested'
    """
    return Claim(claim_id, lesson, "not_tested", "", "recorded", None)
