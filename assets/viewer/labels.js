// labels.js — row and column labels as DOM elements (words or thumbnails), thinned out when dense, lit for the cell
// looked at.

import { h, say, attr } from "./dom.js";
import { LABEL } from "./geometry.js";

/** One reusable set of labels for one axis. `axis` 0 = queries, 1 = keys. */
export function labelLayer(axis) {
  const el = h("div", { class: `labels ${axis ? "keys" : "queries"}` });
  const pool = [];
  let signature = "",
    byBin = new Map(),
    lit = -1,
    extra = null;

  const take = (i) => {
    if (!pool[i]) {
      const img = h("img", { alt: "", draggable: "false" });
      const text = h("span", { dir: "auto" });
      pool[i] = { box: h("div", { class: "label" }, img, text), img, text };
      el.append(pool[i].box);
    }
    return pool[i];
  };

  function place(node, L, item, bin, cut, picked) {
    const { box, img, text } = node;
    const lines = L.kind === "lines";
    box.hidden = false;
    box.dataset.bin = bin;
    say(text, item.image ? "" : (item.label ?? ""));
    text.hidden = Boolean(item.image);
    attr(box, "title", item.title ?? item.label);
    attr(img, "src", item.image ?? null);
    img.hidden = !item.image;
    box.classList.remove("lit", "extra"); // a reused node starts unlit
    box.classList.toggle("cut", cut);
    box.classList.toggle("picked", picked);
    const slanted = !lines && axis === 1 && !L.flat && !item.image;
    box.classList.toggle("slanted", slanted);
    const pitch = lines ? (axis ? L.kh : L.ch) : axis ? L.cw : L.ch;
    const tall = Math.max(LABEL + 4, Math.min(pitch, 30));
    const s = box.style;
    s.cssText = "";
    if (lines || axis === 0) {
      const step = axis ? L.colStep : L.rowStep;
      const high = step > 1 ? LABEL + 4 : item.image ? pitch : tall;
      s.top = `${L.y + pitch * (bin + 0.5) - high / 2}px`;
      s.height = `${high}px`;
      if (lines && axis) {
        s.left = `${L.x + L.w + 8}px`;
        s.width = `${L.right - 12}px`;
      } else {
        s.left = "0";
        s.width = `${L.gutter - 8}px`;
      }
      if (item.image) {
        img.style.height = `${Math.max(1, Math.min(pitch - (pitch > 14 ? 2 : 0), 30))}px`;
        img.style.width = pitch < 14 ? "28px" : "auto";
      }
    } else if (item.image) {
      const wide = pitch < 14 ? pitch : Math.min(pitch - 2, 30);
      s.left = `${L.x + pitch * (bin + 0.5) - wide / 2}px`;
      s.width = `${wide}px`;
      s.top = `${L.y - 32}px`;
      s.height = "28px";
      img.style.width = `${wide}px`;
      img.style.height = pitch < 14 ? "28px" : "auto";
    } else if (slanted) {
      s.left = `${L.x + pitch * (bin + 0.5)}px`;
      s.top = `${L.y - 4}px`;
      s.maxWidth = `${L.reach + 2}px`;
      s.transform = `translateY(-50%) rotate(${-L.slant}rad)`;
    } else {
      s.left = `${L.x + pitch * bin}px`;
      s.width = `${pitch}px`;
      s.top = `${L.y - LABEL - 8}px`;
      s.height = `${LABEL + 6}px`;
    }
  }

  return {
    el,
    /** Lay out again only when something that shows has changed. */
    update(L, view, query) {
      const list = axis ? L.cols : L.rows;
      const count = axis ? L.C : L.R,
        step = axis ? L.colStep : L.rowStep;
      const cuts = axis ? [...view.cutTokens] : [];
      const now = [
        L.kind,
        L.x,
        L.y,
        L.w,
        L.h,
        L.cw,
        L.ch,
        L.kh,
        step,
        L.flat,
        L.gutter,
        axis ? "" : query,
        cuts.join(),
        ...list.items.map((it) => it.label + (it.image ? it.image.length + it.image.slice(-24) : "")),
      ].join("\u0001");
      if (now === signature) return;
      signature = now;
      byBin = new Map();
      const cutBins = new Set(cuts.map((k) => view.bin(1, k)));
      const picked = axis || query === null ? -1 : view.bin(0, query);
      let used = 0;
      for (let b = 0; b < count; b += step) {
        const node = take(used++);
        place(node, L, list.items[b], b, cutBins.has(b), b === picked);
        byBin.set(b, node.box);
      }
      for (let i = used; i < pool.length; i++) pool[i].box.hidden = true;
      extra?.box.remove();
      extra = null;
      const was = lit;
      lit = -1;
      this.light(L, view, was);
    },
    /** Light the label of `bin`; one that was thinned out is shown on its own for as long. */
    light(L, view, bin) {
      if (bin === lit) return;
      byBin.get(lit)?.classList.remove("lit");
      extra?.box.remove();
      extra = null;
      lit = bin;
      if (bin < 0 || bin >= (axis ? L.C : L.R)) return;
      const box = byBin.get(bin);
      if (box) return void box.classList.add("lit");
      const node = { img: h("img", { alt: "" }), text: h("span", { dir: "auto" }) };
      node.box = h("div", { class: "label" }, node.img, node.text);
      place(
        node,
        L,
        (axis ? L.cols : L.rows).items[bin],
        bin,
        axis === 1 && view.cutTokens.has(view.block(1, bin)[0]),
        false,
      );
      node.box.classList.add("lit", "extra");
      el.append(node.box);
      extra = node;
    },
  };
}
