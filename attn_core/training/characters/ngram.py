"""An n-gram model of characters: what a language model without attention has to be beaten by.

Interpolated Witten–Bell smoothing (Witten and Bell 1991, method C; Chen and Goodman 1998, section
2.5): with T different characters seen after a history that was seen n times, the history's own
counts get the share n / (n + T) and the history shortened by one character the rest.
"""

import math
from collections import Counter

UNKNOWN = "\0"
"""Stands for every character outside the alphabet, as id 0 does in ``models.characters``."""


class NGram:
    """Counts of all n-grams up to an order.

    Parameters
    ----------
    text : str
        What is counted.
    alphabet : str
        Characters it may predict, beside ``UNKNOWN``.
    order : int
        Longest n-gram; order 1 looks at no history.

    Raises
    ------
    ValueError
        If ``order`` is below 1 or the text empty.

    Examples
    --------
    >>> model = NGram("aab", "ab", 1)
    >>> round(model.probability("", "a"), 4)  # (2 + 2 · 1/3) / (3 + 2)
    0.5333
    """

    def __init__(self, text: str, alphabet: str, order: int) -> None:
        if order < 1 or not text:
            raise ValueError(
                f"order is {order} and the text has {len(text)} characters; both must be at least 1"
            )
        self.order = order
        self.alphabet = frozenset(alphabet)
        self.n_symbols = 1 + len(self.alphabet)
        text = self._known(text)
        self.counts: list[Counter[str]] = [
            Counter(text[i : i + n] for i in range(len(text) - n + 1)) for n in range(1, order + 1)
        ]
        self.seen: list[Counter[str]] = []
        self.kinds: list[Counter[str]] = []
        for counts in self.counts:
            seen: Counter[str] = Counter()
            for gram, count in counts.items():
                seen[gram[:-1]] += count
            self.seen.append(seen)
            self.kinds.append(Counter(gram[:-1] for gram in counts))

    def _known(self, text: str) -> str:
        return "".join(c if c in self.alphabet else UNKNOWN for c in text)

    def by_order(self, history: str, character: str) -> list[float]:
        """Probability of a character after a history, by each order from 1 up.

        Parameters
        ----------
        history : str
            Characters before; longer than the order is cut.
        character : str
            One character.

        Returns
        -------
        list of float
            ``order`` probabilities.
        """
        history, character = self._known(history[-self.order :]), self._known(character)
        return self._by_order(history, character)

    def _by_order(self, history: str, character: str) -> list[float]:
        found, p = [], 1 / self.n_symbols
        for n in range(self.order):
            before = history[len(history) - n :] if n <= len(history) else None
            seen = self.seen[n].get(before, 0) if before is not None else 0
            if before is not None and seen:
                kinds = self.kinds[n][before]
                p = (self.counts[n].get(before + character, 0) + kinds * p) / (seen + kinds)
            found.append(p)
        return found

    def probability(self, history: str, character: str) -> float:
        """Probability of a character after a history, by the highest order.

        Parameters
        ----------
        history, character : str
            As in ``by_order``.

        Returns
        -------
        float
            Above 0; sums to 1 over the alphabet and ``UNKNOWN``.
        """
        return self.by_order(history, character)[-1]

    def bits(self, text: str) -> list[float]:
        """Mean of −log₂ p over all characters but the first, by each order from 1 up.

        Parameters
        ----------
        text : str
            At least two characters.

        Returns
        -------
        list of float
            One for each order.

        Raises
        ------
        ValueError
            If there is nothing to predict.
        """
        if len(text) < 2:
            raise ValueError(f"the text has {len(text)} characters; at least 2 are needed")
        text, sums = self._known(text), [0.0] * self.order
        for i in range(1, len(text)):
            history = text[max(0, i - self.order) : i]
            for n, p in enumerate(self._by_order(history, text[i])):
                sums[n] -= math.log2(p)
        return [s / (len(text) - 1) for s in sums]
