// interact.js — pointer and keyboard on the picture: what was pointed at, walked to, picked, edited or cut.

import { hitLines } from "./lines.js";
import { hitMap } from "./heatmap.js";

const DWELL = 150; // ms that the keyboard or a click stays on a cell before its exact numbers are asked for

/** What lies under a pointer event: {r, c}, with `label` (0 query, 1 key) when it is a label. */
function under(viewer, e) {
  const L = viewer.layout;
  const tag = e.target.closest?.(".label");
  if (tag) {
    const axis = tag.parentElement.classList.contains("keys") ? 1 : 0;
    const at = viewer.focusBins();
    return axis ? { r: at.r, c: Number(tag.dataset.bin), label: 1 } : { r: Number(tag.dataset.bin), c: at.c, label: 0 };
  }
  const box = viewer.stage.getBoundingClientRect();
  const x = e.clientX - box.left,
    y = e.clientY - box.top;
  if (L.kind === "lines") return hitLines(L, viewer.drawn, x, y, viewer.focusBins());
  const hit = hitMap(L, x, y);
  if (hit) return hit;
  if (y >= L.bars.y - 4 && y <= L.bars.y + L.bars.h + 4 && viewer.open.value.query !== null) {
    // on a bar: that key, for the open query
    const c = Math.floor((x - L.x) / L.cw),
      r = viewer.view.bin(0, viewer.open.value.query);
    if (c >= 0 && c < L.C && r >= 0) return { r, c };
  }
  return null;
}

/**
 * Wire a viewer's stage.
 * @returns {{soon: () => void, stop: () => void}} `soon` asks for the looked-at cell after the dwell
 */
export function interact(viewer) {
  const { stage } = viewer;
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => viewer.do.probe(), DWELL);
  };

  stage.addEventListener("pointermove", (e) => {
    if (e.pointerType === "touch" || viewer.editor.el.contains(e.target)) return;
    const hit = under(viewer, e);
    const was = viewer.hover;
    if (hit?.r === was?.r && hit?.c === was?.c) return;
    viewer.look(hit && { r: hit.r, c: hit.c }); // from what is here: pointing asks Python nothing
  });
  stage.addEventListener("pointerleave", () => viewer.look(null));
  stage.addEventListener("click", (e) => {
    if (viewer.editor.el.contains(e.target)) return;
    const hit = under(viewer, e);
    if (!hit) return;
    viewer.byKey = false;
    viewer.walk(hit.r, hit.c);
    if (hit.label === 1) viewer.do.tokenMenu(hit.c);
    else if (hit.label === 0) viewer.do.pick(hit.r, true);
    else viewer.do.use(hit.r, hit.c);
    soon();
  });
  stage.addEventListener("focus", () => {
    viewer.byKey = stage.matches(":focus-visible");
    viewer.marks();
  });
  stage.addEventListener("blur", () => {
    viewer.byKey = false;
    viewer.marks();
  });
  stage.addEventListener("keydown", (e) => {
    if (e.target !== stage || e.ctrlKey || e.metaKey || e.altKey) return;
    const { view } = viewer;
    const { r, c } = viewer.focusBins();
    const far = 10;
    const to = {
      ArrowUp: [r - 1, c],
      ArrowDown: [r + 1, c],
      ArrowLeft: [r, c - 1],
      ArrowRight: [r, c + 1],
      PageUp: [r - far, c],
      PageDown: [r + far, c],
      Home: [r, 0],
      End: [r, view.C - 1],
    }[e.key];
    if (to) {
      viewer.byKey = true;
      viewer.look(null);
      if (!viewer.do.pan(...to))
        viewer.walk(Math.max(0, Math.min(view.R - 1, to[0])), Math.max(0, Math.min(view.C - 1, to[1])));
      soon();
    } else if (e.key === "Enter" || e.key === " ") {
      viewer.byKey = true;
      viewer.do.use(r, c);
      soon();
    } else if (e.key === "Escape") viewer.do.pick(-1);
    else if ((e.key === "x" || e.key === "X") && view.can.cut_token) viewer.do.cutToken(viewer.focus.k);
    else if ((e.key === "h" || e.key === "H") && view.can.cut_head)
      viewer.do.cutHead(viewer.open.value.site, viewer.open.value.head);
    else if (e.key === "+" || e.key === "=") viewer.do.zoom("in");
    else if (e.key === "-" || e.key === "_") viewer.do.zoom("out");
    else if (e.key === "0") viewer.do.zoom("fit");
    else return;
    e.preventDefault();
  });
  return { soon, stop: () => clearTimeout(timer) };
}
