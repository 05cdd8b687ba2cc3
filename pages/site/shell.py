"""What surrounds every page: router, sidebar map, language, device, style."""

from pathlib import Path

import streamlit as st

from attn_core.contract.registry import CHAPTERS, LESSONS, SECTIONS
from pages.frame import devices, guard, i18n, link
from pages.frame.i18n import t

# Fonts, line breaks and screen readers go by the document's language; Streamlit always says "en".
# A choice that is not the browser's own is kept in a cookie. The address's "lang" has then done its
# work and goes, without a step of the history: a reload would undo a later choice.
_DOCUMENT = """
export default function ({ data }) {
  document.documentElement.lang = data.language;
  const days = data.chosen ? 365 : 0;
  document.cookie = `COOKIE=${data.language};path=/;max-age=${days * 86400};SameSite=Lax`;
  const given = location.search.slice(1).split('&');
  const kept = given.filter((pair) => !pair.startsWith('lang='));
  if (kept.length === given.length) return;
  const query = kept.length ? `?${kept.join('&')}` : '';
  history.replaceState(history.state, '', location.pathname + query + location.hash);
}
"""
_language = st.components.v2.component(
    "document_language",
    js=_DOCUMENT.replace("COOKIE", i18n.COOKIE),
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
            f"pages/{lesson.slug}/page.py",
            title=f"{lesson.number} {t(f'section.{lesson.number}')}",
            url_path=lesson.url,
        )
    return pages


def language_switch() -> None:
    """The language, in place: in the session and a cookie, and in the link that is handed on.

    A browser names an option by its words, which the next run does not know in another language: so
    every control is drawn anew.
    """
    names = list(i18n.LANGUAGES)
    st.session_state.setdefault(link.LANGUAGE, i18n.language())
    with st.container(key="language"):
        st.selectbox(
            t("shell.language"),
            names,
            names.index(i18n.language()),
            format_func=i18n.LANGUAGES.__getitem__,
            label_visibility="collapsed",
            key=link.LANGUAGE,
            on_change=link.forget,
        )
        chosen = i18n.language() != i18n.browsers()
        _language(
            key="document-language", data={"language": i18n.language(), "chosen": chosen}, height=1
        )


def _sidebar(pages: dict[str, st.Page], current: str) -> None:
    with st.sidebar:
        link.to("home", f"**{t('shell.name')}**", ":material/map:")
        for chapter in CHAPTERS:
            numbers = [n for n in SECTIONS if n.split(".")[0] == chapter]
            if chapter not in numbers:
                st.caption(f"{chapter}  {t(f'chapter.{chapter}')}")
            for number in numbers:
                label = f"{number}  {t(f'section.{number}')}"
                if number in pages:
                    link.to(number, f"**{label}**" if number == current else label)
                else:
                    st.page_link(pages["home"], label=label, disabled=True, help=t("shell.not_yet"))
        link.to("ledger", t("ledger.title"), ":material/fact_check:")
        devices.switch()


def run() -> None:
    """One run of the router for one learner."""
    with link.turn():
        _turn()


def _turn() -> None:
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
    link.enter(current)
    language_switch()
    _sidebar(pages, current)
    with guard.part():
        page.run()
