"""What a selection means for a result."""

from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection


def region_of(selection: Selection, n_query: int, n_key: int) -> tuple[int, int, int, int]:
    """The part of a map that is shown, whatever the selection asked for.

    Parameters
    ----------
    selection : Selection
        What was asked.
    n_query, n_key : int
        Size of the map.

    Returns
    -------
    tuple of int
        First query, end, first key, end: at least one cell, all within the map.
    """
    if selection.region is None:
        return 0, n_query, 0, n_key
    q0, q1, k0, k1 = selection.region
    q0, k0 = min(max(q0, 0), n_query - 1), min(max(k0, 0), n_key - 1)
    return q0, min(max(q1, q0 + 1), n_query), k0, min(max(k1, k0 + 1), n_key)


def opened(result: LessonResult, selection: Selection) -> tuple[str, AttentionTrace, int]:
    """The site, its trace and the head that are open, whatever the selection asked for.

    Parameters
    ----------
    result : LessonResult
        The run.
    selection : Selection
        What was asked; out of range falls back to the first.

    Returns
    -------
    tuple
        Site, trace, head.
    """
    site = selection.site if selection.site in result.traces else next(iter(result.traces))
    trace = result.traces[site]
    head = selection.head if 0 <= selection.head < trace.weights.shape[1] else 0
    return site, trace, head


def silent(result: LessonResult, selection: Selection) -> bool:
    """Whether the open row has no weight at all: its head is cut, or every key is.

    Parameters
    ----------
    result : LessonResult
        The run.
    selection : Selection
        What is open; a row that does not exist is not silent.

    Returns
    -------
    bool
        True where nothing is left to look at.
    """
    _, trace, head = opened(result, selection)
    row = selection.query
    if row is None or not 0 <= row < trace.weights.shape[2]:
        return False
    return not bool(trace.weights[0, head, row].any())


def comparable(
    result: LessonResult, before: LessonResult | None, site: str, head: int
) -> AttentionTrace | None:
    """The open site before the learner's changes, where its cells are those of now.

    Parameters
    ----------
    result, before : LessonResult
        The run that is shown, and the run without the changes.
    site : str
        Trace key.
    head : int
        The open head.

    Returns
    -------
    AttentionTrace or None
        ``None`` where there is none, or one of another shape.
    """
    if before is None or before is result:
        return None
    old = before.traces.get(site)
    shape = result.traces[site].weights.shape
    if old is None or head >= old.weights.shape[1] or old.weights.shape[2:] != shape[2:]:
        return None
    return old
