// facts.js — what is known of one cell (or of a pooled block of cells), and how exactly; and how numbers are written.

import { MASKED } from "./unpack.js";

const ASK_AGAIN = 3000; // ms after which an unanswered question may be put again

/** A number for the eye: three decimals, or two digits and a power of ten when it is small; NaN and ∞ as themselves. */
export function number(v, digits = 3) {
  if (Number.isNaN(v)) return "NaN";
  if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
  if (v === 0) return "0";
  const small = Math.abs(v) < 0.5 * 10 ** -digits, large = Math.abs(v) >= 1e5;
  if (!small && !large) return v.toFixed(digits).replace("-", "−");
  const [mantissa, power] = v.toExponential(1).split("e");
  const raised = [...power.replace("+", "")].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("");
  return `${mantissa.replace("-", "−")}×10${raised}`;
}

/** Answers of Python about single cells, kept until the data changes. */
export function probeBook() {
  const known = new Map(), asked = new Map();
  const id = (q, k) => `${q},${k}`;
  return {
    clear() { known.clear(); asked.clear(); },
    learn(detail) { known.set(id(detail.query, detail.key), detail); },
    get: (q, k) => known.get(id(q, k)),
    /** True once for each cell: whether it should be asked for. */
    ask(q, k) {
      if (known.has(id(q, k)) || performance.now() - asked.get(id(q, k)) < ASK_AGAIN) return false;
      asked.set(id(q, k), performance.now());
      return true;
    },
    /** The known cell of largest weight within a block. */
    within([q0, q1], [k0, k1]) {
      let best = null;
      for (const d of known.values()) {
        if (d.query >= q0 && d.query < q1 && d.key >= k0 && d.key < k1 && !(d.weight <= best?.weight)) best = d;
      }
      return best;
    },
  };
}

/**
 * All that can be said of map cell (r, c) now.
 * @returns {{q: number, k: number, block: number[]|null, weight: number, exact: boolean, masked: boolean, score?: number, before?: number}}
 *   q, k: the single pair meant (of a block, the one whose numbers are shown or should be asked for)
 */
export function factsOf(view, book, { r, c }) {
  const qs = view.block(0, r), ks = view.block(1, c);
  const single = qs[1] - qs[0] === 1 && ks[1] - ks[0] === 1;
  const raw = view.raw(r, c);
  const out = { q: qs[0], k: ks[0], block: single ? null : [...qs, ...ks], masked: raw === MASKED, exact: false, weight: raw === MASKED ? 0 : (raw / 254) * view.max };
  if (view.before) {
    const b = view.before[r * view.C + c];
    out.before = b === MASKED ? 0 : (b / 254) * view.beforeMax;
  }
  const probe = book.within(qs, ks);
  const row = view.row;
  if (row && row.query >= qs[0] && row.query < qs[1]) {
    out.q = row.query;
    for (let k = ks[0]; k < ks[1]; k++) if (row.weights[k] > row.weights[out.k]) out.k = k;
    out.score = row.scores[out.k];
    out.weight = row.weights[out.k];
    out.exact = true;
  }
  if (probe && (!out.exact || (probe.query === out.q && probe.key === out.k))) {
    Object.assign(out, { q: probe.query, k: probe.key, score: probe.score ?? NaN, weight: probe.weight, exact: true });
    if (single) out.masked = probe.allowed === false;
    out.queryVector = probe.query_vector;
    out.keyVector = probe.key_vector;
  }
  return out;
}
