// viewer.js — the entry: one Viewer per place on the page, made once and then fed new bytes in place.
//
// Streamlit calls the default export after every rerun with new `data` for the same parentElement. Python sends bytes
// (unpack.js); the learner's actions go back as setStateValue("log", …) (actions.js, one at a time by
// state.js); exact numbers of one cell arrive as a window event "attn-probe".

import { actions } from "./actions.js";
import { MountedView, mounting } from "./base.js";
import { readTheme } from "./colour.js";
import { probeBook } from "./facts.js";
import { buildFrame, dressFrame } from "./frame.js";
import { forgetWidths } from "./geometry.js";
import { interact } from "./interact.js";
import { markPicture, paintPicture, pointIn } from "./picture.js";
import { Followed } from "./state.js";
import { saved } from "./export.js";
import { fillTable } from "./table.js";
import { deliver, rowOf, sameBytes, unpack } from "./unpack.js";

class Viewer extends MountedView {
  /** @param {ShadowRoot} parent */
  constructor(parent) {
    super(parent);
    this.all = null; // the last payload, unpacked
    this.view = null; // the same as it is compared: now, before or the difference
    this.sent = null; // the bytes that came last
    this.open = new Followed({ site: "", head: 0, query: null });
    this.scale = new Followed("head");
    Object.assign(this, { mode: "map", which: "one", compare: "after", edit: null });
    this.focus = { q: 0, k: 0 }; // the keyboard's cell, as tokens
    this.hover = null; // the pointer's cell, as map row and column
    this.byKey = false; // whether the keyboard moved last
    this.turn = 0; // which of two spoken cells is the active one
    this.book = probeBook();
    this.do = actions(this);
    Object.assign(this, buildFrame(this));
    this.pointer = interact(this);
    this.listen();
  }

  listen() {
    this.watch({
      "attn-probe": (e) => this.learn(e.detail),
      "attn-row": (e) => e.detail.id === this.view?.id && this.follow(e.detail.query),
      "attn-images": () => this.view && this.render(),
    });
    this.onFonts = () => {
      forgetWidths();
      this.render();
    };
    document.fonts.addEventListener("loadingdone", this.onFonts);
    const self = this;
    this.host.attnViewer = {
      // for browser tests
      cellAt: (q, k) => this.cellAt(q, k),
      focusCell: (q, k) => this.focusCell(q, k),
      get hover() {
        return self.hover;
      },
      get view() {
        return self.view;
      },
      get facts() {
        return self.facts;
      },
    };
  }

  /** New data from Python (or the same again, after a rerun that changed nothing here). */
  update({ data: bytes, setStateValue }) {
    this.tell = setStateValue ?? this.tell;
    if (!(bytes instanceof Uint8Array) || bytes.length < 4) return;
    const same = sameBytes(bytes, this.sent);
    this.do.settle();
    if (same) this.onTheme();
    else deliver(this, bytes);
    if (this.owed) this.pointer.soon(); // the learner has acted since the last question: ask once more
    this.owed = false;
  }

  take(bytes) {
    const first = !this.view;
    const was = this.all?.open;
    const all = (this.all = unpack(bytes));
    this.book.clear();
    this.open.confirm(all.open);
    this.scale.confirm(all.scale);
    if (!all.before || this.mode !== "map") this.compare = "after";
    const view = (this.view = all.as(this.compare));
    if (!view.can.edit.includes(this.edit)) this.edit = null;
    const words = JSON.stringify([view.n, view.keys, view.queries]);
    const { query } = all.open,
      moved = was && query !== null && was.query !== query && this.focus.q !== query;
    // another input or row: the panel goes with it
    if (first || moved || words !== this.named) this.focus = this.firstFocus();
    this.named = words;
    this.focus = { q: Math.min(this.focus.q, view.n[0] - 1), k: Math.min(this.focus.k, view.n[1] - 1) };
    if (this.hover && (this.hover.r >= view.R || this.hover.c >= view.C)) this.hover = null;
    const job = this.editor.job;
    if (job && (job.k >= view.n[1] || job.q >= view.n[0])) this.editor.shut();
    this.host.dataset.bytes = String(bytes.length);
    this.render();
    if (this.table.open) fillTable(this.tableBox, view);
    const told = window.attnProbes?.[view.id]; // it may have come before these bytes, and will not come again
    if (told) this.learn(told);
    if (!this.facts?.queryVector) this.pointer.soon(); // the panel is about a cell that nobody has asked for yet
  }

  /** Start on the open query's strongest key. */
  firstFocus() {
    const { view } = this,
      query = view.open.query ?? view.block(0, 0)[0];
    let row = rowOf(view, query);
    // where it looked until its head was cut
    if (row && this.all.before && row.values.every((w) => !(w > 0))) row = rowOf(this.all.as("before"), query);
    if (!row) return { q: view.block(0, 0)[0], k: view.block(1, 0)[0] };
    return {
      q: query,
      k: view.block(
        1,
        row.values.reduce((best, w, c) => (w > row.values[best] ? c : best), 0),
      )[0],
    };
  }

  /** A choice of how to look, kept in the browser: mode, which, compare, edit. */
  choose(choice) {
    Object.assign(this, choice);
    if (this.mode !== "map") this.compare = "after";
    this.view = this.all.as(this.compare);
    this.render();
    if (this.table.open) fillTable(this.tableBox, this.view);
  }

  /** Lay out and paint everything for the current view, choices, size and theme. */
  render() {
    const { view, host } = this;
    this.width = host.clientWidth;
    if (!view || this.width < 40) return; // hidden: the ResizeObserver calls again
    this.theme = readTheme(host);
    this.size = this.width <= 480 ? "narrow" : this.width < 720 ? "mid" : "wide";
    this.strip.update(view, this.theme, this.open.value, this.size);
    dressFrame(this, this.size);
    this.bar.update(view, this);
    paintPicture(this);
    this.bar.legend(view, this, this.theme);
    this.marks();
    host.dataset.painted = String(++this.painted);
    performance.mark("attn-viewer-painted");
  }

  marks() {
    markPicture(this);
  }

  /** The pointer is on map cell {r, c}, or on none. */
  look(cell) {
    this.hover = cell;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.marks();
    });
  }

  /** A play-head is in a query's token (null: it has stopped): point at the row's strongest key. */
  follow(query) {
    const row = query === null ? null : rowOf(this.view, query);
    if (!row) return this.look(null);
    this.look({
      r: this.view.bin(0, query),
      c: row.values.reduce((best, w, c) => (w > row.values[best] ? c : best), 0),
    });
  }

  /** The keyboard (or a click) goes to map cell (r, c). */
  walk(r, c) {
    this.focus = { q: this.view.block(0, r)[0], k: this.view.block(1, c)[0] };
    this.turn = 1 - this.turn;
    this.marks();
  }

  focusBins() {
    return { r: Math.max(0, this.view.bin(0, this.focus.q)), c: Math.max(0, this.view.bin(1, this.focus.k)) };
  }

  /** Exact numbers of one cell have come from Python. */
  learn(detail) {
    if (!detail || detail.id !== this.all?.id || detail.stamp !== this.all.stamp) return; // of another picture
    for (const answer of detail.answers) {
      this.book.learn(answer);
      this.editor.learn(answer);
    }
    this.marks();
    if (detail.exact) saved(this, detail.exact);
  }

  cellAt(q, k) {
    const r = this.view.bin(0, q),
      c = this.view.bin(1, k);
    if (r < 0 || c < 0) return null;
    const p = pointIn(this, r, c),
      box = this.stage.getBoundingClientRect();
    return { x: box.left + p.x + window.scrollX, y: box.top + p.y + window.scrollY };
  }

  focusCell(q, k) {
    this.stage.focus({ preventScroll: true });
    this.byKey = true;
    this.walk(Math.max(0, this.view.bin(0, q)), Math.max(0, this.view.bin(1, k)));
    this.pointer.soon();
  }

  destroy() {
    document.fonts.removeEventListener("loadingdone", this.onFonts);
    this.pointer.stop();
    this.do.settle();
    cancelAnimationFrame(this.frame);
    super.destroy();
    delete this.host.attnViewer;
  }
}

export default mounting(Viewer);
