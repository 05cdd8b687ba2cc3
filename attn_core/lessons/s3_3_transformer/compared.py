"""Lesson 3.3: the translators held against each other, now and as recorded."""

import math
import time
from functools import lru_cache
from typing import Any

import torch

from attn_core import zoo
from attn_core.checkpoints.manifests import read_manifest
from attn_core.lessons.s3_3_transformer.experiment import MODELS, TWIN, Config, free, translate
from attn_core.models.translate_search import recurrent_steps, transformer_steps
from attn_core.models.translator import text_of

TWINS = "translator_small"
SMALL = (
    "small",
    "small-recurrent",
    "small-no-cross",
    "small-no-mask",
    "small-no-positions",
    "small-one-vector",
)


@torch.inference_mode()
@lru_cache(maxsize=64)  # six models; a rerun of the page must not write again
def ablated(config: Config, device: str = "cpu") -> list[dict[str, Any]]:
    """What each small model of the recorded comparison makes of an English sentence.

    "model", "text" and its recorded "chrf", the mean over seeds.
    """
    loaded = zoo.get(TWINS, device)
    source, out = config.source(), []
    for name in SMALL:
        model = loaded.module[name]
        steps = (
            recurrent_steps(model)
            if name == "small-recurrent"
            else transformer_steps(model, cached=model.config.causal)
        )
        found = translate(steps, free(config), source, loaded.device)[0]
        chrf = loaded.manifest.raw["by_seed"][name]["chrf"]
        out.append({"model": name, "text": text_of(found.ids, "zh"), "chrf": sum(chrf) / len(chrf)})
    return out


@lru_cache(maxsize=64)
def cache_or_not(config: Config, device: str = "cpu") -> list[dict[str, Any]]:
    """The same search with keys and values kept, and with all of them made again at each step.

    "cached", the translation's "text", "score" and "milliseconds", the best of three.
    """
    loaded = zoo.get(MODELS[config.direction], device)
    source, out = config.source(), []
    for cached in (True, False):
        steps = transformer_steps(loaded.module, cached=cached)
        spent, found = math.inf, []
        for _ in range(3):
            began = time.perf_counter()
            found = translate(steps, config, source, loaded.device)
            spent = min(spent, time.perf_counter() - began)
        out.append(
            {
                "cached": cached,
                "text": text_of(found[0].ids, config.languages[1]),
                "score": found[0].score,
                "milliseconds": 1000 * spent,
            }
        )
    return out


def scores() -> list[dict[str, Any]]:
    """Recorded scores of the shown models and their twins, from the manifests.

    "direction", "model", "chrf", "bleu", "n" and "parameters".
    """
    out = []
    for direction, checkpoint in MODELS.items():
        for kind, end in (("transformer", ""), ("recurrent", TWIN)):
            manifest = read_manifest(checkpoint + end)
            out.append(
                {
                    "direction": direction,
                    "model": kind,
                    "n": manifest.metrics["chrf"].n,
                    "chrf": manifest.metrics["chrf"].value,
                    "bleu": manifest.metrics["bleu"].value,
                    "parameters": manifest.raw["parameters"],
                }
            )
    return out


def card(direction: str) -> dict[str, Any]:
    """What is known of the translator of a direction, from its manifest.

    "parameters" in millions, training "pairs", "longest": source tokens of its longest tests, and
    "chrf".
    """
    manifest = read_manifest(MODELS[direction])
    return {
        "parameters": manifest.raw["parameters"] / 1e6,
        "pairs": manifest.raw["data"][0]["split_sizes"]["train"],
        "longest": manifest.raw["by_length"][-1]["from"],
        "chrf": manifest.metrics["chrf"].value,
    }


def recorded() -> dict[str, list[dict[str, Any]]]:
    """Recorded scores: small models by seed, and the shown ones and their twins by length.

    "models": rows of model, seed and chrf; "lengths": rows of direction, model, range of source
    tokens and chrf.
    """
    seeds = read_manifest(TWINS).raw["by_seed"]
    models = [
        {"model": name, "seed": seed, "chrf": value}
        for name in SMALL
        for seed, value in enumerate(seeds[name]["chrf"])
    ]
    lengths = [
        {
            "direction": direction,
            "model": kind,
            "tokens": (row["from"] + row["to"]) / 2,
            "from": row["from"],
            "to": row["to"],
            "chrf": row["chrf"],
        }
        for direction, checkpoint in MODELS.items()
        for kind, end in (("transformer", ""), ("recurrent", TWIN))
        for row in read_manifest(checkpoint + end).raw["by_length"]
    ]
    return {"models": models, "lengths": lengths}
