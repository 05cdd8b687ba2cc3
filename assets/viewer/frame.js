// frame.js — the viewer's elements, made once: title, controls, strip, picture, readout, table, words, downloads.

import { attr, h, say } from "./dom.js";
import { cellEditor } from "./editor.js";
import { download } from "./export.js";
import { labelLayer } from "./labels.js";
import { readoutPanel } from "./readout.js";
import { headStrip } from "./strip.js";
import { css } from "./style.js";
import { fillTable } from "./table.js";
import { controls } from "./toolbar.js";

const KINDS = /** @type {const} */ (["png", "svg", "csv"]);
const ORDER = {
  // reading order, which is also the tab order
  wide: ["bar.top", "strip.el", "picture", "readout.el", "bar.bottom"],
  mid: ["bar.top", "picture", "readout.el", "bar.bottom", "strip.el"],
  narrow: ["picture", "readout.el", "bar.bottom", "bar.top", "strip.el"],
};

/** Make all elements of a viewer and put them into its parent; the parts are returned to be kept on the viewer. */
export function buildFrame(v) {
  const f = {};
  f.title = h("h3", { class: "title", dir: "auto" });
  f.hint = h("p", { class: "look", dir: "auto" });
  f.bar = controls({
    mode: (mode) => v.choose({ mode }),
    which: (which) => v.choose({ which }),
    compare: (compare) => v.all.before && v.choose(compare === "after" ? { compare } : { compare, edit: null }),
    edit: (edit) => {
      f.editor.shut(false);
      v.choose({ edit: v.edit === edit ? null : edit, compare: "after" });
    },
    scale: (scale) => v.do.rescale(scale),
    reset: () => v.do.reset(),
    zoom: (way) => v.do.zoom(way),
  });
  f.strip = headStrip({
    open: (site, head) => v.do.openHead(site, head),
    cut: (site, head) => v.do.cutHead(site, head),
  });
  f.base = h("canvas", { "aria-hidden": "true" });
  f.over = h("canvas", { "aria-hidden": "true" });
  f.rows = labelLayer(0);
  f.cols = labelLayer(1);
  f.axisQ = h("span", { class: "axis q", "aria-hidden": "true" });
  f.axisK = h("span", { class: "axis k", "aria-hidden": "true" });
  f.barName = h("span", { class: "bar-name", dir: "auto", "aria-hidden": "true" });
  f.barTop = h("span", { class: "bar-top", "aria-hidden": "true" });
  f.spoken = [0, 1].map((i) => h("div", { role: "gridcell", id: `spoken-${i}`, class: "unseen" }));
  f.editor = cellEditor({
    apply: (job, value) => v.do.set(job.what, job.q, job.k, value),
    unset: (job) => v.do.unset(job.what, job.q, job.k),
    cut: (k) => v.do.cutToken(k),
    closed: () => f.stage.focus({ preventScroll: true }),
  });
  f.stage = h(
    "div",
    { class: "stage", tabindex: "0", role: "grid", "aria-describedby": "summary keys" },
    f.base,
    f.over,
    f.rows.el,
    f.cols.el,
    f.axisQ,
    f.axisK,
    f.barName,
    f.barTop,
    h("div", { role: "row" }, ...f.spoken),
  );
  f.picture = h("div", { class: "picture" }, f.stage, f.editor.el);
  f.readout = readoutPanel({
    cutToken: () => v.facts && v.do.cutToken(v.facts.k),
    unset: () => v.facts && v.do.unsetAll(v.facts.q, v.facts.k),
  });
  f.live = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  f.tableBox = h("div", { class: "table-box", tabindex: "0" });
  f.table = h(
    "details",
    { on: { toggle: () => f.table.open && v.view && fillTable(f.tableBox, v.view) } },
    h("summary"),
    f.tableBox,
  );
  f.summary = h("p", { id: "summary", dir: "auto" });
  f.keys = h("p", { id: "keys" });
  f.words = h("details", {}, h("summary"), f.summary, f.keys);
  f.saves = KINDS.map((kind) => h("button", { type: "button", on: { click: () => download(kind, v) } }));
  f.saveName = h("span", { class: "seg-label", "aria-hidden": "true" });
  f.saveGroup = h("div", { class: "control save", role: "group" }, f.saveName, h("div", { class: "seg" }, ...f.saves));
  f.body = h("div", { class: "body" });
  f.root = h(
    "div",
    { class: "viewer" },
    f.title,
    f.body,
    f.hint,
    h("div", { class: "foot" }, f.table, f.words, f.saveGroup),
    f.live,
  );
  f.style = h("style", { text: css });
  v.parent.append(f.style, f.root);
  return f;
}

/** Everything in the frame that is plain text or attribute of the view; and the order of the parts for this size. */
export function dressFrame(v, size) {
  const { view, theme, root } = v,
    t = view.strings;
  if (root.dataset.size !== size) {
    root.dataset.size = size;
    v.body.append(...ORDER[size].map((path) => path.split(".").reduce((o, k) => o[k], v)));
  }
  attr(root, "data-strip", v.strip.el.hidden ? "none" : "shown");
  attr(root, "data-edit", v.edit);
  attr(root, "data-mode", v.mode);
  attr(root, "lang", t.lang);
  if (v.dressed !== theme.key) {
    v.dressed = theme.key;
    for (const [name, value] of Object.entries(theme.css)) root.style.setProperty(`--v-${name}`, value);
  }
  say(v.title, view.title ?? "");
  v.title.hidden = !view.title;
  say(v.hint, view.look ?? "");
  v.hint.hidden = !view.look;
  say(v.table.firstChild, t.table);
  attr(v.tableBox, "aria-label", t.table);
  attr(v.tableBox, "role", "region");
  say(v.words.firstChild, t.in_words);
  say(v.summary, view.summary ?? "");
  say(v.keys, t.keys_help);
  say(v.saveName, t.download);
  attr(v.saveGroup, "aria-label", t.download);
  KINDS.forEach((kind, i) => {
    say(v.saves[i], t[kind]);
    attr(v.saves[i], "title", t[`download_${kind}`]);
  });
  attr(v.stage, "aria-label", view.title ?? t.grid);
  attr(v.stage, "aria-roledescription", t.grid);
  attr(v.stage, "aria-rowcount", view.n[0]);
  attr(v.stage, "aria-colcount", view.n[1]);
}
