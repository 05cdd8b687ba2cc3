"""AttentionTrace: the one thing every attention returns beside its output."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class AttentionTrace:
    """What one attention did, returned and never stored on a module.

    Parameters
    ----------
    query, key, value : Float[Tensor, "batch head length d_head"]
        What was compared and what was summed, after the projections.
    scores : Float[Tensor, "batch head query key"]
        As the normaliser gets them (scale and temperature applied), before the mask.
    mask : Bool[Tensor, "#batch #head query key"] or None
        ``True`` = may attend, knocked-out tokens included.
    weights : Float[Tensor, "batch head query key"]
        After the normaliser, before dropout.
    normaliser : str
        The one that was used, a learner's included: "softmax" or "sigmoid" (as ``normalise``
        takes it), or "share" where weights only count what a maximum took.
    context : Float[Tensor, "batch query d_model"]
        The output, after the output projection where there is one.
    location : Float[Tensor, "batch head query key d_key"] or None
        What each query adds to each key before it is compared, where that differs from query to
        query (location-aware attention); ``None`` where all queries meet the same keys.
    """

    query: Float[Tensor, "batch head query d_query"]
    key: Float[Tensor, "batch head key d_key"]
    value: Float[Tensor, "batch head key d_value"]
    scores: Float[Tensor, "batch head query key"]
    mask: Bool[Tensor, "#batch #head query key"] | None
    weights: Float[Tensor, "batch head query key"]
    normaliser: str
    context: Float[Tensor, "batch query d_model"]
    location: Float[Tensor, "batch head query key d_key"] | None = None

    def cpu(self) -> "AttentionTrace":
        """The same on the CPU.

        Returns
        -------
        AttentionTrace
            This very one where it is there already.
        """
        if self.weights.device.type == "cpu":
            return self
        moved: dict[str, Any] = {
            field.name: value.cpu()
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), Tensor)
        }
        return replace(self, **moved)

    def keys_of(self, query: int) -> Float[Tensor, "batch head key d_key"]:
        """The keys as one query met them.

        Parameters
        ----------
        query : int
            Which one.

        Returns
        -------
        Float[Tensor, "batch head key d_key"]
            ``key``, and what is added to it for this query.
        """
        return self.key if self.location is None else self.key + self.location[:, :, query]


def concat_queries(traces: list[AttentionTrace]) -> AttentionTrace:
    """Join the traces of successive decoding steps along the query axis.

    Parameters
    ----------
    traces : list of AttentionTrace
        One per step, of the same keys and values; at least one.

    Returns
    -------
    AttentionTrace
        The trace whose queries are all steps in order.

    Raises
    ------
    ValueError
        If the list is empty.
    """
    if not traces:
        raise ValueError("traces is empty; at least 1 is needed")
    first = traces[0]
    masks = [trace.mask for trace in traces if trace.mask is not None]
    locations = [trace.location for trace in traces if trace.location is not None]
    return AttentionTrace(
        query=torch.cat([t.query for t in traces], dim=2),
        key=first.key,
        value=first.value,
        scores=torch.cat([t.scores for t in traces], dim=2),
        mask=torch.cat(masks, dim=2) if len(masks) == len(traces) else None,
        weights=torch.cat([t.weights for t in traces], dim=2),
        normaliser=first.normaliser,
        context=torch.cat([t.context for t in traces], dim=1),
        location=torch.cat(locations, dim=2) if len(locations) == len(traces) else None,
    )


def in_half(trace: AttentionTrace) -> AttentionTrace:
    """The trace in half precision, as large maps are kept and shown.

    Parameters
    ----------
    trace : AttentionTrace
        Of a model on any device.

    Returns
    -------
    AttentionTrace
        On the CPU.
    """
    kept = {
        name: getattr(trace, name).half().cpu()
        for name in ("query", "key", "value", "scores", "weights", "context")
    }
    mask = None if trace.mask is None else trace.mask.cpu()
    location = None if trace.location is None else trace.location.half().cpu()
    return AttentionTrace(mask=mask, normaliser=trace.normaliser, location=location, **kept)
