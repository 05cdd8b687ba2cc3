"""What comes next? Causal self-attention over the films somebody saw (Kang and McAuley 2018).

SASRec: each film looks back at itself and at what was seen before it; the state of the last one is
compared with every film's vector, the same vectors that were read. As in the paper there are
learned positions and one table for input and output; unlike it, norms come before each part, and
training is a softmax over the whole catalogue instead of one sampled negative. Expect a hit rate at
10 of about three times popularity's; what was measured is in the checkpoint's manifest.
"""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor, nn

from attn_core.attention import masks
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.learned import LearnedPositions
from attn_core.models.film_table import FilmTable

Traces = dict[str, AttentionTrace]
MIXES = ("attention", "mean", "pooled")


@dataclass(frozen=True, slots=True)
class RecommenderConfig:
    """Sizes of a recommender, and what its twins have instead of attention.

    Parameters
    ----------
    n_films, n_features : int
        Size of the catalogue, and of all features together.
    d_model, n_heads, n_layers : int
        Width, heads and layers.
    dropout : float
        On what is read and on each part's output, in [0, 1).
    length : int
        Films that are read at most: positions that were trained.
    mixing : str
        "attention", or "mean": every film seen so far counts alike, with the same parameters; or
        "pooled": the same without the shortcut around it, so that nothing but the mean is left.
    features : str
        How a film weighs its genres and decade: "attention", "mean", or "none" of them.
    positions : bool
        Whether a film's place in the history is told.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    n_films: int
    n_features: int
    d_model: int = 64
    n_heads: int = 2
    n_layers: int = 2
    dropout: float = 0.3
    length: int = 50
    mixing: str = "attention"
    features: str = "attention"
    positions: bool = True

    def __post_init__(self) -> None:
        for name in ("n_films", "n_features", "d_model", "n_heads", "n_layers", "length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.mixing not in MIXES:
            raise ValueError(f"mixing is {self.mixing!r}; it must be one of {MIXES}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}; it must be in [0, 1)")


class Block(nn.Module):
    """Masked self-attention, then a feed-forward network, each on a normalised copy."""

    def __init__(self, config: RecommenderConfig) -> None:
        super().__init__()
        d = config.d_model
        self.mixing = config.mixing
        self.attention_norm = nn.LayerNorm(d)
        self.attention = MultiHeadAttention(d, config.n_heads, config.dropout)
        self.forward_norm = nn.LayerNorm(d)
        self.forward_layers = nn.Sequential(
            nn.Linear(d, d), nn.ReLU(), nn.Dropout(config.dropout), nn.Linear(d, d)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "batch film d_model"], site: str, intervention: Intervention | None
    ) -> tuple[Float[Tensor, "batch film d_model"], AttentionTrace]:
        """The stream after the block, and the trace of its attention."""
        normed = self.attention_norm(x)
        allowed = masks.causal(x.shape[1], x.shape[1]).to(x.device)[None, None]
        if self.mixing != "attention":
            intervention = Intervention(scale=0.0)  # all scores alike: the mean of the past
        attended, trace = self.attention(
            normed, normed, normed, allowed, site=site, intervention=intervention
        )
        x = attended if self.mixing == "pooled" else x + attended
        return x + self.dropout(self.forward_layers(self.forward_norm(x))), trace


class Recommender(nn.Module):
    """Films seen, oldest first, to a score for every film as the next one.

    Parameters
    ----------
    config : RecommenderConfig
        Sizes.
    """

    def __init__(self, config: RecommenderConfig) -> None:
        super().__init__()
        self.config = config
        self.films = FilmTable(config.n_films, config.n_features, config.d_model, config.features)
        self.places = LearnedPositions(config.length, config.d_model)
        nn.init.normal_(self.places.table.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def states(
        self,
        seen: Int[Tensor, "batch film"],
        vectors: Float[Tensor, "batch film d_model"],
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch film d_model"], Traces]:
        """What each place of a history has gathered of the films up to it.

        Parameters
        ----------
        seen : Int[Tensor, "batch film"]
            Places in the catalogue, oldest first; at most ``config.length``.
        vectors : Float[Tensor, "batch film d_model"]
            Theirs.
        intervention : Intervention, optional
            A learner's changes; sites are "self.0", "self.1", …

        Returns
        -------
        states : Float[Tensor, "batch film d_model"]
            Normalised.
        traces : dict of str to AttentionTrace
            One a layer.
        """
        x = vectors * self.config.d_model**0.5
        if self.config.positions:
            x = x + self.places(seen.shape[1])
        x, traces = self.dropout(x), {}
        for i, block in enumerate(self.blocks):
            x, traces[f"self.{i}"] = block(x, f"self.{i}", intervention)
        return self.norm(x), traces

    def forward(
        self,
        seen: Int[Tensor, "batch film"],
        intervention: Intervention | None = None,
        table: Float[Tensor, "catalogue d_model"] | None = None,
    ) -> tuple[Float[Tensor, "batch film catalogue"], Traces]:
        """Scores of every film as the next one, after each film of a history.

        Parameters
        ----------
        seen : Int[Tensor, "batch film"]
            Places in the catalogue, oldest first; at most ``config.length``.
        intervention : Intervention, optional
            A learner's changes at "features", "self.0", "self.1", …; a batch of one.
        table : Float[Tensor, "catalogue d_model"], optional
            ``films.every()``, where it is at hand.

        Returns
        -------
        logits : Float[Tensor, "batch film catalogue"]
            Unnormalised logarithms.
        traces : dict of str to AttentionTrace
            "features" (of the first history) and one a layer.
        """
        table = self.films.every() if table is None else table
        traces: Traces = {}
        if intervention is not None and intervention.touches("features"):
            vectors, trace = self.films(seen[0], intervention)
            vectors = vectors[None]
        else:
            vectors = table[seen]
            trace = None if self.training else self.films(seen[0])[1]
        if trace is not None:
            traces["features"] = trace
        x, found = self.states(seen, vectors, intervention)
        return x @ table.T, traces | found  # (b, f, d) x (d, c) -> (b, f, c)
