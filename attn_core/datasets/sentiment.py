"""Reviews for lesson 2.1, cleaned, without duplicates, split with a fixed seed.

English: Stanford sentiment, binary, whole sentences (Socher et al. 2013), as
https://github.com/clairett/pytorch-sentiment-classification (commit 457ffd83) holds it in
``data/SST2``: ``train.tsv`` is split into train and validation, ``dev.tsv`` is the test.
Chinese: ``hotel.csv`` and ``waimai_10k.csv`` of https://github.com/SophonPlus/ChineseNlpCorpus
(commit a0b781d7), research use. No text of either is committed.
"""

import csv
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attn_core.inputs.text import clean_review

ENGLISH = ("sst2/data/SST2/train.tsv", "sst2/data/SST2/dev.tsv")
CHINESE = ("chn_senti/hotel.csv", "chn_senti/waimai_10k.csv")
MAX_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Review:
    """A text, its label (1 positive), and where it comes from."""

    text: str
    label: int
    source: str


def provenance(folder: Path, names: tuple[str, ...], parts: dict[str, list[Review]]) -> Any:
    """The manifest's ``data``."""
    digest = hashlib.sha256(b"".join((folder / n).read_bytes() for n in names)).hexdigest()
    source = __doc__.split("English: ")[1].split("Chinese: ")["chn" in names[0]]
    return [
        {
            "source": " ".join(source.split()),
            "licence": "research use",
            "sha256": digest,
            "split_sizes": {k: len(v) for k, v in parts.items()},
            "split_unit": "text, duplicates removed",
            "synthetic_share": 0.0,
        }
    ]


def english(folder: Path) -> dict[str, list[Review]]:
    """Train, validation and test of the Stanford sentiment sentences."""
    rows = []
    for name in ENGLISH:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        pairs = [line.rsplit("\t", 1) for line in lines if "\t" in line]
        rows.append([Review(text.strip(), int(label), "sst2") for text, label in pairs])
    held = {r.text for r in rows[1]}
    known = list({r.text: r for r in rows[0] if r.text not in held}.values())
    random.Random(0).shuffle(known)
    return {"train": known[600:], "validation": known[:600], "test": rows[1]}


def chinese(folder: Path) -> dict[str, list[Review]]:
    """Train, validation and test of hotel and take-away reviews; one text on one side only."""
    found: dict[str, Review] = {}
    clash = set()
    for name, source in zip(CHINESE, ("hotel", "takeaway"), strict=True):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                text = clean_review(row["review"] or "")[:MAX_CHARACTERS]
                if not text:
                    continue
                kept = found.setdefault(text, Review(text, int(row["label"]), source))
                if kept.label != int(row["label"]):  # the same text with both labels says nothing
                    clash.add(text)
    reviews = [r for text, r in sorted(found.items()) if text not in clash]
    random.Random(0).shuffle(reviews)
    n = len(reviews) // 10
    return {"train": reviews[2 * n :], "validation": reviews[:n], "test": reviews[n : 2 * n]}


def batches(lengths: list[int], size: int, rng: random.Random) -> list[list[int]]:
    """Indices in shuffled batches of about one length."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] * (1 + 0.1 * rng.random()))
    chunks = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(chunks)
    return chunks
