// Loads the real node-ipc from the directory in NODE_IPC_DIR: 9.x by require, 14.x by import.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/** Returns `{ ipc, classic }`: node-ipc's own object, and whether it speaks the classic dialect. */
async function load() {
  const dir = process.env.NODE_IPC_DIR;
  if (!dir) throw new Error('NODE_IPC_DIR must name the directory of the node-ipc package');
  const manifest = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
  if (manifest.type !== 'module') return { ipc: require(dir), classic: true };
  const entry = await import(pathToFileURL(path.join(dir, manifest.main)));
  return { ipc: entry.default, classic: false };
}

/** Prints one JSON object on a line of its own. */
function print(object) {
  process.stdout.write(JSON.stringify(object) + '\n');
}

module.exports = { load, print };
