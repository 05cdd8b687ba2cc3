// editor.js — the small form that opens on a cell (new score or weight) or on a key's label (cut the token).

import { attr, fill, h, say } from "./dom.js";

const written = (v) => (Number.isFinite(v) ? String(Number(v.toPrecision(5))) : "");

/**
 * @param {any} act apply, unset, cut and closed
 */
export function cellEditor(act) {
  const title = h("p", { class: "editor-title", dir: "auto" });
  const input = h("input", { type: "number", step: "any", inputmode: "decimal" });
  const apply = h("button", { type: "submit", class: "strong" });
  const reset = h("button", { type: "button" });
  const close = h("button", { type: "button", class: "close", text: "×" });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const fields = h("div", { class: "editor-fields" }, input, apply, reset);
  const el = h(
    "form",
    { class: "editor", role: "dialog", novalidate: true, hidden: true },
    close,
    title,
    fields,
    wrong,
  );
  let job = null;

  const shut = (giveBack = true) => {
    if (!job) return;
    job = null;
    el.hidden = true;
    if (giveBack) act.closed();
  };
  el.addEventListener("submit", (e) => {
    e.preventDefault();
    if (!job) return;
    if (job.what === "token") {
      act.cut(job.k);
      return shut();
    }
    const value = input.valueAsNumber;
    const bad = !Number.isFinite(value) || (job.what === "weight" && (value < 0 || value > 1));
    attr(input, "aria-invalid", bad);
    say(wrong, bad ? job.strings[`edit_wrong_${job.what}`] : "");
    if (bad) return input.focus();
    act.apply(job, value);
    shut();
  });
  reset.addEventListener("click", () => {
    if (!job || reset.getAttribute("aria-disabled") === "true") return;
    act.unset(job, job.what);
    shut();
  });
  close.addEventListener("click", () => shut());
  el.addEventListener("keydown", (e) => {
    e.stopPropagation();
    if (e.key === "Escape") shut();
  });

  return {
    el,
    get job() {
      return job;
    },
    shut,
    /** The exact number came after the form was opened: put it in, if nothing has been typed. */
    learn(detail) {
      if (!job || job.q !== detail.query || job.k !== detail.key || !(job.what in detail) || input.value !== job.first)
        return;
      input.value = job.first = written(detail[job.what]);
      input.select();
    },
    /**
     * @param {any} next {what: "score"|"weight"|"token", q, k, value, changed, cut}
     * @param {{x: number, y: number, width: number, height: number}} at anchor and room in CSS px
     */
    open(view, next, at) {
      const t = view.strings;
      job = { ...next, strings: t };
      const names = { query: view.item(0, next.q ?? 0).label, key: view.item(1, next.k).label };
      const token = next.what === "token";
      say(title, fill(token ? t.token_title : t[`edit_${next.what}`], names));
      attr(el, "aria-label", title.textContent);
      attr(close, "aria-label", t.close);
      attr(input, "aria-label", title.textContent);
      input.hidden = reset.hidden = token;
      say(wrong, "");
      attr(input, "aria-invalid", null);
      attr(input, "min", next.what === "weight" ? "0" : null);
      attr(input, "max", next.what === "weight" ? "1" : null);
      input.value = job.first = written(next.value);
      say(apply, token ? (next.cut ? t.restore_token : t.cut_token) : t.apply);
      say(reset, t.reset_one);
      attr(reset, "aria-disabled", !next.changed);
      attr(reset, "title", next.changed ? null : t.unset_none);
      el.hidden = false;
      const w = el.offsetWidth,
        tall = el.offsetHeight;
      el.style.left = `${Math.max(0, Math.min(at.x - w / 2, at.width - w))}px`;
      el.style.top = `${at.y + 14 + tall <= at.height ? at.y + 14 : Math.max(0, at.y - tall - 14)}px`;
      if (token) apply.focus({ preventScroll: true });
      else {
        input.focus({ preventScroll: true });
        input.select();
      }
    },
  };
}
