"""What the lessons of speech draw alike: the sound with words and lanes, what is silenced."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from attn_core.charts import common as charts
from attn_core.inputs.refused import Refused
from attn_core.inputs.sound import Sound, again, find
from attn_core.lessons.speech import compared
from attn_core.lessons.speech import tokens as speech
from attn_core.lessons.speech.said import said
from attn_core.wire.labels import Labels
from attn_core.wire.sound import Lane, SoundView, Word, slices
from pages.frame import controls, i18n, inputs, link
from pages.frame.i18n import t
from pages.frame.media import sound
from pages.frame.run import Run

PLACE = "sound"
SLICES_UP_TO = 240
"""Tokens up to which the viewer shows each one's piece of the spectrogram."""


def silenced(of: str) -> tuple[speech.Span, ...]:
    """The spans that are silenced, as the link holds them; another sound has none."""
    if controls.turned("silenced", of):
        controls.put("silenced", "", "")
    spans = speech.spans_from_text(controls.held("silenced", ""))
    seconds = sum(last - first + 1 for first, last in spans) * speech.TOKEN_SECONDS
    controls.hold_as("silenced", t("speech.silenced", s=f"{seconds:.2f}"))
    return spans


def digits_of(name: str, label: str, of: str) -> str:
    """Digits that are typed about one sound; another sound has none."""
    if controls.turned(name, of):
        inputs.put(name, "", "")
    return inputs.text(name, label, "")


def said_of(name: str, label: str, of: str) -> tuple[int, ...] | None:
    """The same, read; what is wrong with it stands under the field, and the last good one holds."""
    typed = digits_of(name, label, of)
    kept = link.key(f"{name}.good")
    try:
        found = said(typed)
    except Refused as error:
        st.warning(f"{i18n.refusal(error)} {t('shell.still')}", icon=":material/edit:")
        was, found = st.session_state.get(kept, (of, None))
        return found if was == of else None
    st.session_state[kept] = (of, found)
    return found


def _silence(run: Run, first: int, last: int) -> None:
    """Silence a span; where all of it is silent already, let it sound again."""
    spans = run.config.hidden
    if any(a <= first and last <= b for a, b in spans):
        cut = [(a, b) for a, b in spans if not (a <= first and last <= b)]
        whole = next((a, b) for a, b in spans if a <= first and last <= b)
        sides = ((whole[0], first - 1), (last + 1, whole[1]))
        now = speech.merged((*cut, *(s for s in sides if s[0] <= s[1])))
    else:
        now = speech.merged((*spans, (first, last)))
    if len(now) <= speech.MAX_SPANS:
        controls.put("silenced", speech.spans_as_text(now), "")
    else:
        st.session_state[f"viewer_{run.lesson.slug}.refused"] = True


def events(
    run: Run, pick: Callable[[int], None], pick_word: Callable[[int], None] | None = None
) -> Callable[[dict[str, Any]], None]:
    """What the sound view's events do: open a token's row, pick a word, silence a span."""
    n = int(run.result.details["tokens"])

    def happened(event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "token":
            index = event["index"]
            if type(index) is int and 0 <= index < n:
                pick(index)
        elif kind == "word":
            key, words = event["key"], run.result.details["words"]
            if type(key) is not int or not 0 <= key < len(words):
                return
            if pick_word:
                pick_word(key)
            else:
                pick((words[key]["first"] + words[key]["last"]) // 2)
        else:
            ends = event["span"]
            if isinstance(ends, list) and len(ends) == 2 and all(type(e) is int for e in ends):
                first, last = (min(max(e, 0), n - 1) for e in sorted(ends))
                _silence(run, first, last)

    return happened


def open_row(run: Run) -> Callable[[int], None]:
    """Open a token's row in the attention map that is shown."""
    return lambda index: link.set_selection(
        dataclasses.replace(run.selection, query=index, region=None)
    )


def words(run: Run) -> tuple[Word, ...]:
    """What was written, where it was heard."""
    return tuple(
        Word(i, str(w["digit"]), w["first"], w["last"], charts.OUTPUT, tuple(w["heard"]))
        for i, w in enumerate(run.result.details["words"])
    )


def picked(run: Run, token: int) -> int | None:
    """The word that a token is in."""
    for i, word in enumerate(run.result.details["words"]):
        if word["first"] <= token <= word["last"]:
            return i
    return None


def lane(name: str, levels: Any, colour: str) -> Lane:
    """A strip under the spectrogram; ``name`` is that of its label."""
    return Lane(t(f"speech.lane.{name}"), np.asarray(levels, np.float32), colour)


def show(
    run: Run,
    title: str,
    look: str,
    lanes: tuple[Lane, ...],
    *,
    rows: Any = None,
    marked: int | None = None,
    pick: Callable[[int], None] | None = None,
    pick_word: Callable[[int], None] | None = None,
    word: int | None = None,
    source: Sound | None = None,
) -> None:
    """The sound with what the model made of it; ``source`` where it is not the config's own.

    ``word`` is the open one where words are opened by ``pick_word``, and not by their moments.
    """
    token = marked or 0
    source = source or find(run.config.sound)
    sound.show(
        PLACE,
        SoundView(
            source=source.name,
            title=title,
            look=look,
            summary=f"{title} {look}",
            n_tokens=int(run.result.details["tokens"]),
            token_seconds=speech.TOKEN_SECONDS,
            lanes=lanes,
            words=words(run),
            marked=marked,
            picked=word if pick_word else picked(run, token),
            hidden=tuple((a, b) for a, b in run.result.details["hidden"]),
            rows=rows,
            viewer=run.lesson.slug if rows is not None else "",
        ),
        events(run, pick or open_row(run), pick_word),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def pieces(name: str, times: int, n: int, turned: bool) -> tuple[str, ...]:
    """Pieces of the spectrogram for the viewer's tokens; none for a long sound."""
    return slices(again(find(name), times), n, turned=turned) if n <= SLICES_UP_TO else ()


def as_labels(
    run: Run,
    prefix: str,
    facts: dict[str, Any],
    sites: dict[str, str],
    *,
    rows: bool = True,
    columns: bool = True,
) -> Labels:
    """Words around a map; ``rows`` and ``columns`` say whether these are tokens of sound."""
    times = getattr(run.config, "times", 1)
    across, down = (
        pieces(run.config.sound, times, int(run.result.details["tokens"]), turned)
        for turned in (False, True)
    )
    return Labels(
        title=t(f"{prefix}.view.title", **facts),
        look=t(f"{prefix}.view.look", **facts),
        summary=t(f"{prefix}.view.summary", **facts),
        sites=sites,
        strings=i18n.viewer_strings(i18n.language()),
        query_images=down if rows else (),
        key_images=across if columns else (),
    )


def transcript(digits: list[int]) -> str:
    """Digits as they are read."""
    return " ".join(map(str, digits)) if digits else t("speech.nothing")


def truth(run: Run) -> tuple[int, ...] | None:
    """What is said, as far as anybody knows."""
    if "truth" in run.result.details:
        said = run.result.details["truth"]
        return None if said is None else tuple(said)
    return compared.true_digits(run.config.sound)


def told(run: Run) -> None:
    """What is written, and what was written before the learner's changes."""
    now, before = run.result.details["digits"], run.before.details["digits"]
    said = truth(run)
    line = t("speech.written", digits=transcript(now))
    if said is not None and list(said) != list(now):
        line += " " + t("speech.said", digits=transcript(list(said)))
    st.markdown(line)
    if run.before is not run.result:
        same = "same" if now == before else "other"
        st.markdown(t(f"speech.before.{same}", digits=transcript(before)))


def about(checkpoint: str) -> None:
    """The model's card: what it was trained on, and its error on held-out voices."""
    known = compared.card(checkpoint)
    st.caption(
        t(
            "speech.card",
            **i18n.safe(
                known
                | {
                    "error": f"{known['error']:.1f}",
                    "unseen": f"{known['unseen']:.1f}",
                    "parameters": f"{known['parameters']:.2f}",
                    "synthetic": f"{known['synthetic']:.0f}",
                }
            ),
        )
    )
