"""A sound with what a model made of it, as bytes for the browser's sound view.

The sound itself travels once, when it is chosen (``pack_source``: samples to play, the spectrogram
to draw); what lies on it travels with each run (``pack``): lanes of one value a token, words over
their tokens, the open token, spans that were silenced, and the rows of an attention map, so that
the play-head can move through them without asking Python. Layout as in ``view``: length of the
header, header (JSON), body.
"""

import base64
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image

from attn_core.inputs.sound import Sound
from attn_core.inputs.speech_features import FACTOR, N_MELS, RATE, log_mel
from attn_core.wire.photo import joined_bytes, quantised

ROWS_UP_TO = 320
"""Tokens up to which all rows of the open map go to the browser: 100 kB."""


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One value a token, drawn as a strip under the spectrogram.

    Parameters
    ----------
    label : str
        Stands beside it.
    levels : np.ndarray
        In [0, 1], one a token.
    colour : str
        "#rrggbb" where the value is 1.
    """

    label: str
    levels: Float[np.ndarray, "token"]
    colour: str = "#0072B2"


@dataclass(frozen=True, slots=True)
class Word:
    """What is written, over the tokens that it was heard in; the learner can pick it.

    Parameters
    ----------
    key : int
        What a pick answers.
    label : str
        The word.
    first, last : int
        Tokens, both included.
    colour : str
        "#rrggbb".
    heard : tuple of int, optional
        First and last token that a pick plays; ``None``: its tokens.
    """

    key: int
    label: str
    first: int
    last: int
    colour: str = "#CC79A7"
    heard: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SoundView:
    """What the sound view shows.

    Parameters
    ----------
    source : str
        Name of the sound, as ``pack_source`` sent it.
    title, look, summary : str
        What the figure shows, what to look for, and its text alternative.
    n_tokens : int
        Tokens, from left to right.
    token_seconds : float
        Of one.
    lanes : tuple of Lane
        From above downwards.
    words : tuple of Word
        Over the spectrogram.
    marked, picked : int or None
        The open token; key of the picked word.
    hidden : tuple of tuple of int
        Spans of tokens that were silenced, first and last.
    rows : np.ndarray or None
        Weights of the open map, query by key, in [0, 1]: what the first lane becomes while the
        sound plays.
    viewer : str
        Id of the attention viewer that follows the play-head; "" for none.
    can_mask : bool
        Whether the learner can silence a span.
    strings : dict of str to str
        The view's own words.
    """

    source: str
    title: str
    look: str
    summary: str
    n_tokens: int
    token_seconds: float
    lanes: tuple[Lane, ...] = ()
    words: tuple[Word, ...] = ()
    marked: int | None = None
    picked: int | None = None
    hidden: tuple[tuple[int, int], ...] = ()
    rows: Float[np.ndarray, "query key"] | None = None
    viewer: str = ""
    can_mask: bool = True
    strings: dict[str, str] = field(default_factory=dict)


def spectrogram(wave: Float[np.ndarray, "sample"]) -> UInt8[np.ndarray, "mel frame"]:
    """Log-mel energies as shades, the lowest band first.

    Parameters
    ----------
    wave : Float[np.ndarray, "sample"]
        At ``RATE``.

    Returns
    -------
    UInt8[np.ndarray, "mel frame"]
        0 at two deviations below the mean, 255 at three above.
    """
    features = log_mel(torch.from_numpy(wave)[None])[0][0].T.numpy()
    return quantised((features + 2) / 5)


def slices(sound: Sound, n: int, *, turned: bool = False) -> tuple[str, ...]:
    """Each token's piece of the spectrogram as a data URL: tokens for the attention viewer.

    Parameters
    ----------
    sound : Sound
        What was chosen.
    n : int
        Tokens.
    turned : bool
        Time runs downwards and low tones stand at the left, for tokens that stand in a column.

    Returns
    -------
    tuple of str
        PNG in one grey, of 4 × 20 pixels; darker is louder.
    """
    shades = 255 - spectrogram(sound.wave)[::-1]
    out = []
    for token in range(n):
        piece = shades[:, FACTOR * token : FACTOR * (token + 1)]
        image = Image.fromarray(np.ascontiguousarray(piece)).resize((4, 20))
        blob = BytesIO()
        (image.transpose(Image.Transpose.ROTATE_270) if turned else image).save(blob, "PNG")
        out.append("data:image/png;base64," + base64.b64encode(blob.getvalue()).decode())
    return tuple(out)


def pack_source(sound: Sound) -> bytes:
    """The sound: 16-bit samples to play, and its spectrogram.

    Parameters
    ----------
    sound : Sound
        What was chosen.

    Returns
    -------
    bytes
        Header, spectrogram, samples.
    """
    shades = spectrogram(sound.wave)
    samples = np.round(32767 * np.clip(sound.wave, -1, 1)).astype("<i2")
    header = {
        "source": sound.name,
        "rate": RATE,
        "samples": len(samples),
        "mels": N_MELS,
        "frames": shades.shape[1],
        "seconds": sound.seconds,
    }
    return joined_bytes(header, shades.tobytes() + samples.tobytes())


def pack(name: str, view: SoundView) -> bytes:
    """Everything that lies on the sound.

    Parameters
    ----------
    name : str
        Id of the view.
    view : SoundView
        What is shown.

    Returns
    -------
    bytes
        Header, lanes, rows.
    """
    body = b"".join(quantised(lane.levels).tobytes() for lane in view.lanes)
    header: dict[str, Any] = {
        "id": name,
        "source": view.source,
        "tokens": view.n_tokens,
        "token_seconds": view.token_seconds,
        "lanes": [{"label": lane.label, "colour": lane.colour} for lane in view.lanes],
        "words": [
            {
                "key": w.key,
                "label": w.label,
                "first": w.first,
                "last": w.last,
                "colour": w.colour,
                "heard": w.heard,
            }
            for w in view.words
        ],
        "marked": view.marked,
        "picked": view.picked,
        "hidden": view.hidden,
        "viewer": view.viewer,
        "can_mask": view.can_mask,
        "rows": None,
        "title": view.title,
        "look": view.look,
        "summary": view.summary,
        "strings": view.strings,
    }
    if view.rows is not None and max(view.rows.shape) <= ROWS_UP_TO:
        most = float(view.rows.max(initial=0)) or 1.0
        header["rows"] = {"offset": len(body), "queries": view.rows.shape[0]}
        body += quantised(view.rows / most).tobytes()
    return joined_bytes(header, body)
