// lines.js — the bipartite picture: queries left, keys right, one line for each strong pair; the darker and wider,
// the larger the weight.

import { CHANGED, KEY, QUERY } from "./colour.js";
import { rowOf } from "./unpack.js";

const yOf = (L, pitch, i) => L.y + pitch * (i + 0.5);

/** The lines to draw, weakest first: [{r, c, w}] — of the picked query alone, or of all. */
export function linesOf(view, which, query) {
  const found = new Map();
  const add = (r, c, w) => {
    const id = r * view.C + c;
    if (r >= 0 && c >= 0 && w > (found.get(id)?.w ?? 0)) found.set(id, { r, c, w });
  };
  const row = query === null ? null : rowOf(view, query);
  if (which === "all") {
    for (const [q, k, w] of view.lines) add(view.bin(0, q), view.bin(1, k), w);
    if (!view.lines.length)
      view.side.weights.forEach((w, i) => w > 0.05 * view.side.max && add(Math.floor(i / view.C), i % view.C, w));
  }
  if (row) {
    const least = which === "all" ? 0.02 * view.side.max : 0.004 * view.side.max;
    row.values.forEach((w, c) => w > least && add(view.bin(0, query), c, w));
  }
  return [...found.values()].sort((a, b) => a.w - b.w);
}

/** End points of one line in CSS px. */
export function lineEnds(L, { r, c }) {
  return [L.x + 5, yOf(L, L.ch, r), L.x + L.w - 5, yOf(L, L.kh, c)];
}

/** How a line of weight `w` looks: index into the ramp and width in px. */
export function lineLook(view, w) {
  const t = Math.min(1, w / view.side.max);
  return { shade: Math.round(254 * Math.min(1, 0.1 + 0.9 * t)), width: 0.75 + 3.25 * t };
}

/** Paint the base canvas in lines mode. @returns {Array} the drawn lines, for hit testing and export */
export function paintLines(ctx, L, view, theme, { which, query, dpr }) {
  const drawn = linesOf(view, which, query);
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.clearRect(0, 0, L.width, L.height);
  ctx.lineCap = "round";
  for (const line of drawn) {
    const [x0, y0, x1, y1] = lineEnds(L, line);
    const { shade, width } = lineLook(view, line.w);
    ctx.strokeStyle = theme.ramp[shade];
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.stroke();
  }
  const picked = query === null ? -1 : view.bin(0, query);
  for (let r = 0; r < L.R; r++) {
    ctx.fillStyle = r === picked ? QUERY : theme.line;
    ctx.fillRect(
      L.x - 1,
      L.y + L.ch * r + Math.min(1, L.ch / 8),
      r === picked ? 4 : 2,
      Math.max(1, L.ch - Math.min(2, L.ch / 4)),
    );
  }
  for (let c = 0; c < L.C; c++) {
    ctx.fillStyle = theme.line;
    ctx.fillRect(L.x + L.w - 1, L.y + L.kh * c + Math.min(1, L.kh / 8), 2, Math.max(1, L.kh - Math.min(2, L.kh / 4)));
  }
  ctx.fillStyle = CHANGED;
  for (const k of view.cutTokens) {
    const c = view.bin(1, k);
    if (c >= 0) ctx.fillRect(L.x + L.w - 2, L.y + L.kh * c, 4, Math.max(2, L.kh - 1));
  }
  return drawn;
}

/** Marks in lines mode: the line looked at, on top, with its two ends in their colours. */
export function markLines(ctx, L, view, theme, { cell, drawn, focused, dpr }) {
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.clearRect(0, 0, L.width, L.height);
  if (!cell) return;
  const [x0, y0, x1, y1] = lineEnds(L, cell);
  const line = drawn.find((d) => d.r === cell.r && d.c === cell.c);
  ctx.strokeStyle = theme.ink;
  ctx.lineWidth = line ? lineLook(view, line.w).width + 1 : 1;
  ctx.setLineDash(line ? [] : [2, 4]);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
  for (const [x, y, colour] of [
    [x0 - 5, y0, QUERY],
    [x1 + 5, y1, KEY],
  ]) {
    ctx.fillStyle = colour;
    ctx.strokeStyle = focused ? theme.ink : theme.bg;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.arc(x, y, 4.5, 0, 7);
    ctx.fill();
    ctx.stroke();
  }
}

/**
 * The pair under a point: the nearest line within 8 px, else the row (left half) or column (right half) with
 * `fallback`.
 */
export function hitLines(L, drawn, x, y, fallback) {
  const r = Math.floor((y - L.y) / L.ch),
    c = Math.floor((y - L.y) / L.kh);
  if (x < L.x + 8) return r >= 0 && r < L.R ? { r, c: strongest(drawn, "r", r)?.c ?? fallback?.c ?? 0, side: 0 } : null;
  if (x > L.x + L.w - 8)
    return c >= 0 && c < L.C ? { r: strongest(drawn, "c", c)?.r ?? fallback?.r ?? 0, c, side: 1 } : null;
  let best = null,
    least = 8;
  for (const line of drawn) {
    const [x0, y0, x1, y1] = lineEnds(L, line);
    const t = (x - x0) / (x1 - x0);
    const gap = Math.abs(y - (y0 + t * (y1 - y0))) / Math.hypot(1, (y1 - y0) / (x1 - x0));
    if (gap <= least) [best, least] = [line, gap];
  }
  return best && { r: best.r, c: best.c };
}

const strongest = (drawn, side, i) => drawn.findLast((d) => d[side] === i);
