// `peer.cjs connect|emit|request`: a client of real node-ipc that says and does what nipc does.
'use strict';

const { print } = require('./load.cjs');
const { endpoint } = require('./options.cjs');
const { watch, errorLine } = require('./watch.cjs');

/** Starts the client; returns `{ command(line), finish(code) }`. */
function connect(ipc, call) {
  const { options, id } = call;
  const quiet = call.command !== 'connect';
  const waiting = [];
  let connected = false;
  let everConnected = false;
  let received = 0;
  let code = 0;
  let finishing = false;

  const { path, host, port } = endpoint(call);
  if (port) ipc.connectToNet(id, host, port);
  else ipc.connectTo(id, path);
  const client = ipc.of[id];
  const say = (line) => {
    if (!quiet) print(line);
  };
  const counted = () => {
    received += 1;
    if (received === Number(options.count)) finish(0);
  };

  watch(client, false, {
    lifecycle(name, args) {
      if (name === 'connect') {
        // Classic publishes it before the server has shown its certificate.
        if (client.socket.secureConnecting) client.socket.once('secureConnect', opened);
        else opened();
        return;
      }
      say(name === 'error' ? errorLine(args[0]) : { event: name });
      if (name === 'disconnect') {
        connected = false;
      } else if (name === 'destroy') {
        process.exit(everConnected ? code : 2);
      } else if (name === 'error' && quiet) {
        process.stderr.write(JSON.stringify(errorLine(args[0])) + '\n');
      }
    },
    wire(type, data) {
      if (options.calls && type.startsWith('$')) return;
      if (call.command === 'request' && type === call.event) {
        process.stdout.write(JSON.stringify(data ?? {}) + '\n');
        finish(0);
        return;
      }
      say({ event: 'message', type, data });
      counted();
    },
    raw(data) {
      say({ event: 'data', hex: data.toString('hex') });
      counted();
    },
  });

  function opened() {
    say({ event: 'connect' });
    connected = true;
    everConnected = true;
    while (connected && waiting.length > 0) act(waiting.shift());
  }

  function act({ type, data, hex, text, do: order }) {
    if (order === 'close' || order === 'stop') return finish(0);
    const payload = hex === undefined ? text : Buffer.from(hex, 'hex');
    if (payload === undefined) client.emit(type, data);
    else client.emit(payload);
  }

  // While there is no connection node-ipc would write into the closed socket and lose the message.
  function command(line) {
    if (line.do === 'stop-retrying') ipc.config.stopRetrying = true;
    else if (connected) act(line);
    else waiting.push(line);
  }

  // ipc.disconnect() destroys the socket with whatever is not written yet; end() writes it first.
  function finish(with_code) {
    if (finishing) return;
    finishing = true;
    code = with_code;
    ipc.config.stopRetrying = true;
    if (connected) client.socket.end();
    else process.exit(code);
  }

  if (quiet) {
    const data = call.data === undefined ? undefined : JSON.parse(call.data);
    waiting.push({ type: call.event, data });
    if (call.command === 'emit') waiting.push({ do: 'close' });
  }
  return { command, finish };
}

module.exports = { connect };
