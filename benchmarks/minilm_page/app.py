"""Nothing but the viewer, on MiniLM's 72 maps (``?n=128``) or a causal map (``?causal=4096``)."""

import streamlit as st

from attn_core.attention.interventions import Intervention
from benchmarks import views
from pages.site import server


@st.fragment
def _body() -> None:
    from pages.frame import link, viewer

    side = st.query_params.get("causal")
    result = views.causal(int(side)) if side else views.minilm(int(st.query_params.get("n", 128)))
    labels = views.labels(result)
    viewer.show("minilm", result, labels, link.selection(), Intervention(), result)


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    st.title("minilm")
    _body()
else:
    app = st.App(
        __file__,
        lifespan=server.lifespan,
        middleware=server.middleware(),
        routes=server.routes(),
    )
