"""Shapes in signatures are checked in tests: every call into the core goes through beartype."""

import logging
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from hypothesis import settings
from jaxtyping import install_import_hook

torch.set_num_threads(1)
settings.register_profile("default", deadline=None)  # machines are noisy: no timed assertions
settings.load_profile("default")
# Held for the whole session: modules of the core that are imported from here on are checked.
_hook = install_import_hook("attn_core", "checker.check")
_hook.__enter__()


class _Kept(logging.Handler):
    """What pages logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(logging.Formatter().format(record))


@pytest.fixture(autouse=True)
def faults():
    """The tracebacks that the pages' guard swallowed: none, or the test fails; one that wants some
    takes them out of this list.
    """
    kept, logger = _Kept(), logging.getLogger("attention_by_touch.page")
    logger.addHandler(kept)
    yield kept.records
    logger.removeHandler(kept)
    assert not kept.records, kept.records[0]
