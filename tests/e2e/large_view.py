"""A page with nothing but the viewer on one 4096 × 4096 causal map; ``streamlit run`` takes it."""

from functools import cache

import streamlit as st
import torch

from attn_core.attention import masks
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.wire.labels import Labels
from pages.frame import i18n, link, viewer
from pages.site import server

N = 4096


@cache
def result() -> LessonResult:
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(1, 1, N, 16, generator=generator) for _ in range(2))
    mask = masks.causal(N, N)[None, None]
    scores = query @ key.transpose(-2, -1) / 4
    weights = torch.softmax(scores.masked_fill(~mask, -torch.inf), -1)
    trace = AttentionTrace(query, key, key, scores, mask, weights, "softmax", key[:, 0])
    names = tuple(str(i) for i in range(N))
    return LessonResult({"large": trace}, names, names, {}, {})


@st.fragment
def body() -> None:
    words = Labels("4096", "", "", {"large": "large"}, i18n.viewer_strings("en"))
    viewer.show("large", result(), words, link.selection(), Intervention(), result())


if __name__ == "__main__":
    body()
else:
    app = st.App(__file__, middleware=server.middleware(), routes=server.routes())
