// Request and response over node-ipc's events, in both directions: one answer, or a stream of items.
//
// Two events carry it all, `$call` and `$answer`; docs/calls.md describes them. No dependencies; it
// works with every version of node-ipc from 8 on. The types are in calls.d.ts.
'use strict';

const DEADLINE = 30_000; // ms
const MAX_RUNNING = 256; // calls that run for one peer
const FIRST_CREDIT = 8; // items that may come before more credit
const LONGEST = 0x7fff_ffff; // ms; what a timer can wait at the most

/** Makes `peer`, that is `ipc.server` or `ipc.of.<id>`, answer with `methods`, and lets it call. */
module.exports = function calls(peer, methods = {}, { timeout = DEADLINE, max = MAX_RUNNING } = {}) {
  // A server says for each event which socket it means.
  const served = typeof peer.broadcast === 'function';
  const send = (socket, type, data) => (served ? peer.emit(socket, type, data) : peer.emit(type, data));
  const asked = new Map(); // number -> what this side called
  const answering = new Map(); // socket -> (number -> what this side runs for it)
  let next = 0;

  const settle = (n, how, value) => {
    const call = asked.get(n);
    if (!call || !asked.delete(n)) return;
    clearTimeout(call.timer);
    call.unlisten();
    call[how](value);
  };
  const fail = (n, { code = 'error', message = code, data }) => {
    settle(n, 'reject', Object.assign(new Error(message), { code, data }));
  };

  peer.on('$answer', (answer, socket) => {
    const call = answer && asked.get(answer.n);
    // Nothing waits for it any more, or another peer guessed a number.
    if (!call || (served && call.to !== socket)) return;
    if (answer.error) fail(answer.n, answer.error);
    else if (!answer.more) {
      // The last answer of a stream may bring a last item.
      if (call.onItem && answer.ok !== undefined) call.onItem(answer.ok);
      settle(answer.n, 'resolve', call.onItem ? undefined : answer.ok);
    } else if (call.onItem) {
      call.restart();
      call.onItem(answer.ok);
      if (asked.has(answer.n)) send(call.to, '$call', { n: answer.n, credit: 1 });
    } else {
      send(call.to, '$call', { n: answer.n, cancel: true });
      fail(answer.n, { code: 'invalid_answer', message: 'an item came for a call of one answer' });
    }
  });

  peer.on('$call', (call, socket) => {
    if (call === null || typeof call !== 'object') return;
    if (!answering.has(socket)) answering.set(socket, new Map());
    const running = answering.get(socket);
    const known = call.n === undefined ? undefined : running.get(call.n);
    if (call.cancel) {
      if (known) known.stop();
    } else if (call.credit) {
      if (known) known.add(call.credit);
    } else if (!known) {
      // A second call with a number that is in use is ignored.
      run(call, socket, running);
    }
  });

  async function run({ n, call: method, args, ms, stream }, socket, running) {
    // A notice has no number: it runs, and nothing is answered.
    const key = n === undefined ? Symbol('notice') : n;
    const reply = (answer) => {
      if (n !== undefined) send(socket, '$answer', { n, ...answer });
    };
    const refuse = (code) => reply({ error: { code, message: `${code}: ${String(method).slice(0, 256)}` } });
    // Own members only: `__proto__` is no method.
    if (typeof method !== 'string' || !Object.hasOwn(methods, method)) return refuse('unknown_method');
    if (running.size >= max) return refuse('busy');
    const abort = new AbortController();
    const me = {
      credit: stream || 0,
      wake() {},
      add(items) {
        me.credit += items;
        me.wake();
      },
      stop() {
        running.delete(key);
        clearTimeout(me.timer);
        abort.abort();
        me.wake();
      },
    };
    const isRunning = () => running.get(key) === me;
    const restart = () => {
      clearTimeout(me.timer);
      if (!ms) return;
      me.timer = setTimeout(() => {
        refuse('deadline');
        me.stop();
      }, Math.min(ms, LONGEST));
    };
    running.set(key, me);
    restart();
    try {
      const result = await methods[method](args, { socket, signal: abort.signal });
      const items = result !== null && typeof result === 'object' && result[Symbol.asyncIterator];
      if (!items) {
        if (isRunning()) reply({ ok: result });
      } else if (!stream) {
        if (isRunning()) refuse('needs_stream');
      } else {
        for await (const ok of result) {
          // One promise a wait, and no listener on the signal: Node warns after ten of them.
          while (me.credit < 1 && isRunning()) await new Promise((wake) => (me.wake = wake));
          if (!isRunning()) break;
          me.credit -= 1;
          restart();
          reply({ ok, more: true });
        }
        if (isRunning()) reply({});
      }
    } catch (error) {
      if (isRunning()) reply({ error: described(error) });
    }
    clearTimeout(me.timer);
    if (isRunning()) running.delete(key);
  }

  peer.on(served ? 'socket.disconnected' : 'disconnect', (gone) => {
    const socket = served ? gone : undefined;
    for (const me of [...(answering.get(socket) || new Map()).values()]) me.stop();
    answering.delete(socket);
    for (const [n, call] of [...asked]) {
      if (call.to === socket) fail(n, { code: 'disconnected', message: 'the connection was lost' });
    }
  });

  function call(method, args, { to, ms = timeout, signal, onItem, credit = FIRST_CREDIT } = {}) {
    return new Promise((resolve, reject) => {
      next += 1;
      const n = next;
      const stop = (code) => {
        if (!asked.has(n)) return;
        send(to, '$call', { n, cancel: true });
        fail(n, { code, message: `${code}: ${method}` });
      };
      const cancelled = () => stop('cancelled');
      const me = {
        to,
        onItem,
        resolve,
        reject,
        restart() {
          clearTimeout(me.timer);
          if (ms) me.timer = setTimeout(stop, Math.min(ms, LONGEST), 'deadline');
        },
        unlisten() {
          if (signal) signal.removeEventListener('abort', cancelled);
        },
      };
      asked.set(n, me);
      if (signal && signal.aborted) {
        fail(n, { code: 'cancelled', message: `cancelled: ${method}` });
        return;
      }
      me.restart();
      if (signal) signal.addEventListener('abort', cancelled, { once: true });
      send(to, '$call', { n, call: method, args, ms: ms || undefined, stream: onItem ? credit : undefined });
    });
  }

  /** Runs a method over there without an answer. */
  function notify(method, args, { to } = {}) {
    send(to, '$call', { call: method, args });
  }

  return { call, notify, methods };
};

/** What is sent of an error: never its stack. */
function described(error) {
  const { code, message, data } = error !== null && typeof error === 'object' ? error : { message: error };
  return { code: String(code || 'error'), message: String(message || error).slice(0, 4096), data };
}
