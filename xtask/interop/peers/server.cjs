// `peer.cjs serve`: a server of real node-ipc that says and does what `nipc serve` says and does.
'use strict';

const { print } = require('./load.cjs');
const { endpoint } = require('./options.cjs');
const { watch, errorLine } = require('./watch.cjs');

/** Starts the server; returns `{ command(line), finish(code) }`. */
function serve(ipc, call) {
  const { options } = call;
  const { kind, path, host, port } = endpoint(call);
  const numbers = new Map();
  const sockets = new Map();
  let started = false;
  let gone;
  let received = 0;
  let finishing = false;

  const onStart = () => {
    // A peer can run this again by sending an event named `start`.
    const where = kind ? `${kind}:${host}:${port}` : `unix:${ipc.server.path}`;
    if (!started) print({ event: 'start', endpoint: where });
    started = true;
  };
  if (port) ipc.serveNet(host, port, onStart);
  else ipc.serve(path, onStart);
  const { server } = ipc;

  const counted = () => {
    received += 1;
    if (received === Number(options.count)) finish(0);
  };
  watch(server, true, {
    lifecycle(name, args) {
      if (name === 'error') {
        print(errorLine(args[0]));
        if (!started) process.exit(2);
        return;
      }
      if (name === 'start') return;
      if (name === 'connect') {
        numbers.set(args[0], numbers.size + 1);
        sockets.set(numbers.size, args[0]);
      }
      // `close` of 9.x does not name its socket; it comes right after `socket.disconnected`.
      if (name !== 'close') gone = args[0];
      const line = { event: name, peer: numbers.get(gone) };
      print(name === 'socket.disconnected' ? { ...line, id: args[1] } : line);
    },
    wire(type, data, socket) {
      if (options.calls && type.startsWith('$')) return;
      print({ event: 'message', peer: numbers.get(socket), type, data });
      if (options.echo) server.emit(socket, type, data);
      counted();
    },
    raw(data, socket) {
      print({ event: 'data', peer: numbers.get(socket), hex: data.toString('hex') });
      if (options.echo) server.emit(socket, data);
      counted();
    },
  });

  function command({ to, type, data, hex, text, do: order }) {
    if (order === 'close' || order === 'stop') return finish(0);
    if (order === 'stop-retrying') return;
    const payload = hex === undefined ? text : Buffer.from(hex, 'hex');
    const message = payload === undefined ? [type, data] : [payload];
    if (to === undefined) {
      server.broadcast(...message);
      return;
    }
    const socket = sockets.get(to);
    if (!socket) throw new Error(`no peer ${to}`);
    server.emit(socket, ...message);
  }

  // 9.x leaves its clients alone at stop() and 14.x throws away what is not written yet, so first
  // every connection is ended in order.
  async function finish(code) {
    if (finishing) return;
    finishing = true;
    const open = server.sockets.filter((socket) => !socket.destroyed);
    await Promise.all(open.map((socket) => new Promise((done) => {
      socket.on('close', done);
      socket.end(done);
    })));
    server.server.on('close', () => process.exit(code));
    server.stop();
    for (const socket of open) socket.destroy();
  }

  try {
    server.start();
  } catch (error) {
    print(errorLine(error));
    process.exit(2);
  }
  return { command, finish };
}

module.exports = { serve };
