// `peer.cjs ... --calls helper|lines|answers`: calls, with the helper, with the lines that docs/calls.md prints,
// or with those of docs/groups.md for a client that answers.
//
// Commands: {"do":"call","key","method","args","ms"}, {"do":"drop","key"}, {"do":"many","key","method",
// "count"}, {"do":"stream","key","method","args","ms","credit","list"}, and {"do":"star","on"} for a handler for all
// events. call-peer/ has the same methods in Rust, and prints the same lines.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const helper = require('../../../ipc-compat/js/calls.cjs');
const { print } = require('./load.cjs');

/** Lets a client or server of node-ipc call and answer; returns `command(line)`: was it one of calls? */
function attach(ipc, { command: role, id, options }) {
  const peer = role === 'serve' ? ipc.server : ipc.of[id];
  const to = () => (role === 'serve' ? peer.sockets.find((socket) => !socket.destroyed) : undefined);
  let call;
  if (options.calls === 'helper') {
    const say = (to, n) => (role === 'serve' ? peer.emit(to, 'tick', n) : peer.emit('tick', n));
    ({ call } = helper(peer, methods(() => call, say), { max: Number(options.max ?? 256) }));
  } else if (options.calls === 'lines') {
    call = fiveLines(role, ipc, peer);
  } else if (options.calls === 'answers') {
    const [client] = lines('groups.md', '## In five lines');
    new Function('world', 'methods', client)(peer, methods());
  }
  if (options.calls) typedEvents(peer, role);
  if (options.calls) itemsWithoutCredit(peer, role);
  const open = new Map();
  let seen = 0;
  const star = () => (seen += 1);

  return ({ do: order, key, method, args, ms, count, credit, list, on }) => {
    if (order === 'call') {
      const abort = new AbortController();
      open.set(key, abort);
      call(method, args, { to: to(), ms, signal: abort.signal }).then(
        (ok) => print({ event: 'result', key, ok }),
        ({ code, message, data }) => print({ event: 'failed', key, code, message, data }));
    } else if (order === 'stream') {
      const abort = new AbortController();
      open.set(key, abort);
      const items = [];
      const onItem = (item) => {
        if (items.push(item) === 1) print({ event: 'item', key, item });
      };
      call(method, args, { to: to(), ms, credit, signal: abort.signal, onItem }).then(
        () => print({ event: 'result', key, ...listed(items, list) }),
        ({ code, message }) => print({ event: 'failed', key, code, message, ...listed(items, list) }));
    } else if (order === 'drop') {
      open.get(key).abort();
    } else if (order === 'many') {
      const one = (_, n) => call(method, n, { to: to() }).catch((error) => error.code);
      Promise.all(Array.from({ length: count }, one))
        .then((results) => print({ event: 'many', key, results }));
    } else if (order === 'star') {
      // Only while nothing begins or ends: classic dies of it with an event without data, such as
      // `start` or `disconnect`, or whose data is no object.
      peer[on ? 'on' : 'off']('*', star);
      print({ event: 'star', seen });
    } else if (order !== 'read') {
      // Streams are read as they come here; ours can wait for this order.
      return false;
    }
    return true;
  };
}

/** Sends the events of call-peer/typed.rs back, as whoever knows nothing of enums would. */
function typedEvents(peer, role) {
  for (const name of ['text', 'pair', 'move', 'quit']) {
    const back = `back.${name}`;
    peer.on(`typed.${name}`, (data, socket) =>
      (role === 'serve' ? peer.emit(socket, back, data) : peer.emit(back, data)));
  }
}

/** What is printed of the items of a stream: the first of them, and how many there were. */
const listed = (items, list = true) => ({ items: list ? items.slice(0, 10_000) : [], count: items.length });

/** Answers calls of `pushes` with items for which there was no credit, so many of so many bytes. */
function itemsWithoutCredit(peer, role) {
  peer.on('$call', async ({ n, call, args }, socket) => {
    if (call !== 'pushes') return;
    const answer = (data) => (role === 'serve' ? peer.emit(socket, '$answer', data) : peer.emit('$answer', data));
    for (let item = 0; item < args.items; item += 1) {
      // 14.0.0 cuts off a peer that is sent more than it reads.
      while ((socket ?? peer.socket).writableLength > 0) await new Promise(setImmediate);
      answer({ n, ok: 'x'.repeat(args.bytes), more: true });
    }
    answer({ n });
    print({ event: 'pushed', items: args.items });
  });
}

/** Runs the page's lines, a server's or a client's; returns the client's `call`. */
function fiveLines(role, ipc, world) {
  const [server, client] = lines('calls.md', '## In five lines');
  if (role === 'serve') return new Function('ipc', 'methods', server)(ipc, methods());
  return new Function('world', `${client}return call;`)(world);
}

/** Returns the code in JavaScript of a chapter of a page. */
function lines(page, heading) {
  const text = fs.readFileSync(path.join(__dirname, '../../../docs', page), 'utf8');
  const [chapter] = text.slice(text.indexOf(heading) + heading.length).split('\n## ');
  return [...chapter.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
}

/** How many items each call of `endless` has begun to send, by its key. */
const produced = new Map();

const methods = (call, say) => ({
  sum: (numbers) => numbers.reduce((sum, n) => sum + n, 0),
  double: (n) => 2 * n,
  shape: (args) => (args === undefined ? 'absent' : args),
  nothing: () => undefined,
  fails: async () => {
    throw Object.assign(new Error('no such key'), { code: 'not_found', data: { key: 'a' } });
  },
  throws: () => {
    throw new TypeError('no number');
  },
  slow: (key, { signal } = {}) => new Promise(() => {
    print({ event: 'started', key });
    if (signal) signal.addEventListener('abort', () => print({ event: 'aborted', key }));
  }),
  late: (ms) => new Promise((resolve) => setTimeout(() => {
    resolve();
    print({ event: 'answered', key: 'late' });
  }, ms)),
  // Blocks the whole process for so long, and sends an event after each `every` ms of it.
  block: ({ ms, every }, { socket }) => {
    const start = Date.now();
    for (let n = 1; Date.now() - start < ms;) {
      if (every && Date.now() - start >= n * every) say(socket, n++);
    }
  },
  async *rows(count = 1) {
    for (let n = 0; n < count; n += 1) yield n;
  },
  async *each(items) {
    yield* items;
  },
  async *breaks(count) {
    for (let n = 0; n < count; n += 1) yield n;
    throw Object.assign(new Error('no such row'), { code: 'not_found' });
  },
  async *endless(key) {
    print({ event: 'started', key });
    produced.set(key, 0);
    try {
      for (let n = 0; ; n += 1) {
        produced.set(key, n + 1);
        yield n;
      }
    } finally {
      print({ event: 'aborted', key });
    }
  },
  async *stalls(key, { signal }) {
    yield key;
    await new Promise((wake) => signal.addEventListener('abort', wake));
    print({ event: 'aborted', key });
  },
  produced: (key) => produced.get(key) ?? 0,
  // Answered by `itemsWithoutCredit`.
  pushes: () => new Promise(() => {}),
  whoami: () => 'JavaScript',
  log: (text) => print({ event: 'logged', key: text }),
  'typed.sum': (numbers) => numbers.reduce((sum, n) => sum + n, 0),
  'typed.get': ({ key }) => {
    if (key === 'full') throw Object.assign(new Error('no room'), { code: 'Full' });
    throw Object.assign(new Error(`no such key: ${key}`), { code: 'NotFound', data: { key } });
  },
  back: (_, { socket }) => call()('whoami', null, { to: socket }),
});

module.exports = { attach };
