"""Would *this* film suit? Attention from a candidate to the history (Zhou et al. 2018, DIN).

The activation unit of the paper's equation 3 weighs each film seen by the candidate; its weights
are not normalised over the history, so that many related films count for more than one. The paper
leaves its weights unbounded; ours end in a sigmoid, each in (0, 1) on its own. And where the paper
hands the weighted sum to a network, ours compares it with the candidate by a dot product, so that a
score is a sum with one term for each film: what leaving a film out changes can be read off.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attn_core.attention.functional import attend
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.attention.weigh import weigh
from attn_core.models.film_table import FilmTable

SITE = "target"


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """Sizes.

    Parameters
    ----------
    n_films, n_features : int
        Size of the catalogue, and of all features together.
    d_model, d_unit : int
        Width of a film's vector and of the activation unit.
    dropout : float
        On films read and compared, in [0, 1).
    length : int
        Films that are read: the last ones, in any order.

    Raises
    ------
    ValueError
        If a size is below 1.
    """

    n_films: int
    n_features: int
    d_model: int = 64
    d_unit: int = 16
    dropout: float = 0.2
    length: int = 10

    def __post_init__(self) -> None:
        for name in ("n_films", "n_features", "d_model", "d_unit", "length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")


class TargetRecommender(nn.Module):
    """Films seen, and candidates to a score for each; the last ``length`` films count, all alike.

    Parameters
    ----------
    config : TargetConfig
        Sizes.
    """

    def __init__(self, config: TargetConfig) -> None:
        super().__init__()
        self.config = config
        d, unit = config.d_model, config.d_unit
        self.films = FilmTable(config.n_films, config.n_features, d)
        self.value_projection = nn.Linear(d, d, bias=False)
        self.key_unit = nn.Linear(d, unit)
        self.query_unit = nn.Linear(d, unit, bias=False)
        self.both_unit = nn.Linear(d, unit, bias=False)
        self.energy = nn.Linear(unit, 1)
        self.bias = nn.Parameter(torch.zeros(config.n_films))
        self.dropout = nn.Dropout(config.dropout)
        self.scale = d**0.5

    def scores(
        self, key: Float[Tensor, "batch key d_model"], query: Float[Tensor, "batch query d_model"]
    ) -> Float[Tensor, "batch query key"]:
        """The activation unit, w · PReLU-like(A e_i + B e_c + C (e_i ∘ e_c)).

        Parameters
        ----------
        key : Float[Tensor, "batch key d_model"]
            Films seen.
        query : Float[Tensor, "batch query d_model"]
            Candidates.

        Returns
        -------
        Float[Tensor, "batch query key"]
            Before the sigmoid.
        """
        # C (e_i ∘ e_c) as one product: (u, d) ∘ (q, 1, d) -> (q, u, d), then with e_i.
        mixed = self.both_unit.weight * query.unsqueeze(-2)  # (b, q, 1, d) -> (b, q, u, d)
        both = key @ mixed.flatten(1, 2).transpose(1, 2)  # (b, k, d) x (b, d, q·u) -> (b, k, q·u)
        both = both.unflatten(-1, mixed.shape[1:3]).transpose(1, 2)  # -> (b, q, k, u)
        alone = self.key_unit(key)[:, None] + self.query_unit(query)[:, :, None]
        return self.energy(torch.relu(both + alone)).squeeze(-1)

    def forward(
        self,
        seen: Int[Tensor, "batch film"],
        candidates: Int[Tensor, "candidate"],
        intervention: Intervention | None = None,
        table: Float[Tensor, "catalogue d_model"] | None = None,
    ) -> tuple[Float[Tensor, "batch candidate"], AttentionTrace]:
        """Scores of candidates after a history.

        Parameters
        ----------
        seen : Int[Tensor, "batch film"]
            Places in the catalogue, oldest first; those before the last ``length`` are masked.
        candidates : Int[Tensor, "candidate"]
            The same ones for every history.
        intervention : Intervention, optional
            A learner's changes at the site "target".
        table : Float[Tensor, "catalogue d_model"], optional
            ``films.every()``, where it is at hand.

        Returns
        -------
        scores : Float[Tensor, "batch candidate"]
            Unnormalised logarithms.
        trace : AttentionTrace
            One head, candidates by films seen; normaliser "sigmoid" unless a learner chose another.
        """
        table = self.films.every() if table is None else table
        key, query = table[seen], table[candidates].expand(len(seen), -1, -1)
        raw = self.scores(key, query)[:, None]  # (b, q, k) -> (b, 1, q, k)
        value = self.value_projection(key)[:, None]
        n, old = seen.shape[1], seen.shape[1] - self.config.length
        allowed = None
        if old > 0:
            allowed = (torch.arange(n, device=seen.device) >= old).expand(1, 1, len(candidates), -1)
        scores, weights, used, normaliser = weigh(
            raw, allowed, site=SITE, intervention=intervention, normaliser="sigmoid"
        )
        interest = attend(weights, value)  # (b, 1, q, d)
        context = interest[:, 0]
        found = (context * query).sum(-1) / self.scale + self.bias[candidates]
        return found, AttentionTrace(
            query[:, None], key[:, None], value, scores, used, weights, normaliser, context
        )

    def terms(
        self, key: Float[Tensor, "batch key d_model"], query: Float[Tensor, "batch query d_model"]
    ) -> Float[Tensor, "batch key query"]:
        """What each film seen adds to each candidate's score, whatever else was seen.

        Parameters
        ----------
        key : Float[Tensor, "batch key d_model"]
            Films seen.
        query : Float[Tensor, "batch query d_model"]
            Candidates.

        Returns
        -------
        Float[Tensor, "batch key query"]
            Weight times what the film's value says of the candidate.
        """
        says = self.value_projection(key) @ query.transpose(1, 2) / self.scale  # (b, k, q)
        return torch.sigmoid(self.scores(key, query)).transpose(1, 2) * says

    def in_order(
        self,
        seen: Int[Tensor, "batch film"],
        candidates: Int[Tensor, "candidate"],
    ) -> Float[Tensor, "batch film candidate"]:
        """Scores after each film of a history, as running sums of terms.

        Parameters
        ----------
        seen : Int[Tensor, "batch film"]
            Places in the catalogue, oldest first.
        candidates : Int[Tensor, "candidate"]
            The same ones for every history and place.

        Returns
        -------
        Float[Tensor, "batch film candidate"]
            As ``forward`` on the films up to each.
        """
        table = self.films.every()
        key = self.dropout(table[seen])
        query = self.dropout(table[candidates]).expand(len(seen), -1, -1)
        sums = self.terms(key, query).cumsum(1)
        if (length := self.config.length) < sums.shape[1]:
            sums = torch.cat([sums[:, :length], sums[:, length:] - sums[:, :-length]], 1)
        return sums + self.bias[candidates]
