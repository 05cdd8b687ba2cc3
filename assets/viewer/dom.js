// dom.js — the few helpers that make elements. Text goes in through textContent only: labels come from strangers.

/**
 * @param {string} tag
 * @param {any} [props] `class`, `text`, `on` (listeners), `dir`, aria-* and other attributes; null and false are left
 *   out
 * @param {...(Node|string)} children
 * @returns {any} an element, whichever its kind
 */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") el.textContent = value;
    else if (name === "on") for (const [type, fn] of Object.entries(value)) el.addEventListener(type, fn);
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children);
  return el;
}

/** Set text only when it differs, so that nothing is re-laid out or re-read for nothing. */
export function say(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** Set an attribute only when it differs; null takes it away, as does false unless it is an aria state. */
export function attr(el, name, value) {
  const gone = value === null || value === undefined || (value === false && !name.startsWith("aria-"));
  const want = gone ? null : String(value);
  if (el.getAttribute(name) === want) return;
  if (want === null) el.removeAttribute(name);
  else el.setAttribute(name, want);
}

/**
 * A row of joined buttons of which at most one is pressed.
 * @param {(value: string) => void} choose called with the pressed button's value
 */
export function segmented(choose) {
  const label = h("span", { class: "seg-label", "aria-hidden": "true" });
  const group = h("div", { class: "seg", role: "group" });
  const box = h("div", { class: "control" }, label, group);
  const buttons = new Map();
  return {
    el: box,
    /** @param {string[][]} options value, label, title */
    update(name, options, pressed, shown = true) {
      box.hidden = !shown;
      say(label, name);
      attr(group, "aria-label", name);
      const wanted = new Set(options.map(([v]) => v));
      for (const [v, b] of buttons)
        if (!wanted.has(v)) {
          b.remove();
          buttons.delete(v);
        }
      for (const [value, text, title] of options) {
        let b = buttons.get(value);
        if (!b) {
          b = h("button", { type: "button", "data-value": value, on: { click: () => choose(value) } });
          buttons.set(value, b);
          group.append(b);
        }
        say(b, text);
        attr(b, "title", title);
        attr(b, "aria-pressed", value === pressed ? "true" : "false");
      }
    },
    /** Nothing to choose yet: the buttons keep their place and say why. @param {string|null} why */
    off(why) {
      for (const b of buttons.values()) {
        attr(b, "aria-disabled", why ? "true" : null);
        if (why) attr(b, "title", why);
      }
    },
  };
}

/** "{a} of {b}" with its places filled. */
export const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
