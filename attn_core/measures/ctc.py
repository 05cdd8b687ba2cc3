"""Connectionist temporal classification: the lattice, the collapse, and the searches.

Graves et al. 2006 (equations in brackets are theirs). Log-probabilities have a row for each token
of sound and a column for each label; the last column is the blank unless said otherwise.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

LogProbs = Float[np.ndarray, "token label"]
NEVER = -np.inf


def collapse(path: list[int] | tuple[int, ...], blank: int) -> tuple[int, ...]:
    """What a path says: equal neighbours are one, then blanks go (section 3.1, the map B).

    Parameters
    ----------
    path : sequence of int
        A label for each token.
    blank : int
        The label that says nothing.

    Returns
    -------
    tuple of int
        Labels.

    Examples
    --------
    >>> collapse([3, 3, 9, 3, 9, 9, 5], blank=9)
    (3, 3, 5)
    """
    return tuple(
        label for i, label in enumerate(path) if label != blank and (not i or path[i - 1] != label)
    )


def extended(labels: tuple[int, ...], blank: int) -> tuple[int, ...]:
    """The labels with blanks before, between and after: the rows of the lattice.

    Parameters
    ----------
    labels : tuple of int
        Without blanks.
    blank : int
        The blank.

    Returns
    -------
    tuple of int
        2 n + 1 of them.

    Examples
    --------
    >>> extended((7, 7), blank=0)
    (0, 7, 0, 7, 0)
    """
    out = [blank]
    for label in labels:
        out += [label, blank]
    return tuple(out)


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """All ways of saying given labels in the time there is.

    Parameters
    ----------
    rows : tuple of int
        The labels with blanks (``extended``).
    alpha : Float[np.ndarray, "token row"]
        log of the sum of all path beginnings that end here, emission included (6).
    beta : Float[np.ndarray, "token row"]
        log of the sum of all path ends that start here, emission included (10).
    posterior : Float[np.ndarray, "token row"]
        Share of the paths' probability that goes through here; each token's sum is 1.
    log_likelihood : float
        log P(labels | sound) (8); -inf where the sound is too short to say them.
    """

    rows: tuple[int, ...]
    alpha: Float[np.ndarray, "token row"]
    beta: Float[np.ndarray, "token row"]
    posterior: Float[np.ndarray, "token row"]
    log_likelihood: float


def _skips(rows: tuple[int, ...], blank: int) -> np.ndarray:
    """Whether a row may be reached from two rows above: a label unlike the last one."""
    return np.array(
        [i >= 2 and label != blank and label != rows[i - 2] for i, label in enumerate(rows)]
    )


def _forward(emitted: np.ndarray, skips: np.ndarray) -> np.ndarray:
    """Equation 6 with its initial values, as logarithms."""
    tokens, n = emitted.shape
    alpha = np.full((tokens, n), NEVER)
    alpha[0, : min(2, n)] = emitted[0, : min(2, n)]
    for t in range(1, tokens):
        reach = alpha[t - 1].copy()
        reach[1:] = np.logaddexp(reach[1:], alpha[t - 1, :-1])
        skipped = np.where(skips[2:], alpha[t - 1, :-2], NEVER)
        reach[2:] = np.logaddexp(reach[2:], skipped)
        alpha[t] = reach + emitted[t]
    return alpha


def lattice(log_p: LogProbs, labels: tuple[int, ...], blank: int) -> Lattice:
    """Forward and backward over the lattice (section 4.1).

    Parameters
    ----------
    log_p : Float[np.ndarray, "token label"]
        Log-probabilities.
    labels : tuple of int
        What is said; may be empty.
    blank : int
        The blank's column.

    Returns
    -------
    Lattice
        With posteriors of zero where the labels do not fit the time.
    """
    rows = extended(labels, blank)
    emitted = np.asarray(log_p, np.float64)[:, rows]
    alpha = _forward(emitted, _skips(rows, blank))
    # Backwards the lattice is the same, turned round: its skips as well.
    beta = _forward(emitted[::-1, ::-1], _skips(rows[::-1], blank))[::-1, ::-1]
    total = float(np.logaddexp.reduce(alpha[-1, -2:]))
    through = alpha + beta - emitted  # both hold the emission
    with np.errstate(invalid="ignore"):
        posterior = np.exp(through - total) if np.isfinite(total) else np.zeros_like(alpha)
    return Lattice(rows, alpha, beta, np.nan_to_num(posterior), total)


def best_path(log_p: LogProbs) -> tuple[int, ...]:
    """The likeliest label at each token (section 3.2, best path decoding).

    Parameters
    ----------
    log_p : Float[np.ndarray, "token label"]
        Log-probabilities.

    Returns
    -------
    tuple of int
        A path, not yet collapsed.
    """
    return tuple(int(i) for i in np.argmax(log_p, axis=1))


@dataclass(frozen=True, slots=True)
class Prefix:
    """A beginning, and the probability of the paths that say it so far.

    Parameters
    ----------
    labels : tuple of int
        What is said.
    blank, label : float
        Logarithms: of the paths that end in a blank, and in the last label.
    """

    labels: tuple[int, ...]
    blank: float
    label: float

    @property
    def score(self) -> float:
        """Logarithm of both together."""
        return float(np.logaddexp(self.blank, self.label))


def prefix_beam(log_p: LogProbs, blank: int, width: int = 8) -> list[list[Prefix]]:
    """Prefix beam search (section 3.2; Hannun et al. 2014): paths that say the same are summed.

    Parameters
    ----------
    log_p : Float[np.ndarray, "token label"]
        Log-probabilities.
    blank : int
        The blank's column.
    width : int
        Prefixes kept after each token.

    Returns
    -------
    list of list of Prefix
        After each token the kept ones, best first; the last list's first is the answer.
    """
    probs = np.asarray(log_p, np.float64)
    others = [i for i in range(probs.shape[1]) if i != blank]
    beam = [Prefix((), 0.0, NEVER)]
    history = []
    for row in probs:
        new: dict[tuple[int, ...], list[float]] = {}

        def add(labels: tuple[int, ...], which: int, value: float, new: dict = new) -> None:
            entry = new.setdefault(labels, [NEVER, NEVER])
            entry[which] = float(np.logaddexp(entry[which], value))

        for prefix in beam:
            add(prefix.labels, 0, prefix.score + row[blank])
            last = prefix.labels[-1] if prefix.labels else None
            if last is not None:
                add(prefix.labels, 1, prefix.label + row[last])
            for label in others:
                # After the same label only paths with a blank between say it twice.
                source = prefix.blank if label == last else prefix.score
                add((*prefix.labels, label), 1, source + row[label])
        kept = [Prefix(labels, *values) for labels, values in new.items()]
        beam = sorted(kept, key=lambda p: -p.score)[:width]
        history.append(beam)
    return history
