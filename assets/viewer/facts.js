// facts.js — what is known of one cell (or of a pooled block of cells), and how exactly; and how numbers are written.

const ASK_AGAIN = 3000; // ms after which an unanswered question may be put again

/** A number for the eye: three decimals, or two digits and a power of ten when it is small; NaN and ∞ as themselves. */
export function number(v, digits = 3) {
  if (Number.isNaN(v)) return "NaN";
  if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
  if (v === 0) return "0";
  const small = Math.abs(v) < 0.5 * 10 ** -digits,
    large = Math.abs(v) >= 1e5;
  if (!small && !large) return v.toFixed(digits).replace("-", "−");
  const [mantissa, power] = v.toExponential(1).split("e");
  const raised = [...power.replace("+", "")].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("");
  return `${mantissa.replace("-", "−")}×10${raised}`;
}

/** Answers of Python about single cells, kept until the data changes. */
export function probeBook() {
  const known = new Map(),
    asked = new Map();
  const id = (q, k) => `${q},${k}`;
  return {
    clear() {
      known.clear();
      asked.clear();
    },
    learn(detail) {
      known.set(id(detail.query, detail.key), detail);
    },
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

/** What one side (now or before) says of a map cell; of a block, of its strongest known pair. */
function sideFacts(view, side, probe, at, blocks) {
  const [qs, ks] = blocks;
  const i = at.r * view.C + at.c,
    single = qs[1] - qs[0] === 1 && ks[1] - ks[0] === 1;
  const out = {
    q: qs[0],
    k: ks[0],
    weight: side.weights[i],
    exact: false,
    masked: side.masked[i] === 1 && !Number.isNaN(side.weights[i]),
  };
  if (single && side.scores) Object.assign(out, { score: side.scores[i], exact: side.exact });
  if (single && side.vector)
    Object.assign(out, { queryVector: side.vector(0, out.q), keyVector: side.vector(1, out.k) });
  const row = side.row;
  if (row && row.query >= qs[0] && row.query < qs[1]) {
    out.q = row.query;
    for (let k = ks[0]; k < ks[1]; k++) if (row.weights[k] > row.weights[out.k]) out.k = k;
    Object.assign(out, { score: row.scores[out.k], weight: row.weights[out.k], exact: true });
  }
  if (probe && (!out.exact || (probe.q === out.q && probe.k === out.k))) {
    Object.assign(out, { q: probe.q, k: probe.k, score: probe.score ?? NaN, weight: probe.weight ?? NaN, exact: true });
    if (single) out.masked = probe.allowed === false;
    out.queryVector = probe.query_vector;
    out.keyVector = probe.key_vector;
  }
  return out;
}

/**
 * All that can be said of map cell (r, c) now, as the view compares: now, before, or after minus before.
 * @returns {any}
 *   q, k: the single pair meant (of a block, the one whose numbers are shown or should be asked for); in a difference,
 *   weight and score are differences and `after` and `before` what they are between
 */
export function factsOf(view, book, at) {
  const blocks = [view.block(0, at.r), view.block(1, at.c)],
    [qs, ks] = blocks;
  const block = qs[1] - qs[0] === 1 && ks[1] - ks[0] === 1 ? null : [...qs, ...ks];
  const found = book.within(qs, ks);
  const told = found && { ...found, q: found.query, k: found.key };
  const old = found?.before && { ...found.before, q: found.query, k: found.key };
  const after = sideFacts(view, view.now, told, at, blocks);
  const before = view.before && sideFacts(view, view.before, old, at, blocks);
  if (view.compare === "before") return { ...before, block };
  if (view.compare !== "difference") return { ...after, block, ...(before && { before }) };
  return {
    ...after,
    block,
    before,
    after,
    difference: true,
    exact: after.exact && before.exact,
    masked: after.masked && before.masked,
    weight: after.weight - before.weight,
    score: after.score === undefined || before.score === undefined ? undefined : after.score - before.score,
  };
}

/** A difference with its sign. */
export const signed = (v, digits = 3) => (v > 0 ? "+" : "") + number(v, digits);
