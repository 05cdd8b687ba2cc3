"""The one rule that turns a claim's recorded numbers into a verdict. Nothing here is stored.

A condition holds where the lower end of its interval reaches the smallest effect that counts, does
not hold where the upper end stays below it, and is inconclusive in between. The interval is that of
``attn_core.evidence.intervals.mean_interval`` over seeds; for deterministic checks it is their
range.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from attn_core.evidence.claims import Claim, Condition, Measure
from attn_core.evidence.intervals import mean_interval

HOLDS = "holds"
HOLDS_WHEN = "holds_when"
DOES_NOT_HOLD = "does_not_hold"
INCONCLUSIVE = "inconclusive"
WRONG_AS_STATED = "wrong_as_stated"
NOT_TESTED = "not_tested"
VERDICTS = (HOLDS, HOLDS_WHEN, DOES_NOT_HOLD, INCONCLUSIVE, WRONG_AS_STATED, NOT_TESTED)


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """What the rule says of one condition.

    Parameters
    ----------
    key : str
        The condition's key.
    verdict : str
        "holds", "does_not_hold", "inconclusive" or "not_tested".
    effect : float
        Mean over seeds of value against baseline, positive (or above 1 for a ratio) in the
        direction that is better; for "equal" minus the distance. NaN where not tested.
    low, high : float
        The interval's ends, in the unit of ``effect``.
    value, baseline : float
        Their means over seeds.
    n_seeds, n : int
        Number of paired runs, and of items that each run measured.
    required : bool
        Whether the claim fails wherever this fails.
    """

    key: str
    verdict: str
    effect: float
    low: float
    high: float
    value: float
    baseline: float
    n_seeds: int
    n: int
    required: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule says of a claim.

    Parameters
    ----------
    name : str
        One of ``VERDICTS``; its label is ``verdict.<name>`` in the locale.
    conditions : tuple of ConditionResult
        In the order of the file.
    right : tuple of ConditionResult
        Those of the right statement, where the claim has one that was measured.
    """

    name: str
    conditions: tuple[ConditionResult, ...]
    right: tuple[ConditionResult, ...] = ()

    @property
    def holds_when(self) -> tuple[str, ...]:
        """Keys of the conditions that hold, the required ones left out."""
        return tuple(r.key for r in self.conditions if r.verdict == HOLDS and not r.required)

    @property
    def headline(self) -> ConditionResult | None:
        """The condition whose number stands for the claim: the first that decides its verdict."""
        deciding = {HOLDS_WHEN: HOLDS, WRONG_AS_STATED: DOES_NOT_HOLD}.get(self.name, self.name)
        for result in self.conditions:
            if result.verdict == deciding and not (result.required and self.name == HOLDS_WHEN):
                return result
        return self.conditions[0] if self.conditions else None


def effects(condition: Condition, measure: Measure) -> list[float]:
    """Value against baseline of each seed, positive in the direction that is better.

    Parameters
    ----------
    condition : Condition
        Values and baselines, paired by seed.
    measure : Measure
        Says which direction is better and how the two are compared.

    Returns
    -------
    list of float
        Differences; for "ratio" the logarithms of the ratios; for "equal" minus the distances.

    Examples
    --------
    >>> one = Condition("all", (("0", 0.25),), (("0", 0.5),), 10)
    >>> effects(one, Measure("error", "fraction", "lower", 0.1, (one,)))
    [0.25]
    """
    baseline = dict(condition.baseline)
    better = condition.better or measure.better
    out = []
    for seed, value in condition.values:
        if better == "equal":
            out.append(-abs(value - baseline[seed]))
            continue
        if measure.comparison == "ratio":
            difference = math.log(value) - math.log(baseline[seed])
        else:
            difference = value - baseline[seed]
        out.append(difference if better == "higher" else -difference)
    return out


def judge(condition: Condition, measure: Measure) -> ConditionResult:
    """Apply the rule to one condition.

    Parameters
    ----------
    condition : Condition
        The numbers; without values it is not tested.
    measure : Measure
        Its metric and smallest effect. With spread "range" (deterministic checks) the interval is
        the range of the runs, and one run is enough.

    Returns
    -------
    ConditionResult
        With the computed effect and interval.

    Examples
    --------
    >>> runs = Condition("runs", (("0", 1.0),), (("0", 1.0),), 1)
    >>> judge(runs, Measure("passed", "flag", "higher", 0.0, (runs,), spread="range")).verdict
    'holds'
    """
    n_seeds = len(condition.values)
    if n_seeds == 0:
        nan = math.nan
        return ConditionResult(
            condition.key, NOT_TESTED, nan, nan, nan, nan, nan, 0, condition.n, condition.required
        )
    each = effects(condition, measure)
    if measure.spread == "range":
        effect, low, high = math.fsum(each) / n_seeds, min(each), max(each)
    else:
        effect, low, high = mean_interval(each)
    better = condition.better or measure.better
    bound = measure.smallest_effect
    if better == "equal":
        bound = -bound  # the distance may be at most this
    elif measure.comparison == "ratio":
        bound = math.log(bound)
    # Decimal fractions such as 0.30 − 0.25 miss their bound in the last bits; 1e-12 is no effect.
    slack = 1e-12 * max(1.0, abs(bound))
    if low >= bound - slack:
        name = HOLDS
    elif high < bound - slack:
        name = DOES_NOT_HOLD
    else:
        name = INCONCLUSIVE
    means = [[v for _, v in side] for side in (condition.values, condition.baseline)]
    if measure.comparison == "ratio" and better != "equal":
        effect, low, high = math.exp(effect), math.exp(low), math.exp(high)
        # Geometric, so that their ratio is the effect.
        value, base = map(statistics.geometric_mean, means)
    else:
        value, base = map(statistics.fmean, means)
    return ConditionResult(
        condition.key,
        name,
        effect,
        low,
        high,
        value,
        base,
        n_seeds,
        condition.n,
        condition.required,
    )


def combine(results: Sequence[ConditionResult]) -> str:
    """Several conditions to one verdict.

    Parameters
    ----------
    results : sequence of ConditionResult
        A required one that fails fails the claim; the others are circumstances.

    Returns
    -------
    str
        "holds", "holds_when", "does_not_hold", "inconclusive" or "not_tested".

    Examples
    --------
    >>> combine([])
    'not_tested'
    """
    required = {r.verdict for r in results if r.required}
    names = {r.verdict for r in results}
    tested = names - {NOT_TESTED}
    if DOES_NOT_HOLD in required:
        return DOES_NOT_HOLD
    if not tested:
        return NOT_TESTED
    if names == {HOLDS}:
        return HOLDS
    if required - {HOLDS}:
        return INCONCLUSIVE
    circumstances = {r.verdict for r in results if not r.required} - {NOT_TESTED}
    if HOLDS in circumstances:
        return HOLDS_WHEN
    return DOES_NOT_HOLD if circumstances == {DOES_NOT_HOLD} else INCONCLUSIVE


def verdict(claim: Claim) -> Verdict:
    """The verdict of a claim, computed from its numbers.

    Parameters
    ----------
    claim : Claim
        Of kind "reworded", it is wrong as stated only if its own conditions all fail and those of
        the right statement, where measured, all hold.

    Returns
    -------
    Verdict
        Name, and the effect and interval of each condition.

    Examples
    --------
    >>> from attn_core.evidence.claims import not_tested
    >>> verdict(not_tested("1.d", "1")).name
    'not_tested'
    """
    if claim.measure is None:
        return Verdict(NOT_TESTED, ())
    results = tuple(judge(c, claim.measure) for c in claim.measure.conditions)
    right: tuple[ConditionResult, ...] = ()
    if claim.right is not None:
        right = tuple(judge(c, claim.right) for c in claim.right.conditions)
    name = combine(results)
    contradicted = all(r.verdict == DOES_NOT_HOLD for r in results)
    supported = all(r.verdict == HOLDS for r in right)
    if claim.kind == "reworded" and contradicted and supported:
        name = WRONG_AS_STATED
    return Verdict(name, results, right)
