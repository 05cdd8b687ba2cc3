"""All heads of a result, small."""

from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import UInt8

from attn_core.contract.result import LessonResult
from attn_core.wire.pooling import quantise

THUMBNAIL = 16


def _thumbnails(result: LessonResult, site: str, side: int) -> UInt8[np.ndarray, "head row column"]:
    """All heads of a site, small."""
    trace = result.traces[site]
    top = float(trace.weights.float().nan_to_num().max()) or 1.0
    allowed = None if trace.mask is None else trace.mask[0]
    return quantise(trace.weights[0], allowed, top, side, side)


_kept_thumbnails: WeakKeyDictionary[LessonResult, dict[str, UInt8[np.ndarray, "head row column"]]]


_kept_thumbnails = WeakKeyDictionary()


def thumbnails_of(result: LessonResult) -> dict[str, UInt8[np.ndarray, "head row column"]]:
    """All heads of all sites, small; made once for each run, and gone with it.

    Parameters
    ----------
    result : LessonResult
        The run.

    Returns
    -------
    dict of str to UInt8[np.ndarray, "head row column"]
        By site; 255 where the mask forbids.
    """
    found = _kept_thumbnails.get(result)
    if found is None:
        heads = sum(trace.weights.shape[1] for trace in result.traces.values())
        side = min(THUMBNAIL, 8) if heads > 200 else THUMBNAIL
        found = {site: _thumbnails(result, site, side) for site in result.traces}
        _kept_thumbnails[result] = found
    return found
