"""Text that fits into an address: packed, or named by its digest where it is too long."""

import base64
import binascii
import hashlib
import zlib
from urllib.parse import urlencode

from attn_core.inputs.limits import MAX_LINK_BYTES, MAX_PACKED_CHARACTERS

DIGEST = "_digest"
"""Ends the name of a parameter that holds "digest~length" instead of a text."""

SHORT = 32
"""Characters that a digest would not make fewer."""


def digest(data: bytes) -> str:
    """Short name of bytes that do not fit into a link.

    Parameters
    ----------
    data : bytes
        Any.

    Returns
    -------
    str
        Twelve hexadecimal digits.

    Examples
    --------
    >>> digest(b"")
    'e3b0c44298fc'
    """
    return hashlib.sha256(data).hexdigest()[:12]


def pack(text: str) -> str:
    """A text deflated, in letters that an address holds as they are.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        What ``unpack`` reads.

    Examples
    --------
    >>> unpack(pack("ten " * 10)) == "ten " * 10
    True
    """
    deflate = zlib.compressobj(9, wbits=-15)
    data = deflate.compress(text.encode()) + deflate.flush()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpack(text: str) -> str:
    """The inverse of ``pack``; what comes from a link is bounded before it is read.

    Parameters
    ----------
    text : str
        From ``pack``, or from a stranger.

    Returns
    -------
    str
        At most ``MAX_PACKED_CHARACTERS`` bytes long.

    Raises
    ------
    ValueError
        If the text is nothing that ``pack`` made, or holds more than that.

    Examples
    --------
    >>> unpack(pack('{"temperature":2.0}'))
    '{"temperature":2.0}'
    """
    if len(text) > MAX_PACKED_CHARACTERS:
        raise ValueError(f"{len(text)} characters; at most {MAX_PACKED_CHARACTERS} are read")
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj(wbits=-15)
        data = inflate.decompress(packed, MAX_PACKED_CHARACTERS + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"not packed: {error}") from error
    if len(data) > MAX_PACKED_CHARACTERS:
        raise ValueError(f"more than {MAX_PACKED_CHARACTERS} bytes are packed")
    if not inflate.eof or inflate.unused_data:
        raise ValueError("not packed: it has no end, or goes on after it")
    return data.decode()  # a UnicodeDecodeError is a ValueError


def fit(
    values: dict[str, str], most: int = MAX_LINK_BYTES
) -> tuple[dict[str, str], dict[str, str]]:
    """Parameters that fit into an address: the longest texts are named by their digest.

    Parameters
    ----------
    values : dict of str to str
        Name and text of each parameter.
    most : int
        Bytes of the address's query.

    Returns
    -------
    dict of str to str
        What the address holds.
    dict of str to str
        The texts that it only names, by their "digest~length".

    Examples
    --------
    >>> fit({"n": "3", "text": "a" * 99}, most=60)[0]
    {'n': '3', 'text_digest': '132844681d57~99'}
    """
    fitted, named = dict(values), {}
    while len(urlencode(fitted)) > most:
        name = max(fitted, key=lambda n: len(urlencode({n: fitted[n]})))
        text = fitted[name]
        if len(text) <= SHORT or name.endswith(DIGEST):
            break
        del fitted[name]
        fitted[name + DIGEST] = f"{digest(text.encode())}~{len(text)}"
        named[fitted[name + DIGEST]] = text
    return fitted, named
