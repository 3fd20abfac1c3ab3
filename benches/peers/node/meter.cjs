// What every subject in JavaScript needs: its task, its figures, and how it tells them.
'use strict';

const FIRST_SEQ = 1000000;
const TEXT = 'The quick brown fox jumps over the lazy dog; 0123456789 times.  ';

/** Returns a text of so many bytes. */
const text = (bytes) => TEXT.repeat(Math.ceil(bytes / TEXT.length)).slice(0, bytes);

/** Returns the task that the words of a command line stand for. */
function task(words) {
  const [work, ...rest] = words;
  const numbers = rest.map((word) => word.split('='));
  return { work, ...Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)])) };
}

const say = (line) => process.stdout.write(`${line}\n`);

/** Says the figures and stays until they are taken, so that this process can be looked at. */
function done(figures) {
  const words = Object.entries(figures).map(([name, value]) => `${name}=${value}`);
  say(`done ${words.join(' ')}`);
  endWithParent();
}

/** Ends this process when its parent closes standard input, or is gone. */
function endWithParent() {
  process.stdin.on('end', () => process.exit(0)).resume();
}

/** Ends a process that cannot go on. */
function giveUp(error) {
  process.stderr.write(`${error}\n`);
  process.exit(1);
}

/** Returns percentiles of latencies in milliseconds, as microseconds. */
function percentiles(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (q) => 1000 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** Counts the answers of a round and takes its time. What warms up is not timed. */
class Meter {
  constructor({ messages, warm_up: warmUp, in_flight: inFlight }) {
    Object.assign(this, { messages, warmUp, total: messages + warmUp, sent: 0, received: 0 });
    this.trips = inFlight === 1 ? [] : undefined;
    this.last = this.start = performance.now();
    if (warmUp === 0) say('begin');
  }

  /** Returns the number of the next message to send, or undefined. */
  next() {
    if (this.sent === this.total) return undefined;
    this.sent += 1;
    return FIRST_SEQ + this.sent - 1;
  }

  /** Takes note of an answer. Returns whether it was the last. */
  onAnswer(seq) {
    if (seq !== FIRST_SEQ + this.received) giveUp(`answer ${seq} out of its turn`);
    this.received += 1;
    if (this.trips) {
      const now = performance.now();
      if (this.received > this.warmUp) this.trips.push(now - this.last);
      this.last = now;
    }
    if (this.received === this.warmUp) {
      say('begin');
      this.last = this.start = performance.now();
    }
    return this.received === this.total;
  }

  finish() {
    const figures = { messages: this.messages, seconds: (performance.now() - this.start) / 1000 };
    return this.trips ? { ...figures, ...percentiles(this.trips) } : figures;
  }
}

module.exports = { FIRST_SEQ, Meter, done, endWithParent, giveUp, percentiles, say, task, text };
