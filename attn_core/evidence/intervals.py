"""Intervals of a mean over few seeds, without SciPy: Student's t, exact for whole degrees."""

import math
from collections.abc import Sequence

CONFIDENCE = 0.95


def student_t_probability(t: float, degrees: int) -> float:
    """P(|T| ≤ t) of Student's t (Abramowitz and Stegun 1964, equations 26.7.3 and 26.7.4).

    Parameters
    ----------
    t : float
        At least 0.
    degrees : int
        Degrees of freedom, at least 1.

    Returns
    -------
    float
        Probability in [0, 1].

    Raises
    ------
    ValueError
        If ``t`` is negative or there is no degree of freedom.

    Examples
    --------
    >>> round(student_t_probability(1.0, 1), 6)
    0.5
    """
    if degrees < 1:
        raise ValueError(f"degrees is {degrees}; it must be at least 1")
    if not t >= 0:
        raise ValueError(f"t is {t}; it must be at least 0")
    angle = math.atan(t / math.sqrt(degrees))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = degrees % 2 == 1
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(3 if odd else 2, degrees - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    if odd:
        return min(1.0, 2 / math.pi * (angle + sine * total))
    return min(1.0, sine * total)


def student_t_quantile(probability: float, degrees: int) -> float:
    """The t with P(|T| ≤ t) = ``probability``, by bisection.

    Parameters
    ----------
    probability : float
        In (0, 1).
    degrees : int
        Degrees of freedom, at least 1.

    Returns
    -------
    float
        The two-sided critical value.

    Raises
    ------
    ValueError
        If ``probability`` or ``degrees`` is out of its bound.

    Examples
    --------
    >>> round(student_t_quantile(0.95, 2), 3)
    4.303
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability is {probability}; it must be in (0, 1)")
    low, high = 0.0, 1.0
    while student_t_probability(high, degrees) < probability:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if student_t_probability(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return high


def mean_interval(differences: Sequence[float]) -> tuple[float, float, float]:
    """Mean of paired differences and its 95 % t interval: d̄ ± t₀.₉₇₅,ₙ₋₁ · s / √n.

    Parameters
    ----------
    differences : sequence of float
        One for each seed, at least 1; s is their sample standard deviation (n − 1).

    Returns
    -------
    mean, low, high : float
        With one difference the interval is (−∞, ∞): one run says nothing about its spread.

    Raises
    ------
    ValueError
        If there is no difference.

    Examples
    --------
    >>> mean_interval([1.0, 1.0])
    (1.0, 1.0, 1.0)
    >>> mean_interval([2.0])
    (2.0, -inf, inf)
    """
    n = len(differences)
    if n < 1:
        raise ValueError(f"there are {n} differences; at least 1 is needed")
    mean = math.fsum(differences) / n
    if n == 1:
        return mean, -math.inf, math.inf
    variance = math.fsum((d - mean) ** 2 for d in differences) / (n - 1)
    half = student_t_quantile(CONFIDENCE, n - 1) * math.sqrt(variance / n)
    return mean, mean - half, mean + half
