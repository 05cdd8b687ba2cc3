// heatmap.js — paints the heat map and the open query's bars on the base canvas, and the pointer's and keyboard's
// marks on the one above.

import { CHANGED, KEY, QUERY } from "./colour.js";
import { cellRect, edge } from "./geometry.js";
import { pool, rowOf } from "./unpack.js";

const small = document.createElement("canvas");

/**
 * The index into the ramp of every cell, as the view's comparison and the scale want it.
 * @param {"row"|"head"|"all"} scale
 * @returns {{index: Int16Array, diverging: boolean, top: number}} -1 for masked; `top` is the number at the ramp's end
 */
export function shades(view, scale) {
  const { R, C, side, before, now } = view;
  const index = new Int16Array(R * C);
  if (view.compare === "difference") {
    let top = 0;
    const gap = (i) => (now.weights[i] || 0) - (before.weights[i] || 0); // NaN draws as 0
    for (let i = 0; i < index.length; i++) top = Math.max(top, Math.abs(gap(i)));
    for (let i = 0; i < index.length; i++)
      index[i] = now.masked[i] && before.masked[i] ? -1 : 255 + Math.round((gap(i) / (top || 1)) * 255);
    return { index, diverging: true, top };
  }
  const common = Math.max(now.max, before?.max ?? 0);
  for (let r = 0; r < R; r++) {
    let most = common;
    if (scale === "row") {
      most = 0;
      for (let i = r * C; i < (r + 1) * C; i++) if (!side.masked[i] && side.weights[i] > most) most = side.weights[i];
    }
    for (let i = r * C; i < (r + 1) * C; i++)
      index[i] = side.masked[i] ? -1 : Math.min(254, Math.round((254 * side.weights[i]) / (most || 1)));
  }
  return { index, diverging: false, top: common };
}

let hatchTile = null;
function hatch(ctx, theme, dpr) {
  if (hatchTile?.key !== theme.key + dpr) {
    const n = Math.round(6 * dpr);
    const tile = Object.assign(document.createElement("canvas"), { width: n, height: n });
    const t = tile.getContext("2d");
    t.fillStyle = theme.hatchGround;
    t.fillRect(0, 0, n, n);
    t.strokeStyle = theme.hatch;
    t.lineWidth = dpr;
    for (const d of [-n, 0, n]) {
      t.moveTo(d, n);
      t.lineTo(d + n, 0);
    }
    t.stroke();
    hatchTile = { key: theme.key + dpr, tile };
  }
  return ctx.createPattern(hatchTile.tile, "repeat");
}

function paintCells(ctx, L, view, theme, look, dpr) {
  let { R, C } = view;
  const { index, diverging } = look;
  const words = diverging ? theme.divergeWords : theme.rampWords;
  const wide = Math.max(1, Math.round(L.w * dpr)),
    tall = Math.max(1, Math.round(L.h * dpr));
  let shown = index;
  if ((R > tall || C > wide) && !diverging) {
    // more cells than pixels: keep the largest, not a sample
    const rows = Math.min(R, tall),
      cols = Math.min(C, wide);
    shown = pool(index, R, C, rows, cols);
    [R, C] = [rows, cols];
  }
  small.width = C;
  small.height = R;
  const s = small.getContext("2d");
  const image = s.createImageData(C, R);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = shown[i] < 0 ? theme.hatchWord : words[shown[i]];
  s.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  if (R === view.R && C === view.C && L.cw >= 3 && L.ch >= 3) {
    // few, large cells: one rectangle each, edges on whole pixels
    for (let r = 0; r < R; r++)
      for (let c = 0; c < C; c++) {
        const v = shown[r * C + c];
        if (v === (diverging ? 255 : 0) || v < 0) continue;
        ctx.fillStyle = (diverging ? theme.diverge : theme.ramp)[v];
        const k = cellRect(L, r, c, dpr);
        ctx.fillRect(k.x, k.y, k.w, k.h);
      }
  } else ctx.drawImage(small, L.x, L.y, L.w, L.h);
}

function hatchCells(ctx, L, view, look, theme, dpr) {
  const { R, C } = view;
  ctx.beginPath();
  let any = false;
  for (let r = 0; r < R; r++)
    for (let c = 0; c < C; c++) {
      if (look.index[r * C + c] >= 0) continue;
      let end = c;
      while (end + 1 < C && look.index[r * C + end + 1] < 0) end++;
      const a = cellRect(L, r, c, dpr),
        b = cellRect(L, r, end, dpr);
      ctx.rect(a.x, a.y, b.x + b.w - a.x, a.h);
      c = end;
      any = true;
    }
  if (!any) return;
  ctx.save();
  ctx.scale(1 / dpr, 1 / dpr); // the pattern is drawn in device pixels
  ctx.fillStyle = hatch(ctx, theme, dpr);
  ctx.fill();
  ctx.restore();
}

function outline(ctx, x, y, w, h, colour, width) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.strokeRect(x + width / 2, y + width / 2, Math.max(1, w - width), Math.max(1, h - width));
}

/** Bars of the picked query's weights, each under its own column. */
function paintBars(ctx, L, view, theme, query, dpr) {
  const { y, h } = L.bars;
  ctx.fillStyle = theme.line;
  const row = query === null ? null : rowOf(view, query);
  const signed = view.compare === "difference";
  const zero = signed ? y + h / 2 : y + h - 1; // differences hang from the middle
  ctx.fillRect(L.x, zero, L.w, 1);
  if (!row) return null;
  let top = 1e-9;
  for (const v of row.values) top = Math.max(top, Math.abs(v));
  for (let c = 0; c < view.C; c++) {
    const a = edge(L.x, L.cw, c, dpr),
      b = edge(L.x, L.cw, c + 1, dpr);
    const gap = b - a > 5 ? Math.min(3, (b - a) * 0.12) : 0;
    const tall = (Math.abs(row.values[c]) / top) * (signed ? h / 2 - 1 : h - 2);
    ctx.fillStyle = !signed ? theme.edge : theme.diverge[row.values[c] < 0 ? 60 : 450];
    if (tall > 0) ctx.fillRect(a + gap, row.values[c] < 0 ? zero + 1 : zero - tall, b - a - 2 * gap, tall);
  }
  return { top: top > 1e-8 ? top : 0, exact: row.exact, signed };
}

/**
 * Paint the base canvas.
 * @returns {{look: object, bars: object|null}} the shades used and the bars' top, for legend and captions
 */
export function paintMap(ctx, L, view, theme, { scale, query, dpr }) {
  const look = shades(view, scale);
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.clearRect(0, 0, L.width, L.height);
  paintCells(ctx, L, view, theme, look, dpr);
  hatchCells(ctx, L, view, look, theme, dpr);
  if (Math.min(L.cw, L.ch) >= 9) {
    ctx.fillStyle = theme.faint;
    for (let r = 1; r < L.R; r++) ctx.fillRect(L.x, edge(L.y, L.ch, r, dpr), L.w, 1 / dpr);
    for (let c = 1; c < L.C; c++) ctx.fillRect(edge(L.x, L.cw, c, dpr), L.y, 1 / dpr, L.h);
  }
  outline(ctx, L.x - 1, L.y - 1, L.w + 2, L.h + 2, theme.line, 1);
  const bars = paintBars(ctx, L, view, theme, query, dpr);
  const picked = query === null ? -1 : view.bin(0, query);
  if (picked >= 0) {
    const a = cellRect(L, picked, 0, dpr);
    outline(ctx, L.x - 2, a.y - 2, L.w + 4, a.h + 4, QUERY, 2);
  }
  for (const k of view.cutTokens) {
    const c = view.bin(1, k);
    if (c < 0) continue;
    const a = cellRect(L, 0, c, dpr);
    outline(ctx, a.x, L.y, a.w, L.h, CHANGED, 2);
  }
  for (const [q, k] of view.changed.cells) {
    const r = view.bin(0, q),
      c = view.bin(1, k);
    if (r < 0 || c < 0) continue;
    const a = cellRect(L, r, c, dpr);
    outline(ctx, a.x - 0.5, a.y - 0.5, a.w + 1, a.h + 1, CHANGED, Math.min(2.5, Math.max(1.5, a.w / 6)));
  }
  return { look, bars };
}

/** Paint the marks: thin query row and key column of the cell looked at, the cell itself, and the keyboard's ring. */
export function paintMarks(ctx, L, theme, { cell, focused, dpr }) {
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.clearRect(0, 0, L.width, L.height);
  if (L.kind !== "map" || !cell) return;
  const a = cellRect(L, cell.r, cell.c, dpr);
  outline(ctx, L.x - 1, a.y - 1, L.w + 2, a.h + 2, QUERY, 1);
  outline(ctx, a.x - 1, L.y - 1, a.w + 2, L.h + 2 + (L.bars.y + L.bars.h - L.y - L.h), KEY, 1);
  outline(ctx, a.x - 2, a.y - 2, a.w + 4, a.h + 4, theme.bg, 1.5);
  outline(ctx, a.x - 1, a.y - 1, a.w + 2, a.h + 2, theme.ink, focused ? 2 : 1.5);
  if (focused) outline(ctx, a.x - 4, a.y - 4, a.w + 8, a.h + 8, theme.ink, 1);
}

/** The cell under a point of the picture, or null. */
export function hitMap(L, x, y) {
  const c = Math.floor((x - L.x) / L.cw),
    r = Math.floor((y - L.y) / L.ch);
  return r >= 0 && c >= 0 && r < L.R && c < L.C ? { r, c } : null;
}
