"""Interventions: what a learner changes inside attention, as one frozen, serialisable value.

Attention lives at named sites (the trace keys of a model, such as ``"decoder.cross"``). An
``Intervention`` says what to change at which site; ``attn_core.attention.weigh`` is the one place
that applies it.
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

from attn_core.attention.functional import NORMALISERS

MAX_EDITS = 256
MAX_MAGNITUDE = 1e6


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One cell of one attention map, and the value it is set to.

    Parameters
    ----------
    site : str
        Trace key of the attention.
    head, query, key : int
        Indices from 0.
    value : float
        The new score or weight; for a mask cell 1 = may attend, 0 = may not.
    """

    site: str
    head: int
    query: int
    key: int
    value: float

    def __post_init__(self) -> None:
        if min(self.head, self.query, self.key) < 0:
            raise ValueError(f"cell {self} has a negative index; indices start at 0")
        if not math.isfinite(self.value) or abs(self.value) > MAX_MAGNITUDE:
            raise ValueError(f"value is {self.value}; it must be within ±{MAX_MAGNITUDE:g}")


@dataclass(frozen=True, slots=True)
class Intervention:
    """Everything a learner changed. The empty one changes nothing.

    Parameters
    ----------
    heads : tuple of (site, head)
        Heads knocked out.
    head_fill : str
        "zero": a knocked-out head contributes nothing; "mean": it attends to all allowed keys
        alike, so that it contributes the mean value.
    tokens : tuple of (site, key)
        Tokens knocked out: masked as keys for every query and head of the site.
    scores, mask_cells, weights : tuple of Cell
        Single cells set to a value.
    renormalise : bool
        Whether the rest of an edited row of weights is rescaled so that the row keeps its sum.
    temperature : float
        Scores are divided by it; above 0.
    scale : float or None
        Replaces 1/√d_head where the attention is scaled; ``None`` leaves it.
    normaliser : str
        "" leaves the attention's own.

    Raises
    ------
    ValueError
        If a value is out of its bound; the message names both.
    """

    heads: tuple[tuple[str, int], ...] = ()
    head_fill: str = "zero"
    tokens: tuple[tuple[str, int], ...] = ()
    scores: tuple[Cell, ...] = ()
    mask_cells: tuple[Cell, ...] = ()
    weights: tuple[Cell, ...] = ()
    renormalise: bool = True
    temperature: float = 1.0
    scale: float | None = None
    normaliser: str = ""

    def __post_init__(self) -> None:
        if not 1e-3 <= self.temperature <= 1e3:
            raise ValueError(f"temperature is {self.temperature}; it must be in [0.001, 1000]")
        if self.head_fill not in ("zero", "mean"):
            raise ValueError(f"head_fill is {self.head_fill!r}; it must be 'zero' or 'mean'")
        if self.normaliser and self.normaliser not in NORMALISERS:
            raise ValueError(f"normaliser is {self.normaliser!r}; it must be one of {NORMALISERS}")
        if self.scale is not None and not (0 <= self.scale <= MAX_MAGNITUDE):
            raise ValueError(f"scale is {self.scale}; it must be in [0, {MAX_MAGNITUDE:g}]")
        count = sum(map(len, (self.heads, self.tokens, self.scores, self.mask_cells, self.weights)))
        if count > MAX_EDITS:
            raise ValueError(f"there are {count} edits; at most {MAX_EDITS} are kept")
        for cell in self.weights:
            if not 0 <= cell.value <= 1:
                raise ValueError(f"weight is {cell.value}; it must be in [0, 1]")

    def __bool__(self) -> bool:
        return self != Intervention()

    def touches(self, site: str) -> bool:
        """Whether anything is changed at a site.

        Parameters
        ----------
        site : str
            Trace key.

        Returns
        -------
        bool
            ``True`` where ``weigh`` would do more than normalise.

        Examples
        --------
        >>> Intervention(tokens=(("a", 1),)).touches("b")
        False
        """
        general = dataclasses.replace(
            self, heads=(), tokens=(), scores=(), mask_cells=(), weights=()
        )
        places = [s for s, _ in self.heads + self.tokens] + [
            c.site for c in self.scores + self.mask_cells + self.weights
        ]
        return bool(general) or site in places

    def at_query(self, query: int) -> "Intervention":
        """What concerns one query alone, as a decoder that computes one row a step needs it.

        Parameters
        ----------
        query : int
            The row.

        Returns
        -------
        Intervention
            The same, with that row's cells as query 0 and the other rows' cells left out.

        Examples
        --------
        >>> edit = Intervention(weights=(Cell("a", 0, 3, 1, 0.5),))
        >>> edit.at_query(3).weights[0].query, edit.at_query(2).weights
        (0, ())
        """
        if not (self.scores or self.mask_cells or self.weights):
            return self

        def row(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
            return tuple(dataclasses.replace(c, query=0) for c in cells if c.query == query)

        return dataclasses.replace(
            self,
            scores=row(self.scores),
            mask_cells=row(self.mask_cells),
            weights=row(self.weights),
        )

    def to_json(self) -> str:
        """Compact text of what differs from the empty intervention.

        Returns
        -------
        str
            JSON; "{}" for the empty intervention.

        Examples
        --------
        >>> Intervention(temperature=2.0).to_json()
        '{"temperature":2.0}'
        """
        out: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                out[field.name] = (
                    [
                        list(dataclasses.astuple(v)) if isinstance(v, Cell) else list(v)
                        for v in value
                    ]
                    if isinstance(value, tuple)
                    else value
                )
        return json.dumps(out, separators=(",", ":"), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> "Intervention":
        """The inverse of ``to_json``; what comes from a link is checked as from a stranger.

        Parameters
        ----------
        text : str
            JSON object with some of the fields.

        Returns
        -------
        Intervention
            The same value that was written.

        Raises
        ------
        ValueError
            If the text is no such object, names an unknown field or holds a value out of bounds.

        Examples
        --------
        >>> Intervention.from_json('{"temperature":2.0}').temperature
        2.0
        """
        if len(text) > 32_768:
            raise ValueError(f"the intervention has {len(text)} characters; at most 32768 are read")
        try:
            raw = json.loads(text)
            json.dumps(raw, ensure_ascii=False).encode()  # half a surrogate pair has no bytes
            known: dict[str, Any] = {}
            for name, value in raw.items():
                if name in ("scores", "mask_cells", "weights"):
                    known[name] = tuple(
                        Cell(str(s), int(h), int(q), int(k), float(v)) for s, h, q, k, v in value
                    )
                elif name in ("heads", "tokens"):
                    known[name] = tuple((str(s), int(i)) for s, i in value)
                elif name in ("temperature", "scale"):
                    known[name] = None if value is None else float(value)
                elif name == "renormalise":
                    known[name] = bool(value)
                else:
                    known[name] = str(value)
            return Intervention(**known)
        except (TypeError, AttributeError, RecursionError, OverflowError, ValueError) as error:
            raise ValueError(f"not an intervention: {error}") from error
