"""A film as a vector: what was learned of the film itself, and what it attends to of its features.

The film's own vector is the query, its genres and its decade are keys and values; the sum of both
is what every recommender of lesson 6.1 reads and is compared with. Weighing features by the item
that has them is the idea of attentional factorisation (Xiao et al. 2017, equation 5), here with
dot products.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.multi_head import MultiHeadAttention

SITE = "features"
MIXES = ("attention", "mean")
"""How several things are weighed: by attention, or all alike with the same parameters."""


class FilmTable(nn.Module):
    """One vector for each film of a catalogue.

    Parameters
    ----------
    n_films, n_features : int
        Size of the catalogue, and of all features together.
    d_model : int
        Size of a vector.
    mix : str
        One of ``MIXES``, or "none": the film alone.

    Raises
    ------
    ValueError
        If the mix is unknown.

    Notes
    -----
    ``has`` (films by features) is a buffer: it is saved with the weights, and filled by whoever
    trains.
    """

    has: Tensor

    def __init__(self, n_films: int, n_features: int, d_model: int, mix: str = "attention") -> None:
        super().__init__()
        if mix not in (*MIXES, "none"):
            raise ValueError(f"mix is {mix!r}; it must be one of {(*MIXES, 'none')}")
        self.mix = mix
        self.own = nn.Embedding(n_films, d_model)
        self.features = nn.Embedding(n_features, d_model)
        self.attention = MultiHeadAttention(d_model, 1)
        nn.init.normal_(self.own.weight, std=0.02)
        nn.init.normal_(self.features.weight, std=0.02)
        self.register_buffer("has", torch.zeros(n_films, n_features, dtype=torch.bool))

    def forward(
        self, films: Int[Tensor, "film"], intervention: Intervention | None = None
    ) -> tuple[Float[Tensor, "film d_model"], AttentionTrace | None]:
        """Vectors of some films.

        Parameters
        ----------
        films : Int[Tensor, "film"]
            Places in the catalogue.
        intervention : Intervention, optional
            A learner's changes at the site "features"; query i is the i-th of these films.

        Returns
        -------
        vectors : Float[Tensor, "film d_model"]
            Film and features together.
        trace : AttentionTrace or None
            One head, films by features; ``None`` for a table without features.
        """
        own = self.own(films)
        if self.mix == "none":
            return own, None
        seen, allowed = self.features.weight[None], self.has[films][None, None]
        changes = intervention
        if self.mix == "mean":
            changes = Intervention(scale=0.0)  # all scores alike: the mean of what it has
        read, trace = self.attention(
            own[None], seen, seen, allowed, site=SITE, intervention=changes
        )
        return own + read[0], trace  # (1, f, d) -> (f, d)

    def every(self) -> Float[Tensor, "film d_model"]:
        """Vectors of the whole catalogue.

        Returns
        -------
        Float[Tensor, "film d_model"]
            By place.
        """
        return self(torch.arange(len(self.own.weight), device=self.own.weight.device))[0]


def features_of(
    genres: list[list[int]], years: list[int], decades: tuple[int, ...], n_genres: int
) -> Bool[Tensor, "film feature"]:
    """Which features each film has: its genres, then the span of years that it is from.

    Parameters
    ----------
    genres : list of list of int
        Of each film.
    years : list of int
        Of release.
    decades : tuple of int
        First years of the spans, ascending.
    n_genres : int
        All of them.

    Returns
    -------
    Bool[Tensor, "film feature"]
        Genres, then spans.

    Examples
    --------
    >>> features_of([[1]], [1977], (1900, 1970), 2).int().tolist()
    [[0, 1, 0, 1]]
    """
    has = torch.zeros(len(genres), n_genres + len(decades), dtype=torch.bool)
    for i, (kinds, year) in enumerate(zip(genres, years, strict=True)):
        has[i, kinds] = True
        has[i, n_genres + sum(year >= first for first in decades) - 1] = True
    return has
