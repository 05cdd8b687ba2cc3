"""English–Chinese sentence pairs for lesson 3.3, split so that no sentence is on both sides.

Data: Tatoeba's pairs as in leebychina/chinesetoenglish (commit a32aa842, ``cmn.txt``; CC BY 2.0
FR). A sentence often has several translations: pairs that share a sentence of either language stay
together, so that what is held out is new in both.
"""

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from attn_core.inputs.text import clean

FILE = "cmn_eng/cmn.txt"
SPECIAL = ["[pad]", "[start]", "[end]", "[unknown]"]
N_ENGLISH = 2500
N_TEST, N_VALIDATION = 1000, 500


@dataclass(frozen=True, slots=True)
class Pair:
    """One sentence in both languages."""

    en: str
    zh: str


def read(folder: Path) -> list[Pair]:
    """All pairs, in the file's order, duplicates removed.

    Parameters
    ----------
    folder : Path
        That holds ``cmn_eng``.

    Returns
    -------
    list of Pair
        Cleaned.
    """
    found: dict[Pair, None] = {}
    for line in (folder / FILE).read_text(encoding="utf-8").splitlines():
        en, zh = line.split("\t")[:2]
        found[Pair(clean(en, "en"), clean(zh, "zh"))] = None
    return list(found)


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def groups(pairs: list[Pair]) -> list[list[Pair]]:
    """Pairs that share a sentence, case and punctuation apart, stay together.

    Parameters
    ----------
    pairs : list of Pair
        Any.

    Returns
    -------
    list of list of Pair
        Connected components.

    Examples
    --------
    >>> len(groups([Pair("Hi.", "嗨。"), Pair("Hi!", "你好。"), Pair("Go.", "走。")]))
    2
    """
    parent: dict[str, str] = {}

    def root(x: str) -> str:
        while parent.setdefault(x, x) != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for pair in pairs:
        parent[root("en " + _plain(pair.en))] = root("zh " + _plain(pair.zh))
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(root("en " + _plain(pair.en)), []).append(pair)
    return list(found.values())


def split(pairs: list[Pair]) -> dict[str, list[Pair]]:
    """Train, validation and test, by group, with a fixed seed.

    Parameters
    ----------
    pairs : list of Pair
        From ``read``.

    Returns
    -------
    dict of str to list of Pair
        The three parts.
    """
    order = groups(pairs)
    random.Random(0).shuffle(order)
    parts: dict[str, list[Pair]] = {"test": [], "validation": [], "train": []}
    for group in order:
        if len(group) < 20 and len(parts["test"]) < N_TEST:
            parts["test"] += group
        elif len(group) < 20 and len(parts["validation"]) < N_VALIDATION:
            parts["validation"] += group
        else:
            parts["train"] += group
    return parts


def english_tokenizer(texts: list[str]) -> Tokenizer:
    """Byte-pair pieces of words (Sennrich et al. 2016), a word's first one marked.

    Parameters
    ----------
    texts : list of str
        Training sentences.

    Returns
    -------
    Tokenizer
        With ``N_ENGLISH`` pieces.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL[3]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Split(Regex(r"[^\w▁']"), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=N_ENGLISH, special_tokens=SPECIAL, min_frequency=2, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def chinese_tokenizer(texts: list[str]) -> Tokenizer:
    """Single characters that occur at least twice.

    Parameters
    ----------
    texts : list of str
        Training sentences.

    Returns
    -------
    Tokenizer
        One id a character.
    """
    seen: dict[str, int] = {}
    for text in texts:
        for c in text:
            seen[c] = seen.get(c, 0) + 1
    known = SPECIAL + sorted(c for c, n in seen.items() if n >= 2)
    tokenizer = Tokenizer(models.WordLevel({c: i for i, c in enumerate(known)}, SPECIAL[3]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def provenance(folder: Path, parts: dict[str, list[Pair]]) -> list[dict[str, object]]:
    """The manifest's ``data``.

    Parameters
    ----------
    folder : Path
        That holds ``cmn_eng``.
    parts : dict of str to list of Pair
        From ``split``.

    Returns
    -------
    list of dict
        Source, licence, digest and sizes.
    """
    return [
        {
            "source": " ".join((__doc__ or "").split("Data: ")[1].split(";")[0].split()) + ")",
            "licence": "CC BY 2.0 FR",
            "sha256": hashlib.sha256((folder / FILE).read_bytes()).hexdigest(),
            "split_sizes": {k: len(v) for k, v in parts.items()},
            "split_unit": "pairs that share a sentence of either language, duplicates removed",
            "synthetic_share": 0.0,
        }
    ]
