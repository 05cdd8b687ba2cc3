"""A clip for the eye: its frames side by side, and as a file that browsers play."""

import hashlib
import io

import av
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from attn_core.inputs import photo
from attn_core.inputs.clip_file import PACE


def sheet(frames: UInt8[np.ndarray, "frame row column 3"], across: int = 4) -> photo.Photo:
    """All frames side by side as one picture, in rows.

    Parameters
    ----------
    frames : UInt8[np.ndarray, "frame row column 3"]
        From ``window``.
    across : int
        Frames in a row; it divides their number.

    Returns
    -------
    Photo
        ``photo.find`` knows it from now on.
    """
    rows = [np.concatenate(list(row), 1) for row in np.split(frames, len(frames) // across)]
    pixels = np.concatenate(rows, 0)
    name = hashlib.sha256(pixels.tobytes()).hexdigest()
    made = photo.KEPT.get(name)
    if made is None:
        made = photo.Photo(name, pixels, pixels.shape[1], pixels.shape[0], b"")
        photo.KEPT.put(made)
    return made


def as_webm(frames: UInt8[np.ndarray, "frame row column 3"], side: int = 288) -> bytes:
    """Frames as a file that browsers play, made anew: nothing of the learner's own file is in it.

    Parameters
    ----------
    frames : UInt8[np.ndarray, "frame row column 3"]
        From ``window``.
    side : int
        Pixels; even.

    Returns
    -------
    bytes
        webm, VP8, ``PACE`` frames a second.
    """
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as opened:
        stream = opened.add_stream(
            "libvpx", rate=PACE, options={"deadline": "realtime", "cpu-used": "8"}
        )
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            big = np.array(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
            for packet in stream.encode(av.VideoFrame.from_ndarray(big, format="rgb24")):
                opened.mux(packet)
        for packet in stream.encode():
            opened.mux(packet)
    return out.getvalue()
