"""The ledger: every claim of the lessons that exist, with its verdict, number and command."""

import streamlit as st

from attn_core.contract.registry import LESSONS
from pages.frame import below, i18n, link
from pages.frame.i18n import t

st.title(t("ledger.title"))
st.markdown(i18n.prose("ledger", "intro"))
rows = [
    below.ledger_row(claim_id, lesson.number) for lesson in LESSONS for claim_id in lesson.claims
]
st.table(rows, hide_index=True, height=620)
st.caption(t("ledger.look"))
for lesson in LESSONS:
    st.markdown(f"#### {lesson.number}  {t(f'section.{lesson.number}')}")
    for claim_id in lesson.claims:
        name = f"{claim_id} · {below.verdict_name(claim_id)}"
        box = st.expander(name, key=link.key(f"claim-{claim_id}"), on_change="rerun")
        if box.open:  # a card that nobody looks at is not made
            with box:
                below.claim_card(claim_id)
