// toolbar.js — the controls above the picture (how to look, what to edit) and below it (colour scale, legend, zoom).

import { attr, fill, h, say, segmented } from "./dom.js";
import { number } from "./facts.js";

const LEAST_SPAN = 8;

/**
 * The region one step closer to or further from `centre`, or all of it.
 * @param {"in"|"out"|"fit"} way @param {number[]} centre [q, k]
 * @returns {number[]|null} [q0, q1, k0, k1], null when there is nothing to do
 */
export function zoomed(view, way, centre) {
  const out = [];
  for (const axis of [0, 1]) {
    const n = view.n[axis];
    const span = view.region[2 * axis + 1] - view.region[2 * axis];
    const next =
      way === "fit"
        ? n
        : way === "in"
          ? Math.min(span, Math.max(Math.min(LEAST_SPAN, n), Math.ceil(span / 2)))
          : Math.min(n, span * 2);
    const from = Math.min(n - next, Math.max(0, Math.round(centre[axis] - next / 2)));
    out.push(from, from + next);
  }
  return out.every((v, i) => v === view.region[i]) ? null : out;
}

/** @param {any} act one function for each control: mode, which, compare, edit, reset, scale, zoom */
export function controls(act) {
  const mode = segmented(act.mode),
    which = segmented(act.which),
    compare = segmented(act.compare),
    edit = segmented(act.edit);
  const reset = h("button", {
    type: "button",
    class: "reset",
    on: { click: () => reset.getAttribute("aria-disabled") !== "true" && act.reset() },
  });
  const top = h("div", { class: "toolbar", role: "group" }, mode.el, which.el, compare.el, edit.el, reset);

  const scale = segmented(act.scale);
  const what = h("span", { class: "seg-label" }),
    low = h("span", { class: "num" }),
    ramp = h("span", { class: "ramp" }),
    high = h("span", { class: "num" });
  const key = h("span", { class: "legend-ramp", role: "img" }, what, low, ramp, high);
  const masked = h("span", { class: "swatch" }, h("i", { class: "hatch" }), h("span"));
  const changed = h("span", { class: "swatch" }, h("i", { class: "outline" }), h("span"));
  const zooms = ["in", "out", "fit"].map((way) => h("button", { type: "button", on: { click: () => act.zoom(way) } }));
  const zoom = h("div", { class: "seg zoom", role: "group" }, zooms[1], zooms[0], zooms[2]);
  const bottom = h("div", { class: "legend" }, scale.el, key, masked, changed, zoom);

  return {
    top,
    bottom,
    /** The controls. @param {any} s the viewer: mode, which, compare, edit, scale, focus */
    update(view, s) {
      const t = view.strings;
      attr(top, "aria-label", t.controls);
      const changes = Boolean(view.before) || view.can.edit.length > 0 || view.can.cut_token || view.can.cut_head;
      mode.update(
        t.show_as,
        [
          ["map", t.mode_map],
          ["lines", t.mode_lines],
        ],
        s.mode,
      );
      which.update(
        t.lines_of,
        [
          ["one", t.lines_one],
          ["all", t.lines_all],
        ],
        s.which,
        s.mode === "lines",
      );
      compare.update(
        t.compare,
        [
          ["before", t.before],
          ["after", t.after],
          ["difference", t.difference],
        ],
        s.compare,
        s.mode === "map" && changes,
      );
      compare.off(view.before ? null : view.apart ? t.compare_apart : t.compare_none);
      edit.update(
        t.edit,
        view.can.edit.map((w) => [w, t[`what_${w}`], t[`edit_${w}_help`]]),
        s.edit,
        view.can.edit.length > 0,
      );
      reset.hidden = !(view.can.edit.length || view.can.cut_token || view.can.cut_head);
      say(reset, t.reset_all); // no count in it: a wider button would wrap the bar and move the map
      attr(reset, "aria-disabled", view.resets === 0);
      attr(reset, "title", view.resets ? fill(t.reset_all_n, { n: view.resets }) : t.reset_none);
    },
    /** Scale, legend and zoom, once the picture is painted and its colours (`s.shown`) are known. */
    legend(view, s, theme) {
      const t = view.strings,
        look = s.shown,
        lines = s.mode === "lines";
      const by = s.scale.value;
      scale.update(
        t.scale,
        [
          ["row", t.scale_row, t.scale_row_help],
          ["head", t.scale_head, t.scale_head_help],
          ...(view.sites.length > 1 || view.sites[0].heads > 1 ? [["all", t.scale_all, t.scale_all_help]] : []),
        ],
        by,
        !lines && !look.diverging,
      );
      const stops = look.diverging
        ? theme.diverge.filter((_, i) => i % 51 === 0)
        : theme.ramp.filter((_, i) => i % 32 === 0 || i === 254);
      const wash = `linear-gradient(to right, ${stops.join(", ")})`;
      if (ramp.dataset.wash !== wash) {
        ramp.dataset.wash = wash;
        ramp.style.background = wash;
      }
      const top1 = number(look.top, look.top < 0.1 ? 3 : 2);
      say(what, look.diverging ? t.difference : t.weight);
      say(low, look.diverging ? `−${top1}` : "0");
      say(high, look.diverging ? `+${top1}` : by === "row" && !lines ? t.row_top : top1);
      const about = look.diverging
        ? t.legend_difference
        : by === "row" && !lines
          ? t.legend_row
          : fill(t.legend_weight, { max: top1 });
      attr(key, "aria-label", about);
      attr(key, "title", about);
      say(masked.lastChild, t.masked);
      masked.hidden = lines || !look.anyMasked;
      say(changed.lastChild, t.changed);
      changed.hidden = view.changeCount === 0 || view.compare === "before";

      const big =
        Math.max(...view.n) > 16 ||
        view.region[1] - view.region[0] < view.n[0] ||
        view.region[3] - view.region[2] < view.n[1];
      zoom.hidden = !big;
      attr(zoom, "aria-label", t.zoom);
      const centre = [s.focus.q, s.focus.k];
      [
        ["in", "+", t.zoom_in, t.zoom_in_no],
        ["out", "−", t.zoom_out, t.zoom_out_no],
        ["fit", t.zoom_fit, t.zoom_fit_help, t.zoom_out_no],
      ].forEach(([way, text, name, why], i) => {
        const off = zoomed(view, way, centre) === null;
        say(zooms[i], text);
        attr(zooms[i], "aria-label", name);
        attr(zooms[i], "title", off ? why : name);
        attr(zooms[i], "aria-disabled", off);
      });
    },
  };
}
