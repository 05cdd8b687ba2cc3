"""Words and thumbnails around a view."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Labels:
    """Words around the picture, in the learner's language.

    Parameters
    ----------
    title, look, summary : str
        What the figure shows, what to look for in it, and its text alternative.
    sites : dict of str to str
        Name of each site.
    strings : dict of str to str
        The viewer's own words.
    rows : dict of str to tuple of str
        Names of a site's queries where they are not the result's.
    query_images, key_images : tuple of str
        Data URLs of thumbnails or sound slices; empty where tokens are words.
    can_edit : tuple of str
        Some of "score", "mask", "weight".
    can_cut : tuple of str
        Some of "token", "head".
    whole : tuple of str
        Sites that are no head and that nothing may cut, an output for one.
    """

    title: str
    look: str
    summary: str
    sites: dict[str, str]
    strings: dict[str, str]
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    query_images: tuple[str, ...] = ()
    key_images: tuple[str, ...] = ()
    can_edit: tuple[str, ...] = ("score", "mask", "weight")
    can_cut: tuple[str, ...] = ("token", "head")
    whole: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def digest_of(images: tuple[str, ...]) -> str:
    """The name under which the browser keeps some thumbnails.

    Parameters
    ----------
    images : tuple of str
        Data URLs.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    return hashlib.sha256("\n".join(images).encode()).hexdigest()[:16]


def images_of(around: Sequence[Labels]) -> dict[str, tuple[str, ...]]:
    """The thumbnails that some labels name, for the browser to keep: a view names them alone.

    Parameters
    ----------
    around : sequence of Labels
        Of a view, now and before.

    Returns
    -------
    dict of str to tuple of str
        By the name that ``pack`` gives them; empty where tokens are words.
    """
    every = [images for a in around for images in (a.query_images, a.key_images)]
    return {digest_of(images): images for images in every if images}


def named(names: tuple[str, ...], start: int, end: int) -> list[dict[str, str]]:
    """Tokens as a view's header names them.

    Parameters
    ----------
    names : tuple of str
        All of an axis; long ones are cut, and told whole in "title".
    start, end : int
        Which part.

    Returns
    -------
    list of dict
        "label", and "title" where that is longer.
    """
    out = []
    for i in range(start, end):
        item = {"label": names[i][:40] if i < len(names) else str(i)}
        if i < len(names) and len(names[i]) > 40:
            item["title"] = names[i][:200]
        out.append(item)
    return out
