// actions.js — what the learner can do. Each shows at once what it can, and tells Python; nothing here paints.

import { fill, say } from "./dom.js";
import { factsOf } from "./facts.js";
import { pointIn } from "./picture.js";
import { zoomed } from "./toolbar.js";

const GREY_AFTER = 300,
  GIVE_UP = 10000; // ms: when a picture that waits for Python is greyed, and when no longer

/** The learner's actions on viewer `v`. */
export function actions(v) {
  let waiting = 0,
    giveUp = 0;

  /** Send an event; `slow` ones change the picture, which is greyed when the answer takes long. */
  const tell = (event, slow = true) => {
    v.owed = event.type !== "scale"; // a scale changes no number
    if (slow && v.compare === "before" && !["scale", "zoom", "open"].includes(event.type))
      v.choose({ compare: "after" }); // what was changed is shown
    if (slow && !waiting) {
      waiting = setTimeout(() => v.root.classList.add("waiting"), GREY_AFTER);
      giveUp = setTimeout(() => act.settle(), GIVE_UP);
    }
    // The cell looked at goes along, so that its exact numbers come with the same answer.
    v.outbox.send(v.view.pooled ? event : { ...event, at: { ...here(), query: v.focus.q, key: v.focus.k } });
  };
  const here = () => ({ site: v.open.value.site, head: v.open.value.head });
  const announce = (name, values = {}) => say(v.live, fill(v.view.strings[name], values));
  const names = (q, k) => ({ query: v.view.item(0, q).label, key: v.view.item(1, k).label });

  const openEditor = (job, r, c) => {
    const { x, y } = pointIn(v, r, c, job.what === "token");
    v.editor.open(v.view, job, { x, y, width: v.picture.clientWidth, height: v.picture.clientHeight });
  };

  const act = {
    /** Python has answered, or we stop waiting for it. */
    settle() {
      clearTimeout(waiting);
      clearTimeout(giveUp);
      waiting = 0;
      v.root.classList.remove("waiting");
    },
    rescale(scale) {
      const far = scale === "all" || v.scale.value === "all"; // the largest of all heads is known to Python only
      v.scale.choose(scale);
      tell({ type: "scale", scale }, far);
      v.render();
    },
    reset() {
      tell({ type: "reset" });
      announce("say_reset");
    },
    zoom(way) {
      const region = zoomed(v.view, way, [v.focus.q, v.focus.k]);
      if (region) tell({ type: "zoom", region });
    },
    /** A step off the edge of a zoomed region moves the region. @returns {boolean} whether it was such a step */
    pan(r, c) {
      const { view } = v,
        [q0, q1, k0, k1] = view.region;
      const shift = (to, count, lo, hi, n) => {
        const step = Math.ceil((hi - lo) / 2);
        return to < 0 && lo > 0 ? -Math.min(step, lo) : to >= count && hi < n ? Math.min(step, n - hi) : 0;
      };
      const dq = shift(r, view.R, q0, q1, view.n[0]),
        dk = shift(c, view.C, k0, k1, view.n[1]);
      if (!dq && !dk) return false;
      if (waiting) return true;
      if (dq) v.focus.q = dq > 0 ? q1 : q0 - 1;
      if (dk) v.focus.k = dk > 0 ? k1 : k0 - 1;
      tell({ type: "zoom", region: [q0 + dq, q1 + dq, k0 + dk, k1 + dk] });
      return true;
    },
    /** Enter or click on a cell: edit it in edit mode, else pick its query. */
    use(r, c) {
      if (!v.edit) return act.pick(r);
      const f = factsOf(v.view, v.book, { r, c }),
        changed = v.view.changesAt(f.q, f.k).has(v.edit);
      if (v.edit !== "mask") return openEditor({ what: v.edit, q: f.q, k: f.k, value: f[v.edit], changed }, r, c);
      return changed ? act.unset("mask", f.q, f.k) : act.set("mask", f.q, f.k, f.masked ? 1 : 0);
    },
    tokenMenu(c) {
      const k = v.view.block(1, c)[0];
      if (v.view.can.cut_token) openEditor({ what: "token", k, cut: v.view.cutTokens.has(k) }, 0, c);
    },
    /** Pick the query of map row `r` (-1: none); with `toggle`, picking it again unpicks it. */
    pick(r, toggle = false) {
      const o = v.open.value,
        [a, b] = r < 0 ? [null, null] : v.view.block(0, r);
      const query = r >= 0 && o.query !== null && o.query >= a && o.query < b ? o.query : a;
      const next = toggle && query === o.query ? null : query;
      if (next === o.query) return;
      v.open.choose({ ...o, query: next });
      tell({ type: "open", ...here(), query: next }, false);
      v.render();
    },
    openHead(site, head) {
      const { query, ...now } = v.open.value;
      if (site === now.site && head === now.head) return;
      v.editor.shut(false);
      v.open.choose({ site, head, query });
      tell({ type: "open", site, head, query });
      v.strip.update(v.view, v.theme, v.open.value, v.size);
    },
    cutHead(site, head) {
      const on = !v.view.headCut(site, head);
      tell({ type: "cut_head", site, head, on });
      announce(on ? "say_cut_head" : "say_restored_head", {
        head: fill(v.view.strings.head_name, { site: v.view.siteOf(site)?.label ?? "", head: head + 1 }),
      });
    },
    cutToken(k) {
      const on = !v.view.cutTokens.has(k);
      tell({ type: "cut_token", site: v.open.value.site, key: k, on });
      announce(on ? "say_cut_token" : "say_restored_token", { key: v.view.item(1, k).label });
    },
    set(what, q, k, value) {
      tell({ type: "set", what, ...here(), query: q, key: k, value });
      announce("say_set", { ...names(q, k), what: v.view.strings[`what_${what}`] });
    },
    unset(what, q, k) {
      tell({ type: "unset", what, ...here(), query: q, key: k });
      announce("say_unset", { ...names(q, k), what: v.view.strings[`what_${what}`] });
    },
    unsetAll(q, k) {
      for (const what of v.view.changesAt(q, k)) act.unset(what, q, k);
    },
    /** Ask Python for all of the open region's exact weights, to save them. */
    exact() {
      v.wanted = `${Date.now()}-${Math.random()}`;
      v.outbox.send({ type: "exact", token: v.wanted, ...here() });
    },
    /** Ask Python, once, for the exact numbers of the cell that the keyboard or a click went to. */
    probe() {
      const f = factsOf(v.view, v.book, v.focusBins());
      if (!f || (f.exact && f.queryVector) || !v.book.ask(f.q, f.k)) return;
      v.outbox.send({ type: "probe", ...here(), query: f.q, key: f.k, ...(f.block && { block: f.block }) });
    },
  };
  return act;
}
