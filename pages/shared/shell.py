"""What surrounds every page: router, sidebar map, language, device, style."""

from pathlib import Path

import streamlit as st

from attn_core.lessons import CHAPTERS, LESSONS, SECTIONS
from pages.shared import controls, devices, i18n, state
from pages.shared.i18n import t

# Fonts, line breaks and screen readers go by the document's language; Streamlit always says "en".
_language = st.components.v2.component(
    "document_language",
    js="export default function ({ data }) {\n  document.documentElement.lang = data;\n}\n",
)

ROOT = Path(__file__).resolve().parents[2]


@st.cache_data(max_entries=4)
def _css() -> str:
    return (ROOT / "assets" / "style.css").read_text(encoding="utf-8")


def _pages() -> dict[str, st.Page]:
    """Every page by its key: "home", "ledger", or a lesson's number."""
    pages = {
        "home": st.Page("pages/home.py", title=t("home.title"), url_path="home", default=True),
        "ledger": st.Page("pages/ledger.py", title=t("ledger.title"), url_path="ledger"),
    }
    for lesson in LESSONS:
        pages[lesson.number] = st.Page(
            f"pages/{lesson.slug}.py",
            title=f"{lesson.number} {t(f'section.{lesson.number}')}",
            url_path=lesson.url,
        )
    return pages


def _reworded() -> None:
    controls.keep("lang", None)
    controls.reword()


def language_switch() -> None:
    """The language, in place; in the link as ``lang``."""
    names = list(i18n.LANGUAGES)
    st.session_state.setdefault("lang", i18n.language())
    bound = controls.seed("lang", names, None) | {"on_change": _reworded, "args": ()}
    with st.container(key="language"):
        st.selectbox(
            t("shell.language"),
            names,
            names.index(i18n.language()),
            format_func=i18n.LANGUAGES.__getitem__,
            label_visibility="collapsed",
            **bound,
        )
        _language(key="document-language", data=i18n.language(), height=1)


def _sidebar(pages: dict[str, st.Page], current: str) -> None:
    with st.sidebar:
        st.page_link(pages["home"], label=f"**{t('shell.name')}**", icon=":material/map:")
        for chapter in CHAPTERS:
            numbers = [n for n in SECTIONS if n.split(".")[0] == chapter]
            if chapter not in numbers:
                st.caption(f"{chapter}  {t(f'chapter.{chapter}')}")
            for number in numbers:
                label = f"{number}  {t(f'section.{number}')}"
                if number in pages:
                    st.page_link(
                        pages[number], label=f"**{label}**" if number == current else label
                    )
                else:
                    st.page_link(pages["home"], label=label, disabled=True, help=t("shell.not_yet"))
        st.page_link(pages["ledger"], label=t("ledger.title"), icon=":material/fact_check:")
        devices.switch()


def run() -> None:
    """One run of the router for one learner."""
    i18n.settle()
    st.set_page_config(
        page_title=t("shell.name"),
        page_icon=str(ROOT / "assets" / "icon.png"),
        layout="wide",
        initial_sidebar_state="auto",
    )
    pages = _pages()
    page = st.navigation(list(pages.values()), position="hidden")
    st.html(f"<style>{_css()}</style>")
    st.session_state["_pages"] = pages
    current = next((key for key, p in pages.items() if p == page), "home")
    state.enter(current)
    language_switch()
    _sidebar(pages, current)
    page.run()
