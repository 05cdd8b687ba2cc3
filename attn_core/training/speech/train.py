"""Train a speech recogniser: ``python -m attn_core.training.speech.train --model NAME --out RUN``.

Data: see ``datasets.speech``. Models and their twins are named in ``MODELS``; all get the same
number of steps on the same sequences. A run checkpoints every ``SAVE_EVERY`` steps, goes on from
its last checkpoint, and measures itself on held-out sequences of known speakers at its end
(``result.json``). The unseen speaker is read by ``speech.finish`` alone.
"""

import argparse
import dataclasses
import json
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.datasets import speech, speech_noise
from attn_core.datasets.speech import Phrases, Utterance, Words
from attn_core.inputs.speech_features import log_mel
from attn_core.layers.incremental import KeyValue
from attn_core.measures.ctc import collapse
from attn_core.measures.metrics import error_rate
from attn_core.models.listener import Listener
from attn_core.models.recogniser import BLANK, END, START, Recogniser
from attn_core.models.recogniser_layers import n_tokens
from attn_core.training.loop import Loop
from attn_core.training.photographs.segmentation import arguments
from attn_core.training.speech.kinds import LISTENERS, MODELS, build

SAVE_EVERY = 250
N_VALIDATION, N_TEST = 200, 400
PAD = -1
Sight = Callable[[int], Bool[Tensor, "query key"]]
CTC_SHARE = {"joint": 0.3, "joint-0": 0.0}
"""λ of the training loss, λ CTC + (1 - λ) cross-entropy (Watanabe et al. 2017, equation 12)."""


def as_batch(
    waves: list[np.ndarray],
) -> tuple[Float[Tensor, "batch frame mel"], Int[Tensor, "batch"]]:
    """Features of several sounds, padded."""
    lengths = torch.tensor([len(w) for w in waves])
    padded = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in zip(padded, waves, strict=True):
        row[: len(wave)] = torch.from_numpy(wave)
    return log_mel(padded, lengths)


def masked(
    features: Float[Tensor, "batch frame mel"], frames: Int[Tensor, "batch"], rng: random.Random
) -> Float[Tensor, "batch frame mel"]:
    """A band and two short spans set to the mean (SpecAugment, Park et al. 2019)."""
    for row, n in zip(features, frames.tolist(), strict=True):
        width = rng.randrange(9)
        low = rng.randrange(row.shape[1] - width)
        row[:, low : low + width] = 0
        for _ in range(2):
            span = rng.randrange(1, 13)
            first = rng.randrange(max(1, n - span))
            row[first : first + span] = 0
    return features


def padded(digits: list[tuple[int, ...]], first: list[int], last: list[int]) -> Tensor:
    """Rows of tokens as one tensor, filled with ``PAD``."""
    rows = [[*first, *d, *last] for d in digits]
    n = max(map(len, rows))
    return torch.tensor([row + [PAD] * (n - len(row)) for row in rows])


def ctc_loss(log_p: Tensor, frames: Tensor, digits: list[tuple[int, ...]]) -> Tensor:
    """Mean over the batch of -log P(digits | sound), each by its number of digits."""
    flat = torch.tensor([d for row in digits for d in row], dtype=torch.long)
    return nn.functional.ctc_loss(
        log_p.transpose(0, 1),
        flat,
        n_tokens(frames),
        torch.tensor([len(row) for row in digits]),
        blank=BLANK,
        zero_infinity=True,
    )


def loss_of(
    name: str,
    model: Recogniser | Listener,
    features: Tensor,
    frames: Tensor,
    digits: list[tuple[int, ...]],
) -> Tensor:
    """The training loss of a batch."""
    before = padded(digits, [START], []).clamp_min(0)
    after = padded(digits, [], [END])
    if isinstance(model, Listener):
        logits = model(features, frames, before)
        return nn.functional.cross_entropy(
            logits.flatten(0, 1), after.flatten(), ignore_index=PAD, label_smoothing=0.05
        )
    with torch.autocast("cpu", torch.bfloat16):
        states, real, _ = model.encode(features, frames, traced=False)
    states = states.float()
    share = CTC_SHARE.get(name, 1.0)
    loss = states.new_zeros(())
    if share > 0:
        loss = share * ctc_loss(model.ctc(states), frames, digits)
    if share < 1:
        logits, _, _ = model.decode(before, model.remember(states, real), traced=False)
        loss = loss + (1 - share) * nn.functional.cross_entropy(
            logits.flatten(0, 1), after.flatten(), ignore_index=PAD, label_smoothing=0.05
        )
    return loss


@torch.inference_mode()
def greedy(
    model: Recogniser | Listener,
    waves: list[np.ndarray],
    by: str = "ctc",
    most: int = 40,
    *,
    sight: Sight | None = None,
) -> list[tuple[int, ...]]:
    """The likeliest label at each token, or the likeliest next digit, for each sound.

    Parameters
    ----------
    model : Recogniser or Listener
        In evaluation mode.
    waves : list of np.ndarray
        At 8 kHz.
    by : str
        "ctc" or "attention"; a listener has attention alone.
    most : int
        Digits at most, for attention.
    sight : callable, optional
        From a number of tokens to which of them may look at which; a recogniser's only.

    Returns
    -------
    list of tuple of int
        Digits.
    """
    out: list[tuple[int, ...]] = []
    for at in range(0, len(waves), 25):
        features, frames = as_batch(waves[at : at + 25])
        if isinstance(model, Recogniser):
            allowed = None if sight is None else sight(int(n_tokens(frames).max()))
            states, real, _ = model.encode(features, frames, traced=False, allowed=allowed)
            if by == "ctc":
                labels = model.ctc(states).argmax(-1)
                rows = zip(labels.tolist(), n_tokens(frames).tolist(), strict=True)
                out += [collapse(row[:n], BLANK) for row, n in rows]
                continue
            memory = model.remember(states, real)
            cache: tuple[KeyValue, ...] = ()
        else:
            heard = model.listen(features, frames)
            written = model.begin(heard)
        last = torch.full((len(features),), START)
        rows_: list[list[int]] = [[] for _ in features]
        ended = torch.zeros(len(features), dtype=torch.bool)
        for _ in range(most):
            if isinstance(model, Recogniser):
                logits, _, cache = model.decode(last[:, None], memory, cache, traced=False)
                logits = logits[:, -1]
            else:
                logits, written, _ = model.step(last, written, heard)
            logits[:, START] = -torch.inf
            last = logits.argmax(-1)
            ended |= last == END
            if ended.all():
                break
            for row, token, end in zip(rows_, last.tolist(), ended.tolist(), strict=True):
                if not end:
                    row.append(token)
        out += [tuple(row) for row in rows_]
    return out


def way(name: str) -> str:
    """What a model is read by when it is measured."""
    return "attention" if name in LISTENERS or CTC_SHARE.get(name, 1.0) < 1 else "ctc"


def measure(
    name: str, model: Recogniser | Listener, utterances: list[Utterance], snr: float | None = None
) -> float:
    """Digit error rate, greedily."""
    waves = [speech_noise.at_snr(u, snr, i) for i, u in enumerate(utterances)]
    return error_rate(greedy(model, waves, way(name)), [u.digits for u in utterances])


def batch_of(
    words: Words, voices: tuple[Words, dict[int, Phrases]], n_digits: list[int], rng: random.Random
) -> list[tuple[np.ndarray, tuple[int, ...]]]:
    """Sounds and what is said, some recorded and some synthetic."""
    out = []
    for n in n_digits:
        if rng.random() >= speech.SYNTHETIC:
            said = speech.joined(words, rng, n)
        elif n in voices[1] and rng.random() < speech.IN_ONE_GO:
            said = speech.spoken(voices[1][n], rng)
        else:
            said = speech.joined(voices[0], rng, n)
        out.append((speech_noise.disturbed(said, words, rng), said.digits))
    return out


def train(args: argparse.Namespace) -> None:
    """Train for ``--steps``, resuming where the last checkpoint left off; then measure."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    parts, (words, phrases) = speech.read(args.data), speech.read_voices(args.voices)
    voices = (words, speech.by_length(phrases))
    validation = speech.held_out(parts["validation"], N_VALIDATION, 100)
    model, shown = build(args.model), build(args.model)
    loop = Loop(
        model,
        args.rate,
        args.steps,
        300,
        0.998,
        args.out,
        SAVE_EVERY,
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    n_parameters = sum(p.numel() for p in model.parameters())
    sys.stdout.write(f"{args.model} seed {args.seed}: {n_parameters} parameters\n")
    best = loop.notes.get("best", math.inf)
    for step in loop:
        rng = random.Random(args.seed * 1_000_003 + step)
        torch.manual_seed(args.seed * 1_000_003 + step)
        longest = speech.longest_at(step / args.steps)
        made = batch_of(parts["train"], voices, speech.counts(rng, args.batch, longest), rng)
        digits = [d for _, d in made]
        features, frames = as_batch([w for w, _ in made])
        features = masked(features, frames, rng)
        loop.learn(loss_of(args.model, model, features, frames, digits))
        if not loop.due:
            continue
        shown.load_state_dict(loop.averaged())
        shown.eval()
        clean = measure(args.model, shown, validation)
        noisy = measure(args.model, shown, validation, 10)
        if clean + noisy < best:
            best = clean + noisy
            torch.save(loop.averaged(), args.out / "best.pt")
        loop.save(f"validation {clean:.4f} at 10 dB {noisy:.4f}", best=best)
    shown.load_state_dict(torch.load(args.out / "best.pt", weights_only=True))
    shown.eval()
    test = speech.held_out(parts["test"], N_TEST, 200)
    result = {
        "model": args.model,
        "seed": args.seed,
        "seconds": loop.spent,
        "parameters": n_parameters,
        "config": dataclasses.asdict(shown.config),
        "validation": best,
        "arguments": arguments(args) | {"voices": args.voices.name},
        "digit_error_rate": measure(args.model, shown, test),
        "n": len(test),
    }
    text = json.dumps(result, indent=1)
    (args.out / "result.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=[*MODELS, *LISTENERS], default="attention")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--voices", type=Path, default=Path("runs/speech-voices.npz"))
    parser.add_argument("--out", type=Path, required=True, help="folder for resumable state")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
