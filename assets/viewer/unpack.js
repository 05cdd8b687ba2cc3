// unpack.js — one payload of bytes becomes one `view`, the read-only thing that every other file draws from.
//
// Layout of the bytes: uint32 (little-endian) H, H bytes of UTF-8 JSON, then the body that all offsets count from.
// A small map comes whole, as scores (attn_core/wire/fine.py): its weights are computed here. A large one comes as
// a picture: one byte a cell, 0..254 for 0..unit, 255 for "masked"; it may be pooled (by maximum): then one cell
// stands for a block of queries × a block of keys, and block i of `parts` covers floor(i·n/parts) to
// floor((i+1)·n/parts).

export const MASKED = 255;

/** A header and what follows it. @param {Uint8Array} bytes uint32 length, JSON, body @returns {[any, Uint8Array]} */
export function parts(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))), bytes.subarray(4 + length)];
}

const packed = (bytes) => bytes.length >= 4 && bytes[0] + bytes[1] + bytes[2] + bytes[3] === 4 * 255;

/** Bytes as Python packed them: a large view travels deflated behind four bytes of 255. */
export async function arrived(bytes) {
  if (!packed(bytes)) return bytes;
  const stream = new Blob([bytes.subarray(4)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Hand bytes to a view's `take` once they are as Python packed them; what came after them wins. */
export function deliver(view, bytes) {
  view.sent = bytes;
  if (!packed(bytes)) return view.take(bytes);
  arrived(bytes).then((found) => view.sent === bytes && view.take(found));
}

/** @param {Uint8Array} a @param {Uint8Array} b @returns {boolean} whether both hold the same bytes */
export function sameBytes(a, b) {
  if (!a || !b || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const floats = (body, offset, n) => new Float32Array(body.slice(offset, offset + 4 * n).buffer, 0, n);
const words = (body, offset, n) => new Uint32Array(body.slice(offset, offset + 4 * n).buffer, 0, n);

/** One float16, given as its 16 bits, as a number. */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1,
    power = (bits >> 10) & 31,
    rest = bits & 1023;
  if (power === 31) return rest ? NaN : sign * Infinity;
  return sign * (power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
}

/**
 * The weights of a whole map from its scores, as `decode` in attn_core/wire/fine.py computes them.
 * @returns {{weights: Float32Array, masked: Uint8Array, scores: Float32Array}} of all n[0] × n[1] cells
 */
function computed(body, fine, [rows, cols]) {
  const n = rows * cols;
  const whole = fine.bits === 32 && floats(body, fine.scores, n);
  const halves = whole ? null : new Uint16Array(body.slice(fine.scores, fine.scores + 2 * n).buffer, 0, n);
  const tops = floats(body, fine.top, rows),
    totals = floats(body, fine.total, rows);
  const weights = new Float32Array(n),
    masked = new Uint8Array(n),
    scores = new Float32Array(n);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = r * cols; i < (r + 1) * cols; i++) {
      const x = whole ? whole[i] : half(halves[i]);
      scores[i] = x + tops[r];
      if (fine.allowed !== null && !((body[fine.allowed + (i >> 3)] >> (7 - (i & 7))) & 1)) masked[i] = 1;
      else sum += weights[i] = fine.sigmoid ? 1 / (1 + Math.exp(-x)) : Math.exp(x);
    }
    if (!fine.sigmoid && sum !== 0) for (let i = r * cols; i < (r + 1) * cols; i++) weights[i] *= totals[r] / sum;
  }
  const [count, at, values] = fine.exact;
  const places = words(body, at, count),
    exact = floats(body, values, count);
  places.forEach((i, j) => {
    weights[i] = exact[j];
  });
  for (let i = 0; i < n; i++) if (Number.isNaN(weights[i])) masked[i] = 1; // white would say "no attention"
  return { weights, masked, scores };
}

const crop = (array, cols, [q0, q1, k0, k1]) => {
  const out = new array.constructor((q1 - q0) * (k1 - k0));
  for (let q = q0; q < q1; q++) out.set(array.subarray(q * cols + k0, q * cols + k1), (q - q0) * (k1 - k0));
  return out;
};

/** One query (axis 0) or key (axis 1) of those that were sent, as numbers. */
const vectorOf = (body, vectors) => (axis, i) => {
  const { width, top, at } = vectors[axis];
  const [scale] = floats(body, top + 4 * i, 1);
  return Array.from(body.subarray(at + i * width, at + (i + 1) * width), (v) => (((v << 24) >> 24) / 127) * scale);
};

/** One run's map: what is shown of it (`weights`, `masked`: R × C), its largest weight, its exact row, its vectors. */
function sideOf(body, map, region, n, vectors = map.vectors, other = null) {
  const row = map.row && {
    query: map.row.query,
    scores: floats(body, map.row.scores, n[1]),
    weights: floats(body, map.row.weights, n[1]),
  };
  const top = map.max > 0 ? map.max : 1,
    vector = vectors ? vectorOf(body, vectors) : null;
  if (map.fine) {
    const all = computed(body, map.fine, n);
    const side = {
      R: region[1] - region[0],
      C: region[3] - region[2],
      fine: true,
      exact: map.fine.plain && map.fine.bits === 32,
      max: top,
      row,
      vector,
      lines: null,
      all,
    };
    for (const name of ["weights", "masked", "scores"]) side[name] = crop(all[name], n[1], region);
    if (!map.fine.plain) side.scores = null; // they are read off the weights
    return side;
  }
  let cells = body.subarray(map.offset, map.offset + map.rows * map.cols);
  // told as the bits that differ from the run's with changes
  if (map.differs) cells = cells.map((v, i) => v ^ other[i]);
  const weights = Float32Array.from(cells, (v) => (v === MASKED ? 0 : (v / 254) * map.unit));
  const masked = Uint8Array.from(cells, (v) => +(v === MASKED));
  return {
    R: map.rows,
    C: map.cols,
    fine: false,
    exact: false,
    max: top,
    row,
    vector,
    cells,
    lines: map.lines ?? [],
    weights,
    masked,
    scores: null,
  };
}

const MOST_LINES = 300;

/** The strongest pairs of a whole small map: [[query, key, weight]]. */
function strongestPairs(side, cols) {
  const { weights } = side.all,
    order = [];
  weights.forEach((w, i) => w > 0 && order.push(i));
  order.sort((a, b) => weights[b] - weights[a]);
  return order.slice(0, MOST_LINES).map((i) => [Math.floor(i / cols), i % cols, weights[i]]);
}

/**
 * @param {Uint8Array} bytes
 * @returns {any} view: the header's fields, typed arrays in place of offsets, and small look-up functions
 */
export function unpack(bytes) {
  const [head, body] = parts(bytes);
  const { region } = head;
  const now = sideOf(body, head.map, region, head.n);
  const before =
    head.before &&
    sideOf(
      body,
      head.before,
      region,
      head.n,
      head.before.vectors === undefined ? head.map.vectors : head.before.vectors,
      now.cells,
    );
  const start = [region[0], region[2]];
  const span = [region[1] - region[0], region[3] - region[2]];
  const sizes = [now.R, now.C];
  const first = head.first ?? [0, 0];
  const changed = { cells: [], tokens: [], heads: [], ...head.changed };
  const changedCells = new Map();
  for (const [q, k, what] of changed.cells) {
    const id = `${q},${k}`;
    if (!changedCells.has(id)) changedCells.set(id, new Set());
    changedCells.get(id).add(what);
  }
  const cutHeads = new Set(changed.heads.map(([site, h]) => `${site}|${h}`));
  const seen = new Map();

  const view = {
    ...head,
    first,
    changed,
    region,
    now,
    before,
    R: now.R,
    C: now.C,
    open: { query: null, ...head.open },
    can: { edit: [], cut_token: false, cut_head: false, ...head.can },
    strings: head.strings ?? {},
    scale: head.scale ?? "head",
    compare: "after",
    side: now,
    row: now.row,
    sites: (head.sites ?? []).map((s) => ({
      ...s,
      thumbs: body.subarray(s.offset, s.offset + s.heads * s.rows * s.cols),
    })),
    pooled: now.R < span[0] || now.C < span[1],
    // what "reset all" undoes
    resets: changed.cells.length + changed.tokens.length + changed.heads.length + (head.turned ?? 0),
    changeCount: changed.cells.length + changed.tokens.length + changed.heads.length,
    cutTokens: new Set(changed.tokens),

    /** The same view as the learner wants to compare: in "before", words, row and marks are those of before. */
    as(compare) {
      if (compare === "after" || !before) return view;
      if (!seen.has(compare)) {
        const then =
          compare === "before"
            ? {
                ...Object.fromEntries(
                  ["title", "look", "summary", "queries", "keys", "images"].map((k) => [k, head.before[k] ?? head[k]]),
                ),
                side: before,
                row: before.row,
                changed: { ...changed, cells: [], tokens: [] },
                cutTokens: new Set(),
                changesAt: () => new Set(),
              }
            : {};
        seen.set(compare, Object.assign(Object.create(view), then, { compare }));
      }
      return seen.get(compare);
    },
    get lines() {
      return (this.side.lines ??= strongestPairs(this.side, head.n[1]));
    },
    /** {label, title?, image?} of one query (axis 0) or key (axis 1). */
    item(axis, i) {
      const found = (axis ? this.keys : this.queries)?.[i - first[axis]] ?? { label: String(i + 1) };
      const image = globalThis.attnImages?.[this.images?.[axis]]?.[i];
      return image ? { ...found, image } : found;
    },
    /** [from, to) of the tokens that map row (axis 0) or column (axis 1) `bin` stands for. */
    block(axis, bin) {
      const at = (b) => start[axis] + Math.floor((b * span[axis]) / sizes[axis]);
      return [at(bin), Math.max(at(bin) + 1, at(bin + 1))];
    },
    /** The map row or column of token `i`, or -1 when it lies outside the region. */
    bin(axis, i) {
      const j = i - start[axis];
      if (i === null || j < 0 || j >= span[axis]) return -1;
      let b = Math.floor((j * sizes[axis]) / span[axis]);
      while (b + 1 < sizes[axis] && view.block(axis, b)[1] <= i) b++;
      return b;
    },
    changesAt: (q, k) => changedCells.get(`${q},${k}`) ?? new Set(),
    headCut: (site, h) => cutHeads.has(`${site}|${h}`),
    siteOf(key) {
      return head.sites.find((s) => s.key === key);
    },
  };
  return view;
}

/** One side's weights of map row `r`, exact where the exact row is known. */
function weightsOf(view, side, r, query) {
  const from = r * view.C;
  const values = side.weights.slice(from, from + view.C);
  const exact = side.row?.query === query;
  if (exact) {
    for (let c = 0; c < view.C; c++) {
      const [a, b] = view.block(1, c);
      values[c] = side.row.weights[a];
      for (let k = a + 1; k < b; k++) if (side.row.weights[k] > values[c]) values[c] = side.row.weights[k];
    }
  }
  return { values, masked: side.masked.slice(from, from + view.C), exact };
}

/**
 * The weights of one query over the map's columns (largest in each block), exact where the exact row is known; of the
 * difference, after minus before.
 * @returns {{values: Float32Array, masked: Uint8Array, exact: boolean} | null} null when the query is not in the map
 */
export function rowOf(view, query) {
  const r = view.bin(0, query);
  if (r < 0) return null;
  const row = weightsOf(view, view.side, r, query);
  if (view.compare !== "difference") return row;
  const old = weightsOf(view, view.before, r, query);
  return {
    values: row.values.map((v, c) => v - old.values[c]),
    masked: row.masked.map((m, c) => m & old.masked[c]),
    exact: row.exact && old.exact,
  };
}

/** Shrink a map of shades (-1 = masked) by maximum to rows × cols cells: masked only where all of a block is. */
export function pool(cells, R, C, rows, cols) {
  const out = new Int16Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const r0 = Math.floor((i * R) / rows),
      r1 = Math.max(r0 + 1, Math.floor(((i + 1) * R) / rows));
    for (let j = 0; j < cols; j++) {
      const c0 = Math.floor((j * C) / cols),
        c1 = Math.max(c0 + 1, Math.floor(((j + 1) * C) / cols));
      let best = -1;
      for (let r = r0; r < r1; r++)
        for (let c = c0; c < c1; c++) {
          if (cells[r * C + c] > best) best = cells[r * C + c];
        }
      out[i * cols + j] = best;
    }
  }
  return out;
}
