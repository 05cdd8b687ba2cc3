"""Spoken digits of synthetic voices: ``python -m attn_core.datasets.voices --out VOICES.npz``.

Speaks each digit, and whole sequences of digits, with many settings of Debian's ``espeak-ng`` and
``flite`` (both on the PATH) and keeps the sound at 8 kHz. ``HELD_VOICES`` are kept out of training:
the lessons' samples are theirs.
"""

import argparse
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
import torch
import torchaudio
from jaxtyping import Float

RATE = 8000
"""Samples a second, as the recorded digits have them."""
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = (
    "en-us",
    "en-gb",
    "en-gb-x-rp",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
    "en-029",
    "en-gb-scotland",
)
VARIANTS = (
    "m1", "m2", "m3", "m4", "m7", "f1", "f2", "f3", "f4", "f5", "klatt", "klatt4", "Andy", "Annie",
    "belinda", "linda", "max", "michael", "rob", "steph", "travis", "zac", "edward", "quincy",
)  # fmt: skip
FLITE = ("kal", "kal16", "awb", "slt", "rms")
HELD_VOICES = ("espeak:en-gb-scotland", "flite:rms")
PHRASES = 8
"""Sequences that each voice speaks in one go."""
PAUSES = ("", "", "", ",", ".")
"""After a word of a sequence; the comma and the full stop make the voice rest."""
SETTINGS = 14
"""Of speed and pitch for each voice of flite."""
QUIET = 0.02
"""Of the peak: what is below it at either end is cut off."""


def trimmed(wave: Float[np.ndarray, "sample"]) -> Float[np.ndarray, "sample"]:
    """The sound without the silence around it, its peak at 0.5."""
    peak = float(np.abs(wave).max()) or 1.0
    loud = np.nonzero(np.abs(wave) > QUIET * peak)[0]
    if not len(loud):
        return wave[:0]
    return (0.5 / peak * wave[loud[0] : loud[-1] + 1]).astype(np.float32)


def at_rate(data: bytes) -> Float[np.ndarray, "sample"]:
    """A wav file's sound at ``RATE``."""
    wave, rate = soundfile.read(BytesIO(data), dtype="float32", always_2d=True)
    mono = torch.from_numpy(wave.mean(1))
    return torchaudio.functional.resample(mono, rate, RATE).numpy()


def phrase(rng: random.Random) -> str:
    """Two to eight digits; every fourth time a digit is said again."""
    said = str(rng.randrange(10))
    while len(said) < rng.randint(2, 8):
        said += said[-1] if rng.random() < 0.25 else str(rng.randrange(10))
    return said


def espeak(word: str, voice: str, speed: int, pitch: int) -> Float[np.ndarray, "sample"]:
    """One word; ``speed`` in words a minute, ``pitch`` from 0 to 99."""
    call = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", word]
    return at_rate(subprocess.run(call, capture_output=True, check=True).stdout)


def flite(word: str, voice: str, stretch: float, pitch: float) -> Float[np.ndarray, "sample"]:
    """One word; ``stretch`` of its duration, ``pitch`` as mean frequency in hertz."""
    call = [
        "flite",
        "-voice",
        voice,
        "--setf",
        f"duration_stretch={stretch:.2f}",
        "--setf",
        f"int_f0_target_mean={pitch:.0f}",
        "-t",
        word,
        "-o",
        "/dev/stdout",
    ]
    return at_rate(subprocess.run(call, capture_output=True, check=True).stdout)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    rng = random.Random(3)
    waves: list[np.ndarray] = []
    digits: list[str] = []
    voices: list[str] = []

    def keep(name: str, speak: Callable[[str], np.ndarray]) -> None:
        for said in (*"0123456789", *(phrase(rng) for _ in range(PHRASES))):
            words = (WORDS[int(digit)] for digit in said)
            wave = trimmed(speak(" ".join(word + rng.choice(PAUSES) for word in words)))
            if 0.1 * RATE < len(wave) < 1.5 * RATE * len(said):
                waves.append(wave)
                digits.append(said)
                voices.append(name)

    for accent in ACCENTS:
        for variant in VARIANTS:
            speed, tone = rng.randint(110, 230), rng.randint(15, 85)
            voice = f"{accent}+{variant}"
            keep(f"espeak:{voice}", partial(espeak, voice=voice, speed=speed, pitch=tone))
    for voice in FLITE:
        middle = 190 if voice == "slt" else 110
        for setting in range(SETTINGS):
            stretch, pitch = rng.uniform(0.6, 1.3), middle * rng.uniform(0.75, 1.4)
            speak = partial(flite, voice=voice, stretch=stretch, pitch=pitch)
            keep(f"flite:{voice}/{setting}", speak)
    ends = np.cumsum([len(w) for w in waves])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        args.out,
        sound=np.concatenate(waves).astype(np.float16),
        ends=ends,
        digits=np.array(digits),
        voices=np.array(voices),
    )
    sys.stdout.write(f"{len(waves)} sounds of {len(set(voices))} voices, {ends[-1] / RATE:.0f} s\n")


if __name__ == "__main__":
    main()
