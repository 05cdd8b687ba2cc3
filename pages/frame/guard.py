"""One guard around every part of a page: whatever fails in it costs that part alone.

A learner reads a sentence; what was not foreseen is logged with its traceback for us.
"""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

from attn_core.checkpoints.manifests import WeightsMissing
from attn_core.inputs.refused import Refused
from pages.frame import i18n
from pages.frame.i18n import t

LOG = logging.getLogger("attention_by_touch.page")
F = TypeVar("F", bound=Callable[..., Any])


def sentence(error: Exception) -> str:
    """What a learner is told of an error; one that was not foreseen is logged."""
    if isinstance(error, Refused):
        return i18n.refusal(error)
    if isinstance(error, WeightsMissing):
        return t("shell.part_needs_weights", what=i18n.plain(str(error)))
    LOG.error("a part of a page failed", exc_info=error)
    return t("shell.part_failed")


@contextmanager
def part() -> Iterator[None]:
    """Draw a part of a page; if it fails, a sentence stands where it stopped."""
    try:
        yield
    except Exception as error:  # whatever it is, the rest of the page goes on
        st.warning(sentence(error), icon=":material/build:")


def guarded(draw: F) -> F:
    """Guard a drawing function; below ``st.fragment``, for a fragment runs without its page."""

    @functools.wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        with part():
            return draw(*args, **kwargs)

    return drawn  # type: ignore[return-value]
