// sound.js — a sound with what a model made of it: spectrogram, words, lanes of one value a token, and a play-head.
//
// Python sends the sound once (receive) and what lies on it with each run (the default export). While the sound plays,
// the first lane follows the play-head through the rows of the open map, and so does the attention viewer, without a
// message to Python. Events go back as the viewer's do: a log of {type: "token" | "word" | "span"}.

import { MountedView, mounting } from "./base.js";
import { cssOf, readTheme, rgbOf } from "./colour.js";
import { attr, fill, h, say } from "./dom.js";
import { css } from "./sound_style.js";
import { deliver, parts } from "./unpack.js";

const KEPT = 6; // sounds in memory
const LATE = 3000; // ms after which a sound that has not come is asked for
const TALL = 132,
  LANE = 16,
  GAP = 5; // CSS pixels: spectrogram, a lane, between them
const CHIP = 24; // the least width of a word's button and the gap after it

const sounds = () => (window.attnSounds ??= new Map());

/** A sound has come from Python. @param {{data: Uint8Array}} component */
export function receive({ data }) {
  if (!(data instanceof Uint8Array) || data.length < 4) return;
  const [header, body] = parts(data);
  const known = sounds();
  if (!known.has(header.source)) {
    const shades = body.slice(0, header.mels * header.frames);
    const samples = new Int16Array(body.slice(shades.length).buffer);
    known.set(header.source, { ...header, shades, wave: samples });
    while (known.size > KEPT) known.delete(known.keys().next().value);
  }
  window.dispatchEvent(new CustomEvent("attn-sound", { detail: header.source }));
}

let context = null;
/** The samples as the browser plays them; its context starts with the learner's first press. */
function buffered(sound) {
  context ??= new AudioContext();
  if (!sound.buffer) {
    sound.buffer = context.createBuffer(1, Math.max(1, sound.wave.length), sound.rate);
    const to = sound.buffer.getChannelData(0);
    for (let i = 0; i < sound.wave.length; i++) to[i] = sound.wave[i] / 32768;
  }
  return sound.buffer;
}

class SoundView extends MountedView {
  constructor(parent) {
    super(parent);
    this.focus = 0; // the keyboard's token
    this.span = null; // tokens being chosen: [anchor, end]
    this.from = 0; // seconds at which playing starts again
    this.playing = null;
    this.build();
    this.listen();
  }

  build() {
    this.title = h("p", { class: "title" });
    this.words = h("div", { class: "words" });
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.marks = h("canvas", { "aria-hidden": "true" });
    this.stage = h("div", { class: "stage", role: "application", tabindex: "0" }, this.canvas, this.marks);
    this.play = h("button", {
      type: "button",
      class: "play",
      on: { click: () => (this.playing ? this.stop() : this.start()) },
    });
    this.mask = h("button", { type: "button", class: "mask", on: { click: () => this.silence() } });
    this.time = h("span", { class: "hint" });
    this.tools = h("div", { class: "tools" }, this.play, this.mask, this.time);
    this.look = h("p", { class: "look" });
    this.live = h("p", { class: "unseen", "aria-live": "polite" });
    this.style = h("style", { text: css });
    this.root = h("div", { class: "sound" }, this.title, this.words, this.stage, this.tools, this.look, this.live);
    this.parent.append(this.style, this.root);
  }

  listen() {
    const s = this.stage;
    s.addEventListener("pointerdown", (e) => this.press(e));
    s.addEventListener("pointermove", (e) => this.drag(e));
    for (const kind of ["pointerup", "pointercancel"]) s.addEventListener(kind, () => this.lift());
    s.addEventListener("keydown", (e) => this.key(e));
    this.watch({ "attn-sound": (e) => e.detail === this.view?.source && this.render() });
    const self = this;
    this.host.attnSound = {
      // for browser tests
      get view() {
        return self.view;
      },
      get ready() {
        return Boolean(self.sound);
      },
      get playing() {
        return Boolean(self.playing);
      },
      get row() {
        return self.row;
      },
      tokenPoint: (i) => self.tokenPoint(i),
    };
  }

  update({ data, setStateValue }) {
    this.tell = setStateValue ?? this.tell;
    if (data instanceof Uint8Array && data.length >= 4) deliver(this, data);
  }

  take(data) {
    const [view, body] = parts(data);
    view.levels = view.lanes.map((_, i) => body.subarray(i * view.tokens, (i + 1) * view.tokens));
    view.map = view.rows && body.subarray(view.rows.offset, view.rows.offset + view.rows.queries * view.tokens);
    if (view.source !== this.view?.source) {
      this.stop();
      [this.from, this.span] = [0, null];
    }
    this.view = view;
    this.focus = Math.min(view.marked ?? this.focus, view.tokens - 1);
    this.render();
  }

  get sound() {
    return this.view && sounds().get(this.view.source);
  }

  /** Seconds that the picture is wide. */
  get whole() {
    return this.view.tokens * this.view.token_seconds;
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
    attr(this.stage, "aria-label", view.summary);
    const ratio = Math.min(2, window.devicePixelRatio || 1),
      tall = TALL + view.lanes.length * (LANE + GAP);
    this.stage.style.height = `${tall}px`;
    for (const c of [this.canvas, this.marks]) {
      const [w, hh] = [Math.round(this.width * ratio), Math.round(tall * ratio)];
      if (c.width !== w || c.height !== hh) [c.width, c.height] = [w, hh];
    }
    this.ratio = ratio;
    const { sound } = this;
    this.stage.classList.toggle("waiting", !sound);
    if (!sound && this.waited !== view.source) {
      this.waited = view.source;
      this.late = setTimeout(() => this.sound || this.outbox.send({ type: "missing", source: view.source }), LATE);
    }
    this.paint();
    this.mark();
    this.dress();
    this.label();
    host.dataset.sound = String(++this.painted);
  }

  label() {
    const { view } = this,
      words = view.strings;
    this.play.disabled = !this.sound;
    say(this.play, (this.playing ? words.sound_stop : words.sound_play) ?? "");
    const [a, b] = this.chosen() ?? [0, -1];
    this.mask.hidden = !view.can_mask || b < a;
    say(this.mask, fill(words.sound_mask ?? "", { from: this.at(a), to: this.at(b + 1) }));
    say(this.time, `${this.now().toFixed(2)} / ${(this.sound?.seconds ?? this.whole).toFixed(2)} s`);
  }

  at(token) {
    return (token * this.view.token_seconds).toFixed(2);
  }

  paint() {
    const { view, canvas, sound, theme } = this,
      g = canvas.getContext("2d");
    g.clearRect(0, 0, canvas.width, canvas.height);
    if (sound) {
      const { mels, frames, shades } = sound,
        small = new OffscreenCanvas(frames, mels),
        s = small.getContext("2d");
      const image = s.createImageData(frames, mels),
        ink = rgbOf(theme.ink),
        paper = rgbOf(theme.bg);
      for (let m = 0; m < mels; m++) {
        for (let f = 0; f < frames; f++) {
          const to = 4 * ((mels - 1 - m) * frames + f),
            v = shades[m * frames + f] / 255;
          for (let c = 0; c < 3; c++) image.data[to + c] = paper[c] + (ink[c] - paper[c]) * v;
          image.data[to + 3] = 255;
        }
      }
      s.putImageData(image, 0, 0);
      g.imageSmoothingEnabled = true;
      g.drawImage(small, 0, 0, canvas.width * Math.min(1, sound.seconds / this.whole), TALL * this.ratio);
    }
    view.lanes.forEach((lane, i) => this.strip(g, lane, view.levels[i], i));
  }

  strip(g, lane, levels, i) {
    const { ratio, view } = this,
      y = (TALL + GAP + i * (LANE + GAP)) * ratio,
      w = this.canvas.width / view.tokens;
    const [r, gg, b] = rgbOf(lane.colour);
    g.fillStyle = this.theme.panel;
    g.fillRect(0, y, this.canvas.width, LANE * ratio);
    for (let t = 0; t < view.tokens; t++) {
      if (!levels[t]) continue;
      g.fillStyle = `rgba(${r},${gg},${b},${levels[t] / 255})`;
      g.fillRect(t * w, y, Math.ceil(w), LANE * ratio);
    }
    Object.assign(g, {
      font: `${11 * ratio}px ${this.theme.font}`,
      textBaseline: "middle",
      lineWidth: 3 * ratio,
      lineJoin: "round",
    });
    g.strokeStyle = this.theme.bg;
    g.strokeText(lane.label, 5 * ratio, y + (LANE * ratio) / 2);
    g.fillStyle = this.theme.ink;
    g.fillText(lane.label, 5 * ratio, y + (LANE * ratio) / 2);
  }

  /** Over the picture: silenced spans, the span being chosen, the open token, the play-head. */
  mark() {
    const { view, marks, ratio } = this,
      g = marks.getContext("2d"),
      w = marks.width / view.tokens,
      tall = TALL * ratio;
    g.clearRect(0, 0, marks.width, marks.height);
    for (const [a, b] of view.hidden) this.hatch(g, a * w, (b + 1 - a) * w, tall);
    const span = this.span && [Math.min(...this.span), Math.max(...this.span)];
    if (span) {
      g.fillStyle = "rgba(213,94,0,.25)";
      g.fillRect(span[0] * w, 0, (span[1] + 1 - span[0]) * w, tall);
    }
    const outline = (t, colour, width) => {
      g.strokeStyle = colour;
      g.lineWidth = width * ratio;
      g.strokeRect(t * w, (width * ratio) / 2, Math.max(w, 3 * ratio), marks.height - width * ratio);
    };
    if (this.stage.matches(":focus-visible")) outline(this.focus, this.theme.ink, 1);
    const open = this.row ?? view.marked;
    if (open !== null && open !== undefined) outline(open, "#0072B2", 2);
    const x = (this.now() / this.whole) * marks.width;
    if (this.playing || this.from) {
      g.fillStyle = "#D55E00";
      g.fillRect(x - ratio, 0, 2 * ratio, marks.height);
    }
  }

  hatch(g, x, w, tall) {
    g.save();
    g.beginPath();
    g.rect(x, 0, w, tall);
    g.clip();
    g.fillStyle = "rgba(128,128,128,.6)";
    g.fillRect(x, 0, w, tall);
    g.strokeStyle = "#fff";
    g.lineWidth = 1.5 * this.ratio;
    for (let d = -tall; d < w; d += 8 * this.ratio) {
      g.beginPath();
      g.moveTo(x + d, tall);
      g.lineTo(x + d + tall, 0);
      g.stroke();
    }
    g.restore();
  }

  /** Where the words' buttons go, in CSS pixels: over their tokens, pushed apart where they would overlap. */
  places() {
    const { words, tokens } = this.view,
      width = this.words.clientWidth || this.width || 1;
    const gaps = words.map((w, i) => (i ? Math.max(CHIP, 4.5 * (w.label.length + words[i - 1].label.length) + 12) : 0));
    const out = words.map((w) => ((w.first + w.last + 1) / 2 / tokens) * width);
    for (let i = 1; i < out.length; i++) out[i] = Math.max(out[i], out[i - 1] + gaps[i]);
    out.push(width + CHIP / 2);
    gaps.push(CHIP);
    for (let i = out.length - 2; i >= 0; i--) out[i] = Math.min(out[i], out[i + 1] - gaps[i + 1]);
    const low = Math.min(0, out[0] - CHIP / 2),
      scale = width / (width - low); // too many: closer than the gap
    return out.slice(0, -1).map((x) => (x - low) * scale);
  }

  /** Words over their tokens, as buttons. */
  dress() {
    const { view } = this,
      made = new Map([...this.words.children].map((el) => [el.dataset.key, el]));
    this.words.hidden = !view.words.length;
    const centres = this.places();
    // too many: narrower, never one bar
    const closest = Math.min(CHIP, ...centres.slice(1).map((x, i) => x - centres[i]));
    this.words.classList.toggle("many", closest < CHIP);
    this.words.style.setProperty("--chip", `${Math.max(3, closest - 1).toFixed(1)}px`);
    view.words.forEach((word, i) => {
      const key = String(word.key);
      let el = made.get(key);
      if (!el) {
        el = h("button", {
          type: "button",
          "data-key": key,
          on: {
            click: () => {
              this.outbox.send({ type: "word", key: word.key });
              this.hear(word);
            },
          },
        });
        this.words.append(el);
      }
      made.delete(key);
      const [r, g, b] = rgbOf(word.colour);
      Object.assign(el.style, {
        left: `${centres[i].toFixed(1)}px`,
        background: cssOf([r, g, b]),
        color: r * 0.3 + g * 0.59 + b * 0.11 > 140 ? "#000" : "#fff",
      });
      attr(el, "aria-pressed", word.key === view.picked);
      attr(el, "title", `${this.at((word.heard ?? [word.first])[0])}–${this.at((word.heard?.[1] ?? word.last) + 1)} s`);
      say(el, word.label);
    });
    for (const el of made.values()) el.remove();
  }

  tokenAt(e) {
    const box = this.stage.getBoundingClientRect();
    return Math.min(
      this.view.tokens - 1,
      Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * this.view.tokens)),
    );
  }

  tokenPoint(i) {
    const box = this.stage.getBoundingClientRect();
    return { x: box.left + ((i + 0.5) * box.width) / this.view.tokens, y: box.top + TALL / 2 };
  }

  press(e) {
    if (!this.view) return;
    this.stage.setPointerCapture(e.pointerId);
    this.pressed = this.tokenAt(e);
    this.span = null;
  }

  drag(e) {
    if (this.pressed === undefined) return;
    const token = this.tokenAt(e);
    if (token !== this.pressed && this.view.can_mask) this.span = [this.pressed, token];
    this.mark();
    this.label();
  }

  lift() {
    if (this.pressed === undefined) return;
    const token = this.pressed;
    this.pressed = undefined;
    if (!this.span) this.pick(token);
    this.mark();
    this.label();
  }

  pick(token) {
    this.focus = token;
    this.view.marked = token; // at once; Python's answer follows
    this.from = token * this.view.token_seconds;
    this.mark();
    this.outbox.send({ type: "token", index: token });
  }

  chosen() {
    return this.span && [Math.min(...this.span), Math.max(...this.span)];
  }

  silence() {
    const span = this.chosen();
    if (!span) return;
    this.span = null;
    this.outbox.send({ type: "span", span });
    this.mark();
    this.label();
  }

  key(e) {
    const { view } = this;
    if (!view || e.target !== this.stage || e.ctrlKey || e.metaKey || e.altKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[e.key];
    if (step) {
      const was = this.focus;
      this.focus = Math.min(view.tokens - 1, Math.max(0, was + step));
      this.span = e.shiftKey && view.can_mask ? [this.span?.[0] ?? was, this.focus] : null;
      say(this.live, fill(view.strings.sound_token ?? "", { at: this.at(this.focus) }));
    } else if (e.key === "Enter") this.span ? this.silence() : this.pick(this.focus);
    else if (e.key === " ") this.playing ? this.stop() : this.start();
    else if (e.key === "Escape") this.span = null;
    else return;
    e.preventDefault();
    this.mark();
    this.label();
  }

  now() {
    if (!this.playing) return this.from;
    return Math.min(this.playing.until, this.playing.from + context.currentTime - this.playing.began);
  }

  /** Play from here on. */
  start(from = this.from, until = this.sound?.seconds ?? 0) {
    const { sound } = this;
    if (!sound) return;
    this.stop();
    if (from >= until - 0.02) from = 0;
    const node = new AudioBufferSourceNode((buffered(sound), context), { buffer: buffered(sound) });
    node.connect(context.destination);
    context.resume?.();
    node.start(0, from, until - from);
    this.playing = { node, from, until, began: context.currentTime };
    const tick = () => {
      if (!this.playing) return;
      if (this.now() >= until - 0.005) return void this.stop(until >= sound.seconds - 0.05 ? 0 : until);
      this.follow(Math.min(this.view.tokens - 1, Math.floor(this.now() / this.view.token_seconds)));
      this.mark();
      this.label();
      this.frame = requestAnimationFrame(tick);
    };
    tick();
  }

  hear(word) {
    const [a, b] = word.heard ?? [word.first, word.last];
    this.start(a * this.view.token_seconds, Math.min(this.sound?.seconds ?? 0, (b + 1) * this.view.token_seconds));
  }

  stop(at = null) {
    if (!this.playing) return;
    this.from = at ?? this.now();
    this.playing.node.onended = null;
    this.playing.node.stop();
    this.playing = null;
    cancelAnimationFrame(this.frame);
    this.follow(null);
    this.mark();
    this.label();
  }

  /** The play-head is in a token: its row becomes the first lane, and the attention viewer looks there too. */
  follow(token) {
    if (token === this.row) return;
    this.row = token;
    const { view } = this;
    if (view.map && view.lanes.length) {
      const row = token === null ? view.levels[0] : view.map.subarray(token * view.tokens, (token + 1) * view.tokens);
      if (row.length) this.strip(this.canvas.getContext("2d"), view.lanes[0], row, 0);
    }
    if (view.viewer) window.dispatchEvent(new CustomEvent("attn-row", { detail: { id: view.viewer, query: token } }));
  }

  destroy() {
    this.stop();
    clearTimeout(this.late);
    super.destroy();
    delete this.host.attnSound;
  }
}

export default mounting(SoundView);
