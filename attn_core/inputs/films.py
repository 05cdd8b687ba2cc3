"""Films: the catalogue that the recommender knows, found by title, and histories in a link.

``assets/samples/films.json`` was written by ``attn_core.datasets.films``: titles, years
and genres of MovieLens's films with at least five ratings. It holds no rating.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from attn_core.inputs.limits import MAX_FILMS
from attn_core.inputs.refused import Refused
from attn_core.places import ASSETS

FILE = ASSETS / "samples" / "films.json"
DECADES = (1900, 1950, 1960, 1970, 1980, 1990, 2000, 2010)
"""First years of the spans that a film's year is put into; the first is half a century."""
_ARTICLE = re.compile(r"(.*), (The|A|An|Le|La|Les|L'|Il|Lo|Der|Die|Das|El|Los)")


@dataclass(frozen=True, slots=True)
class Film:
    """One film.

    Parameters
    ----------
    place : int
        Row of the models' tables.
    id : int
        MovieLens's.
    title : str
        As MovieLens writes it.
    year : int
        Of release.
    genres : tuple of str
        In English, as MovieLens writes them; some films have none.
    """

    place: int
    id: int
    title: str
    year: int
    genres: tuple[str, ...]

    @property
    def name(self) -> str:
        """The title as it is said: its article in front, no other titles in brackets."""
        bare = re.sub(r"\s*\(.*?\)", "", self.title) or self.title
        found = _ARTICLE.fullmatch(bare)
        gap = "" if found and found[2].endswith("'") else " "
        return f"{found[2]}{gap}{found[1]}" if found else bare

    @property
    def label(self) -> str:
        """Name and year."""
        return _label(self)


@cache
def _label(film: Film) -> str:
    return f"{film.name} ({film.year})"


@cache
def catalogue() -> tuple[Film, ...]:
    """Every film that the models know.

    Returns
    -------
    tuple of Film
        By place.
    """
    raw = json.loads(FILE.read_text(encoding="utf-8"))
    names = raw["genres"]
    return tuple(
        Film(place, film, title, year, tuple(names[g] for g in genres))
        for place, (film, title, year, genres) in enumerate(raw["films"])
    )


@cache
def genres() -> tuple[str, ...]:
    """All genres.

    Returns
    -------
    tuple of str
        In the order of the models' features.
    """
    return tuple(json.loads(FILE.read_text(encoding="utf-8"))["genres"])


@cache
def _places() -> dict[int, int]:
    return {film.id: film.place for film in catalogue()}


def folded(text: str) -> str:
    """A title as it is compared: no accents, no punctuation, lower case.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        Words with one space between.

    Examples
    --------
    >>> folded("Amélie (Fabuleux destin…)")
    'amelie fabuleux destin'
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in bare if not unicodedata.combining(c))))


@cache
def _by_name() -> dict[str, list[int]]:
    """Places by folded title; by its parts in brackets; and with its article in front."""
    out: dict[str, list[int]] = {}
    for film in catalogue():
        names = {film.title, re.sub(r"\s*\(.*?\)", "", film.title)}
        names |= set(re.findall(r"\((?:a\.k\.a\. )?(.*?)\)", film.title))
        for name in list(names):
            if found := _ARTICLE.fullmatch(name):
                names.add(f"{found[2]} {found[1]}")
        for name in {folded(n) for n in names} - {""}:
            out.setdefault(name, []).append(film.place)
    return out


def by_id(film: int) -> Film:
    """A film by MovieLens's id.

    Parameters
    ----------
    film : int
        Id.

    Returns
    -------
    Film
        The film.

    Raises
    ------
    Refused
        If the catalogue lacks it.
    """
    place = _places().get(film)
    if place is None:
        raise Refused("refused.film_id", id=str(film)[:20])
    return catalogue()[place]


def by_title(title: str, year: int | None = None) -> Film | None:
    """A film by its title, in any case, with or without accents, article and year.

    Parameters
    ----------
    title : str
        As somebody writes it; a year in brackets at its end counts as ``year``.
    year : int, optional
        Tells films of one name apart.

    Returns
    -------
    Film or None
        Of several the newest, where no year decides; ``None`` where there is none.
    """
    if found := re.search(r"\((\d{4})\)\s*$", title):
        title, year = title[: found.start()], year or int(found[1])
    films = [catalogue()[p] for p in _by_name().get(folded(title), ())]
    films = [f for f in films if year is None or abs(f.year - year) <= 1]
    return max(films, key=lambda f: f.year, default=None)


def to_text(history: tuple[int, ...]) -> str:
    """A history for a link.

    Parameters
    ----------
    history : tuple of int
        MovieLens ids, oldest first.

    Returns
    -------
    str
        "1-260-296".
    """
    return "-".join(map(str, history))


def from_text(text: str) -> tuple[int, ...]:
    """The inverse of ``to_text``; what a link may hold that is no history is left out.

    Parameters
    ----------
    text : str
        From a stranger.

    Returns
    -------
    tuple of int
        Ids that the catalogue has, each once, at most ``MAX_FILMS``.

    Examples
    --------
    >>> from_text("1-x-1--7777777")
    (1,)
    """
    ids = (int(part) for part in text[:2_000].split("-") if part.isascii() and part.isdecimal())
    return tuple(dict.fromkeys(i for i in ids if i in _places()))[:MAX_FILMS]
