"""Words to letter ids and pronunciations to target ids, as the speller reads them."""

import torch
from jaxtyping import Int
from torch import Tensor, nn

from attn_core.inputs.alphabets import LETTERS, MAX_LETTERS, PHONEMES
from attn_core.models.speller import END, N_SPECIAL, PAD


def letter_ids(words: list[str]) -> tuple[Int[Tensor, "batch letter"], Int[Tensor, "batch"]]:
    """Words to padded letter ids.

    Parameters
    ----------
    words : list of str
        Lower-case words of ``LETTERS``, 1 to ``MAX_LETTERS`` long.

    Returns
    -------
    letters : Int[Tensor, "batch letter"]
        Ids, ``PAD`` after each word's end.
    lengths : Int[Tensor, "batch"]
        Letters in each word.

    Raises
    ------
    ValueError
        If a word is empty, too long, or holds another character.

    Examples
    --------
    >>> letter_ids(["ab", "c"])[0].tolist()
    [[3, 4], [5, 0]]
    """
    for word in words:
        if not 1 <= len(word) <= MAX_LETTERS:
            raise ValueError(
                f"{word[:50]!r} has {len(word)} letters; it must have 1 to {MAX_LETTERS}"
            )
        unknown = [c for c in word if c not in LETTERS]
        if unknown:
            raise ValueError(f"{word!r} holds {unknown[0]!r}; only {LETTERS!r} can be read")
    rows = [torch.tensor([LETTERS.index(c) + N_SPECIAL for c in word]) for word in words]
    lengths = torch.tensor([len(word) for word in words])
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD), lengths


def phoneme_ids(pronunciations: list[tuple[str, ...]]) -> Int[Tensor, "batch phoneme"]:
    """Pronunciations to padded target ids, each ending in ``END``.

    Parameters
    ----------
    pronunciations : list of tuple of str
        Phonemes without stress, each of ``PHONEMES``.

    Returns
    -------
    Int[Tensor, "batch phoneme"]
        Ids.

    Examples
    --------
    >>> phoneme_ids([("AA", "B"), ("AA",)]).tolist()
    [[3, 9, 2], [3, 2, 0]]
    """
    index = {name: i + N_SPECIAL for i, name in enumerate(PHONEMES)}
    rows = [torch.tensor([index[p] for p in said] + [END]) for said in pronunciations]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
