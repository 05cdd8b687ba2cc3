"""Train a character model.

``python -m attn_core.training.characters.train en --texts FOLDER --out RUN``.

Data: see ``datasets.characters``. A run checkpoints every ``--every`` steps and goes on from its
last checkpoint when started again; ``best.pt`` holds the averaged weights with the lowest
validation loss. ``characters.finish`` measures them on the held-out texts and writes weights and
manifests.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor, nn

from attn_core.datasets.characters import ENGLISH_ALPHABET, chinese, chinese_alphabet, english
from attn_core.models.characters import Characters, CharactersConfig

WARM_UP = 100


def parts_and_config(language: str, texts: Path) -> tuple[dict[str, list[str]], CharactersConfig]:
    """Texts of a language, and the sizes of its model.

    Parameters
    ----------
    language : str
        "en" or "zh".
    texts : Path
        Folder of the texts.

    Returns
    -------
    parts : dict of str to list of str
        "train", "validation", "test".
    config : CharactersConfig
        Below 3 M parameters each.
    """
    if language == "en":
        return english(texts), CharactersConfig(ENGLISH_ALPHABET, context=512)
    parts = chinese(texts)
    alphabet = chinese_alphabet(parts["train"])
    return parts, CharactersConfig(
        alphabet, d_model=160, n_heads=5, n_layers=4, dropout=0.3, context=128
    )


def stream(
    config: CharactersConfig, texts: list[str], generator: torch.Generator | None = None
) -> Int[Tensor, "character"]:
    """Texts as one row of ids, in an order of the generator's choice."""
    order = (
        torch.randperm(len(texts), generator=generator).tolist() if generator else range(len(texts))
    )
    return torch.tensor(config.ids("".join(texts[i] for i in order)))


@torch.inference_mode()
def bits(model: Characters, ids: Int[Tensor, "character"], limit: int = 0) -> float:
    """Bits per character: each predicted from at least half a context before it.

    Parameters
    ----------
    model : Characters
        In ``eval()`` mode.
    ids : Int[Tensor, "character"]
        Held-out text.
    limit : int
        Characters read; 0 = all.

    Returns
    -------
    float
        Mean of −log₂ p over all characters but the first.
    """
    n, half = model.config.context, model.config.context // 2
    ids = ids[:limit] if limit else ids
    total, count, begin, rows, skips = 0.0, 0, 0, [], []
    while begin + 1 < len(ids):  # windows that overlap by half; the overlap is context alone
        rows.append(ids[begin : begin + n + 1])
        skips.append(0 if begin == 0 else half)
        if begin + n + 1 >= len(ids):
            break
        begin += half
    for i in range(0, len(rows), 16):
        chunk = rows[i : i + 16]
        for size in sorted({len(r) for r in chunk}):
            same = [(r, s) for r, s in zip(chunk, skips[i : i + 16], strict=True) if len(r) == size]
            batch = torch.stack([r for r, _ in same])
            logits, _, _ = model(batch[:, :-1], traced=False)
            loss = nn.functional.cross_entropy(
                logits.transpose(1, 2), batch[:, 1:], reduction="none"
            )
            for row, (_, skip) in zip(loss, same, strict=True):
                total += row[skip:].sum().item()
                count += len(row) - skip
    return total / count / math.log(2)


def train(args: argparse.Namespace) -> None:
    """Train for ``--steps``, going on where the last checkpoint left off."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    parts, config = parts_and_config(args.language, args.texts)
    model = Characters(config)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=args.rate, betas=(0.9, 0.98), weight_decay=0.05
    )
    args.out.mkdir(parents=True, exist_ok=True)
    last, step, spent, best = args.out / "last.pt", 0, 0.0, math.inf
    if last.exists():
        saved = torch.load(last, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average, step, spent, best = (saved[k] for k in ("average", "step", "spent", "best"))
    generator = torch.Generator().manual_seed(args.seed * 1_000_003 + step)
    text = stream(config, parts["train"], generator)
    held = stream(config, parts["validation"])
    shown = Characters(config).eval()
    sys.stdout.write(f"{sum(p.numel() for p in model.parameters())} parameters, {len(text)}\n")
    began, sums = time.perf_counter(), []
    while step < args.steps:
        model.train()
        rate = args.rate * min(1.0, (step + 1) / WARM_UP)
        rate *= 0.5 + 0.5 * math.cos(math.pi * step / args.steps)
        for group in optimiser.param_groups:
            group["lr"] = max(rate, 1e-6)
        starts = torch.randint(len(text) - config.context, (args.batch,), generator=generator)
        rows = torch.stack([text[s : s + config.context + 1] for s in starts.tolist()])
        with torch.autocast("cpu", torch.bfloat16):
            logits, _, _ = model(rows[:, :-1], traced=False)
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        sums.append(loss.item())
        keep = min(0.995, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        if step % args.every == 0 or step == args.steps:
            shown.load_state_dict(average)
            found = bits(shown, held, 40_000)
            spent += time.perf_counter() - began
            began = time.perf_counter()
            sys.stdout.write(
                f"step {step} loss {sum(sums) / len(sums) / math.log(2):.4f} bits "
                f"validation {found:.4f} seconds {spent:.0f}\n"
            )
            sys.stdout.flush()
            sums = []
            if found < best:
                best = found
                torch.save(average, args.out / "best.pt")
            state = {
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "average": average,
                "spent": spent,
                "best": best,
            }
            torch.save(state, last.with_suffix(".tmp"))
            last.with_suffix(".tmp").replace(last)
            row = {"step": step, "validation": found, "seconds": spent}
            with (args.out / "history.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=("en", "zh"))
    parser.add_argument("--texts", type=Path, required=True, help="see datasets.characters")
    parser.add_argument("--out", type=Path, required=True, help="folder for resumable state")
    parser.add_argument("--steps", type=int, default=2200)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
