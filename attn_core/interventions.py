"""Interventions: what a learner changes inside attention, as one frozen, serialisable value.

Attention lives at named sites (the trace keys of a model, such as ``"decoder.cross"``). An
``Intervention`` says what to change at which site; ``weigh`` is the one place that applies it.
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.functional import NORMALISERS, normalise

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
        places = (
            [s for s, _ in self.heads + self.tokens]
            + [c.site for c in self.scores + self.mask_cells + self.weights]
        )  # fmt: skip
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
        except (TypeError, AttributeError, RecursionError, json.JSONDecodeError) as error:
            raise ValueError(f"not an intervention: {error}") from error


def _set(target: Tensor, cells: tuple[Cell, ...], site: str) -> Tensor:
    """A copy of ``target`` with the site's cells set; those out of range are dropped."""
    here = [c for c in cells if c.site == site]
    if not here:
        return target
    target = target.clone()
    _, heads, queries, keys = target.shape
    for cell in here:
        if cell.head < heads and cell.query < queries and cell.key < keys:
            target[:, cell.head, cell.query, cell.key] = cell.value
    return target


def _set_weights(
    weights: Tensor, intervention: Intervention, site: str
) -> Float[Tensor, "batch head query key"]:
    """Set cells of weights; the other cells of the row are rescaled so that its sum stays."""
    edited = _set(weights, intervention.weights, site)
    if not intervention.renormalise:
        return edited
    _, heads, queries, keys = weights.shape
    rows: dict[tuple[int, int], list[int]] = {}
    for c in intervention.weights:
        if c.site == site and c.head < heads and c.query < queries and c.key < keys:
            rows.setdefault((c.head, c.query), []).append(c.key)
    for (head, query), fixed in rows.items():
        row = edited[:, head, query]  # (batch, key), a view
        free = torch.ones(row.shape[-1], dtype=torch.bool, device=row.device)
        free[fixed] = False
        total = weights[:, head, query].sum(-1, keepdim=True)
        left = (total - row[:, ~free].sum(-1, keepdim=True)).clamp_min(0)
        rest = row[:, free].sum(-1, keepdim=True)
        row[:, free] = torch.where(rest > 0, row[:, free] * left / rest.clamp_min(1e-30), 0.0)
        # With nothing left to take from, the set cells themselves share the row's sum.
        now = row.sum(-1, keepdim=True)
        row.copy_(torch.where(now > 0, row * total / now.clamp_min(1e-30), row))
    return edited


def weigh(
    scores: Float[Tensor, "batch head query key"],
    mask: Bool[Tensor, "#batch #head query key"] | None = None,
    *,
    site: str = "",
    intervention: Intervention | None = None,
    normaliser: str = "softmax",
) -> tuple[
    Float[Tensor, "batch head query key"],
    Float[Tensor, "batch head query key"],
    Bool[Tensor, "#batch #head query key"] | None,
]:
    """Scores to weights with a learner's changes applied: the one function that applies them.

    Order: temperature, set scores, set mask cells, knock out tokens, normalise, set weights,
    knock out heads.

    Parameters
    ----------
    scores : Float[Tensor, "batch head query key"]
        Scores with their scale applied.
    mask : Bool[Tensor, "#batch #head query key"], optional
        ``True`` = may attend.
    site : str
        Trace key of this attention.
    intervention : Intervention, optional
        ``None`` changes nothing.
    normaliser : str
        The attention's own.

    Returns
    -------
    scores : Float[Tensor, "batch head query key"]
        As the normaliser got them, before the mask.
    weights : Float[Tensor, "batch head query key"]
        After everything.
    mask : Bool[Tensor, "#batch #head query key"] or None
        The mask that was used.

    Examples
    --------
    >>> cut = Intervention(tokens=(("here", 0),))
    >>> weigh(torch.zeros(1, 1, 1, 2), site="here", intervention=cut)[1].flatten().tolist()
    [0.0, 1.0]
    """
    if intervention is None or not intervention.touches(site):
        return scores, normalise(scores, mask, normaliser), mask
    scores = _set(scores / intervention.temperature, intervention.scores, site)
    n_query, n_key = scores.shape[-2:]
    cells = [c for c in intervention.mask_cells if c.site == site]
    tokens = [key for s, key in intervention.tokens if s == site and key < n_key]
    if cells or tokens:
        mask = (
            torch.ones(1, 1, n_query, n_key, dtype=torch.bool, device=scores.device)
            if mask is None
            else mask
        )
        heads = scores.shape[1] if cells else mask.shape[1]
        mask = _set(mask.expand(mask.shape[0], heads, n_query, n_key).clone(), tuple(cells), site)
        mask[..., tokens] = False
    chosen = intervention.normaliser or normaliser
    weights = _set_weights(normalise(scores, mask, chosen), intervention, site)
    out = [head for s, head in intervention.heads if s == site and head < scores.shape[1]]
    if out:
        weights = weights.clone()
        if intervention.head_fill == "zero":
            weights[:, out] = 0.0
        else:
            weights[:, out] = normalise(torch.zeros_like(scores), mask)[:, out]
    return scores, weights, mask
