"""Scores to weights with a learner's changes applied: the one place that applies them."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.attention.functional import normalise
from attn_core.attention.interventions import Cell, Intervention


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
        # Never in place before the end: what a gradient is computed from must stay as it was.
        row = edited[:, head, query].clone()  # (batch, key)
        free = torch.ones(row.shape[-1], dtype=torch.bool, device=row.device)
        free[fixed] = False
        total = weights[:, head, query].sum(-1, keepdim=True)
        left = (total - row[:, ~free].sum(-1, keepdim=True)).clamp_min(0)
        rest = row[:, free].sum(-1, keepdim=True)
        row = torch.where(free, torch.where(rest > 0, row * left / rest.clamp_min(1e-30), 0.0), row)
        # With nothing left to take from, the set cells themselves share the row's sum.
        now = row.sum(-1, keepdim=True)
        edited[:, head, query] = torch.where(now > 0, row * total / now.clamp_min(1e-30), row)
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
    str,
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
    normaliser : str
        The one that was used: the learner's, or the attention's own.

    Examples
    --------
    >>> cut = Intervention(tokens=(("here", 0),))
    >>> weigh(torch.zeros(1, 1, 1, 2), site="here", intervention=cut)[1].flatten().tolist()
    [0.0, 1.0]
    """
    if intervention is None or not intervention.touches(site):
        return scores, normalise(scores, mask, normaliser), mask, normaliser
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
    return scores, weights, mask, chosen
