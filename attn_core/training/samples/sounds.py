"""The lessons' sample sounds: ``python -m attn_core.training.samples.sounds``.

Synthetic voices that no model was trained on (``voices.HELD_VOICES``: espeak-ng's Scottish English
and flite's "rms"), at 8 kHz, 16 bits, as FLAC; what is said in them stands in ``sounds.json``.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import numpy as np
import soundfile

from attn_core.datasets import speech_noise
from attn_core.datasets.voices import RATE, WORDS, espeak, flite, trimmed
from attn_core.inputs.noise import coloured_noise
from attn_core.inputs.sound import SAMPLES

LONG = "1415926535897932"
SAID = {
    "pi": ("flite", "31415926"),
    "double": ("espeak", "55800"),
    "noisy": ("flite", "270364"),
    "long": ("espeak", LONG),
}
"""By name: which synthesiser, and the digits. "long" has twice as many as any trained on."""
NOISE_DB = 8.0
SOURCES = {
    "espeak": "espeak-ng 1.51, voice en-gb-scotland+f3, 150 words a minute",
    "flite": "flite 2.2, voice rms",
}


def spoken(which: str, digits: str) -> np.ndarray:
    """The digits in one go, a rest after every third."""
    words = [WORDS[int(d)] + ("," if i % 3 == 2 else "") for i, d in enumerate(digits)]
    text = " ".join(words)
    if which == "flite":
        return trimmed(flite(text, "rms", 1.05, 105))
    return trimmed(espeak(text, "en-gb-scotland+f3", 150, 50))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=SAMPLES)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    about = {}
    for name, (which, digits) in SAID.items():
        rng = random.Random(name)
        ends = np.zeros(RATE * 3 // 10, np.float32)
        wave = np.concatenate([ends, spoken(which, digits), ends])
        numbers = np.random.default_rng(len(name))
        hum = coloured_noise(len(wave), 0.8, numbers)
        wave = speech_noise.with_noise(wave, hum, NOISE_DB if name == "noisy" else 45.0)
        wave = 0.6 * wave / np.abs(wave).max() * rng.uniform(0.8, 1.0)
        soundfile.write(args.out / f"{name}.flac", wave, RATE, subtype="PCM_16")
        about[name] = {
            "digits": [int(d) for d in digits],
            "source": SOURCES[which],
            "noise_db": NOISE_DB if name == "noisy" else None,
            "seconds": round(len(wave) / RATE, 2),
        }
        sys.stdout.write(f"{name}: {digits}, {len(wave) / RATE:.1f} s\n")
    text = json.dumps(about, indent=1, ensure_ascii=False)
    args.out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
