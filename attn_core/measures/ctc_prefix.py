"""Scores of prefixes for a joint search (Watanabe et al. 2017)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attn_core.measures.ctc import NEVER, LogProbs


@dataclass(frozen=True, slots=True, eq=False)
class PrefixState:
    """Sums over all paths that say a prefix, up to each token (Watanabe et al. 2017, algorithm 2).

    Parameters
    ----------
    label, blank : Float[np.ndarray, "token"]
        Logarithms, by the paths' last label.
    """

    label: Float[np.ndarray, "token"]
    blank: Float[np.ndarray, "token"]


class PrefixScorer:
    """CTC's part in a search that writes label by label.

    Parameters
    ----------
    log_p : Float[np.ndarray, "token label"]
        Log-probabilities.
    blank : int
        The blank's column.
    """

    def __init__(self, log_p: LogProbs, blank: int) -> None:
        self.log_p, self.blank = np.asarray(log_p, np.float64), blank

    def begin(self) -> PrefixState:
        """Nothing said yet: blanks alone.

        Returns
        -------
        PrefixState
            Of the empty prefix.
        """
        return PrefixState(np.full(len(self.log_p), NEVER), np.cumsum(self.log_p[:, self.blank]))

    def grow(
        self, states: list[PrefixState], prefixes: list[tuple[int, ...]]
    ) -> tuple[Float[np.ndarray, "prefix label"], list[list[PrefixState]]]:
        """Say one label more after each of several prefixes: each label.

        Parameters
        ----------
        states : list of PrefixState
            Of the prefixes.
        prefixes : list of tuple of int
            What is said; at least one.

        Returns
        -------
        scores : Float[np.ndarray, "prefix label"]
            log of the probability of everything that begins with the new prefix; -inf for the
            blank.
        states : list of list of PrefixState
            Of the new prefixes, one for each label.
        """
        emitted, nothing = self.log_p, self.log_p[:, self.blank]
        tokens, n = emitted.shape
        blank = np.stack([state.blank for state in states], 1)
        label = np.stack([state.label for state in states], 1)
        before = np.repeat(np.logaddexp(label, blank)[..., None], n, 2)
        said = np.full((tokens, len(states), n), NEVER)
        for i, prefix in enumerate(prefixes):
            if prefix:  # after the same label only paths with a blank between say it twice
                before[:, i, prefix[-1]] = blank[:, i]
            else:
                said[0, i] = emitted[0]
        rests = np.full_like(said, NEVER)
        new = before[:-1] + emitted[1:, None]
        for t in range(1, tokens):
            said[t] = np.logaddexp(said[t - 1] + emitted[t], new[t - 1])
            rests[t] = np.logaddexp(said[t - 1], rests[t - 1]) + nothing[t]
        scores = np.logaddexp(said[0], np.logaddexp.reduce(new, 0, initial=NEVER))
        scores[:, self.blank] = NEVER
        made = [
            [PrefixState(said[:, i, k], rests[:, i, k]) for k in range(n)]
            for i in range(len(states))
        ]
        return scores, made

    def end(self, state: PrefixState) -> float:
        """Say nothing more.

        Parameters
        ----------
        state : PrefixState
            Of what is said.

        Returns
        -------
        float
            log P(exactly this | sound).
        """
        return float(np.logaddexp(state.label[-1], state.blank[-1]))
