// photo.js — a photograph with what a model saw in it: maps, boxes, patches to pick, a canvas to draw on.
//
// Python sends the picture once (receive) and what lies on it with each run (the default export). Events go back as
// the attention viewer's do: a log of {type: "patch" | "box" | "strokes"}.

import { MountedView, mounting } from "./base.js";
import { cssOf, readTheme, rgbOf } from "./colour.js";
import { attr, fill, h, say } from "./dom.js";
import { base, behindOf, paintLayer } from "./photo_layers.js";
import { css } from "./photo_style.js";
import { deliver, parts } from "./unpack.js";

const KEPT = 4; // pictures in memory
const LATE = 3000; // ms after which a picture that has not come is asked for
const PATIENCE = 1500; // ms for which strokes drawn here outrank an older answer
const PEN = 11 / 640; // of the canvas's width, as Python draws it

const photos = () => (window.attnPhotos ??= new Map());

/** A picture has come from Python. @param {{data: Uint8Array}} component */
export async function receive({ data }) {
  if (!(data instanceof Uint8Array) || data.length < 4) return;
  const [header, body] = parts(data);
  const known = photos();
  if (!known.has(header.source)) {
    const bitmap = await createImageBitmap(new Blob([/** @type {any} */ (body)], { type: header.type })).catch(
      () => null,
    );
    if (!bitmap) return; // the view asks for it again
    known.set(header.source, bitmap);
    while (known.size > KEPT) known.delete(known.keys().next().value);
  }
  window.dispatchEvent(new CustomEvent("attn-photo", { detail: header.source }));
}

class PhotoView extends MountedView {
  constructor(parent) {
    super(parent);
    this.hover = null; // patch under the pointer
    this.focus = 0; // the keyboard's patch
    this.strokes = [];
    this.line = null; // the stroke being drawn
    this.drawnAt = -Infinity;
    this.build();
    this.listen();
  }

  build() {
    this.title = h("p", { class: "title" });
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.marks = h("canvas", { "aria-hidden": "true" });
    this.boxes = h("div", { class: "boxes" });
    this.stage = h("div", { class: "stage", role: "img" }, this.canvas, this.marks, this.boxes);
    this.undo = h("button", { type: "button", on: { click: () => this.redraw(this.strokes.slice(0, -1)) } });
    this.clear = h("button", { type: "button", on: { click: () => this.redraw([]) } });
    this.hint = h("span", { class: "hint" });
    this.tools = h("div", { class: "tools" }, this.undo, this.clear, this.hint);
    this.look = h("p", { class: "look" });
    this.live = h("p", { class: "unseen", "aria-live": "polite" });
    this.style = h("style", { text: css });
    this.root = h("div", { class: "photo" }, this.title, this.stage, this.tools, this.look, this.live);
    this.parent.append(this.style, this.root);
  }

  listen() {
    const s = this.stage;
    s.addEventListener("pointermove", (e) => (this.line ? this.extend(e) : this.point(this.patchAt(e))));
    s.addEventListener("pointerleave", () => this.point(null));
    s.addEventListener("pointerdown", (e) => this.press(e));
    for (const kind of ["pointerup", "pointercancel"]) s.addEventListener(kind, () => this.lift());
    s.addEventListener("click", (e) => this.click(e));
    s.addEventListener("keydown", (e) => this.key(e));
    this.watch({ "attn-photo": (e) => e.detail === this.view?.source && this.render() });
    const self = this;
    this.host.attnPhoto = {
      // for browser tests
      get view() {
        return self.view;
      },
      get ready() {
        return self.ready;
      },
      patchPoint: (i) => self.patchPoint(i),
    };
  }

  update({ data, setStateValue }) {
    this.tell = setStateValue ?? this.tell;
    if (data instanceof Uint8Array && data.length >= 4) deliver(this, data);
  }

  take(data) {
    const [view, body] = parts(data);
    view.maps = view.layers.map((l) => ({ ...l, levels: body.subarray(l.offset, l.offset + l.rows * l.cols) }));
    this.view = view;
    const waits = performance.now() - this.drawnAt < PATIENCE && view.strokes.length !== this.strokes.length;
    if (!this.line && !waits) this.strokes = view.strokes;
    if (view.marked !== null) this.focus = view.marked;
    if (view.grid) this.focus = Math.min(this.focus, view.grid[0] * view.grid[1] - 1);
    this.render();
  }

  render() {
    const { view, host } = this;
    this.width = host.clientWidth;
    if (!view || this.width < 40) return;
    const theme = (this.theme = readTheme(host));
    for (const [name, value] of Object.entries({
      ink: theme.ink,
      bg: theme.bg,
      panel: theme.panel,
      line: theme.line,
      muted: theme.muted,
      font: theme.font,
    })) {
      this.root.style.setProperty(`--v-${name}`, value);
    }
    attr(this.root, "lang", view.strings.lang);
    this.root.dataset.size = this.width <= 480 ? "narrow" : "wide";
    say(this.title, view.title);
    say(this.look, view.look);
    const tall = Math.min((this.width * view.height) / view.width, 460);
    const wide = (tall * view.width) / view.height;
    Object.assign(this.stage.style, { width: `${wide}px`, height: `${tall}px` });
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    for (const c of [this.canvas, this.marks]) {
      const [w, hh] = [Math.round(wide * ratio), Math.round(tall * ratio)];
      if (c.width !== w || c.height !== hh) [c.width, c.height] = [w, hh];
    }
    attr(this.stage, "aria-label", view.summary);
    attr(this.stage, "tabindex", view.grid ? "0" : null);
    attr(this.stage, "role", view.grid ? "application" : "img");
    this.stage.classList.toggle("draw", view.draw);
    this.stage.classList.toggle("pick", Boolean(view.grid));
    this.tools.hidden = !view.draw;
    say(this.undo, view.strings.photo_undo ?? "");
    say(this.clear, view.strings.photo_clear ?? "");
    say(this.hint, view.strings.photo_draw ?? "");
    this.undo.disabled = this.clear.disabled = !this.strokes.length;
    this.paint();
    this.mark();
    this.dress();
    host.dataset.photo = String(++this.painted);
  }

  paint() {
    const { view, canvas } = this,
      g = canvas.getContext("2d");
    const picture = view.draw ? null : photos().get(view.source);
    this.ready = view.draw || Boolean(picture);
    this.stage.classList.toggle("waiting", !this.ready);
    if (!this.ready && this.waited !== view.source) {
      this.waited = view.source;
      this.late = setTimeout(() => this.ready || this.outbox.send({ type: "missing", source: view.source }), LATE);
    }
    g.clearRect(0, 0, canvas.width, canvas.height);
    base(g, picture, view.draw);
    if (view.draw) this.ink(g);
    if (!this.ready) return;
    for (const layer of view.maps) paintLayer(g, layer, picture, () => behindOf(g, view.behind, picture, photos()));
  }

  ink(g) {
    const { width, height } = g.canvas;
    Object.assign(g, { lineWidth: PEN * width, lineCap: "round", lineJoin: "round", strokeStyle: "rgb(24,28,40)" });
    for (const line of this.line ? [...this.strokes, this.line] : this.strokes) {
      g.beginPath();
      line.forEach(([x, y], i) => (i ? g.lineTo(x * width, y * height) : g.moveTo(x * width, y * height)));
      if (line.length === 1) g.lineTo(line[0][0] * width + 0.1, line[0][1] * height);
      g.stroke();
    }
  }

  /** Outlines over the maps: the patch under the pointer, the picked one, those knocked out. */
  mark() {
    const { view, marks } = this,
      g = marks.getContext("2d");
    g.clearRect(0, 0, marks.width, marks.height);
    if (!view.grid) return;
    const ratio = marks.width / Math.max(1, this.stage.clientWidth);
    for (const i of view.cut) this.hatch(g, this.cell(i), ratio);
    const outline = (i, colour, width) => {
      const [x, y, w, hh] = this.cell(i);
      g.strokeStyle = "#fff";
      g.lineWidth = (width + 2) * ratio;
      g.strokeRect(x, y, w, hh);
      g.strokeStyle = colour;
      g.lineWidth = width * ratio;
      g.strokeRect(x, y, w, hh);
    };
    const keyed = this.stage.matches(":focus-visible") ? this.focus : null;
    for (const i of [this.hover, keyed]) if (i !== null) outline(i, "#222", 1.5);
    if (view.marked !== null) outline(view.marked, "#0072B2", 3);
  }

  /** @param {CanvasRenderingContext2D} g @param {number[]} box @param {number} ratio */
  hatch(g, box, ratio) {
    const [x, y, w, hh] = box;
    g.save();
    g.beginPath();
    g.rect(x, y, w, hh);
    g.clip();
    g.fillStyle = "rgba(128,128,128,.55)";
    g.fillRect(x, y, w, hh);
    g.strokeStyle = "#fff";
    g.lineWidth = 1.5 * ratio;
    for (let d = -hh; d < w; d += 6 * ratio) {
      g.beginPath();
      g.moveTo(x + d, y + hh);
      g.lineTo(x + d + hh, y);
      g.stroke();
    }
    g.restore();
    g.strokeStyle = "#D55E00";
    g.lineWidth = 2 * ratio;
    g.strokeRect(x, y, w, hh);
  }

  cell(i) {
    const [rows, cols] = this.view.grid,
      w = this.marks.width / cols,
      hh = this.marks.height / rows;
    return [(i % cols) * w, Math.floor(i / cols) * hh, w, hh];
  }

  patchPoint(i) {
    const [rows, cols] = this.view.grid,
      box = this.stage.getBoundingClientRect();
    return {
      x: box.left + (((i % cols) + 0.5) * box.width) / cols,
      y: box.top + ((Math.floor(i / cols) + 0.5) * box.height) / rows,
    };
  }

  /** Boxes as buttons. */
  dress() {
    const { view } = this,
      made = new Map([...this.boxes.children].map((el) => [el.dataset.key, el]));
    this.boxes.classList.toggle("through", Boolean(view.grid) || view.draw);
    for (const box of view.boxes) {
      const key = String(box.key);
      let el = made.get(key);
      if (!el) {
        el = h(
          "button",
          {
            type: "button",
            "data-key": key,
            on: {
              click: (e) => {
                e.stopPropagation();
                this.outbox.send({ type: "box", key: box.key });
              },
            },
          },
          h("span", { class: "chip" }),
        );
        this.boxes.append(el);
      }
      made.delete(key);
      const [l, t, r, b] = box.corners,
        pc = (v) => `${(100 * v).toFixed(2)}%`;
      Object.assign(el.style, {
        left: pc(l),
        top: pc(t),
        width: pc(r - l),
        height: pc(b - t),
        borderColor: box.colour,
      });
      el.classList.toggle("faint", box.faint);
      el.classList.toggle("dashed", box.dashed);
      el.classList.toggle("low", t < 0.08);
      attr(el, "aria-pressed", box.key === view.picked);
      say(el.firstChild, box.label);
      const [red, green, blue] = rgbOf(box.colour);
      Object.assign(el.firstChild.style, {
        background: cssOf([red, green, blue]),
        color: red * 0.3 + green * 0.59 + blue * 0.11 > 140 ? "#000" : "#fff",
      });
    }
    for (const el of made.values()) el.remove();
  }

  at(e) {
    const box = this.stage.getBoundingClientRect(),
      in01 = (v) => Math.min(1, Math.max(0, v));
    return [in01((e.clientX - box.left) / box.width), in01((e.clientY - box.top) / box.height)];
  }

  patchAt(e) {
    if (!this.view?.grid || this.view.draw) return null;
    const [rows, cols] = this.view.grid,
      [x, y] = this.at(e);
    return Math.min(rows - 1, Math.floor(y * rows)) * cols + Math.min(cols - 1, Math.floor(x * cols));
  }

  point(patch) {
    if (patch === this.hover || !this.view) return;
    this.hover = patch;
    this.mark();
  }

  click(e) {
    if (this.view?.draw) return;
    const patch = this.patchAt(e);
    if (patch !== null) this.pick(patch);
  }

  pick(patch) {
    this.focus = patch;
    this.view.marked = patch; // at once; Python's answer follows
    this.mark();
    this.outbox.send({ type: "patch", index: patch });
  }

  key(e) {
    const { grid } = this.view ?? {};
    if (!grid || e.target !== this.stage) return;
    const [rows, cols] = grid,
      row = Math.floor(this.focus / cols),
      col = this.focus % cols;
    const to = {
      ArrowLeft: [row, col - 1],
      ArrowRight: [row, col + 1],
      ArrowUp: [row - 1, col],
      ArrowDown: [row + 1, col],
    }[e.key];
    if (to) {
      e.preventDefault();
      this.focus = Math.min(rows - 1, Math.max(0, to[0])) * cols + Math.min(cols - 1, Math.max(0, to[1]));
      say(
        this.live,
        fill(this.view.strings.photo_patch ?? "", {
          row: Math.floor(this.focus / cols) + 1,
          column: (this.focus % cols) + 1,
        }),
      );
      this.mark();
    } else if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      this.pick(this.focus);
    }
  }

  press(e) {
    if (!this.view?.draw || e.target.closest?.(".chip")) return;
    e.preventDefault();
    this.stage.setPointerCapture(e.pointerId);
    this.line = [this.at(e)];
    this.paint();
  }

  extend(e) {
    for (const each of e.getCoalescedEvents?.() ?? [e]) {
      const point = this.at(each),
        last = this.line.at(-1);
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) > 0.006) this.line.push(point);
    }
    this.paint();
  }

  lift() {
    if (!this.line) return;
    const line = this.line;
    this.line = null;
    this.redraw([...this.strokes, line]);
  }

  redraw(strokes) {
    this.strokes = strokes;
    this.drawnAt = performance.now();
    this.undo.disabled = this.clear.disabled = !strokes.length;
    this.paint();
    this.outbox.send({ type: "strokes", strokes });
  }

  destroy() {
    clearTimeout(this.late);
    super.destroy();
    delete this.host.attnPhoto;
  }
}

export default mounting(PhotoView);
