// table.js — the table behind the picture: the open query's keys by falling weight, exact. Built only while it is open.

import { h } from "./dom.js";
import { number } from "./facts.js";
import { fill } from "./dom.js";

const MOST = 50;

/**
 * Fill `box` with the table of the view's exact row (or say why there is none); in a difference with what was before.
 */
export function fillTable(box, view) {
  const t = view.strings;
  const row = view.row;
  if (!row) return box.replaceChildren(h("p", { class: "note", text: t.table_none }));
  const old = view.compare === "difference" ? view.before.row : null;
  const order = Array.from(row.weights.keys())
    .sort((a, b) => row.weights[b] - row.weights[a])
    .slice(0, MOST);
  const body = order.map((k) => {
    const item = view.item(1, k);
    const mark = view.cutTokens.has(k) || view.changesAt(row.query, k).size > 0;
    const name = h("th", {
      scope: "row",
      dir: "auto",
      title: item.title ?? item.label,
      class: mark ? "changed" : null,
    });
    if (item.image) name.append(h("img", { src: item.image, alt: "" }));
    name.append(item.label ?? "");
    const bar = h("i", {});
    bar.style.width = `${100 * Math.min(1, Math.max(0, row.weights[k] || 0))}%`; // NaN draws nothing
    return h(
      "tr",
      {},
      h("td", { text: String(k + 1) }),
      name,
      h("td", { text: number(row.scores[k], 4) }),
      h("td", { text: number(row.weights[k], 4) }),
      ...(old ? [h("td", { text: number(old.weights[k], 4) })] : []),
      h("td", { class: "bar", "aria-hidden": "true" }, bar),
    );
  });
  const head = h(
    "tr",
    {},
    ...[t.position, t.key, t.score, t.weight, ...(old ? [t.table_before] : [])].map((text) =>
      h("th", { scope: "col", text }),
    ),
    h("td", {}),
  );
  const cut = row.weights.length > MOST ? fill(t.table_top, { shown: MOST, total: row.weights.length }) : "";
  const caption = fill(t.table_title, { query: view.item(0, row.query).label }) + (cut ? ` ${cut}` : "");
  box.replaceChildren(
    h("table", {}, h("caption", { text: caption, dir: "auto" }), h("thead", {}, head), h("tbody", {}, ...body)),
  );
}
