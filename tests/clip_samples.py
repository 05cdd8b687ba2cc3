"""Clips for tests: frames whose shade tells their number, in every format that is read."""

import io

import av
import numpy as np
from PIL import Image

CODECS = {"mp4": "libx264", "mov": "mpeg4", "webm": "libvpx-vp9", "matroska": "libx264"}


def encoded(frames, container="mp4", rate=8):
    out = io.BytesIO()
    with av.open(out, "w", format=container) as opened:
        stream = opened.add_stream(CODECS[container], rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                opened.mux(packet)
        for packet in stream.encode():
            opened.mux(packet)
    return out.getvalue()


def ramp(n, rows=48, columns=64):
    """Frames whose shade tells their number."""
    return [np.full((rows, columns, 3), 10 + 230 * i // max(1, n - 1), np.uint8) for i in range(n)]


def gif(frames, milliseconds=125):
    out = io.BytesIO()
    images = [Image.fromarray(f) for f in frames]
    images[0].save(
        out, "GIF", save_all=True, append_images=images[1:], duration=milliseconds, loop=0
    )
    return out.getvalue()
