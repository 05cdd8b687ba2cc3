// export.js — downloads made in the browser: the picture as SVG (and that drawing as PNG), the region's numbers as CSV.

import { CHANGED, KEY, QUERY } from "./colour.js";
import { fill } from "./dom.js";
import { factsOf, number } from "./facts.js";
import { cellRect, textWidth } from "./geometry.js";
import { shades } from "./heatmap.js";
import { lineEnds, lineLook } from "./lines.js";
import { rowOf } from "./unpack.js";

const MOST_RECTS = 4096;
const XML = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const esc = (s) =>
  String(s ?? "")
    // eslint-disable-next-line no-control-regex -- these are what XML forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"]/g, (c) => XML[c]);
const n2 = (v) => Math.round(v * 100) / 100;

const rect = (x, y, w, h, more) => `<rect x="${n2(x)}" y="${n2(y)}" width="${n2(w)}" height="${n2(h)}" ${more}/>`;
const text = (x, y, s, more = "") => `<text x="${n2(x)}" y="${n2(y)}" ${more}>${esc(s)}</text>`;
/** A text cut to `px` wide, with an ellipsis, as CSS does on the page. */
function clip(s, px, font) {
  const chars = [...(s ?? "")];
  if (textWidth(chars.join(""), font) <= px) return s ?? "";
  while (chars.length > 1 && textWidth(`${chars.join("")}…`, font) > px) chars.pop();
  return `${chars.join("")}…`;
}
const picture = (item, x, y, w, h) =>
  `<image x="${n2(x)}" y="${n2(y)}" width="${n2(w)}" height="${n2(h)}" preserveAspectRatio="none" href="${esc(item.image)}"/>`;

function mapCells(L, view, theme, look) {
  const colours = look.diverging ? theme.diverge : theme.ramp;
  const zero = look.diverging ? 255 : 0;
  if (view.R * view.C <= MOST_RECTS) {
    const out = [];
    for (let r = 0; r < view.R; r++)
      for (let c = 0; c < view.C; c++) {
        const v = look.index[r * view.C + c];
        if (v === zero) continue;
        const a = cellRect(L, r, c, 2);
        out.push(rect(a.x, a.y, a.w, a.h, `fill="${v < 0 ? "url(#hatch)" : colours[v]}"`));
      }
    return out.join("");
  }
  const canvas = Object.assign(document.createElement("canvas"), { width: view.C, height: view.R });
  const ctx = canvas.getContext("2d"),
    image = ctx.createImageData(view.C, view.R),
    words = new Uint32Array(image.data.buffer);
  const ramp = look.diverging ? theme.divergeWords : theme.rampWords;
  look.index.forEach((v, i) => {
    words[i] = v < 0 ? theme.hatchWord : ramp[v];
  });
  ctx.putImageData(image, 0, 0);
  return `<image x="${L.x}" y="${L.y}" width="${n2(L.w)}" height="${n2(L.h)}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${canvas.toDataURL("image/png")}"/>`;
}

function labels(L, view, theme) {
  const out = [];
  const lines = L.kind === "lines";
  for (let r = 0; r < L.R; r += L.rowStep) {
    const it = L.rows.items[r],
      y = L.y + L.ch * (r + 0.5);
    if (it.image) {
      const s = Math.max(1, Math.min(L.ch - (L.ch > 14 ? 2 : 0), 30));
      out.push(picture(it, L.gutter - 8 - s, y - s / 2, s, s));
    } else out.push(text(L.gutter - 8, y + 4, clip(it.label, L.gutter - 8, theme.font), 'text-anchor="end"'));
  }
  for (let c = 0; c < L.C; c += L.colStep) {
    const it = L.cols.items[c],
      cut = view.cutTokens.has(view.block(1, c)[0]) ? ` text-decoration="line-through"` : "";
    if (lines) {
      const y = L.y + L.kh * (c + 0.5);
      if (it.image) {
        const s = Math.max(1, Math.min(L.kh - 2, 30));
        out.push(picture(it, L.x + L.w + 8, y - s / 2, s, s));
      } else out.push(text(L.x + L.w + 8, y + 4, clip(it.label, L.right - 12, theme.font), cut));
      continue;
    }
    const x = L.x + L.cw * (c + 0.5);
    if (it.image) {
      const w = L.cw < 14 ? L.cw : Math.min(L.cw - 2, 30);
      out.push(picture(it, x - w / 2, L.y - 32, w, L.cw < 14 ? 28 : w));
    } else if (L.flat) out.push(text(x, L.y - 7, clip(it.label, L.cw, theme.font), `text-anchor="middle"${cut}`));
    else
      out.push(
        text(
          0,
          0,
          clip(it.label, L.reach + 2, theme.font),
          `transform="translate(${n2(x + 3)} ${n2(L.y - 4)}) rotate(-60)"${cut}`,
        ),
      );
  }
  // A saved picture is drawn in whatever font its viewer has: what stands beside a word is part of its line, not
  // measured.
  const t = view.strings,
    dot = (colour) => `<tspan fill="${colour}">■ </tspan>`;
  const qx = L.gutter - 8,
    kx = lines ? L.x + L.w + 21 : qx,
    ky = lines ? L.y - 14 : L.y - 22,
    qy = lines ? L.y - 14 : L.y - 6;
  const q = lines ? t.axis_query : `${t.axis_query} ↓`,
    k = lines ? t.axis_key : `${t.axis_key} →`;
  out.push(`<text x="${n2(qx)}" y="${n2(qy)}" text-anchor="end" fill="${theme.muted}">${dot(QUERY)}${esc(q)}</text>`);
  out.push(
    `<text x="${n2(lines ? kx - 13 : kx)}" y="${n2(ky)}" ${lines ? "" : 'text-anchor="end" '}fill="${theme.muted}">${dot(KEY)}${esc(k)}</text>`,
  );
  return out.join("");
}

/** The picture as it stands, as an SVG document. `viewer` as in viewer.js. */
export function toSvg(viewer) {
  const { view, theme, layout: L, open } = viewer,
    t = view.strings,
    query = open.value.query;
  const head = 54,
    foot = 40,
    out = [];
  let legend;
  if (L.kind === "map") {
    const look = shades(view, viewer.scale.value);
    out.push(mapCells(L, view, theme, look), rect(L.x, L.y, L.w, L.h, `fill="none" stroke="${theme.line}"`));
    const picked = query === null ? -1 : view.bin(0, query);
    const row = query === null ? null : rowOf(view, query);
    if (row) {
      const top = row.values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-9),
        y = L.bars.y + L.bars.h;
      const zero = look.diverging ? y - L.bars.h / 2 : y,
        reach = look.diverging ? L.bars.h / 2 : L.bars.h;
      row.values.forEach((v, c) => {
        const tall = (Math.abs(v) / top) * reach;
        if (tall > 0)
          out.push(
            rect(
              L.x + c * L.cw + L.cw * 0.1,
              v < 0 ? zero : zero - tall,
              L.cw * 0.8,
              tall,
              `fill="${!look.diverging ? theme.edge : theme.diverge[v < 0 ? 60 : 450]}"`,
            ),
          );
      });
      out.push(
        rect(L.x, zero, L.w, 1, `fill="${theme.line}"`),
        text(
          L.gutter - 8,
          y - 20,
          clip(view.item(0, query).label, L.gutter - 12, theme.font),
          'text-anchor="end" font-weight="600"',
        ),
        text(
          L.gutter - 8,
          y - 4,
          fill(look.diverging ? t.bars_top_difference : row.exact ? t.bars_top : t.bars_top_about, {
            weight: number(top),
          }),
          `text-anchor="end" fill="${theme.muted}"`,
        ),
      );
    }
    if (picked >= 0) {
      const a = cellRect(L, picked, 0, 2);
      out.push(rect(L.x - 1, a.y - 1, L.w + 2, a.h + 2, `fill="none" stroke="${QUERY}" stroke-width="2"`));
    }
    for (const [q, k] of view.changed.cells) {
      const r = view.bin(0, q),
        c = view.bin(1, k);
      if (r < 0 || c < 0) continue;
      const a = cellRect(L, r, c, 2);
      out.push(rect(a.x, a.y, a.w, a.h, `fill="none" stroke="${CHANGED}" stroke-width="2"`));
    }
    for (const k of view.cutTokens)
      if (view.bin(1, k) >= 0)
        out.push(rect(L.x + view.bin(1, k) * L.cw, L.y, L.cw, L.h, `fill="none" stroke="${CHANGED}" stroke-width="2"`));
    const top = number(look.top, look.top < 0.1 ? 3 : 2);
    legend = {
      diverging: look.diverging,
      low: look.diverging ? `−${top}` : "0",
      high: look.diverging ? `+${top}` : viewer.scale.value === "row" ? t.row_top : top,
      masked: look.index.includes(-1),
    };
  } else {
    for (const line of viewer.drawn) {
      const [x0, y0, x1, y1] = lineEnds(L, line),
        { shade, width } = lineLook(view, line.w);
      out.push(
        `<line x1="${n2(x0)}" y1="${n2(y0)}" x2="${n2(x1)}" y2="${n2(y1)}" stroke="${theme.ramp[shade]}" stroke-width="${n2(width)}" stroke-linecap="round"/>`,
      );
    }
    legend = { low: "0", high: number(view.side.max, 2), masked: false };
  }
  out.push(labels(L, view, theme));
  const stops = legend.diverging
    ? theme.diverge.filter((_, i) => i % 51 === 0)
    : theme.ramp.filter((_, i) => i % 32 === 0 || i === 254);
  const y = L.height + 22;
  const site = view.siteOf(open.value.site);
  const where = site ? fill(t.head_name, { site: site.label, head: open.value.head + 1 }) : "";
  const start = `${legend.diverging ? t.difference : t.weight} ${legend.low}`;
  const roomy = (s) => 1.35 * textWidth(s, theme.font); // for a wider font than the page's
  let x = Math.max(L.x, roomy(start)) + 7;
  const key = [
    text(x - 7, y, start, 'text-anchor="end"'),
    rect(x, y - 9, 96, 10, `fill="url(#ramp)" stroke="${theme.line}"`),
    text(x + 103, y, legend.high),
  ];
  x += 103 + roomy(legend.high) + 18;
  if (legend.masked) key.push(rect(x, y - 10, 14, 12, 'fill="url(#hatch)"'), text(x + 20, y, t.masked));
  const size = Math.max(9, Math.min(15, (15 * L.width) / (1.3 * textWidth(view.title ?? "", theme.font) || 1)));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${L.width + 24}" height="${L.height + head + foot}" viewBox="-12 ${-head} ${L.width + 24} ${L.height + head + foot}" font-family="${esc(theme.font)}" font-size="12" fill="${theme.ink}">` +
    `<title>${esc(view.title)}</title><desc>${esc(view.summary)}</desc><defs><linearGradient id="ramp">${stops.map((c, i) => `<stop offset="${n2(i / (stops.length - 1))}" stop-color="${c}"/>`).join("")}</linearGradient>` +
    `<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="${theme.hatchGround}"/><path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5" stroke="${theme.hatch}"/></pattern></defs>` +
    rect(-12, -head, L.width + 24, L.height + head + foot, `fill="${theme.bg}"`) +
    text(0, -34, view.title, `font-size="${n2(size)}" font-weight="600"`) +
    text(0, -14, where, `fill="${theme.muted}"`) +
    out.join("") +
    key.join("") +
    "</svg>"
  );
}

/**
 * The region's cells as CSV.
 * @param {any} [exact] {weights, before}: Float32Arrays from Python; else what is known here, marked
 */
export function toCsv(viewer, exact) {
  const { all: view, book } = viewer,
    t = view.strings;
  const safe = (s) => (/^[=+\-@\t\r]/.test(s) ? `'${s}` : s); // a label must not become a formula in a spreadsheet
  const quote = (s) => `"${safe(String(s ?? "")).replaceAll('"', '""')}"`;
  const old = exact ? exact.before : view.before;
  const head = [
    t.csv_query_position,
    t.query,
    t.csv_key_position,
    t.key,
    t.weight,
    ...(old ? [t.csv_before] : []),
    t.csv_known,
  ];
  const rows = [head.map(quote).join(",")];
  const row = (q, k, weights, known) =>
    rows.push(
      [q + 1, quote(view.item(0, q).label), k + 1, quote(view.item(1, k).label), ...weights, quote(known)].join(","),
    );
  const nine = (v) => Number(v.toPrecision(9)); // nine digits name a float32
  const [q0, q1, k0, k1] = view.region;
  if (exact) {
    let i = 0;
    for (let q = q0; q < q1; q++)
      for (let k = k0; k < k1; k++, i++)
        row(
          q,
          k,
          [exact.weights, ...(old ? [old] : [])].map((side) => nine(side[i])),
          t.csv_exact,
        );
  } else {
    for (let r = 0; r < view.R; r++)
      for (let c = 0; c < view.C; c++) {
        const f = factsOf(view, book, { r, c }),
          w = (of) => (of.exact ? nine(of.weight) : Number(of.weight.toPrecision(3)));
        row(
          f.q,
          f.k,
          [w(f), ...(old ? [w(f.before)] : [])],
          f.exact ? t.csv_exact : f.masked ? t.masked : t.csv_approximate,
        );
      }
  }
  return `\ufeff${rows.join("\r\n")}\r\n`;
}

const decoded = (text) => text && new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

/** Python's exact weights have come: save them, once for each time they were asked for. */
export function saved(viewer, exact) {
  if (exact.token !== viewer.wanted) return;
  viewer.wanted = null;
  const known = exact.weights && { weights: decoded(exact.weights), before: decoded(exact.before) };
  save(new Blob([toCsv(viewer, known)], { type: "text/csv;charset=utf-8" }), nameOf(viewer, "csv"));
}

function nameOf(viewer, kind) {
  const { site, head } = viewer.open.value;
  return `${viewer.view.id}_${site}_${head + 1}.${kind}`.replace(/[^\w.-]+/g, "_");
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const a = Object.assign(document.createElement("a"), { href: url, download: name });
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Make and save one file. @param {"png"|"svg"|"csv"} kind */
export async function download(kind, viewer) {
  const name = nameOf(viewer, kind);
  if (kind === "csv") return viewer.do.exact();
  const svg = toSvg(viewer);
  if (kind === "svg") return save(new Blob([svg], { type: "image/svg+xml" }), name);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width * 2, height: image.height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => save(blob, name), "image/png");
}
