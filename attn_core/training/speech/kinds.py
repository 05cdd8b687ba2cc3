"""The kinds of model that are trained on speech."""

from typing import Any

from attn_core.models.listener import Listener, ListenerConfig
from attn_core.models.recogniser import Recogniser, RecogniserConfig

JOINT = {"n_layers": 3, "n_decoder_layers": 1}


MODELS: dict[str, dict[str, Any]] = {
    "convolution": {"kind": "convolution"},
    "attention": {},
    "joint": JOINT,
    # What each token attends to: itself alone, 160 ms on either side.
    "window-0": {"window": 0},
    "window-4": {"window": 4},
    # The same model as "joint", trained without CTC.
    "joint-0": JOINT,
}


LISTENERS: dict[str, dict[str, Any]] = {"listener": {}, "listener-content": {"n_filters": 0}}


def build(name: str) -> Recogniser | Listener:
    """A model by name, new.

    Parameters
    ----------
    name : str
        Key of ``MODELS`` or ``LISTENERS``.

    Returns
    -------
    Recogniser or Listener
        In training mode.
    """
    if name in LISTENERS:
        return Listener(ListenerConfig(**LISTENERS[name]))
    return Recogniser(RecogniserConfig(**MODELS[name]))
