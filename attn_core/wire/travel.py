"""Views as they are sent: large ones deflated."""

import zlib

PACKED = b"\xff\xff\xff\xff"
"""Begins a view that travels deflated; no header is that long."""


WORTH_PACKING = 24_000


def travelling(view: bytes) -> bytes:
    """A view as it is sent: a large one deflated, for sparse maps are mostly alike.

    Parameters
    ----------
    view : bytes
        From ``pack``.

    Returns
    -------
    bytes
        The same, or ``PACKED`` and what zlib makes of it.
    """
    return PACKED + zlib.compress(view, 1) if len(view) > WORTH_PACKING else view


def arrived(data: bytes) -> bytes:
    """The inverse of ``travelling``.

    Parameters
    ----------
    data : bytes
        As sent.

    Returns
    -------
    bytes
        As ``pack`` made it.
    """
    return zlib.decompress(data[len(PACKED) :]) if data.startswith(PACKED) else data
