// state.js — choices that the browser shows at once and Python confirms a moment later, and the one door for events
// to Python.

const PATIENCE = 1500; // ms for which a newer choice made here outranks an older answer from Python
const SPACING = 80; // ms between two events

/** One value that both sides may set: Python wins, unless a newer choice made here is still on its way. */
export class Followed {
  constructor(value = null) {
    this.value = value;
    this.asked = null;
  }
  choose(value) {
    this.value = value;
    this.asked = { value: JSON.stringify(value), at: performance.now() };
  }
  confirm(value) {
    const fresh = this.asked && performance.now() - this.asked.at < PATIENCE;
    if (fresh && this.asked.value !== JSON.stringify(value)) return;
    this.asked = null;
    this.value = value;
  }
}

const REMEMBERED = 16; // events sent again with each new one

/**
 * Events leave one at a time, in order; only the newest probe waits, and behind everything else.
 *
 * They leave as a log: the last few events, numbered. A busy server may answer only the newest of several messages, and
 * a trigger in an older one would be lost; with the log, what it missed comes with the next.
 * @param {() => Function} setState gives the current setStateValue
 */
export function outbox(setState) {
  let queue = [],
    probe = null,
    last = -Infinity,
    timer = 0,
    count = 0,
    log = [];
  const from = `${Date.now()}-${Math.random()}`; // this viewer, among those a session has seen
  const pump = () => {
    timer = 0;
    const event = queue.shift() ?? probe;
    if (!event) return;
    if (event === probe) probe = null;
    last = performance.now();
    log = [...log, { ...event, number: ++count }].slice(-REMEMBERED);
    setState()("log", { from, events: log });
    if (queue.length || probe) timer = setTimeout(pump, SPACING);
  };
  return {
    send(event) {
      if (event.type === "probe") probe = event;
      else {
        probe = null; // whatever was asked about is about to change
        queue.push(event);
      }
      if (timer) return;
      const wait = SPACING - (performance.now() - last);
      if (wait <= 0) pump();
      else timer = setTimeout(pump, wait);
    },
    stop() {
      clearTimeout(timer);
      queue = [];
      probe = null;
      timer = 0;
    },
  };
}
