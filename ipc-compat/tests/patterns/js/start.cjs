// Starts a script of the patterns: gives it node-ipc, a way to speak to the test, and its words.
'use strict';

const { load } = require('../../../../xtask/interop/peers/load.cjs');

/** Calls `main(ipc, say, ...words)`; the first word of the command line is the socket root. */
module.exports = async function start(main) {
  const { ipc } = await load();
  const [socketRoot, ...words] = process.argv.slice(2);
  Object.assign(ipc.config, { socketRoot, silent: true, retry: 5 });
  // The test that started this program may be gone; a program that is done need not stay for it.
  process.stdin.resume().on('end', () => process.exit(1));
  process.stdin.unref();
  main(ipc, (line) => process.stdout.write(`> ${line}\n`), ...words);
};
