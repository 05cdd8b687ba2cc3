// picture.js — one picture, whichever its kind: labels, base canvas, captions; and the marks of the cell looked at,
// with the readout.

import { attr, fill, say } from "./dom.js";
import { factsOf, number } from "./facts.js";
import { cellRect, layoutLines, layoutMap } from "./geometry.js";
import { paintMap, paintMarks } from "./heatmap.js";
import { lineEnds, markLines, paintLines } from "./lines.js";

function captions(v, bars) {
  const { layout: L, view } = v,
    t = view.strings,
    lines = L.kind === "lines",
    left = `right:${L.width - L.gutter + 8}px;`;
  say(v.axisQ, lines ? t.axis_query : `${t.axis_query} ↓`);
  say(v.axisK, lines ? t.axis_key : `${t.axis_key} →`);
  v.axisQ.style.cssText = `${left}top:${L.y - (lines ? 28 : 19)}px`;
  v.axisK.style.cssText = lines ? `left:${L.x + L.w + 8}px;top:${L.y - 28}px` : `${left}top:${L.y - 35}px`;
  v.barName.hidden = v.barTop.hidden = lines;
  if (lines) return;
  const low = L.bars.y + L.bars.h;
  say(v.barName, bars ? (view.item(0, v.open.value.query).label ?? "") : t.bars_hint);
  v.barName.classList.toggle("hint", !bars);
  v.barName.style.cssText = bars
    ? `left:0;width:${L.gutter - 8}px;top:${low - 34}px`
    : `left:${L.x}px;width:${L.width - L.x}px;top:${L.bars.y + 6}px`;
  say(
    v.barTop,
    bars
      ? fill(bars.signed ? t.bars_top_difference : bars.exact ? t.bars_top : t.bars_top_about, {
          weight: number(bars.top),
        })
      : "",
  );
  v.barTop.style.cssText = `left:0;width:${L.gutter - 8}px;top:${low - 17}px`;
}

/** Lay out and paint the picture; leaves `layout`, `shown` (colours used) and `drawn` (lines) on the viewer. */
export function paintPicture(v) {
  const { view, theme } = v;
  const width = Math.floor(v.picture.clientWidth),
    height = Math.floor(v.picture.clientHeight);
  const dpr = (v.dpr = window.devicePixelRatio || 1);
  const L = (v.layout = (v.mode === "lines" ? layoutLines : layoutMap)(view, width, height, theme.font));
  for (const canvas of [v.base, v.over]) {
    const w = Math.round(width * dpr),
      tall = Math.round(height * dpr);
    if (canvas.width !== w || canvas.height !== tall) Object.assign(canvas, { width: w, height: tall });
  }
  const ctx = v.base.getContext("2d"),
    query = v.open.value.query;
  let bars = null;
  v.drawn = [];
  if (L.kind === "map") {
    const out = paintMap(ctx, L, view, theme, { scale: v.scale.value, query, dpr });
    [v.shown, bars] = [out.look, out.bars];
  } else {
    v.drawn = paintLines(ctx, L, view, theme, { which: v.which, query, dpr });
    v.shown = { diverging: false, top: view.side.max };
  }
  v.shown.anyMasked = L.kind === "map" && v.shown.index.includes(-1);
  v.rows.update(L, view, query);
  v.cols.update(L, view, query);
  captions(v, bars);
}

/**
 * Mark the cell looked at (the pointer's, else the keyboard's), light its labels, fill the readout, and say the
 * keyboard's cell.
 */
export function markPicture(v) {
  const { view, layout: L } = v;
  if (!view || !L) return;
  const at = v.hover ?? v.focusBins();
  const ctx = v.over.getContext("2d"),
    opts = { cell: at, drawn: v.drawn, focused: v.byKey && !v.hover, dpr: v.dpr };
  if (L.kind === "map") paintMarks(ctx, L, v.theme, opts);
  else markLines(ctx, L, view, v.theme, opts);
  v.rows.light(L, view, at.r);
  v.cols.light(L, view, at.c);
  v.facts = factsOf(view, v.book, at);
  const f = v.hover ? factsOf(view, v.book, v.focusBins()) : v.facts;
  v.readout.update(view, v.facts, v.theme, v.dpr, v.facts.q === f.q && v.facts.k === f.k);
  const t = view.strings;
  say(
    v.spoken[v.turn],
    fill(f.masked ? t.say_masked : f.exact ? t.say_cell : t.say_about, {
      query: view.item(0, f.q).label,
      key: view.item(1, f.k).label,
      weight: number(f.weight),
    }),
  );
  attr(v.spoken[v.turn], "aria-colindex", f.k + 1);
  attr(v.spoken[v.turn].parentElement, "aria-rowindex", f.q + 1);
  attr(v.stage, "aria-activedescendant", `spoken-${v.turn}`);
}

/** Middle of a cell or line (or its key's label) in the picture, CSS px. */
export function pointIn(v, r, c, label = false) {
  const L = v.layout;
  if (L.kind === "lines") {
    const [x0, y0, x1, y1] = lineEnds(L, { r, c });
    return label ? { x: x1 + 40, y: y1 } : { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
  }
  const a = cellRect(L, r, c, v.dpr);
  return { x: a.x + a.w / 2, y: label ? L.y : a.y + a.h / 2 };
}
