// The JavaScript peer of the interop cases: real node-ipc with the command line of `nipc`.
//
//     NODE_IPC_DIR=.../node_modules/node-ipc node peer.cjs serve|connect|emit|request ID ...
//
// It takes the same options, reads the same JSON commands from stdin and prints the same JSON
// lines, so a case does not know which of the two programs plays which role.
'use strict';

const readline = require('node:readline');
const { load, print } = require('./load.cjs');
const { parse, configure } = require('./options.cjs');
const { serve } = require('./server.cjs');
const { serveDatagrams } = require('./datagrams.cjs');
const { connect } = require('./client.cjs');
const { attach } = require('./calls.cjs');

async function main() {
  const call = parse(process.argv.slice(2));
  const { ipc } = await load();
  configure(ipc.config, call);
  const { udp4, udp6 } = call.options;
  const start = call.command !== 'serve' ? connect : udp4 || udp6 ? serveDatagrams : serve;
  const peer = start(ipc, call);
  const isOfCalls = attach(ipc, call);

  if (call.options.timeout) setTimeout(() => process.exit(3), Number(call.options.timeout));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => peer.finish(0));
  if (call.command === 'emit' || call.command === 'request') return;
  readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on('line', (line) => {
    try {
      const command = JSON.parse(line);
      if (!isOfCalls(command)) peer.command(command);
    } catch (error) {
      print({ event: 'error', code: 'ERR_BAD_COMMAND', message: error.message });
    }
  });
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
