// Reads views as the browser does and says what it sees: argv[2] is a file of (uint32 length, bytes) pairs.
import { readFileSync } from "node:fs";
import { arrived, rowOf, unpack } from "../../assets/viewer/unpack.js";
import { factsOf, probeBook } from "../../assets/viewer/facts.js";

const file = new Uint8Array(readFileSync(process.argv[2]));
const plain = (array) => Array.from(array, (v) => (Number.isNaN(v) ? "NaN" : v));
for (let at = 0; at < file.length;) {
  const length = new DataView(file.buffer, file.byteOffset + at, 4).getUint32(0, true);
  const view = unpack(await arrived(file.slice(at + 4, at + 4 + length)));
  at += 4 + length;
  const said = {
    n: view.n,
    R: view.R,
    C: view.C,
    fine: view.now.fine,
    now: plain(view.now.weights),
    masked: plain(view.now.masked),
  };
  said.title = view.title;
  if (view.now.vector) said.vectors = [0, 1].map((axis) => plain(view.now.vector(axis, view.n[axis] - 1)));
  if (view.now.scores) said.scores = plain(view.now.scores);
  if (view.before) {
    const then = view.as("before"),
      apart = view.as("difference");
    said.before = plain(view.before.weights);
    said.titleBefore = then.title;
    said.marks = [then.changed.cells.length, view.changed.cells.length];
    if (view.row) {
      const query = view.row.query,
        book = probeBook();
      const row = (v) => plain(rowOf(v, query).values);
      said.rows = { after: row(view), before: row(then), difference: row(apart) };
      const cell = { r: Math.max(0, view.bin(0, query)), c: 0 };
      said.facts = Object.fromEntries([view, then, apart].map((v) => [v.compare, factsOf(v, book, cell).weight]));
      said.lines = [view.lines[0], then.lines[0]];
    }
  }
  console.log(JSON.stringify(said));
}
