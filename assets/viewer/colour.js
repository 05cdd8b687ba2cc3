// colour.js — the page's colours, read from Streamlit's CSS variables, and the ramps made from them.
//
// Weights: straight line in OKLab from the page's background to its ink, so equal steps look equal and zero is nothing.
// Differences: brown (less) – background – teal (more); neither hue means anything else in this app.

export const QUERY = "#0072B2";
export const KEY = "#E69F00";
export const CHANGED = "#D55E00";

const linear = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const gamma = (v) =>
  Math.round(255 * Math.min(1, Math.max(0, v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055)));

/** @param {number[]} rgb */
function toLab([r, g, b]) {
  [r, g, b] = [linear(r), linear(g), linear(b)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** @param {number[]} lab */
function toRgb([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Any CSS colour to [r, g, b]; transparent or unreadable gives `fallback`. */
export function rgbOf(css, fallback = [255, 255, 255]) {
  if (!css) return fallback;
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = "rgba(0,0,0,0)";
  probe.fillStyle = css;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
  return a < 128 ? fallback : [r, g, b];
}

/** @param {number[]} rgb */
export const cssOf = ([r, g, b]) => `rgb(${r},${g},${b})`;

/** Point `t` (0..1) of the straight OKLab line from one colour to another. */
export function mix(from, to, t) {
  const [p, q] = [toLab(from), toLab(to)];
  return toRgb(p.map((v, i) => v + (q[i] - v) * t));
}

/** @param {number[]} rgb */
const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

let cached = null;

/**
 * Everything that paints needs to know of the page's looks.
 * @param {Element} host the element that carries the shadow root
 * @returns {any} theme; `theme.key` changes exactly when a repaint is due
 */
export function readTheme(host) {
  const style = getComputedStyle(host);
  const get = (name) => style.getPropertyValue(name).trim();
  const dim = matchMedia("(prefers-color-scheme: dark)").matches;
  const bgCss = get("--st-background-color"),
    inkCss = get("--st-text-color");
  const key = [bgCss, inkCss, get("--st-secondary-background-color"), get("--st-font"), bgCss ? "" : dim].join("|");
  if (cached?.key === key) return cached;
  const bg = rgbOf(bgCss, dim ? [14, 17, 23] : [255, 255, 255]);
  const dark = toLab(bg)[0] < 0.5;
  const ink = rgbOf(inkCss, dark ? [250, 250, 250] : [49, 51, 63]);
  const panel = rgbOf(get("--st-secondary-background-color"), mix(bg, ink, 0.06));
  const less = dark ? [222, 165, 92] : [140, 81, 10];
  const more = dark ? [95, 195, 181] : [1, 102, 94];
  const ramp = Array.from({ length: 255 }, (_, i) => mix(bg, ink, i / 254));
  const diverge = Array.from({ length: 511 }, (_, i) => mix(bg, i < 255 ? less : more, Math.abs(i - 255) / 255));
  const css = {
    bg: cssOf(bg),
    ink: cssOf(ink),
    panel: cssOf(panel),
    muted: cssOf(mix(bg, ink, 0.76)),
    line: cssOf(mix(bg, ink, 0.2)),
    faint: cssOf(mix(bg, ink, 0.09)),
    hatch: cssOf(mix(bg, ink, 0.34)),
    query: QUERY,
    key: KEY,
    changed: CHANGED,
    font: get("--st-font") || "system-ui, sans-serif",
  };
  cached = {
    ...css,
    css,
    key,
    dark,
    hatchGround: cssOf(mix(bg, ink, 0.07)),
    edge: cssOf(mix(bg, ink, 0.55)),
    ramp: ramp.map(cssOf),
    diverge: diverge.map(cssOf),
    rampWords: Uint32Array.from(ramp, packed),
    divergeWords: Uint32Array.from(diverge, packed),
    hatchWord: packed(mix(bg, ink, 0.07)),
  };
  return cached;
}
