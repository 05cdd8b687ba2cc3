"""Decoding for the speller: beam search over a batch, and the trace of a given pronunciation."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace, concat_queries
from attn_core.inputs.alphabets import MAX_PHONEMES, PHONEMES
from attn_core.models.speller import END, N_SPECIAL, PAD, START, Encoded, Speller
from attn_core.models.speller_text import letter_ids

MAX_BEAM = 16


@dataclass(frozen=True, slots=True)
class Spoken:
    """One pronunciation and its log probability under the model."""

    phonemes: tuple[str, ...]
    log_probability: float


def _step_rows(
    model: Speller,
    last: Tensor,
    state: Tensor,
    encoded: Encoded,
    i: int,
    edits: Intervention | None,
) -> tuple[Float[Tensor, "row class"], Float[Tensor, "row d_decoder"]]:
    logits, state, _ = model.step(last, state, encoded, edits.at_query(i) if edits else None)
    log_p = torch.log_softmax(logits.float(), dim=-1)
    log_p[:, [PAD, START]] = -torch.inf  # never written
    return log_p, state


@torch.inference_mode()
def beam_search(
    model: Speller,
    words: list[str],
    width: int = 5,
    intervention: Intervention | None = None,
    prefix: tuple[str, ...] = (),
) -> list[list[Spoken]]:
    """The most probable pronunciations of each word; width 1 is greedy decoding.

    Parameters
    ----------
    model : Speller
        In ``eval()`` mode.
    words : list of str
        As for ``letter_ids``.
    width : int
        Hypotheses kept, 1 to ``MAX_BEAM``.
    intervention : Intervention, optional
        A learner's changes, obeyed by every hypothesis.
    prefix : tuple of str
        Phonemes that every pronunciation must start with.

    Returns
    -------
    list of list of Spoken
        For each word up to ``width`` pronunciations, best first.

    Raises
    ------
    ValueError
        If the width is out of its bound.
    """
    if not 1 <= width <= MAX_BEAM:
        raise ValueError(f"width is {width}; it must be in [1, {MAX_BEAM}]")
    letters, lengths = letter_ids(words)
    device = model.output.weight.device
    encoded = model.encode(letters.to(device), lengths)
    n = len(words)
    state = model.start(encoded)
    encoded, state = encoded.repeat(width), state.repeat_interleave(width, 0)
    total = torch.full((n, width), -torch.inf, device=device)
    total[:, 0] = 0.0  # one live hypothesis per word at first
    last = torch.full((n * width,), START, device=device)
    written = torch.empty(n, width, 0, dtype=torch.long, device=device)
    done = torch.zeros(n, width, dtype=torch.bool, device=device)
    forced = [PHONEMES.index(p) + N_SPECIAL for p in prefix]
    for i in range(MAX_PHONEMES):
        log_p, state = _step_rows(model, last, state, encoded, i, intervention)
        log_p = log_p.view(n, width, -1)  # (n·w, c) -> (n, w, c)
        if i < len(forced):
            only = torch.full_like(log_p, -torch.inf)
            only[..., forced[i]] = log_p[..., forced[i]]
            log_p = only
        log_p = log_p.masked_fill(done.unsqueeze(-1), -torch.inf)
        log_p[..., PAD] = torch.where(done, 0.0, log_p[..., PAD])  # a finished one stays as it is
        classes = log_p.shape[-1]
        total, flat = (total.unsqueeze(-1) + log_p).view(n, -1).topk(width, dim=-1)
        parent, token = flat // classes, flat % classes
        rows = (torch.arange(n, device=device).unsqueeze(1) * width + parent).view(-1)
        state, last = state[rows], token.view(-1)
        written = torch.cat(
            [written.gather(1, parent.unsqueeze(-1).expand(-1, -1, i)), token.unsqueeze(-1)], -1
        )
        done = done.gather(1, parent) | (token == END)
        if done.all():
            break
    spoken = []
    for row, score in zip(written.tolist(), total.tolist(), strict=True):
        hypotheses = []
        for tokens, log_probability in zip(row, score, strict=True):
            if log_probability > -torch.inf:
                said = tuple(PHONEMES[t - N_SPECIAL] for t in tokens if t >= N_SPECIAL)
                hypotheses.append(Spoken(said, log_probability))
        spoken.append(hypotheses)
    return spoken


@torch.inference_mode()
def trace_of(
    model: Speller, word: str, phonemes: tuple[str, ...], intervention: Intervention | None = None
) -> tuple[Float[Tensor, "step class"], AttentionTrace | None]:
    """What the model does while it writes given phonemes and the end after them.

    Parameters
    ----------
    model : Speller
        In ``eval()`` mode.
    word : str
        As for ``letter_ids``.
    phonemes : tuple of str
        The phonemes written.
    intervention : Intervention, optional
        The same changes that the search obeyed.

    Returns
    -------
    probabilities : Float[Tensor, "step class"]
        Over all symbols at each step; the last step is the end.
    trace : AttentionTrace or None
        One query a step; ``None`` without attention.
    """
    letters, lengths = letter_ids([word])
    device = model.output.weight.device
    encoded = model.encode(letters.to(device), lengths)
    state = model.start(encoded)
    ids = [START] + [PHONEMES.index(p) + N_SPECIAL for p in phonemes]
    out, traces = [], []
    for i, before in enumerate(ids):
        edits = intervention.at_query(i) if intervention else None
        logits, state, trace = model.step(
            torch.tensor([before], device=device), state, encoded, edits
        )
        out.append(torch.softmax(logits[0].float(), dim=-1))
        if trace is not None:
            traces.append(trace)
    return torch.stack(out), concat_queries(traces) if traces else None
