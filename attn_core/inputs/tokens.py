"""Text to MiniLM's word pieces, through the ``tokenizers`` library and the packed tokenizer."""

import hashlib
import threading
from dataclasses import dataclass

import torch
from jaxtyping import Int
from tokenizers import Tokenizer
from torch import Tensor

from attn_core.checkpoints.manifests import WeightsMissing, read_manifest, tokenizer_path
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.inputs.refused import Refused

_lock = threading.Lock()
_tokenizer: list[Tokenizer] = []


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as the encoder sees it.

    Parameters
    ----------
    ids : Int[Tensor, "1 token"]
        With [CLS] and [SEP].
    pieces : tuple of str
        The word pieces.
    n_left : int
        Pieces cut off because the text was too long.
    """

    ids: Int[Tensor, "1 token"]
    pieces: tuple[str, ...]
    n_left: int


def _shared() -> Tokenizer:
    with _lock:
        if not _tokenizer:
            manifest = read_manifest("minilm")
            path = tokenizer_path(manifest)
            blob = path.read_bytes()
            if hashlib.sha256(blob).hexdigest() != manifest.raw["tokenizer_sha256"]:
                raise WeightsMissing(f"{path.name} is not the one the manifest names")
            tokenizer = Tokenizer.from_str(blob.decode())
            tokenizer.no_padding()
            tokenizer.no_truncation()
            _tokenizer.append(tokenizer)
    return _tokenizer[0]


def tokenize(text: str, limit: int = MAX_TOKENS) -> Tokens:
    """Word pieces of a text, [CLS] and [SEP] around them.

    Parameters
    ----------
    text : str
        Any text; nothing in it is treated as markup or as a special token.
    limit : int
        Most pieces kept, the two special ones included, at least 3.

    Returns
    -------
    Tokens
        Ids and pieces; what was cut is counted.

    Raises
    ------
    ValueError
        If ``limit`` is below 3.
    attn_core.checkpoints.manifests.WeightsMissing
        If the packed tokenizer is not on this machine.
    """
    if limit < 3:
        raise ValueError(f"limit is {limit}; it must be at least 3")
    encoded = _shared().encode(text, add_special_tokens=True)
    ids, pieces = encoded.ids, encoded.tokens
    left = max(0, len(ids) - limit)
    if left:
        ids = [*ids[: limit - 1], ids[-1]]
        pieces = [*pieces[: limit - 1], pieces[-1]]
    return Tokens(torch.tensor([ids]), tuple(pieces), left)


def typed(text: str, limit: int = MAX_TOKENS) -> Tokens:
    """Word pieces of what a learner typed.

    Parameters
    ----------
    text : str
        Any text.
    limit : int
        As for ``tokenize``.

    Returns
    -------
    Tokens
        At least one piece between the special ones.

    Raises
    ------
    attn_core.inputs.refused.Refused
        If there is none: nothing was typed, or marks without a letter, which are dropped.
    """
    found = tokenize(text, limit)
    if len(found.pieces) <= 2:
        raise Refused("refused.no_text")
    return found
