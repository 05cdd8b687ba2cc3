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
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor, nn

from attn_core.datasets.characters import ENGLISH_ALPHABET, chinese, chinese_alphabet, english
from attn_core.models.characters import Characters, CharactersConfig
from attn_core.training.loop import Loop

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
    loop = Loop(
        model,
        args.rate,
        args.steps,
        WARM_UP,
        0.995,
        args.out,
        args.every,
        least=1e-6 / args.rate,
        betas=(0.9, 0.98),
        weight_decay=0.05,
    )
    generator = torch.Generator().manual_seed(args.seed * 1_000_003 + loop.step)
    text = stream(config, parts["train"], generator)
    held = stream(config, parts["validation"])
    shown = Characters(config).eval()
    sys.stdout.write(f"{sum(p.numel() for p in model.parameters())} parameters, {len(text)}\n")
    best = loop.notes.get("best", math.inf)
    for _ in loop:
        starts = torch.randint(len(text) - config.context, (args.batch,), generator=generator)
        rows = torch.stack([text[s : s + config.context + 1] for s in starts.tolist()])
        with torch.autocast("cpu", torch.bfloat16):
            logits, _, _ = model(rows[:, :-1], traced=False)
        loop.learn(nn.functional.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten()))
        if not loop.due:
            continue
        shown.load_state_dict(loop.averaged())
        found = bits(shown, held, 40_000)
        if found < best:
            best = found
            torch.save(loop.averaged(), args.out / "best.pt")
        loop.save(f"validation {found:.4f} bits", best=best)
        row = {"step": loop.step, "validation": found, "seconds": loop.spent}
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
