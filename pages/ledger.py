"""The ledger: every claim of the lessons that exist, with its verdict, number and command."""

import streamlit as st

from attn_core.lessons import LESSONS
from pages.shared import i18n, parts, state
from pages.shared.i18n import t

st.title(t("ledger.title"))
st.markdown(i18n.prose("ledger", "intro"))
rows = [
    parts.ledger_row(claim_id, lesson.number) for lesson in LESSONS for claim_id in lesson.claims
]
st.table(rows, hide_index=True, height=620)
st.caption(t("ledger.look"))
for lesson in LESSONS:
    st.markdown(f"#### {lesson.number}  {t(f'section.{lesson.number}')}")
    for claim_id in lesson.claims:
        name = f"{claim_id} · {parts.verdict_name(claim_id)}"
        box = st.expander(name, key=state.key(f"claim-{claim_id}"), on_change="rerun")
        if box.open:  # a card that nobody looks at is not made
            with box:
                parts.claim_card(claim_id)
