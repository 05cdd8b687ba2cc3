// base.js — what all views share: one for each place on the page, its door to Python, what it watches, and its end.

import { readTheme } from "./colour.js";
import { outbox } from "./state.js";

const LINGER = 50; // ms between Streamlit's cleanup and ours, in case it mounts again at once

const Open = /** @type {any} */ (class {}); // views hold what their parts give them, so their fields aren't checked

/**
 * A view that is made once and then fed new data in place. It has a `view` once there is some, `render` and `destroy`.
 */
export class MountedView extends Open {
  /** @param {ShadowRoot} parent */
  constructor(parent) {
    super();
    this.parent = parent;
    this.host = /** @type {any} */ (parent.host ?? parent);
    this.tell = () => {};
    this.outbox = outbox(() => this.tell);
    this.painted = 0;
  }

  /** Render anew when the place gets another size or theme; and hear events of the window. */
  watch(events) {
    this.events = Object.entries(events);
    for (const [name, hear] of this.events) window.addEventListener(name, hear);
    this.sizes = new ResizeObserver(
      () => this.view && Math.abs(this.host.clientWidth - (this.width ?? 0)) >= 1 && this.render(),
    );
    this.sizes.observe(this.host);
    this.onTheme = () => this.view && readTheme(this.host).key !== this.theme?.key && this.render();
    this.themes = new MutationObserver(() => requestAnimationFrame(this.onTheme));
    const watched = new Set([document.documentElement, document.body]);
    for (let el = this.host.parentElement, i = 0; el && i < 4; el = el.parentElement, i++) watched.add(el);
    for (const el of watched)
      this.themes.observe(el, { attributes: true, attributeFilter: ["class", "style", "data-theme"] });
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.media.addEventListener("change", this.onTheme);
  }

  destroy() {
    this.sent = null; // what is still being inflated is for nobody
    for (const [name, hear] of this.events) window.removeEventListener(name, hear);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.media.removeEventListener("change", this.onTheme);
    this.outbox.stop();
    this.style?.remove();
    this.root.remove();
  }
}

/**
 * Streamlit components v2 entry for a kind of view: called after every rerun, with new `data` for the same
 * parentElement.
 * Only the newest call's cleanup counts, since Streamlit may clean up after a call already replaced.
 * @param {new (parent: ShadowRoot) => MountedView} View
 */
export function mounting(View) {
  const views = new WeakMap();
  return (component) => {
    const parent = component.parentElement;
    const view = views.get(parent) ?? new View(parent);
    views.set(parent, view);
    const call = (view.calls = (view.calls ?? 0) + 1);
    view.update(component);
    const end = () => {
      if (view.calls !== call) return;
      view.destroy();
      views.delete(parent);
    };
    return () => void setTimeout(end, LINGER);
  };
}
