"""Lesson 2.2: one head of MiniLM's first layer on the learner's sentence, under each position code.

Words, projections and heads are trained, and so are the learned positions: they are MiniLM's own.
The other codes are put in their place: sinusoidal rows are scaled to the mean length of the learned
ones; rotary and ALiBi are formulas; the relative bias is measured from the learned positions.
"""

import random
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection
from attn_core.inputs.limits import MAX_TOKENS
from attn_core.inputs.text import clean_text
from attn_core.inputs.tokens import Tokens, typed
from attn_core.layers.positional.attention import KINDS
from attn_core.layers.positional.sinusoidal import BASE, frequencies
from attn_core.lessons.s2_2_positional_encoding.minilm import FirstLayer, first_layer

SITE = "position"
TEXT = "The dog bit the man and then the man bit the dog."
ORDERS = ("written", "shuffled", "sorted")
BASES = (1.0, 2.0, 10.0, 100.0, 1000.0, BASE, 100_000.0, 1_000_000.0)
SHIFTS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
FAR = 5
"""From so many places on, two places count as far from each other."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the learner sets.

    Parameters
    ----------
    text : str
        A sentence.
    head : int
        Of MiniLM's first layer, 0–11.
    kind : str
        One of ``attn_core.layers.positional.attention.KINDS``.
    base : float
        Of the sinusoidal and rotary codes; one of ``BASES``.
    shift : int
        Place of the first token; one of ``SHIFTS``.
    order : str
        "written"; "shuffled" words; or "sorted": shuffled for the model, its rows and columns then
        put back into the written order.
    seed : int
        Of the shuffle, 0–9999.

    Raises
    ------
    ValueError
        If a value is out of its bound.
    """

    text: str = TEXT
    head: int = 2
    kind: str = "learned"
    base: float = BASE
    shift: int = 0
    order: str = "written"
    seed: int = 1

    def __post_init__(self) -> None:
        for name, known in (
            ("kind", KINDS),
            ("base", BASES),
            ("shift", SHIFTS),
            ("order", ORDERS),
        ):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; it must be one of {tuple(known)}"
                )
        for name, high in (("head", 11), ("seed", 9999)):
            if not 0 <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be in [0, {high}]")


def shuffled(pieces: tuple[str, ...], seed: int) -> list[int]:
    """Places of the pieces after a shuffle of the words between the two markers.

    Examples
    --------
    >>> shuffled(("[CLS]", "a", "##b", "c", "[SEP]"), 0)
    [0, 3, 1, 2, 4]
    """
    words: list[list[int]] = []
    for i in range(1, len(pieces) - 1):
        if pieces[i].startswith("##") and words:
            words[-1].append(i)
        else:
            words.append([i])
    draw, written = random.Random(seed), list(words)
    while len(words) > 1 and words == written:
        draw.shuffle(words)
    return [0, *(i for word in words for i in word), len(pieces) - 1]


def _encode(text: str) -> Tokens:
    return typed(clean_text(text).strip(), MAX_TOKENS)


def _weights(
    layer: FirstLayer, config: Config, tokens: Tokens, order: list[int], start: int
) -> tuple[Float[Tensor, "head query key"], Float[Tensor, "query d_model"]]:
    """All heads' weights and the layer's output, with the tokens in some order."""
    output, trace = layer.attend(tokens.ids[:, order], config.kind, start, config.base)
    return trace.weights[0].cpu(), output[0].cpu()


def _gap(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def _twins(pieces: tuple[str, ...], weights: Float[Tensor, "query key"]) -> dict[str, Any]:
    """The word that stands at most places, and how far its rows differ."""
    inner = [p for p in pieces[1:-1] if p != "."]
    word = max(inner, key=inner.count, default="")
    at = [i for i, piece in enumerate(pieces) if piece == word]
    if len(at) < 2:
        return {}
    return {"word": word, "n": len(at), "gap": _gap(weights[at], weights[at[:1]])}


def similarity_of(
    distance: Shaped[Tensor, "*distance"], width: int, base: float
) -> Float[Tensor, "*distance"]:
    """Cosine of the codes of two places: the mean of cos(ω_i · distance).

    Examples
    --------
    >>> similarity_of(torch.tensor([0.0]), 4, 100.0).tolist()
    [1.0]
    """
    return (distance.double()[..., None] * frequencies(width, base)).cos().mean(-1)


def run(
    config: Config, intervention: Intervention | None = None, device: str = "cpu"
) -> LessonResult:
    """One head under the chosen code, and what a shuffle and a shift do to it.

    One site, one head. "order_gap" is the largest difference between weights of the same two words
    in the written and the shuffled sentence, over all heads; "output_gap" the same of the layer's
    output; "shift_gap" that of the written sentence at another start.
    """
    tokens = _encode(config.text)
    n = len(tokens.pieces)
    layer = first_layer(device)
    written, moved = list(range(n)), shuffled(tokens.pieces, config.seed)
    back = torch.tensor(moved).argsort()
    order = written if config.order == "written" else moved
    _, trace = layer.attend(
        tokens.ids[:, order],
        config.kind,
        config.shift,
        config.base,
        head=config.head,
        site=SITE,
        intervention=intervention,
    )
    pieces = tuple(tokens.pieces[i] for i in order)
    if config.order == "sorted":
        trace, pieces = _sorted(trace, back), tokens.pieces
    first, first_out = _weights(layer, config, tokens, written, config.shift)
    other, other_out = _weights(layer, config, tokens, moved, config.shift)
    other, other_out = other[:, back][:, :, back], other_out[back]
    top = trace.weights[0, 0].float().nan_to_num().argmax(-1).tolist()
    start = 16 if config.shift == 0 else 0
    later, _ = _weights(layer, config, tokens, written, start)
    numbers = {
        "order_gap": _gap(first, other),
        "output_gap": _gap(first_out, other_out),
        "shift_gap": _gap(first, later),
        "previous": float(first[config.head].diagonal(-1).mean()) if n > 1 else 0.0,
    }
    # In the order that is not on screen: the weight of each row's strongest pair.
    unseen = other if config.order == "written" else first
    if config.order == "shuffled":
        unseen = unseen[:, moved][:, :, moved]
    near, far = similarity_of(torch.arange(max(n, FAR + 1)), layer.width, config.base).split(
        [FAR, max(n, FAR + 1) - FAR]
    )
    details: dict[str, Any] = {
        "n_left": tokens.n_left,
        "device": layer.device,
        "twins": _twins(tokens.pieces, first[config.head]),
        "unseen": [float(row[key]) for row, key in zip(unseen[config.head], top, strict=True)],
        "first": config.shift,
        "start": start,
        "gain": layer.gain,
        "near": float(near[1]),
        "far": float(far.max()) if n > FAR else -1.0,
        "far_distance": FAR + int(far.argmax()),
    }
    return LessonResult({SITE: trace}, pieces, pieces, numbers, details)


def _sorted(trace: AttentionTrace, back: Tensor) -> AttentionTrace:
    """Rows and columns of a shuffled run in the written order."""
    back = back.to(trace.weights.device)
    mask = trace.mask
    return replace(
        trace,
        query=trace.query[:, :, back],
        key=trace.key[:, :, back],
        value=trace.value[:, :, back],
        scores=trace.scores[:, :, back][..., back],
        weights=trace.weights[:, :, back][..., back],
        mask=None if mask is None else mask[:, :, back][..., back],
        context=trace.context[:, back],
    )


def before(config: Config) -> Config:
    """What "before" means: MiniLM's own positions; for rows sorted back, the written sentence."""
    if config.order == "sorted":
        return replace(config, order="written")
    return replace(config, kind="learned", base=BASE, shift=0)


def default_row(result: LessonResult) -> int:
    """The row to open first: the second place of the word that stands at most places."""
    word = result.details["twins"].get("word")
    at = [i for i, piece in enumerate(result.queries) if piece == word]
    return at[1] if len(at) > 1 else min(1, len(result.queries) - 1)


def opened(result: LessonResult) -> Selection:
    """What is open at first: a head, and a row of it."""
    return Selection(next(iter(result.traces)), 0, default_row(result))


def reading(result: LessonResult, query: int) -> dict[str, Any]:
    """What stands out in one row, as the values that the page's sentences name.

    The strongest key, its place (counted from the first place) and weight, and the weight of the
    same two words in the order that is not on screen.
    """
    query = min(max(query, 0), len(result.queries) - 1)
    row = result.traces[SITE].weights[0, 0, query].float().nan_to_num()
    key = int(row.argmax())
    return {
        "query": result.queries[query],
        "place": result.details["first"] + query,
        "key": result.keys[key],
        "key_place": result.details["first"] + key,
        "weight": float(row[key]),
        "unseen": result.details["unseen"][query],
    }
