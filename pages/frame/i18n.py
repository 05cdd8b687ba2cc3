"""Words in the learner's language: gettext catalogues for labels, Markdown for prose."""

import gettext
import io
import json
import re
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from attn_core.inputs.refused import Refused

ASSETS = Path(__file__).resolve().parents[2] / "assets"
LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "attention_language"
SECTION = re.compile(r"^<!-- section: ([\w-]+) -->$", re.MULTILINE)


@cache
def catalogue(language: str) -> gettext.GNUTranslations:
    """A language's labels, compiled in memory from ``assets/locale/<language>/messages.po``."""
    compiled = io.BytesIO()
    with (ASSETS / "locale" / language / "messages.po").open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def prose_sections(language: str, slug: str) -> dict[str, str]:
    """A page's Markdown, cut at its ``<!-- section: name -->`` lines."""
    text = (ASSETS / "content" / language / f"{slug}.md").read_text(encoding="utf-8")
    parts = SECTION.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def viewer_strings(language: str) -> dict[str, str]:
    """The viewer's own words."""
    path = ASSETS / "viewer" / "strings.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))[language])


_run = threading.local()


def settle() -> None:
    """Find the language once for this run of a script or fragment; it is asked for 100 times."""
    _run.language = None
    _run.language = language()


def language() -> str:
    """The learner's language: from the switch, the link, an earlier visit, else the browser's."""
    settled = getattr(_run, "language", None)
    if settled is not None:
        return str(settled)
    for chosen in (
        st.session_state.get("lang"),
        st.query_params.get("lang"),
        st.context.cookies.get(COOKIE),
    ):
        if chosen in LANGUAGES:
            return str(chosen)
    return browsers()


def browsers() -> str:
    """The browser's own language, or English."""
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def t(key: str, /, **values: object) -> str:
    """The label for a key, with its ``{placeholders}`` filled in."""
    text = catalogue(language()).gettext(key)
    return text.format(**values) if values else text


def has(key: str) -> bool:
    """Whether the catalogue knows a key."""
    return catalogue(language()).gettext(key) != key


def plain(text: str) -> str:
    """A stranger's text made safe to put inside Markdown: shown as it is, never as markup."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:])", r"\\\1", text)


def prose(slug: str, section: str) -> str:
    """A section of a page's prose."""
    return prose_sections(language(), slug).get(section, "")


def warm_up() -> None:
    """Compile every catalogue before the first visitor."""
    for name in LANGUAGES:
        catalogue(name)
        viewer_strings(name)


def safe(values: Mapping[str, object]) -> dict[str, str]:
    """Values for sentences that stand outside Markdown: numbers rounded, words as they are."""
    return {
        key: f"{value:.2f}" if isinstance(value, float) else str(value)
        for key, value in values.items()
        if not isinstance(value, list)
    }


def marked(values: Mapping[str, object]) -> dict[str, str]:
    """Values for sentences inside Markdown: as ``safe``, with a stranger's words made plain."""
    return {
        key: text if isinstance(values[key], int | float) else word(text)
        for key, text in safe(values).items()
    }


def word(text: str) -> str:
    """A value inside Markdown: a key of the locale as its words, any other text made plain."""
    return t(text) if text and has(text) else plain(text)


def worded(values: Mapping[str, object]) -> dict[str, object]:
    """A quiz's values inside Markdown, numbers as they are."""
    return {key: word(v) if isinstance(v, str) else v for key, v in values.items()}


def power(value: float) -> str:
    """A small number as a digit and a power of ten: 6·10⁻⁶."""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2g}"
    digit, _, exponent = f"{value:.0e}".partition("e")
    return f"{digit}·10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def refusal(error: Refused) -> str:
    """The sentence for refused input; what it quotes is shown as plain text."""
    values = {k: plain(v) if isinstance(v, str) else v for k, v in error.values.items()}
    return t(error.key, **values)


def percent(mean: float, spread: float | None) -> str:
    """An error rate with its standard deviation, where there is one."""
    if spread is None:
        return f"{100 * mean:.1f} %"
    return f"{100 * mean:.1f} ± {100 * spread:.1f} %"
