"""A small table on a page: every row is shown, and long words go on in the next line."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.frame.i18n import plain


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)  # tokens and titles are no markup
    return f"{value:.4g}" if isinstance(value, float) else value


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw rows of the same columns; texts as they are, numbers with four digits.

    A data frame would cut what does not fit its column.
    """
    shown = [{plain(name): _cell(value) for name, value in row.items()} for row in rows]
    st.table(shown, hide_index=True)
