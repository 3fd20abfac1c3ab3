// A server that answers calls: `call-server.cjs LIBRARY ENDPOINT`.
'use strict';

const callers = require('./callers.cjs');
const { place } = require('./load.cjs');
const { endWithParent, giveUp, say } = require('./meter.cjs');

async function main() {
  const [library, endpoint] = process.argv.slice(2);
  endWithParent();
  await callers[library].serve(place(endpoint).path);
  say(`ready ${endpoint}`);
}

main().catch((error) => giveUp(error.stack ?? error));
