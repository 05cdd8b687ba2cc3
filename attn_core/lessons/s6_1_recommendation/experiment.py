"""Lesson 6.1: what a history recommends, what was attended to, and what each film really did."""

import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace, in_half
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.films import DECADES, by_id, catalogue, genres
from attn_core.inputs.limits import MAX_FILMS
from attn_core.inputs.refused import Refused
from attn_core.lessons.s6_1_recommendation import films
from attn_core.lessons.s6_1_recommendation.films import TOP

CHECKPOINT = films.SELF
SAMPLES: dict[str, tuple[int, ...]] = {
    "two_tastes": (1, 1214, 588, 1240, 4886, 541, 6377, 1200),
    "odd_one": (260, 1196, 541, 1240, 1270, 2571, 480, 2671),
    "crime": (858, 1213, 296, 1089, 608, 50, 16),
    "romance": (912, 910, 1307, 539, 2671, 4246, 4973),
    "classics": (1260, 2010, 923, 912, 903, 904, 908, 2019),
    "turn": (364, 588, 1, 4306, 4886, 6377, 593, 47, 2762, 4226),
    "one": (318,),
}
"""Made up by us, by MovieLens's ids, oldest first; no history of a person is here."""
RANKERS = ("self", "target")
_MODEL = {"self": "long", "target": "target"}
SELF_SITES = ("self.0", "self.1")


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    history : tuple of int
        MovieLens ids, oldest first, each once.
    ranker : str
        Whose ten films are listed: one of ``RANKERS``.
    candidate : int
        The film that is asked about, by id; 0 for the first of the list.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    history: tuple[int, ...] = SAMPLES["two_tastes"]
    ranker: str = "self"
    candidate: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "history", tuple(self.history))  # a notebook brings a list
        if self.ranker not in RANKERS:
            raise ValueError(f"ranker is {self.ranker!r}; it must be one of {RANKERS}")
        if len(self.history) > MAX_FILMS:
            raise ValueError(f"history has {len(self.history)} films; at most {MAX_FILMS} are read")
        if len(set(self.history)) != len(self.history):
            raise ValueError(f"history is {self.history}; each film may be in it once")


@torch.inference_mode()
def ranked(
    history: list[int], changes: Intervention | None, candidates: list[int], device: str
) -> tuple[dict[str, Tensor], dict[str, AttentionTrace]]:
    """Both models' scores of the whole catalogue, with a learner's changes.

    "self" and "target": one score a film. All sites.
    """
    module, loaded = films.of("long", device)
    seen = torch.tensor([history], device=loaded.device)
    logits, traces = module(seen, changes, table=films.table("long", device))
    other, placed = films.of("target", device)
    there = seen.to(placed.device)
    table = films.table("target", device)
    every = torch.arange(len(table), device=placed.device)
    # Cells are those of the shown candidates; what concerns whole columns concerns every film.
    general = replace(changes or Intervention(), scores=(), mask_cells=(), weights=())
    of_all = other(there, every, general, table=table)[0][0]
    rows = torch.tensor(candidates, device=placed.device)
    of_rows, trace = other(there, rows, changes, table=table)
    of_all = of_all.clone()
    of_all[rows] = of_rows[0]
    return {"self": logits[0, -1].cpu(), "target": of_all.cpu()}, traces | {"target": trace}


def _best(found: Tensor, seen: list[int]) -> list[int]:
    return films.log_p(found[None], seen)[0].topk(TOP).indices.tolist()


def _film(place: int) -> dict[str, Any]:
    film = catalogue()[place]
    return {"id": film.id, "label": film.label, "genres": list(film.genres)}


def _listed(scores: dict[str, Tensor], seen: list[int], ranker: str, device: str) -> list[Any]:
    """The ten films that come first, with their place elsewhere."""
    found = {name: films.log_p(each[None], seen)[0] for name, each in scores.items()}
    popular = films.log_p(films.scores("popularity", [seen], device), seen)[0]
    other = "target" if ranker == "self" else "self"
    return [
        _film(place)
        | {
            "probability": float(found[ranker][place].exp()),
            "other": films.rank(found[other], place),
            "popular": films.rank(popular, place),
        }
        for place in _best(scores[ranker], seen)
    ]


def _effects(seen: list[int], candidate: int, device: str) -> dict[str, Any]:
    """What leaving each film out does to the candidate, in both models as they were trained."""
    out: dict[str, Any] = {}
    for ranker, name in _MODEL.items():
        whole, without = films.left_out(name, tuple(seen), device)
        out[ranker] = {
            "rank": films.rank(whole, candidate),
            "effect": [] if without is None else (whole - without)[:, candidate].tolist(),
            "ranks": [] if without is None else [films.rank(row, candidate) for row in without],
        }
    return out


@torch.inference_mode()
def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """Rank the catalogue after a history.

    Traces of all four sites, in half precision. ``details`` hold the "history", the "top" ten, the
    "candidate" with its "row" in the target map, and each film's "weights" and "effects" in both
    models: effects are differences of the candidate's log-probability when the film is left out, of
    the models without the learner's changes.
    """
    if not config.history:
        raise Refused("refused.no_history")
    seen = films.places(config.history)
    began = time.perf_counter()
    name = _MODEL[config.ranker]
    rows = _best(films.scores(name, [seen], device)[0], seen)
    asked = by_id(config.candidate).place if config.candidate else rows[0]
    if asked in seen:
        raise Refused("refused.candidate_seen", film=catalogue()[asked].label)
    rows = rows if asked in rows else [*rows, asked]
    scores, traces = ranked(seen, intervention, rows, device)
    answered = time.perf_counter()
    found = {ranker: films.log_p(each[None], seen)[0] for ranker, each in scores.items()}
    top = _listed(scores, seen, config.ranker, device)
    effects = _effects(seen, asked, device)
    ended = time.perf_counter()
    titles = [catalogue()[place].label for place in seen]
    weights = {
        "self": _read_by_last(traces),
        "target": traces["target"].weights[0, 0, rows.index(asked)],
    }
    other = "target" if config.ranker == "self" else "self"
    both = {f["id"] for f in top} & {catalogue()[p].id for p in _best(scores[other], seen)}
    return LessonResult(
        {site: in_half(trace) for site, trace in traces.items()},
        tuple(titles),
        tuple(titles),
        {
            "films": float(len(seen)),
            "candidate_rank_self": float(films.rank(found["self"], asked)),
            "candidate_rank_target": float(films.rank(found["target"], asked)),
            "candidate_probability": float(found[config.ranker][asked].exp()),
            "last_weight": float(weights["self"][-1]),
            "target_sum": float(weights["target"].sum()),
            "shared_top": float(len(both)),
        },
        {
            "history": [_film(place) for place in seen],
            "top": top,
            "candidate": _film(asked) | {"row": rows.index(asked)},
            "weights": {key: each.float().cpu().tolist() for key, each in weights.items()},
            "effects": effects,
            "names": {
                "features": [titles, [*genres(), *(decade(d) for d in DECADES)]],
                "target": [[catalogue()[place].label for place in rows], titles],
            },
            "stages": {
                "models": 1000 * (answered - began),
                "left_out": 1000 * (ended - answered),
            },
            "device": device if device == films.of("long", device)[1].device else "cpu",
        },
    )


def decade(first: int) -> str:
    """A span of years, by its first.

    Examples
    --------
    >>> decade(1970), decade(1900)
    ('1970s', '–1949')
    """
    return f"{first}s" if first != DECADES[0] else f"–{DECADES[1] - 1}"


def own_map(config: Config, device: str = "cpu") -> Selection:
    """The attention of the model whose list is shown, with the row that explains the candidate."""
    if config.ranker == "self":
        return Selection()
    if not config.candidate or not config.history:
        return Selection("target", 0, 0)
    seen = films.places(config.history)
    rows = _best(films.scores(_MODEL[config.ranker], [seen], device)[0], seen)
    asked = by_id(config.candidate).place
    return Selection("target", 0, rows.index(asked) if asked in rows else len(rows))


def _read_by_last(traces: dict[str, AttentionTrace]) -> Tensor:
    """What the last place reads, mean over layers and the heads in them that attend."""
    return mean_of_heads(torch.cat([traces[site].weights[0] for site in SELF_SITES]))[-1]


def before(config: Config) -> Config:
    """What "before" means: the same, for a learner's changes are all inside attention."""
    return config


def default_row(result: LessonResult) -> int:
    """The last film: from there the next one is guessed."""
    return len(result.queries) - 1


def _head(result: LessonResult) -> Selection:
    """The last layer's head whose last row is least on the last film."""
    last = result.traces[SELF_SITES[-1]].weights[0, :, -1, -1].float()
    return Selection(SELF_SITES[-1], int(last.argmin()))


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return replace(_head(result), query=default_row(result))
