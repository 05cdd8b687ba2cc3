"""A page with the sound view, an attention map beside it, and the events that came back."""

import json

import numpy as np
import streamlit as st
import torch

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.contract.result import LessonResult
from attn_core.inputs.sound import find
from attn_core.lessons.speech import tokens as speech
from attn_core.wire.labels import Labels
from attn_core.wire.sound import Lane, SoundView, Word
from pages.frame import i18n, link, viewer
from pages.frame.media import sound
from pages.site import server


def result(n: int) -> LessonResult:
    """Each token looks at one that lies two further on."""
    scores = torch.full((1, 1, n, n), -4.0)
    scores[0, 0, torch.arange(n), (torch.arange(n) + 2).clamp_max(n - 1)] = 4.0
    part = torch.ones(1, 1, n, 4)
    trace = AttentionTrace(part, part, part, scores, None, scores.softmax(-1), "softmax", part[0])
    names = speech.token_names(n)
    return LessonResult({"encoder.0": trace}, names, names, {}, {})


def body() -> None:
    heard = find("double")
    n = speech.tokens_in(len(heard.wave))
    found = result(n)
    events = st.session_state.setdefault("events", [])
    sound.give("test", heard)
    rows = found.traces["encoder.0"].weights[0, 0].numpy()
    loud = speech.speech(heard.wave).astype(np.float32)
    view = SoundView(
        source=heard.name,
        title="a title",
        look="what to look for",
        summary="in words",
        n_tokens=n,
        token_seconds=speech.TOKEN_SECONDS,
        marked=3,
        hidden=((20, 25),),
        lanes=(Lane("weights", rows[3]), Lane("speech", loud)),
        words=(Word(0, "5", 8, 14), Word(1, "0", 50, 60)),
        rows=rows,
        viewer="test",
    )
    sound.show("test", view, events.append)
    words = Labels("map", "", "", {"encoder.0": "one"}, i18n.viewer_strings("en"))
    viewer.show("test", found, words, link.selection(), Intervention(), found)
    st.code(json.dumps(events))


if __name__ == "__main__":
    body()
else:
    app = st.App(__file__, middleware=server.middleware(), routes=server.routes())
