"""Ratings for lesson 6.1 as sequences of films, and the catalogue of films that is committed.

MovieLens (Harper and Konstan 2015; 100 004 ratings by 671 users), as the R package dslabs 0.7.4
holds it, Debian's ``r-cran-dslabs`` (Artistic-2.0)::

    apt-get download r-cran-dslabs && dpkg -x r-cran-dslabs_*.deb FOLDER

``FOLDER`` is what the scripts take. The package keeps its tables in R's lazy-load database: an
index (``Rdata.rdx``) of offsets and lengths into a file (``Rdata.rdb``) of compressed objects.
Titles, years and genres are committed (``python -m attn_core.datasets.films FOLDER``
writes them); no rating is, and no user's history.
"""

import argparse
import gzip
import hashlib
import json
import random
import struct
import sys
import warnings
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attn_core.inputs.films import DECADES, FILE

FOLDER = "usr/lib/R/site-library/dslabs/data"
LEAST = 5
"""Ratings that a film must have, as in Kang and McAuley 2018, section IV.A."""
MORE = "r-cran-dslabs 0.7.4 (Debian), data set movielens: MovieLens latest small, GroupLens"


@dataclass(frozen=True, slots=True)
class Histories:
    """Who saw what, in order.

    Parameters
    ----------
    films : tuple of int
        MovieLens ids of the catalogue, ascending.
    seen : tuple of tuple of int
        One for each user: places in ``films``, oldest first. The last one is the test, the one
        before it the validation, the others are trained on.
    sha256 : str
        Of the file that they were read from.
    """

    films: tuple[int, ...]
    seen: tuple[tuple[int, ...], ...]
    sha256: str


def _object(blob: bytes, start: int, length: int) -> bytes:
    """One object of the database: its length (big-endian), then zlib."""
    part = blob[start : start + length]
    (size,) = struct.unpack(">I", part[:4])
    data = zlib.decompress(part[4:])
    if len(data) != size:
        raise ValueError(f"the object has {len(data)} bytes; its head says {size}")
    return data


def table(folder: Path) -> tuple[Any, str]:
    """The table of ratings as a pandas frame, and the sha256 of the database."""
    import rdata

    def parsed(data: bytes) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bare serialised object has no file type
            return rdata.conversion.convert(rdata.parser.parse_data(data))

    index = parsed(gzip.decompress((folder / FOLDER / "Rdata.rdx").read_bytes()))
    start, length = (int(x) for x in index["variables"]["movielens"])
    blob = (folder / FOLDER / "Rdata.rdb").read_bytes()
    frame = parsed(_object(blob, start, length)).dropna(subset=["year"])  # 7 ratings
    return frame, hashlib.sha256(blob).hexdigest()


def in_order(rows: list[tuple[int, int, int]], seed: int = 0) -> dict[int, list[int]]:
    """Films of each user by time; what was rated in the same second is shuffled with a fixed seed.

    Rows are user, second, film. People rate whole pages at once: 32 % of the ratings share their
    second with another, and the file orders those by film, which says nothing of the user.
    """
    rng = random.Random(seed)
    out: dict[int, list[int]] = {}
    for user, _, _, film in sorted((u, t, rng.random(), f) for u, t, f in rows):
        out.setdefault(user, []).append(film)
    return out


def histories(folder: Path) -> Histories:
    """Every rating counts as seen, whatever its stars; films with fewer than ``LEAST`` are out."""
    frame, sha256 = table(folder)
    rows = [
        (int(u), int(t), int(f))
        for u, t, f in zip(frame.userId, frame.timestamp, frame.movieId, strict=True)
    ]
    counts = Counter(film for _, _, film in rows)
    films = tuple(sorted(f for f, n in counts.items() if n >= LEAST))
    place = {film: i for i, film in enumerate(films)}
    seen = in_order([r for r in rows if r[2] in place])
    return Histories(
        films,
        tuple(tuple(place[f] for f in seen[u]) for u in sorted(seen) if len(seen[u]) >= LEAST),
        sha256,
    )


def provenance(data: Histories) -> list[dict[str, Any]]:
    """The manifest's ``data``."""
    n = len(data.seen)
    return [
        {
            "source": MORE,
            "licence": "Artistic-2.0 (the package)",
            "sha256": data.sha256,
            "split": {"train": sum(len(s) - 2 for s in data.seen), "validation": n, "test": n},
            "split_unit": "each user's last film is the test, the one before it the validation",
            "films": len(data.films),
            "users": n,
            "synthetic": 0.0,
            "order": "by time; equal seconds in random order, seed 0",
        }
    ]


def write_films(folder: Path) -> None:
    """Titles, years and genres of the catalogue, as the app shows them."""
    frame, _ = table(folder)
    found = {
        int(f): (str(title), int(year), str(genres))
        for f, title, year, genres in zip(
            frame.movieId, frame.title, frame.year, frame.genres, strict=True
        )
    }
    films = histories(folder).films
    names = sorted({g for f in films for g in found[f][2].split("|") if "(" not in g})
    rows = [
        [
            f,
            found[f][0],
            found[f][1],
            [names.index(g) for g in found[f][2].split("|") if g in names],
        ]
        for f in films
    ]
    head = {"source": MORE, "licence": "Artistic-2.0", "genres": names, "decades": list(DECADES)}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = json.dumps(head, ensure_ascii=False)[:-1] + f', "films": [\n{lines}\n]}}\n'
    FILE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(rows)} films, {len(text.encode())} bytes\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    write_films(parser.parse_args().folder)
