// `peer.cjs serve --udp4|--udp6`: node-ipc over datagrams, where both sides serve.
'use strict';

const { print } = require('./load.cjs');
const { endpoint } = require('./options.cjs');
const { watch, errorLine } = require('./watch.cjs');

/** Binds the socket; returns `{ command(line), finish(code) }`. */
function serveDatagrams(ipc, call) {
  const { options } = call;
  const { kind, host, port } = endpoint(call);
  let started = false;
  let received = 0;

  ipc.serveNet(host, port, kind, () => {});
  const { server } = ipc;
  const counted = () => {
    received += 1;
    if (received === Number(options.count)) finish(0);
  };
  watch(server, true, {
    lifecycle(name, args) {
      // Classic publishes `start` before the socket is bound, but `connect`, with the socket itself,
      // after that.
      if (name === 'connect') {
        started = true;
        print({ event: 'start', endpoint: `${kind}:${host}:${port}` });
      } else if (name === 'error') {
        print(errorLine(args[0]));
        if (!started) process.exit(2);
      }
    },
    wire(type, data, from) {
      print({ event: 'message', address: from.address, port: from.port, type, data });
      if (options.echo) server.emit(from, type, data);
      counted();
    },
    raw(data, from) {
      print({ event: 'data', address: from.address, port: from.port, hex: data.toString('hex') });
      if (options.echo) server.emit(from, data);
      counted();
    },
  });

  function command({ to, type, data, hex, text, do: order }) {
    if (order === 'close' || order === 'stop') return finish(0);
    if (order === 'stop-retrying') return;
    const payload = hex === undefined ? text : Buffer.from(hex, 'hex');
    const message = payload === undefined ? [type, data] : [payload];
    if (to === undefined) server.broadcast(...message);
    else server.emit(to, ...message);
  }

  // What node-ipc sends in this turn is passed to the system when the turn ends.
  function finish(code) {
    setImmediate(() => server.server.close(() => process.exit(code)));
  }

  server.start();
  return { command, finish };
}

module.exports = { serveDatagrams };
