// strip.js — every layer and head as a small map: one button each, one tab stop for all, arrows walk.

import { attr, fill, h, say } from "./dom.js";
import { MASKED } from "./unpack.js";

/** What of each site's name tells it apart: "Layer 1", "Layer 2" → "1", "2"; 第 1 层, 第 2 层 → 1, 2. */
export function shortNames(labels) {
  if (labels.length < 2) return labels;
  let n = 0;
  while (labels.every((l) => l[n] !== undefined && l[n] === labels[0][n])) n++;
  while (n > 0 && /[\p{L}\p{N}]/u.test(labels[0][n - 1]) && /\p{Script=Latin}|\p{N}/u.test(labels[0][n - 1])) n--;
  const rest = labels.map((l) => l.slice(n));
  while (rest.every((l) => l.length > 1 && l.at(-1) === rest[0].at(-1) && !/[\p{Script=Latin}\p{N}]/u.test(l.at(-1))))
    rest.forEach((l, i) => {
      rest[i] = l.slice(0, -1);
    });
  rest.forEach((l, i) => {
    rest[i] = l.trim();
  });
  return rest.every(Boolean) && Math.max(...rest.map((l) => l.length)) <= 4 ? rest : labels;
}

/**
 * @param {any} act open and cut, each with (site, head)
 */
export function headStrip(act) {
  const title = h("span", { class: "strip-title" });
  const cut = h("button", { type: "button", class: "toggle", on: { click: () => act.cut(openHead[0], openHead[1]) } });
  const pick = h("select", {
    class: "strip-site",
    on: { change: () => act.open(pick.value, Math.min(openHead[1], headsOf(pick.value) - 1)) },
  });
  const grid = h("div", { class: "strip-grid", role: "group" });
  const el = h("section", { class: "strip" }, h("div", { class: "strip-head" }, title, pick, cut), grid);
  const buttons = new Map();
  let openHead = /** @type {[string, number]} */ (["", 0]),
    shape = "",
    view = null,
    names = [];
  const headsOf = (key) => view.siteOf(key)?.heads ?? 1;

  grid.addEventListener("click", (e) => {
    const b = e.target.closest("button");
    if (b) act.open(b.dataset.site, Number(b.dataset.head));
  });
  grid.addEventListener("keydown", (e) => {
    const b = e.target.closest("button");
    if (!b || e.ctrlKey || e.metaKey || e.altKey) return;
    const across = el.dataset.flow === "heads-across";
    let s = view.sites.findIndex((x) => x.key === b.dataset.site),
      k = Number(b.dataset.head);
    const moves = {
      ArrowLeft: across || el.dataset.flow === "one" ? [0, -1] : [-1, 0],
      ArrowRight: across || el.dataset.flow === "one" ? [0, 1] : [1, 0],
      ArrowUp: across ? [-1, 0] : [0, el.dataset.flow === "one" ? -4 : -1],
      ArrowDown: across ? [1, 0] : [0, el.dataset.flow === "one" ? 4 : 1],
    };
    if ((e.key === "h" || e.key === "H") && view.siteOf(b.dataset.site)?.cut) act.cut(b.dataset.site, k);
    else if (moves[e.key]) {
      s = Math.min(view.sites.length - 1, Math.max(0, s + moves[e.key][0]));
      k = Math.min(view.sites[s].heads - 1, Math.max(0, k + moves[e.key][1]));
      const next = buttons.get(`${view.sites[s].key}|${k}`);
      if (next?.offsetParent) {
        for (const x of buttons.values()) x.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    } else return;
    e.preventDefault();
  });

  function build(size) {
    grid.textContent = "";
    buttons.clear();
    const most = Math.max(...view.sites.map((s) => s.heads));
    const wordy = Math.max(...names.map((n) => n.length)) > 4;
    const flow =
      view.sites.length === 1
        ? "one"
        : size === "wide" && !wordy && view.sites.length < most
          ? "heads-down"
          : "heads-across";
    el.dataset.flow = flow;
    const cols =
      flow === "one"
        ? Math.min(size === "narrow" ? 7 : size === "mid" ? 12 : 4, most)
        : flow === "heads-down"
          ? view.sites.length
          : most;
    grid.style.setProperty("--cols", cols);
    const down = flow === "one" ? Math.ceil(most / cols) : flow === "heads-down" ? most : view.sites.length;
    const cell = Math.max(
      28,
      Math.min(46, Math.floor(336 / down), Math.floor((flow === "heads-across" ? 200 : 184) / cols)),
    );
    grid.style.setProperty("--cell", `${size === "wide" ? cell : size === "mid" ? Math.min(36, cell + 8) : 46}px`);
    const mark = (text, cls, long) =>
      h("span", { class: `strip-mark ${cls}`, text, title: long ?? null, "aria-hidden": "true", dir: "auto" });
    const one = (s, k) => {
      const c = h("canvas", { width: s.cols, height: s.rows, "aria-hidden": "true" });
      const b = h(
        "button",
        { type: "button", class: "head", "data-site": s.key, "data-head": String(k), tabindex: "-1" },
        c,
      );
      buttons.set(`${s.key}|${k}`, b);
      return b;
    };
    if (flow === "one") for (let k = 0; k < view.sites[0].heads; k++) grid.append(one(view.sites[0], k));
    else if (flow === "heads-down") {
      grid.append(mark("", "corner"), ...view.sites.map((s, i) => mark(names[i], "site", s.label)));
      for (let k = 0; k < most; k++) {
        grid.append(mark(String(k + 1), "number"));
        for (const s of view.sites) grid.append(k < s.heads ? one(s, k) : h("span"));
      }
    } else {
      grid.append(mark("", "corner"), ...Array.from({ length: most }, (_, k) => mark(String(k + 1), "number")));
      view.sites.forEach((s, i) => {
        grid.append(mark(names[i], "site", s.label));
        for (let k = 0; k < most; k++) grid.append(k < s.heads ? one(s, k) : h("span", { class: "none" }));
      });
    }
  }

  function paint(theme) {
    for (const s of view.sites) {
      const cells = s.rows * s.cols;
      for (let k = 0; k < s.heads; k++) {
        const ctx = buttons.get(`${s.key}|${k}`).firstChild.getContext("2d");
        const image = ctx.createImageData(s.cols, s.rows);
        const words = new Uint32Array(image.data.buffer);
        for (let i = 0; i < cells; i++) {
          const v = s.thumbs[k * cells + i];
          words[i] = v === MASKED ? theme.hatchWord : theme.rampWords[v];
        }
        ctx.putImageData(image, 0, 0);
      }
    }
  }

  return {
    el,
    /** Show the view's heads; buttons are made anew only when the set of heads or the layout changes. */
    update(next, theme, open, size) {
      view = next;
      const t = view.strings;
      const total = view.sites.reduce((n, s) => n + s.heads, 0);
      const hidden = total <= 1;
      attr(el, "aria-label", t.heads);
      el.hidden = hidden && !view.can.cut_head;
      grid.hidden = hidden;
      if (el.hidden) return;
      names = shortNames(view.sites.map((s) => s.label));
      const now = [size, ...view.sites.map((s) => [s.key, s.label, s.heads, s.rows, s.cols])].join("|");
      if (now !== shape) {
        shape = now;
        build(size);
      }
      openHead = [open.site, open.head];
      const site = view.siteOf(open.site);
      const name = (s, k) => fill(t.head_name, { site: s.label, head: k + 1 });
      say(title, site ? name(site, open.head) : "");
      attr(title, "title", title.textContent);
      attr(pick, "aria-label", t.layer);
      pick.hidden = view.sites.length < 2;
      if (pick.dataset.shape !== shape) {
        pick.dataset.shape = shape;
        pick.replaceChildren(...view.sites.map((s) => h("option", { value: s.key, text: s.label })));
      }
      pick.value = open.site;
      cut.hidden = !view.can.cut_head;
      const isCut = view.headCut(open.site, open.head);
      say(cut, isCut ? t.restore_head : t.cut_head);
      attr(cut, "aria-pressed", isCut);
      attr(cut, "title", t.cut_head_help);
      attr(grid, "aria-label", t.heads);
      const keep = grid.contains(el.getRootNode().activeElement);
      for (const s of view.sites)
        for (let k = 0; k < s.heads; k++) {
          const b = buttons.get(`${s.key}|${k}`);
          const on = s.key === open.site && k === open.head,
            off = view.headCut(s.key, k);
          const label = off ? fill(t.head_name_cut, { site: s.label, head: k + 1 }) : name(s, k);
          attr(b, "aria-label", label);
          attr(b, "title", label);
          attr(b, "aria-pressed", on);
          b.classList.toggle("cut", off);
          b.classList.toggle("elsewhere", s.key !== open.site);
          if (!keep) b.tabIndex = on ? 0 : -1;
        }
      for (const m of grid.querySelectorAll(".strip-mark.site"))
        m.classList.toggle("elsewhere", m.title !== site?.label);
      paint(theme);
    },
  };
}
