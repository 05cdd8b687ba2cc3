"""Shapes in signatures are checked in tests: every call into the core goes through beartype."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from hypothesis import settings
from jaxtyping import install_import_hook

torch.set_num_threads(1)
settings.register_profile("default", deadline=None)  # machines are noisy: no timed assertions
settings.load_profile("default")
# Held for the whole session: modules of the core that are imported from here on are checked.
_hook = install_import_hook("attn_core", "checker.check")
_hook.__enter__()
