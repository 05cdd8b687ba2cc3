// geometry.js — where everything in the picture goes: pure arithmetic from (view, box) to numbers, shared by screen
// and export.

const GAP = 6;
const SLANT = Math.PI / 3; // column labels that do not fit lie at 60°
export const LABEL = 12; // px

const measurer = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** Forget all measured widths: a web font has arrived. */
export const forgetWidths = () => widths.clear();

/** Width of a label in the label font, remembered. */
export function textWidth(text, font) {
  const key = font + "\n" + text;
  if (!widths.has(key)) {
    if (widths.size > 8000) widths.clear();
    measurer.font = `${LABEL}px ${font}`;
    widths.set(key, measurer.measureText(text).width);
  }
  return widths.get(key);
}

function axis(view, which, count, font) {
  const items = Array.from({ length: count }, (_, b) => view.item(which, view.block(which, b)[0]));
  const pictures = items.some((it) => it.image);
  let widest = 0;
  if (!pictures) for (const it of items) widest = Math.max(widest, textWidth(it.label ?? "", font));
  return { items, pictures, widest };
}

const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const thin = (pitch, least) => Math.max(1, Math.ceil(least / pitch));

/**
 * Lay out the heat map: row labels left, column labels above, map, then the open query's bars below, on the same
 * columns.
 * @param {any} view @param {number} width @param {number} height CSS px of the picture @param {string} font
 */
export function layoutMap(view, width, height, font) {
  const { R, C } = view;
  const rows = axis(view, 0, R, font),
    cols = axis(view, 1, C, font);
  const gl = clamp(rows.pictures ? 80 : rows.widest + 12, 80, Math.min(120, width * 0.3));
  const room = width - gl - 4;
  let cw = Math.min(room / C, 72);
  const shortCols = !cols.pictures && cols.widest <= cw - 4;
  const reach = Math.min(cols.widest, 84); // longest slanted label
  const top = cols.pictures ? 34 : shortCols ? 38 : Math.max(30, Math.ceil(reach * Math.sin(SLANT)) + 12);
  const over = cols.pictures || shortCols ? 0 : Math.ceil(reach * Math.cos(SLANT));
  cw = Math.min((room - over) / C, 72);
  const leastBars = 46;
  let ch = Math.min((height - top - leastBars - 2 * GAP) / R, 56);
  if (cw > ch * 2.2 && ch < 30) cw = Math.max(ch * 2.2, Math.min(cw, 12));
  // few rows: each with its name
  if (ch > cw * 1.6 && cw < 30) ch = Math.max(cw * 1.6, Math.min(ch, R <= 12 ? 26 : 12));
  if (!shortCols && !cols.pictures && cols.widest <= cw - 4) cw = Math.min(cw, room / C);
  const w = cw * C,
    h = ch * R;
  const barsY = top + h + GAP + 4;
  return {
    kind: "map",
    width,
    height,
    font,
    x: gl,
    y: top,
    w,
    h,
    cw,
    ch,
    R,
    C,
    rows,
    cols,
    gutter: gl,
    flat: shortCols,
    reach,
    slant: SLANT,
    rowStep: rows.pictures && R <= 160 ? 1 : thin(ch, LABEL + 2),
    colStep: cols.pictures && C <= 160 ? 1 : shortCols ? 1 : thin(cw, LABEL + 4),
    bars: { y: barsY, h: clamp(height - barsY - 3, 30, 110) },
  };
}

/** Lay out the bipartite lines: queries in a left column, keys in a right one. */
export function layoutLines(view, width, height, font) {
  const { R, C } = view;
  const rows = axis(view, 0, R, font),
    cols = axis(view, 1, C, font);
  const most = Math.min(150, width * 0.32);
  const gl = clamp(rows.pictures ? 44 : rows.widest + 14, 56, most);
  const gr = clamp(cols.pictures ? 44 : cols.widest + 14, 56, most);
  const y = 32,
    tall = height - y - 4;
  const ch = Math.min(tall / R, 30),
    kh = Math.min(tall / C, 30);
  const w = Math.min(width - gl - gr, 520);
  return {
    kind: "lines",
    width,
    height,
    font,
    x: gl,
    y,
    w,
    h: Math.max(ch * R, kh * C),
    ch,
    kh,
    R,
    C,
    rows,
    cols,
    gutter: gl,
    right: gr,
    rowStep: thin(ch, LABEL + 2),
    colStep: thin(kh, LABEL + 2),
  };
}

/** Pixel edges of row or column `i`, snapped to device pixels so that cells stay sharp. */
export const edge = (origin, size, i, dpr) => Math.round((origin + size * i) * dpr) / dpr;

/** Rectangle of one map cell in CSS px. */
export function cellRect(L, r, c, dpr = 1) {
  const x = edge(L.x, L.cw, c, dpr),
    y = edge(L.y, L.ch, r, dpr);
  return { x, y, w: edge(L.x, L.cw, c + 1, dpr) - x, h: edge(L.y, L.ch, r + 1, dpr) - y };
}
