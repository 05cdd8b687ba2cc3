// photo_layers.js — paints maps on a picture. A map is small; the canvas stretches it, then it is lit or thresholded.

import { rgbOf } from "./colour.js";

const SHADE = 0.6,
  TINT = 0.5; // how dark a spotlight's outside is, how coloured its inside
const EDGE = 20; // of 255: how soft the rim of a cut-out is

const sheet = (width, height) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
};

/** The picture, white paper, or nothing yet. */
export function base(g, picture, paper) {
  const { width, height } = g.canvas;
  if (picture) g.drawImage(picture, 0, 0, width, height);
  else if (paper) {
    g.fillStyle = "#fff";
    g.fillRect(0, 0, width, height);
  }
}

/**
 * A map in its own cells: one colour, its alpha made of the value.
 * @param {any} layer
 * @param {number[]} rgb
 * @param {(share: number) => number} alpha
 */
function small(layer, rgb, alpha) {
  const [r, g, b] = rgb;
  const canvas = sheet(layer.cols, layer.rows),
    c = canvas.getContext("2d"),
    image = c.createImageData(layer.cols, layer.rows);
  layer.levels.forEach((v, i) => image.data.set([r, g, b, 255 * alpha(v / 255)], 4 * i));
  c.putImageData(image, 0, 0);
  return canvas;
}

function stretched(layer, width, height) {
  const canvas = sheet(width, height),
    c = canvas.getContext("2d", { willReadFrequently: true });
  c.imageSmoothingEnabled = layer.smooth;
  c.imageSmoothingQuality = "high";
  // half a cell is repeated at the rim, so that no edge of the picture fades out
  const source = sheet(layer.cols, layer.rows),
    s = source.getContext("2d"),
    image = s.createImageData(layer.cols, layer.rows);
  layer.levels.forEach((v, i) => image.data.set([v, v, v, 255], 4 * i));
  s.putImageData(image, 0, 0);
  c.drawImage(source, 0, 0, width, height);
  return c.getImageData(0, 0, width, height);
}

/** A spotlight: what is weighed little goes dark, what is weighed much keeps its light and takes the colour. */
function heat(g, layer) {
  const { width, height } = g.canvas;
  g.imageSmoothingEnabled = layer.smooth;
  g.imageSmoothingQuality = "high";
  g.drawImage(
    small(layer, [0, 0, 0], (v) => SHADE * layer.opacity * (1 - v)),
    0,
    0,
    width,
    height,
  );
  g.drawImage(
    small(layer, rgbOf(layer.colour), (v) => TINT * layer.opacity * v),
    0,
    0,
    width,
    height,
  );
}

function mask(g, layer) {
  const { width, height } = g.canvas,
    image = stretched(layer, width, height),
    { data } = image;
  const inside = new Uint8Array(width * height),
    limit = layer.threshold * 255;
  for (let i = 0; i < inside.length; i++) inside[i] = data[4 * i] >= limit ? 1 : 0;
  const [r, green, b] = rgbOf(layer.colour),
    rim = Math.max(1, Math.round(width / 280)),
    alpha = 255 * layer.opacity;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const edge =
        inside[i] &&
        ((x >= rim && !inside[i - rim]) ||
          (x < width - rim && !inside[i + rim]) ||
          (y >= rim && !inside[i - rim * width]) ||
          (y < height - rim && !inside[i + rim * width]));
      data[4 * i] = r;
      data[4 * i + 1] = green;
      data[4 * i + 2] = b;
      data[4 * i + 3] = edge ? 255 : inside[i] ? alpha : 0;
    }
  }
  const canvas = sheet(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  g.drawImage(canvas, 0, 0);
}

function cutout(g, layer, picture, behind) {
  const { width, height } = g.canvas,
    image = stretched(layer, width, height),
    { data } = image;
  const low = layer.threshold * 255 - EDGE,
    span = 2 * EDGE;
  for (let i = 0; i < data.length; i += 4) data[i + 3] = 255 * Math.min(1, Math.max(0, (data[i] - low) / span));
  const canvas = sheet(width, height),
    c = canvas.getContext("2d");
  c.putImageData(image, 0, 0);
  c.globalCompositeOperation = "source-in";
  c.drawImage(picture, 0, 0, width, height);
  behind();
  g.drawImage(canvas, 0, 0);
}

/** What stands behind a cut-out: a checkerboard, a colour, the picture blurred, or another picture. */
export function behindOf(g, what, picture, photos) {
  const { width, height } = g.canvas;
  g.clearRect(0, 0, width, height);
  const other = what.startsWith("photo:") ? photos.get(what.slice(6)) : null;
  if (other) {
    const scale = Math.max(width / other.width, height / other.height);
    const [w, h] = [other.width * scale, other.height * scale];
    g.drawImage(other, (width - w) / 2, (height - h) / 2, w, h);
  } else if (what === "blur") {
    const tiny = sheet(28, Math.max(2, Math.round((28 * height) / width)));
    tiny.getContext("2d").drawImage(picture, 0, 0, tiny.width, tiny.height);
    g.imageSmoothingEnabled = true;
    g.imageSmoothingQuality = "high";
    g.drawImage(tiny, 0, 0, width, height);
  } else if (what.startsWith("#")) {
    g.fillStyle = what;
    g.fillRect(0, 0, width, height);
  } else {
    const side = Math.max(8, Math.round(width / 48));
    for (let y = 0; y * side < height; y++) {
      for (let x = 0; x * side < width; x++) {
        g.fillStyle = (x + y) % 2 ? "#c8c8c8" : "#f4f4f4";
        g.fillRect(x * side, y * side, side, side);
      }
    }
  }
}

/** One map on the picture; `behind` repaints what a cut-out stands on. */
export function paintLayer(g, layer, picture, behind) {
  if (layer.kind === "heat") heat(g, layer);
  else if (layer.kind === "mask") mask(g, layer);
  else if (picture) cutout(g, layer, picture, behind);
}
