"""The peer of a lesson: a title, one slider in a fragment, and a canvas; nothing that teaches.

The same entry (ASGI application, warm-up, headers, configuration, threads), the same forward pass
and the same 8-bit map on a canvas of the viewer's size. ``?lesson=1``, ``3.2`` and so on;
``?seed=`` or a name of ``GIVEN`` chooses the input, as it does there; without it the stored default
is shown.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from attn_core.attention.interventions import Intervention
from attn_core.contract.registry import lesson
from attn_core.contract.result import LessonResult
from attn_core.inputs.clip import made_name
from attn_core.inputs.motion import Motion
from attn_core.lessons.every import EVERY
from attn_core.lessons.s2_2_positional_encoding import experiment
from attn_core.lessons.s3_1_incremental import experiment as s3_1_incremental
from attn_core.lessons.s6_2_video import experiment as s6_2_video
from attn_core.lessons.s6_3_bioinformatics import experiment as s6_3_bioinformatics
from attn_core.lessons.s6_3_bioinformatics import genome
from attn_core.lessons.s6_3_bioinformatics.samples import text as sample
from attn_core.wire.view import quantise
from pages.frame import results
from pages.frame.controls import TEMPERATURES
from pages.site import server

SLIDERS = {
    "2.2": ("shift", experiment.SHIFTS),
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


def _span(text: str) -> tuple[tuple[int, int], ...]:
    first, last = text.split("-")
    return ((int(first), int(last)),)


def _clip(begins: str) -> str:
    first = int(begins) - 1
    return made_name(s6_2_video.PHOTOS[0], Motion("pan_right", first, first + 5, 1.0))


GENE = sample("genome", s6_3_bioinformatics.SAMPLES["genome"][0])
GIVEN: dict[str, tuple[str, Callable[[str], Any]]] = {
    "text": ("text", str), "word": ("word", str), "hidden": ("hidden", lambda v: (int(v),)),
    "queries": ("n_queries", int), "silenced": ("hidden", _span), "begins": ("clip", _clip),
    "films": ("history", lambda v: tuple(map(int, v.split("-")))),
    "moved": ("at", lambda v: genome.moved(GENE, -1, int(v))),
}  # fmt: skip
"""Of each parameter that the lesson's address has: the config's field, and how it is read."""


def _result(number: str, value: float) -> LessonResult:
    taught = EVERY[lesson(number).slug]
    module = taught.experiment
    asked = {GIVEN[n][0]: GIVEN[n][1](v) for n, v in st.query_params.items() if n in GIVEN}
    if "seed" in st.query_params:
        asked = {"source": "random", "n": 64, "seed": int(st.query_params["seed"])}
    setting = number in SLIDERS  # of the config, not a change
    changes = Intervention() if setting else Intervention(temperature=value)
    if not asked:
        return results.run(taught, module.Config(), changes, "cpu")[0]
    if setting:
        asked[SLIDERS[number][0]] = value
    result: LessonResult = module.run(module.Config(**asked), changes)
    return result


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
    own = repr(value).encode()  # two values may give the same 8 bits, and each is to be painted
    _canvas(key="canvas", data=size + cells.tobytes() + own, height=360)


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
