"""Models that learners share: each loaded once on first use, in ``eval()`` mode, never changed.

Module-level singletons behind a lock, not Streamlit's caches: any client can clear those.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from attn_core.checkpoints.device import place
from attn_core.checkpoints.manifests import Manifest, load_weights, read_manifest


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to run.

    Parameters
    ----------
    module : nn.Module
        In ``eval()`` mode, gradients off. Shared: never change it, never store on it.
    manifest : Manifest
        Of its checkpoint.
    device : str
        Where it really is; "cpu" where the wanted device could not take it.
    """

    module: Any
    manifest: Manifest
    device: str


def _speller(manifest: Manifest) -> nn.Module:
    from attn_core.models.speller import Speller, SpellerConfig

    return Speller(SpellerConfig(**manifest.config))


def _minilm(manifest: Manifest) -> nn.Module:
    from attn_core.models.minilm import MiniLM, MiniLMConfig

    return MiniLM(MiniLMConfig(**manifest.config))


def _sentiment(manifest: Manifest) -> nn.Module:
    from attn_core.models.sentiment import CharacterSentiment, SentimentConfig, SentimentTail

    config = SentimentConfig(**manifest.config)
    return CharacterSentiment(config) if config.characters else SentimentTail(config)


def _sentiment_pooling(manifest: Manifest) -> nn.Module:
    from attn_core.layers.pooling import POOLINGS
    from attn_core.models.sentiment import CharacterSentiment, SentimentConfig, SentimentTail

    kind = CharacterSentiment if manifest.config["characters"] else SentimentTail
    configs = {p: SentimentConfig(**(manifest.config | {"pooling": p})) for p in POOLINGS}
    return nn.ModuleDict({pooling: kind(config) for pooling, config in configs.items()})


def _characters(manifest: Manifest) -> nn.Module:
    from attn_core.models.characters import Characters, CharactersConfig

    return Characters(CharactersConfig(**manifest.config))


def _translator(config: dict[str, Any]) -> nn.Module:
    from attn_core.models.recurrent import Recurrent, RecurrentConfig
    from attn_core.models.transformer import Transformer
    from attn_core.models.transformer_layers import TransformerConfig

    sizes = {k: v for k, v in config.items() if k != "kind"}
    if "d_embedding" in sizes:
        return Recurrent(RecurrentConfig(**sizes))
    return Transformer(TransformerConfig(**sizes))


def _translators(manifest: Manifest) -> nn.Module:
    return nn.ModuleDict({name: _translator(each) for name, each in manifest.config.items()})


def _segmenter(config: dict[str, Any]) -> nn.Module:
    from attn_core.models.attention_unet import AttentionUNet, AttentionUNetConfig

    return AttentionUNet(AttentionUNetConfig(**config | {"widths": tuple(config["widths"])}))


def _segmenters(manifest: Manifest) -> nn.Module:
    return nn.ModuleDict({name: _segmenter(each) for name, each in manifest.config.items()})


def _detector(config: dict[str, Any]) -> nn.Module:
    from attn_core.models.detector import Detector, DetectorConfig

    return Detector(DetectorConfig(**config))


def _detectors(manifest: Manifest) -> nn.Module:
    return nn.ModuleDict({name: _detector(each) for name, each in manifest.config.items()})


def _recogniser(manifest: Manifest) -> nn.Module:
    from attn_core.models.recogniser import Recogniser, RecogniserConfig

    return Recogniser(RecogniserConfig(**manifest.config))


def _listener(manifest: Manifest) -> nn.Module:
    from attn_core.models.listener import Listener, ListenerConfig

    return Listener(ListenerConfig(**manifest.config))


def _video(manifest: Manifest) -> nn.Module:
    from attn_core.models.video import VideoClassifier, VideoConfig

    return VideoClassifier(VideoConfig(**manifest.config))


def _signs(manifest: Manifest) -> nn.Module:
    from attn_core.models.signs import SignClassifier, SignsConfig

    return SignClassifier(SignsConfig(**manifest.config))


def _sequence(manifest: Manifest) -> nn.Module:
    from attn_core.models.sequence import SequenceConfig, SequenceReader

    return SequenceReader(SequenceConfig(**manifest.config))


def _drug_target(manifest: Manifest) -> nn.Module:
    from attn_core.models.drug_target import DrugTarget, DrugTargetConfig

    config = manifest.config | {"tokens": tuple(manifest.config["tokens"])}
    return DrugTarget(DrugTargetConfig(**config))


def _recommender(config: dict[str, Any]) -> nn.Module:
    from attn_core.models.popularity import Popularity
    from attn_core.models.recommender import Recommender, RecommenderConfig
    from attn_core.models.target_recommender import TargetConfig, TargetRecommender

    if set(config) == {"n_films"}:
        return Popularity(**config)
    if "d_unit" in config:
        return TargetRecommender(TargetConfig(**config))
    return Recommender(RecommenderConfig(**config))


def _recommenders(manifest: Manifest) -> nn.Module:
    return nn.ModuleDict({name: _recommender(each) for name, each in manifest.config.items()})


BUILDERS: dict[str, Callable[[Manifest], nn.Module]] = {
    "speller": _speller,
    "speller_small_attention": _speller,
    "speller_small_fixed": _speller,
    "minilm": _minilm,
    "sentiment_en": _sentiment,
    "sentiment_en_pooling": _sentiment_pooling,
    "sentiment_zh": _sentiment,
    "sentiment_zh_pooling": _sentiment_pooling,
    "characters_en": _characters,
    "characters_zh": _characters,
    "translator_en_zh": lambda manifest: _translator(manifest.config),
    "translator_zh_en": lambda manifest: _translator(manifest.config),
    "translator_en_zh_recurrent": lambda manifest: _translator(manifest.config),
    "translator_zh_en_recurrent": lambda manifest: _translator(manifest.config),
    "translator_small": _translators,
    "segmenter": lambda manifest: _segmenter(manifest.config),
    "segmenter_twins": _segmenters,
    "detector_digits": lambda manifest: _detector(manifest.config),
    "detector_cells": lambda manifest: _detector(manifest.config),
    "detector_twins": _detectors,
    "recogniser_attention": _recogniser,
    "recogniser_window_0": _recogniser,
    "recogniser_window_4": _recogniser,
    "recogniser_convolution": _recogniser,
    "recogniser_joint": _recogniser,
    "recogniser_joint_0": _recogniser,
    "video": _video,
    "video_apart": _video,
    "signs": _signs,
    "listener": _listener,
    "listener_content": _listener,
    "recommender": lambda manifest: _recommender(manifest.config),
    "recommender_target": lambda manifest: _recommender(manifest.config),
    "recommender_twins": _recommenders,
    "splice": _sequence,
    "protein_structure": _sequence,
    "drug_target": _drug_target,
}

_loaded: dict[tuple[str, str], Loaded] = {}
_lock = threading.Lock()


def get(checkpoint: str, device: str = "cpu") -> Loaded:
    """The shared model of a checkpoint on a device, loaded on first use.

    Parameters
    ----------
    checkpoint : str
        One of ``BUILDERS``.
    device : str
        Where it should run.

    Returns
    -------
    Loaded
        The same object for every caller.

    Raises
    ------
    KeyError
        If the checkpoint is unknown.
    attn_core.checkpoints.manifests.WeightsMissing
        If its weights can't be had.
    """
    key = (checkpoint, device)
    found = _loaded.get(key)
    if found is not None:
        return found
    # Loaded inside a caller's inference mode, weights could never serve a gradient.
    with _lock, torch.inference_mode(False):
        if key not in _loaded:
            manifest = read_manifest(checkpoint)
            module = BUILDERS[checkpoint](manifest)
            weights = load_weights(manifest)
            adapt = getattr(module, "adapt_weights", None)
            weights = adapt(weights) if adapt else weights
            types = {name: each.dtype for name, each in module.state_dict().items()}
            weights = {name: each.to(types.get(name)) for name, each in weights.items()}
            module.load_state_dict(weights, assign=True)  # mapped files stay mapped
            module.eval().requires_grad_(False)
            module, where = place(module, device)
            _loaded[key] = Loaded(module, manifest, where)
        return _loaded[key]
