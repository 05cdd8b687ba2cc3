"""Home: a map of the document, in its order."""

import streamlit as st

from attn_core.lessons import CHAPTERS, LESSONS, SECTIONS
from pages.shared import i18n, shell
from pages.shared.i18n import t

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
                    shell.to(number, f"**{title}**", ":material/arrow_forward:")
                else:
                    st.markdown(f"{title}  \n:gray[{t('shell.not_yet')}]")
                st.markdown(t(f"section.{number}.what"))
shell.to("ledger", t("home.to_ledger"), ":material/fact_check:")
