"""Writing a target sentence: greedy and beam search with a length penalty, over any translator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.models.recurrent import Recurrent
from attn_core.models.transformer import Transformer
from attn_core.models.transformer_layers import END, PAD, START

MAX_BEAM = 8
MAX_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Steps:
    """A translator one token at a time.

    Parameters
    ----------
    first : callable
        From source ids to a state.
    next : callable
        From the last tokens of all rows, the step's number and a state to logits and a state.
    rows : callable
        From a state and an index to those rows' state.
    """

    first: Callable[[Int[Tensor, "batch token"]], Any]
    next: Callable[[Int[Tensor, "row"], int, Any], tuple[Float[Tensor, "row vocabulary"], Any]]
    rows: Callable[[Any, Int[Tensor, "row"]], Any]


def transformer_steps(
    model: Transformer, intervention: Intervention | None = None, cached: bool = True
) -> Steps:
    """A Transformer, with its keys and values kept or computed again at each step.

    Parameters
    ----------
    model : Transformer
        In ``eval()`` mode.
    intervention : Intervention, optional
        A learner's changes; a decoder's query i is step i.
    cached : bool
        ``False`` reads the whole target again at each step (as a model trained without the causal
        mask must: its earlier states change with what is written later).

    Returns
    -------
    Steps
        For ``search``.
    """
    traced = intervention is not None

    def first(source: Tensor) -> Any:
        memory, _ = model.encode(source, traced=traced, intervention=intervention)
        written = torch.empty(len(source), 0, dtype=torch.long, device=source.device)
        return len(source), memory, (), written

    def step(last: Tensor, i: int, state: Any) -> tuple[Tensor, Any]:
        n, memory, cache, written = state
        written = torch.cat([written, last[:, None]], 1)
        if cached:
            edits = intervention.at_query(i) if intervention else None
            logits, _, cache = model.decode(
                last[:, None], memory, cache, traced=traced, intervention=edits
            )
        else:
            logits, _, _ = model.decode(written, memory, traced=traced, intervention=intervention)
        return logits[:, -1], (n, memory, cache, written)

    def rows(state: Any, index: Tensor) -> Any:
        n, memory, cache, written = state
        if n > 1 or len(index) != len(written):  # else all rows read the same source
            memory = memory.rows(index)
        return n, memory, tuple(kv.rows(index) for kv in cache), written[index]

    return Steps(first, step, rows)


def recurrent_steps(model: Recurrent) -> Steps:
    """The recurrent twin.

    Parameters
    ----------
    model : Recurrent
        In ``eval()`` mode.

    Returns
    -------
    Steps
        For ``search``.
    """

    def step(last: Tensor, i: int, state: Any) -> tuple[Tensor, Any]:
        memory, hidden = state
        logits, hidden = model.step(last, hidden, memory)
        return logits, (memory, hidden)

    def rows(state: Any, index: Tensor) -> Any:
        memory, hidden = state
        return memory.rows(index), None if hidden is None else hidden[index]

    return Steps(lambda source: (model.encode(source), None), step, rows)


@dataclass(frozen=True, slots=True)
class Written:
    """One target sentence.

    Parameters
    ----------
    ids : tuple of int
        Without ``START`` and ``END``.
    log_probability : float
        Of these tokens and the end.
    score : float
        The same over the length penalty: what the beam is ranked by.
    finished : bool
        Whether the model wrote the end itself.
    """

    ids: tuple[int, ...]
    log_probability: float
    score: float
    finished: bool


def length_penalty(length: Float[Tensor, "..."], alpha: float) -> Float[Tensor, "..."]:
    """((5 + length) / 6)^alpha (Wu et al. 2016, equation 14).

    Parameters
    ----------
    length : Float[Tensor, "..."]
        Tokens, the end included.
    alpha : float
        0 favours short sentences, 1 is about the mean per token.

    Returns
    -------
    Float[Tensor, "..."]
        What a log probability is divided by.

    Examples
    --------
    >>> length_penalty(torch.tensor(1.0), 0.6).item()
    1.0
    """
    return ((5 + length) / 6) ** alpha


@torch.inference_mode()
def search(
    steps: Steps,
    source: Int[Tensor, "batch token"],
    width: int = 1,
    alpha: float = 0.6,
    max_length: int = MAX_LENGTH,
    prefix: tuple[int, ...] = (),
) -> list[list[Written]]:
    """The best target sentences of each source; width 1 is greedy.

    Parameters
    ----------
    steps : Steps
        The translator.
    source : Int[Tensor, "batch token"]
        Ids, padded.
    width : int
        Sentences kept, 1 to ``MAX_BEAM``.
    alpha : float
        Of the length penalty.
    max_length : int
        Tokens at most.
    prefix : tuple of int
        Tokens that every sentence begins with.

    Returns
    -------
    list of list of Written
        For each source up to ``width`` sentences, best score first.

    Raises
    ------
    ValueError
        If the width is out of its bound.
    """
    if not 1 <= width <= MAX_BEAM:
        raise ValueError(f"width is {width}; it must be in [1, {MAX_BEAM}]")
    n, device = len(source), source.device
    index = torch.arange(n, device=device).repeat_interleave(width)
    state = steps.rows(steps.first(source), index)
    total = torch.full((n, width), -torch.inf, device=device)
    total[:, 0] = 0.0  # one live sentence a source at first
    last = torch.full((n * width,), START, device=device)
    written = torch.empty(n, width, 0, dtype=torch.long, device=device)
    done = torch.zeros(n, width, dtype=torch.bool, device=device)
    length = torch.zeros(n, width, device=device)
    start = torch.arange(n, device=device)[:, None] * width
    same = torch.arange(n * width, device=device)
    for i in range(max_length):
        logits, state = steps.next(last, i, state)
        log_p = torch.log_softmax(logits.float(), -1)
        log_p[:, [PAD, START]] = -torch.inf  # never written
        log_p = log_p.view(n, width, -1)  # (n·w, v) -> (n, w, v)
        if i < len(prefix):
            only = torch.full_like(log_p, -torch.inf)
            only[..., prefix[i]] = log_p[..., prefix[i]]
            log_p = only
        log_p = log_p.masked_fill(done[..., None], -torch.inf)
        log_p[..., PAD] = torch.where(done, 0.0, log_p[..., PAD])  # a finished one stays as it is
        classes = log_p.shape[-1]
        sums = total[..., None] + log_p
        lengths = torch.where(done, length, length + 1)
        ranked = (sums / length_penalty(lengths, alpha)[..., None]).view(n, -1)
        best = ranked.topk(width, -1).indices
        parent, token = best // classes, best % classes
        total = sums.view(n, -1).gather(1, best)
        length = lengths.gather(1, parent)
        rows = (start + parent).view(-1)
        last = token.view(-1)
        if width > 1 and not torch.equal(rows, same):
            state = steps.rows(state, rows)
        written = torch.cat(
            [written.gather(1, parent[..., None].expand(-1, -1, i)), token[..., None]], -1
        )
        done = done.gather(1, parent) | (token == END)
        if done.all():
            break
    score = total / length_penalty(length, alpha)
    out = []
    for s in range(n):
        found = []
        for w in range(width):
            if total[s, w] > -torch.inf:
                ids = [t for t in written[s, w].tolist() if t not in (PAD, END)]
                found.append(
                    Written(tuple(ids), total[s, w].item(), score[s, w].item(), bool(done[s, w]))
                )
        out.append(sorted(found, key=lambda x: -x.score))
    return out
