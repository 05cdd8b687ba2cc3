"""Searches of the hybrid recogniser: attention and CTC weighed against each other.

Watanabe et al. 2017, section IV-A: a beam's score is λ log P_ctc(prefix …) + (1 - λ) log P_att.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.attention.interventions import Intervention
from attn_core.layers.incremental import KeyValue
from attn_core.measures.ctc_prefix import PrefixScorer, PrefixState
from attn_core.models.recogniser import BLANK, END, N_DIGITS, START, Recogniser

MAX_DIGITS = 60
"""Where a search that does not end is stopped."""
WIDTH = 6


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One answer of the search.

    Parameters
    ----------
    digits : tuple of int
        What is written.
    score : float
        λ ctc + (1 - λ) attention.
    ctc, attention : float
        log-probabilities.
    ended : bool
        ``False`` if the search was stopped.
    """

    digits: tuple[int, ...]
    score: float
    ctc: float
    attention: float
    ended: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Beam:
    digits: tuple[int, ...]
    attention: float
    prefix: float
    state: PrefixState
    parent: int

    def score(self, weight: float) -> float:
        """Zero weights leave their part out, even where it is -inf."""
        return _mixed(self.prefix, self.attention, weight)


def _mixed(ctc: float, attention: float, weight: float) -> float:
    total = 0.0
    if weight:
        total += weight * ctc
    if weight < 1:
        total += (1 - weight) * attention
    return total


@torch.inference_mode()
def joint_search(
    model: Recogniser,
    states: Float[Tensor, "1 token d_model"],
    real: Bool[Tensor, "1 token"],
    weight: float,
    *,
    width: int = WIDTH,
    intervention: Intervention | None = None,
    emitted: Float[Tensor, "token label"] | None = None,
) -> list[Found]:
    """Write with both: attention proposes, CTC knows what the sound still has to say.

    Parameters
    ----------
    model : Recogniser
        With a decoder.
    states : Float[Tensor, "1 token d_model"]
        From its ``encode``.
    real : Bool[Tensor, "1 token"]
        Likewise.
    weight : float
        λ in [0, 1]: 0 is attention alone, 1 is CTC alone.
    width : int
        Beams.
    intervention : Intervention, optional
        A learner's changes in the decoder.
    emitted : Float[Tensor, "token label"], optional
        Log-probabilities in place of the model's own: a learner's.

    Returns
    -------
    list of Found
        Best first; at least one.

    Raises
    ------
    ValueError
        If the weight is out of its bound or the model has no decoder.
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"weight is {weight}; it must be in [0, 1]")
    if not model.config.n_decoder_layers:
        raise ValueError(
            "the model has no decoder; its CTC labels are read by attn_core.measures.ctc"
        )
    emitted = model.ctc(states)[0] if emitted is None else emitted
    scorer = PrefixScorer(emitted.cpu().numpy(), BLANK)
    memory = model.remember(states, real)
    beams = [_Beam((), 0.0, 0.0, scorer.begin(), 0)]
    cache: tuple[KeyValue, ...] = ()
    done: list[Found] = []
    for step in range(MAX_DIGITS):
        edits = None if intervention is None else intervention.at_query(step)
        parents = torch.tensor([beam.parent for beam in beams], device=states.device)
        cache = tuple(layer.rows(parents) for layer in cache)
        last = [[beam.digits[-1] if beam.digits else START] for beam in beams]
        logits, _, cache = model.decode(
            torch.tensor(last, device=states.device),
            memory.rows(torch.zeros_like(parents)),
            cache,
            traced=edits is not None,
            intervention=edits,
        )
        logits[..., START] = -torch.inf
        log_p = logits[:, -1].float().log_softmax(-1).cpu().numpy()
        scores, new = scorer.grow([b.state for b in beams], [b.digits for b in beams])
        grown: list[_Beam] = []
        for i, beam in enumerate(beams):
            whole = scorer.end(beam.state)
            attention = beam.attention + float(log_p[i, END])
            done.append(
                Found(beam.digits, _mixed(whole, attention, weight), whole, attention, True)
            )
            grown += [
                _Beam(
                    (*beam.digits, d),
                    beam.attention + float(log_p[i, d]),
                    float(scores[i, d]),
                    new[i][d],
                    i,
                )
                for d in range(N_DIGITS)
            ]
        grown.sort(key=lambda b: -b.score(weight))
        beams = [b for b in grown[:width] if np.isfinite(b.score(weight))]
        done.sort(key=lambda f: -f.score)
        best = done[0].score
        # Neither part can rise as a prefix grows, so what is below the best end stays below it.
        beams = [b for b in beams if b.score(weight) > best]
        if not beams:
            break
    else:
        stopped = beams[0]
        done.append(
            Found(stopped.digits, stopped.score(weight), stopped.prefix, stopped.attention, False)
        )
        done.sort(key=lambda f: -f.score)
    return done[:width]
