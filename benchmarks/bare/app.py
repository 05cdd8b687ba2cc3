"""The peer of a lesson: a title, one slider in a fragment, and a canvas; nothing that teaches.

The same entry (ASGI application, warm-up, headers, configuration, threads), the same forward pass
and the same 8-bit map on a canvas of the viewer's size. ``?lesson=1``, ``3.2`` and so on;
``?seed=``, ``?word=``, ``?text=``, ``?hidden=`` or ``?queries=`` choose the input, as they do
there; without them the stored default is shown.
"""

import streamlit as st

from attn_core.experiments import (
    s1_additive,
    s2_2_positional_encoding,
    s3_1_incremental,
    s3_2_scaled_dot_product,
    s4_1_segmentation,
    s4_2_detection,
)
from attn_core.interventions import Intervention
from attn_core.lessons import lesson
from attn_core.plots.view import quantise
from attn_core.result import LessonResult
from pages.shared import compute, server
from pages.shared.controls import TEMPERATURES

SLIDERS = {
    "2.2": ("shift", s2_2_positional_encoding.SHIFTS),
    "3.1": ("sampling", s3_1_incremental.TEMPERATURES),
}

CANVAS = """
const HEIGHT = 352, WIDTH = 474;  // the viewer's picture in a window of 1440
let painted = 0;
export default function ({ data, parentElement }) {
  if (!(data instanceof Uint8Array)) return;
  const host = parentElement.host ?? parentElement;
  const rows = data[0] | (data[1] << 8), cols = data[2] | (data[3] << 8);
  const image = new ImageData(cols, rows);
  for (let i = 0; i < rows * cols; i++) {
    const shade = data[4 + i] === 255 ? 255 : 255 - data[4 + i];
    image.data.set([shade, shade, shade, 255], 4 * i);
  }
  const small = new OffscreenCanvas(cols, rows);
  small.getContext('2d').putImageData(image, 0, 0);
  let canvas = parentElement.querySelector('canvas');
  if (!canvas) {
    canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
    parentElement.append(canvas);
  }
  const paper = canvas.getContext('2d');
  paper.imageSmoothingEnabled = false;
  paper.drawImage(small, 0, 0, WIDTH, HEIGHT);
  host.attnViewer = { view: data };
  host.dataset.painted = String(++painted);
  performance.mark('attn-viewer-painted');
}
"""


def _result(number: str, value: float) -> LessonResult:
    text = st.query_params.get("text")
    if number == "2.2" and text is not None:
        return s2_2_positional_encoding.run(
            s2_2_positional_encoding.Config(text=text, shift=int(value))
        )
    if number == "3.1" and text is not None:
        return s3_1_incremental.run(s3_1_incremental.Config(text=text, sampling=value))
    changes = Intervention(temperature=value)
    if text is not None:
        module = compute.experiment(lesson(number))
        result: LessonResult = module.run(module.Config(text=text), changes)
        return result
    hidden, queries = st.query_params.get("hidden"), st.query_params.get("queries")
    if hidden is not None:
        return s4_1_segmentation.run(s4_1_segmentation.Config(hidden=(int(hidden),)), changes)
    if queries is not None:
        return s4_2_detection.run(s4_2_detection.Config(n_queries=int(queries)), changes)
    seed, word = st.query_params.get("seed"), st.query_params.get("word")
    if seed is not None:
        chosen = s3_2_scaled_dot_product.Config(source="random", n=64, seed=int(seed))
        return s3_2_scaled_dot_product.run(chosen, changes)
    if word is not None:
        return s1_additive.run(s1_additive.Config(word), changes)
    entry = lesson(number)
    return compute.run(entry, compute.experiment(entry).Config(), changes, "cpu")[0]


@st.fragment
def _body(number: str) -> None:
    name, steps = SLIDERS.get(number, ("temperature", TEMPERATURES))
    if name not in st.session_state:
        wanted = st.query_params.get(name)
        first = {"shift": 0, "sampling": 0.5}.get(name, 1.0)
        st.session_state[name] = next((x for x in steps if str(x) == wanted), first)
    value = st.select_slider(name, steps, key=name)
    trace = next(iter(_result(number, value).traces.values()))
    weights, mask = trace.weights[0, 0], None if trace.mask is None else trace.mask[0, 0]
    cells = quantise(weights, mask, float(weights.max()), 384, 384)
    size = b"".join(side.to_bytes(2, "little") for side in cells.shape)
    _canvas(key="canvas", data=size + cells.tobytes(), height=360)


if __name__ == "__main__":
    _canvas = st.components.v2.component("bare_canvas", js=CANVAS)
    st.set_page_config(page_title="bare", layout="wide")
    st.title("bare")
    _body(st.query_params.get("lesson", "3.2"))
else:
    app = st.App(
        __file__,
        lifespan=server.lifespan,
        middleware=server.middleware(),
        routes=server.routes(),
    )
