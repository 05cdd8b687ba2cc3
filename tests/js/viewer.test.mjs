// node --test: what the viewer's modules compute, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { number, probeBook, signed } from "../../assets/viewer/facts.js";
import { Followed, outbox } from "../../assets/viewer/state.js";
import { arrived, deliver, half, parts, pool, unpack } from "../../assets/viewer/unpack.js";
import { deflateSync } from "node:zlib";

/** A view's bytes as attn_core/wire/view.py lays them out. */
function packed(header, body) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(4 + text.length + body.length);
  new DataView(out.buffer).setUint32(0, text.length, true);
  out.set(text, 4);
  out.set(body, 4 + text.length);
  return out;
}

const picture = (more = {}) => ({
  max: 0.5,
  unit: 1,
  offset: 0,
  rows: 2,
  cols: 2,
  differs: false,
  row: null,
  vectors: null,
  ...more,
});
const view = (map, before = null) => ({
  n: [2, 2],
  region: [0, 2, 0, 2],
  sites: [],
  queries: [{ label: "a" }, { label: "b" }],
  keys: [{ label: "a" }, { label: "b" }],
  map,
  before,
});

test("numbers are written as people read them", () => {
  assert.equal(number(0.12345), "0.123");
  assert.equal(number(0), "0");
  assert.equal(number(-0.5), "−0.500");
  assert.equal(number(0.0001234), "1.2×10⁻⁴");
  assert.equal(number(NaN), "NaN");
  assert.equal(number(-Infinity), "−∞");
  assert.equal(signed(0.25), "+0.250");
});

test("half precision is read bit by bit", () => {
  assert.equal(half(0x3c00), 1);
  assert.equal(half(0xc000), -2);
  assert.equal(half(0x0001), 2 ** -24);
  assert.equal(half(0x7c00), Infinity);
  assert.ok(Number.isNaN(half(0x7e00)));
});

test("a picture's bytes are shares of its unit, 255 is masked", () => {
  const seen = unpack(packed(view(picture()), new Uint8Array([0, 127, 254, 255])));
  assert.deepEqual([...seen.now.weights], [0, 0.5, 1, 0]);
  assert.deepEqual([...seen.now.masked], [0, 0, 0, 1]);
  assert.equal(seen.now.exact, false);
});

test("what was before is told as the bits that differ", () => {
  const now = [10, 20, 255, 40];
  const was = [10, 254, 0, 255];
  const bits = now.map((v, i) => v ^ was[i]);
  const seen = unpack(
    packed(view(picture(), picture({ offset: 4, differs: true })), new Uint8Array([...now, ...bits])),
  );
  const cells = was.map((v) => Math.fround(v === 255 ? 0 : v / 254));
  assert.deepEqual([...seen.before.weights], cells);
  assert.deepEqual([...seen.before.masked], [0, 0, 0, 1]);
});

test("pooling keeps the largest of each block", () => {
  assert.deepEqual([...pool([1, 2, 3, 4, 5, 6, 7, -1], 2, 4, 1, 2)], [6, 7]);
  assert.deepEqual([...pool([-1, -1, -1, -1], 2, 2, 1, 1)], [-1]);
});

test("a deflated view arrives as it was packed, and the last one wins", async () => {
  const plain = packed(view(picture()), new Uint8Array([1, 2, 3, 4]));
  const sent = new Uint8Array([255, 255, 255, 255, ...deflateSync(plain)]);
  assert.deepEqual(await arrived(sent), plain);
  assert.deepEqual(await arrived(plain), plain);
  const taken = [];
  const holder = { take: (bytes) => taken.push(bytes.length) };
  deliver(holder, sent);
  deliver(holder, plain);
  await new Promise((done) => setTimeout(done, 50));
  assert.deepEqual(taken, [plain.length]);
});

test("a header comes apart from its body", () => {
  const [header, body] = parts(packed({ a: [1] }, new Uint8Array([7])));
  assert.deepEqual([header, [...body]], [{ a: [1] }, [7]]);
});

test("Python wins unless a newer choice is still on its way", () => {
  const followed = new Followed("one");
  followed.choose("two");
  followed.confirm("one");
  assert.equal(followed.value, "two");
  followed.confirm("two");
  followed.confirm("one");
  assert.equal(followed.value, "one");
});

test("a cell is asked for once, and known once answered", () => {
  const book = probeBook();
  assert.ok(book.ask(1, 2));
  assert.ok(!book.ask(1, 2));
  book.learn({ query: 1, key: 2, weight: 0.5 });
  assert.equal(book.within([0, 4], [0, 4]).weight, 0.5);
  assert.equal(book.within([2, 4], [0, 4]), null);
});

test("events leave in order as a log, and a question waits behind them", async () => {
  const sent = [];
  const door = outbox(() => (name, log) => sent.push(log.events.map((e) => e.type)));
  door.send({ type: "open" });
  door.send({ type: "probe" });
  door.send({ type: "set" });
  await new Promise((done) => setTimeout(done, 300));
  assert.deepEqual(sent, [["open"], ["open", "set"]]);
});
