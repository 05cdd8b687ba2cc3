"""Home: a map of the document, in its order."""

import streamlit as st

from attn_core.contract.registry import CHAPTERS, LESSONS, SECTIONS
from pages.frame import i18n, link
from pages.frame.i18n import t

built = {lesson.number: lesson for lesson in LESSONS}

st.title(t("shell.name"))
st.markdown(i18n.prose("home", "intro"))
for chapter in CHAPTERS:
    numbers = [n for n in SECTIONS if n.split(".")[0] == chapter]
    st.markdown(f"#### {chapter}  {t(f'chapter.{chapter}')}")
    for start in range(0, len(numbers), 3):
        for column, number in zip(st.columns(3), numbers[start : start + 3], strict=False):
            with column, st.container(border=True, height="stretch"):
                title = f"{number}  {t(f'section.{number}')}"
                if number in built:
                    link.to(number, f"**{title}**", ":material/arrow_forward:")
                else:
                    st.markdown(f"{title}  \n:gray[{t('shell.not_yet')}]")
                st.markdown(t(f"section.{number}.what"))
link.to("ledger", t("home.to_ledger"), ":material/fact_check:")
