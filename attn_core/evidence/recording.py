"""What the commands share that record claims."""

from typing import Any

from attn_core.evidence.claims import Condition, Numbers


def numbers(values: list[float]) -> Numbers:
    """Values by seed.

    Parameters
    ----------
    values : list of float
        In the seeds' order.

    Returns
    -------
    tuple of (str, float)
        As conditions hold them.
    """
    return tuple((str(i), float(value)) for i, value in enumerate(values))


def errors(raw: dict[str, Any], part: str, level: str) -> list[float]:
    """A kind of model's error by seed, from its manifest.

    Parameters
    ----------
    raw : dict
        The manifest.
    part : str
        "known" or "unseen" speakers, or "sights".
    level : str
        "clean", a signal-to-noise ratio, or what may be looked at.

    Returns
    -------
    list of float
        Digit error rates.
    """
    return [float(run[level]) for run in raw["by_seed"][part]]


def against(key: str, one: list[float], other: list[float], n: int) -> Condition:
    """One model's errors against another's, seed by seed.

    Parameters
    ----------
    key : str
        Of the condition.
    one, other : list of float
        By seed; where there are more of one, the first ones count.
    n : int
        Sequences.

    Returns
    -------
    Condition
        Of a claim.
    """
    pairs = list(zip(one, other, strict=False))
    return Condition(key, numbers([a for a, _ in pairs]), numbers([b for _, b in pairs]), n)
