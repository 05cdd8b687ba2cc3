// unpack.js — one payload of bytes becomes one `view`, the read-only thing that every other file draws from.
//
// Layout of the bytes: uint32 (little-endian) H, H bytes of UTF-8 JSON, then the body that all offsets count from.
// A map cell is one byte: 0..254 stands for 0..max, 255 for "masked". A map may be pooled (by maximum): then one
// cell stands for a block of queries × a block of keys, and block i of `parts` covers floor(i·n/parts) to floor((i+1)·n/parts).

export const MASKED = 255;

/** @param {Uint8Array} a @param {Uint8Array} b @returns {boolean} whether both hold the same bytes */
export function sameBytes(a, b) {
  if (!a || !b || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const floats = (body, offset, n) => new Float32Array(body.slice(offset, offset + 4 * n).buffer, 0, n);

/**
 * @param {Uint8Array} bytes
 * @returns {object} view: the header's fields, typed arrays in place of offsets, and small look-up functions
 */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.subarray(4 + length);
  const { rows: R, cols: C } = head.map;
  const region = head.map.region;
  const start = [region[0], region[2]];
  const span = [region[1] - region[0], region[3] - region[2]];
  const parts = [R, C];
  const first = head.first ?? [0, 0];
  const lists = [head.queries ?? [], head.keys ?? []];
  const changed = { cells: [], tokens: [], heads: [], ...head.changed };
  const changedCells = new Map();
  for (const [q, k, what] of changed.cells) {
    const id = `${q},${k}`;
    if (!changedCells.has(id)) changedCells.set(id, new Set());
    changedCells.get(id).add(what);
  }
  const cutHeads = new Set(changed.heads.map(([site, h]) => `${site}|${h}`));

  return {
    ...head, first, changed, R, C, region,
    open: { query: null, ...head.open },
    can: { edit: [], cut_token: false, cut_head: false, ...head.can },
    strings: head.strings ?? {},
    lines: head.lines ?? [],
    max: head.map.max > 0 ? head.map.max : 1,
    scale: head.map.scale ?? "head",
    cells: body.subarray(head.map.offset, head.map.offset + R * C),
    before: head.before && body.subarray(head.before.offset, head.before.offset + R * C),
    beforeMax: head.before?.max ?? (head.map.max > 0 ? head.map.max : 1),
    row: head.row && {
      query: head.row.query,
      scores: floats(body, head.row.scores, head.n[1]),
      weights: floats(body, head.row.weights, head.n[1]),
    },
    sites: (head.sites ?? []).map((s) => ({ ...s, thumbs: body.subarray(s.offset, s.offset + s.heads * s.rows * s.cols) })),
    pooled: R < span[0] || C < span[1],
    changeCount: changed.cells.length + changed.tokens.length + changed.heads.length,
    cutTokens: new Set(changed.tokens),

    /** {label, title?, image?} of one query (axis 0) or key (axis 1). */
    item(axis, i) {
      return lists[axis][i - first[axis]] ?? { label: String(i + 1) };
    },
    /** [from, to) of the tokens that map row (axis 0) or column (axis 1) `bin` stands for. */
    block(axis, bin) {
      const at = (b) => start[axis] + Math.floor((b * span[axis]) / parts[axis]);
      return [at(bin), Math.max(at(bin) + 1, at(bin + 1))];
    },
    /** The map row or column of token `i`, or -1 when it lies outside the region. */
    bin(axis, i) {
      const j = i - start[axis];
      if (i === null || j < 0 || j >= span[axis]) return -1;
      let b = Math.floor((j * parts[axis]) / span[axis]);
      while (b + 1 < parts[axis] && this.block(axis, b)[1] <= i) b++;
      return b;
    },
    raw: (r, c) => body[head.map.offset + r * C + c],
    changesAt: (q, k) => changedCells.get(`${q},${k}`) ?? new Set(),
    headCut: (site, h) => cutHeads.has(`${site}|${h}`),
    siteOf(key) {
      return this.sites.find((s) => s.key === key);
    },
  };
}

/**
 * The weights of one query over the map's columns (largest in each block), exact where the exact row is known.
 * @param {"after"|"before"|"difference"} [compare] with the learner's changes, without them, or what they changed (8-bit but for "after")
 * @returns {{values: Float32Array, masked: Uint8Array, exact: boolean} | null} null when the query is not in the map
 */
export function rowOf(view, query, compare = "after") {
  const r = view.bin(0, query);
  if (r < 0) return null;
  const values = new Float32Array(view.C);
  const masked = new Uint8Array(view.C);
  const old = compare !== "after" && view.before;
  const exact = view.row?.query === query && !old;
  const part = (v, max) => (v === MASKED ? 0 : (v / 254) * max);
  for (let c = 0; c < view.C; c++) {
    const raw = view.cells[r * view.C + c];
    masked[c] = raw === MASKED ? 1 : 0;
    if (old) values[c] = (compare === "difference" ? part(raw, view.max) : 0) + (compare === "difference" ? -1 : 1) * part(old[r * view.C + c], view.beforeMax);
    else if (exact) {
      const [a, b] = view.block(1, c);
      for (let k = a; k < b; k++) values[c] = Math.max(values[c], view.row.weights[k]);
    } else values[c] = part(raw, view.max);
  }
  return { values, masked, exact };
}

/** Shrink a map of shades (-1 = masked) by maximum to rows × cols cells: masked only where all of a block is. */
export function pool(cells, R, C, rows, cols) {
  const out = new Int16Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const r0 = Math.floor((i * R) / rows), r1 = Math.max(r0 + 1, Math.floor(((i + 1) * R) / rows));
    for (let j = 0; j < cols; j++) {
      const c0 = Math.floor((j * C) / cols), c1 = Math.max(c0 + 1, Math.floor(((j + 1) * C) / cols));
      let best = -1;
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) {
        if (cells[r * C + c] > best) best = cells[r * C + c];
      }
      out[i * cols + j] = best;
    }
  }
  return out;
}
