// readout.js — the panel that says, for the cell looked at: query, key, score, weight, and both vectors as small
// bars. Its size never changes.

import { KEY, QUERY } from "./colour.js";
import { attr, fill, h, say } from "./dom.js";
import { number, signed } from "./facts.js";

function vectorRow(cls) {
  const name = h("span", { class: "vec-name" });
  const canvas = h("canvas", { class: "vec", "aria-hidden": "true" });
  return { el: h("div", { class: `vec-row ${cls}` }, name, canvas), name, canvas };
}

function paintVector(canvas, values, colour, theme, dpr) {
  const w = canvas.clientWidth,
    tall = canvas.clientHeight;
  const wide = Math.round(w * dpr),
    high = Math.round(tall * dpr);
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.clearRect(0, 0, w, tall);
  ctx.fillStyle = theme.line;
  ctx.fillRect(0, tall / 2 - 0.5, w, 1);
  if (!values?.length) return;
  const top = Math.max(...values.map(Math.abs)) || 1;
  const step = Math.min(w / values.length, 14);
  ctx.fillStyle = colour;
  values.forEach((v, i) => {
    const bar = (v / top) * (tall / 2 - 1);
    ctx.fillRect(
      i * step,
      tall / 2 - Math.max(0, bar),
      Math.max(1, step - (step > 3 ? 1 : 0.3)),
      Math.max(0.5, Math.abs(bar)),
    );
  });
}

/** @param {{cutToken: () => void, unset: () => void}} act what the panel's two buttons do for the cell shown */
export function readoutPanel(act) {
  const part = (cls) => {
    const name = h("span", { class: "name" }),
      value = h("span", { class: "value", dir: "auto" }),
      img = h("img", { alt: "" });
    return { el: h("div", { class: `part ${cls}` }, name, h("div", { class: "what" }, img, value)), name, value, img };
  };
  const query = part("is-query"),
    key = part("is-key");
  const figure = () => {
    const name = h("span", { class: "name" }),
      value = h("span", { class: "figure" });
    return { el: h("div", {}, name, value), name, value };
  };
  const score = figure(),
    weight = figure();
  const note = h("p", { class: "note" });
  const qv = vectorRow("q"),
    kv = vectorRow("k");
  const cut = h("button", { type: "button", on: { click: act.cutToken } });
  const unset = h("button", { type: "button", on: { click: act.unset } });
  const el = h(
    "section",
    { class: "readout" },
    query.el,
    key.el,
    h("div", { class: "figures" }, score.el, weight.el),
    note,
    qv.el,
    kv.el,
    h("div", { class: "actions" }, cut, unset),
  );

  const showItem = (p, item, range) => {
    const text = range ?? item.label ?? "";
    say(p.value, text);
    attr(p.value, "title", item.title ?? text);
    p.img.hidden = !item.image;
    attr(p.img, "src", item.image ?? null);
  };

  return {
    el,
    /** @param {any} facts of the cell looked at (facts.js) @param {boolean} asked whether Python is asked about it */
    update(view, facts, theme, dpr, asked) {
      const t = view.strings;
      attr(el, "aria-label", t.readout);
      say(query.name, t.query);
      say(key.name, t.key);
      const apart = view.compare === "difference";
      say(score.name, apart ? t.score_difference : t.score);
      say(weight.name, apart ? t.weight_difference : t.weight);
      const known = !facts || facts.queryVector || facts.block;
      for (const [row, name] of [
        [qv, t.query_vector],
        [kv, t.key_vector],
      ]) {
        say(row.name, known ? name : asked ? `${name} …` : fill(t.on_click, { name }));
      }
      if (!facts) return;
      const { block } = facts;
      const span = (axis, a, b) =>
        block && b - a > 1 ? fill(t.range, { from: view.item(axis, a).label, to: view.item(axis, b - 1).label }) : null;
      const about = block && facts.exact;
      showItem(query, view.item(0, facts.q), block && !about ? span(0, block[0], block[1]) : null);
      showItem(key, view.item(1, facts.k), block && !about ? span(1, block[2], block[3]) : null);
      const write = apart ? signed : number,
        about1 = facts.exact ? "" : "≈ ";
      say(score.value, facts.score === undefined ? "–" : about1 + write(facts.score));
      say(weight.value, facts.masked && !facts.exact ? "0" : about1 + write(facts.weight));
      attr(weight.value, "title", facts.exact || facts.masked ? null : t.approximate);
      const whats = [...view.changesAt(facts.q, facts.k)];
      const isCut = view.cutTokens.has(facts.k),
        old = facts.before;
      const moved =
        old &&
        Math.abs((facts.after ?? facts).weight - old.weight) > (facts.exact && old.exact ? 5e-4 : view.now.max / 200);
      const notes = [];
      if (isCut) notes.push(t.note_cut);
      if (whats.length) notes.push(fill(t.note_changed, { what: whats.map((w) => t[`what_${w}`]).join(t.comma) }));
      if (facts.masked && !isCut) notes.push(t.note_masked);
      if (apart) notes.push(fill(t.note_difference, { before: number(old.weight), after: number(facts.after.weight) }));
      else if (old && (whats.length || moved))
        notes.push(fill(old.exact ? t.note_before : t.note_before_about, { weight: number(old.weight) }));
      if (block) notes.push(about ? t.note_block_exact : t.note_block);
      else if (!facts.exact && !facts.masked) notes.push(asked ? t.note_approximate : t.note_rounded);
      say(note, notes.join(t.joint));
      attr(note, "title", note.textContent);
      el.classList.toggle("is-changed", isCut || whats.length > 0);
      paintVector(qv.canvas, facts.queryVector, QUERY, theme, dpr);
      paintVector(kv.canvas, facts.keyVector, KEY, theme, dpr);
      cut.hidden = !view.can.cut_token || view.compare === "before"; // what was is not changed
      say(cut, isCut ? t.restore_token : t.cut_token);
      attr(cut, "title", t.cut_token_help);
      attr(cut, "aria-pressed", isCut);
      unset.hidden = !view.can.edit.length || view.compare === "before";
      say(unset, t.unset);
      attr(unset, "aria-disabled", whats.length === 0);
      attr(unset, "title", whats.length ? t.unset_help : t.unset_none);
    },
  };
}
