"""Speech models side by side: cards, recorded errors, and a learner's sound in noise."""

import json
import statistics
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.inputs.sound import SAMPLES, find
from attn_core.jobs.line import Report
from attn_core.lessons.speech import tokens as speech
from attn_core.measures.ctc import best_path, collapse
from attn_core.measures.metrics import edit_distance
from attn_core.models.recogniser import BLANK

SNRS = (20.0, 15.0, 10.0, 5.0, 0.0, -5.0)
DRAWS = 3


def card(checkpoint: str) -> dict[str, Any]:
    """What is known of a model, from its manifest.

    "error" and "unseen" (digit error rate in %, of known speakers and of the unseen one) with "n"
    and "n_unseen", "parameters" in millions, "takes" and "speakers" it was trained on, "synthetic":
    the share of synthetic sequences in %.
    """
    manifest = read_manifest(checkpoint)
    known, unseen = (
        manifest.metrics[name] for name in ("digit_error_rate", "digit_error_rate_unseen_speaker")
    )
    recorded, made = manifest.raw["data"]
    return {
        "error": 100 * known.value,
        "n": known.n,
        "unseen": 100 * unseen.value,
        "n_unseen": unseen.n,
        "parameters": manifest.raw["parameters"] / 1e6,
        "takes": recorded["split"]["train"],
        "speakers": recorded["speakers"],
        "synthetic": 100 * made["share_of_sequences"],
    }


def by_noise(checkpoints: dict[str, str], part: str = "known") -> list[dict[str, Any]]:
    """Recorded digit error rate by signal-to-noise ratio, mean over seeds.

    "model", "snr", "error".
    """
    out = []
    for name, checkpoint in checkpoints.items():
        runs = read_manifest(checkpoint).raw["by_seed"][part]
        for snr in SNRS:
            error = statistics.mean(run[f"{snr:.0f}"] for run in runs)
            out.append({"model": name, "snr": snr, "error": error})
    return out


def clean(checkpoints: dict[str, str]) -> list[dict[str, Any]]:
    """Recorded digit error rate without noise.

    "model", "parameters", training "steps", "seeds", and for "known" and "unseen" speakers mean and
    deviation ("known_spread", …; ``None`` of one training).
    """
    out = []
    for name, checkpoint in checkpoints.items():
        raw = read_manifest(checkpoint).raw
        row: dict[str, Any] = {
            "model": name,
            "parameters": raw["parameters"],
            "steps": raw["steps"],
        }
        for part in ("known", "unseen"):
            values = [run["clean"] for run in raw["by_seed"][part]]
            row[part] = statistics.mean(values)
            row[f"{part}_spread"] = statistics.stdev(values) if len(values) > 1 else None
            row["seeds"] = len(values)
        out.append(row)
    return out


@cache
def _said() -> dict[str, tuple[int, ...]]:
    found = json.loads((SAMPLES.parent / "sounds.json").read_text(encoding="utf-8"))
    return {name: tuple(about["digits"]) for name, about in found.items()}


def true_digits(sound: str) -> tuple[int, ...] | None:
    """What is said in a sample.

    ``None`` for a learner's own sound: nobody has written it down.
    """
    return _said().get(sound)


def written(checkpoint: str, wave: np.ndarray, device: str = "cpu") -> tuple[int, ...]:
    """What a model writes of a sound, label by label.

    Digits.
    """
    loaded = zoo.get(checkpoint, device)
    with torch.inference_mode():
        features = speech.features_of(wave).to(loaded.device)
        states, _, _ = loaded.module.encode(features, traced=False)
        log_p = loaded.module.ctc(states)[0].cpu().numpy()
    return collapse(best_path(log_p), BLANK)


def under_noise(
    report: Report,
    should_stop: Callable[[], bool],
    *,
    wave: bytes,
    said: tuple[int, ...] | None,
    checkpoints: dict[str, str],
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Add more and more noise to a sound and count what each model gets wrong.

    "model", "snr", "error": edits a digit, mean of ``DRAWS`` noises, the same for all models.
    """
    sound = np.frombuffer(wave, np.float32).copy()
    of = {name: said or written(c, sound) for name, c in checkpoints.items()}
    rows: list[dict[str, Any]] = []
    for i, snr in enumerate(SNRS):
        noises = [speech.noisy(sound, snr, DRAWS * seed + k) for k in range(DRAWS)]
        for name, checkpoint in checkpoints.items():
            edits = []
            for noise in noises:
                if should_stop():
                    return rows
                edits.append(edit_distance(written(checkpoint, noise), of[name]))
            error = statistics.mean(edits) / max(1, len(of[name]))
            rows.append({"model": name, "snr": snr, "error": error})
        report((i + 1) / len(SNRS), "speech.live.running", list(rows))
    return rows


def as_sent(sound: str) -> bytes:
    """A sound's samples, for a job."""
    return find(sound).wave.astype(np.float32).tobytes()


def reach(checkpoints: dict[str, str]) -> list[dict[str, Any]]:
    """Errors that noise over one digit adds to others, by how far they are.

    "model", "distance" in digits, "added" edits a digit, mean over seeds.
    """
    out = []
    for name, checkpoint in checkpoints.items():
        runs = read_manifest(checkpoint).raw["by_seed"]["covered"]
        for distance in range(1, 6):
            added = statistics.mean(run["by_distance"][distance - 1] for run in runs)
            out.append({"model": name, "distance": distance, "added": added})
    return out
